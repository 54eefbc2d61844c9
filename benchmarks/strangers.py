"""Contenders that are not ours: published programs, each in an environment of its own.

The environments are built on first use, with the machinery that the tests of the vendors' clients have.
Their addresses are set to the replay's inside the program, so no TLS is measured.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.bodies import ADJUST, ATOMX, DAYS, END, START, TERMINALONE_V1
from benchmarks.measure import Command, Contender, Unavailable, progress, workspace
from tests.contracts.vendors import VENDORS, Vendor, build

AIRBYTE: Final = "airbyte-source-adjust"
DLT_EXTRACT: Final = "dlt, extract"
DLT_DUCKDB: Final = "dlt, duckdb"
DLT_POSTGRES: Final = "dlt, postgres"
ATOMX_CLIENT: Final = "atomx client and pandas"
TERMINALONE_CLIENT: Final = "terminalone client and pandas"
PREDECESSOR: Final = "loader-0.1.0"
"""What the loader of 0.1.0 stood on; its one DuckDB was 1.4.4."""

_PANDAS: Final = "pandas==2.2.3"
_NEWEST: Final = ("3.11", "3.10", "3.9")

ENVIRONMENTS: Final[Mapping[str, Vendor]] = {
    "airbyte": VENDORS["airbyte-source-adjust"],
    PREDECESSOR: Vendor("singer_sdk", ("singer-sdk[msgspec]==0.54.9", "duckdb==1.4.4")),
    # On the DuckDB of our own loader.
    "dlt": Vendor(
        "dlt.sources.rest_api", ("dlt==1.31.0", "duckdb==2.0.1", "psycopg2-binary==2.9.13")
    ),
    "atomx": replace(
        VENDORS["atomx"], requirements=(*VENDORS["atomx"].requirements, _PANDAS), pythons=_NEWEST
    ),
    "terminalone": replace(
        VENDORS["terminalone"],
        requirements=(*VENDORS["terminalone"].requirements, _PANDAS),
        pythons=_NEWEST,
    ),
}

_AIRBYTE: Final = """
import sys
from airbyte_cdk.entrypoint import launch
import source_adjust.source as connector
connector.AdjustReportStream.url_base = sys.argv[1] + "/days/"
launch(connector.SourceAdjust(),
       ["read", "--config", sys.argv[2] + "/config.json", "--catalog", sys.argv[2] + "/catalog.json"])
"""

_DLT: Final = """
import os, sys
folder, url, end = sys.argv[1:4]
os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": folder,
                   "DLT_PROJECT_DIR": folder})
import dlt
from dlt.sources.rest_api import rest_api_source
money, counts = sys.argv[4].split(","), sys.argv[5].split(",")
columns = {**{name: {"data_type": "bigint"} for name in counts},
           **{name: {"data_type": "decimal"} for name in money},
           "day": {"data_type": "date"}}
source = rest_api_source({
    "client": {"base_url": url, "paginator": "single_page"},
    "resources": [{"name": "bench", "columns": columns,
                   "endpoint": {"path": "reports-service/report", "data_selector": "rows",
                                "params": {"dimensions": sys.argv[6],
                                           "metrics": ",".join([*counts, *money])}}}],
})
os.makedirs(folder, exist_ok=True)
destination = (dlt.destinations.postgres(sys.argv[7]) if end == "postgres"
               else dlt.destinations.duckdb(folder + "/file.duckdb"))
dataset = "bench" if end == "postgres" else "main"
pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=destination, dataset_name=dataset)
if end == "extract":
    pipeline.extract(source)
else:
    pipeline.run(source)
print(pipeline.last_trace.last_extract_info.metrics[
    pipeline.last_trace.last_extract_info.loads_ids[0]][0]["table_metrics"]["bench"].items_count)
"""

_ATOMX: Final = """
import json, sys
from atomx import Atomx
client = Atomx("bench@example.com", "bench", api_endpoint=sys.argv[1] + "/v3")
columns = json.loads(sys.argv[2])
report = client.report(scope="network_managed", groups=columns[:8], metrics=columns[8:],
                       from_=sys.argv[3], to=sys.argv[4], save=False)
