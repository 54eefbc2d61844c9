"""The DAGs of one installation, to be put into Airflow's folder of DAGs and changed: one a platform.

ADTAPS_PROJECT   folder of the Meltano project
ADTAPS_BIN       folder of its programs, `meltano` and `adtap`: an environment apart from Airflow's
ADTAPS_TAPS      such as `tap-adjust,tap-openx`
ADTAPS_TARGET    such as `target-postgres`
ADTAPS_ALERTS    an Airflow connection to the warehouse with the views; empty: no alerts
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))
from adtap_run import Project
from adtaps_dag import ads_dag

FIRST = datetime(2026, 1, 1, tzinfo=UTC)

for tap in os.environ.get("ADTAPS_TAPS", "tap-adjust").split(","):
    project = Project(
        folder=os.environ["ADTAPS_PROJECT"],
        tap=tap,
        target=os.environ.get("ADTAPS_TARGET", "target-postgres"),
        bin=os.environ["ADTAPS_BIN"],
        environment=os.environ.get("MELTANO_ENVIRONMENT", "prod"),
    )
    daily = ads_dag(project, start=FIRST, alerts=os.environ.get("ADTAPS_ALERTS"))
    backfill = ads_dag(project, start=FIRST, cron=None)
    globals().update({dag.dag_id: dag for dag in (daily, backfill)})