report.pandas.reset_index().to_json(sys.stdout, orient="records", lines=True, date_format="iso")
"""

_TERMINALONE: Final = """
import json, sys
import pandas
import requests
from terminalone import T1
class Plain(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        request.url = "http:" + request.url.partition(":")[2]
        return super().send(request, **options)
client = T1("bench", "bench", api_key="bench", auth_method="delayed",
            api_base=sys.argv[1].partition("//")[2])
client.session.mount("https://", Plain())
columns = json.loads(sys.argv[2])
report = client.new("report", "performance")
report.set({"dimensions": columns[2:8], "metrics": columns[8:], "filter": {"organization_id": 1},
            "time_rollup": "by_day", "start_date": sys.argv[3], "end_date": sys.argv[4]})
names, rows = report.get()
table = pandas.DataFrame(rows, columns=names)
for name in columns[8:]:
    table[name] = pandas.to_numeric(table[name])
table.to_json(sys.stdout, orient="records", lines=True)
"""


def airbyte(url: str, rows: int) -> Contender:
    """`airbyte-source-adjust` on its CDK: the report day by day, as it always asks."""
    folder = workspace("airbyte")
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    config = {
        "api_token": "bench",
        "ingest_start": first.isoformat(),
        "metrics": list(ADJUST.metrics),
        "additional_metrics": [],
        "dimensions": list(ADJUST.dimensions[1:]),
        "until_today": True,
    }
    stream: dict[str, Any] = {
        "name": "adjust_report_stream",
        "json_schema": {},
        "supported_sync_modes": ["full_refresh", "incremental"],
    }
    configured = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps({"streams": [configured]}))
    command = _command("airbyte", _AIRBYTE, url, str(folder))
    return Contender(AIRBYTE, (command,), stream=stream["name"], rows=rows)


def dlt(url: str, rows: int, end: str, database: str = "") -> Contender:
    """The `rest_api` source of dlt.

    Args:
        url: The replay's address.
        rows: How many there are.
        end: `extract` for the bare extract, `duckdb` for all the way into a file, `postgres` into a database.
        database: The address of that database.
    """
    folder = workspace(f"dlt-{end}")
    names = (",".join(part) for part in (ADJUST.money, ADJUST.counts, ADJUST.dimensions))
    command = _command("dlt", _DLT, str(folder), url, end, *names, database)
    return Contender(f"dlt, {end}", (command,), before=(folder,), rows=rows)


def dlt_file() -> Path:
    """The DuckDB file that `dlt(…, "duckdb")` leaves."""
    return workspace("dlt-duckdb") / "file.duckdb"


def atomx(url: str, rows: int) -> Contender:
    """The client of atomx, its report as a pandas table."""
    command = _command("atomx", _ATOMX, url, json.dumps(ATOMX.columns), START, END)
    return Contender(ATOMX_CLIENT, (command,), rows=rows)


def terminalone(url: str, rows: int) -> Contender:
    """The client of TerminalOne, its CSV report as a pandas table."""
    columns = json.dumps(TERMINALONE_V1.columns)
    command = _command("terminalone", _TERMINALONE, url, columns, START, END)
    return Contender(TERMINALONE_CLIENT, (command,), rows=rows)


def versions() -> dict[str, str]:
    """What is installed for contenders, and the SDK that they and we stand on."""
    pins = [pin for vendor in ENVIRONMENTS.values() for pin in vendor.requirements if "==" in pin]
    found = dict(pin.split("==") for pin in pins)
    return {**dict(sorted(found.items())), "singer-sdk": version("singer-sdk")}


def _command(name: str, script: str, *arguments: str) -> Command:
    python, prelude = interpreter(name)
    return Command((python, "-c", prelude + script, *arguments), {"PYTHONIOENCODING": "utf-8"})


def interpreter(name: str) -> tuple[str, str]:
    """Return the interpreter of an environment, and what a script for it must begin with.

    Raises:
        Unavailable: If the environment can't be made.
    """
    progress(f"the environment of {name}")
    try:
        python, release = build(f"bench-{name}", ENVIRONMENTS[name])
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        raise Unavailable(str(reason).splitlines()[0]) from reason
    finally:
        progress("")
    return str(python), (ENVIRONMENTS[name].prelude or {}).get(release, "")
