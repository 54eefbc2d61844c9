"""The published Adjust clients, unmodified, against the sandbox.

``adjusty`` 1.1 and ``python-adjust`` 1.0.3 speak the KPI service, ``airbyte-source-adjust`` 0.1.2
the Report Service under its oldest prefix. All three hard-code https hosts.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests

from adtap_sandbox.credentials import ADJUST_API_TOKEN
from tests.contracts.vendors import run_vendor, tunnel

pytestmark = pytest.mark.timeout(600)  # the first run builds an environment

_ADJUSTY = """
import json, sys
from adjusty.adjust_api import Adjust
adjust = Adjust()
adjust.user_token, adjust.app_token = sys.argv[1], sys.argv[2]
adjust.set_params(start_date="2026-03-01", end_date="2026-03-14", countries=["de", "us"],
                  kpis=["sessions"], group=["network"],
                  kwargs={"utc_offset": "+05:30", "period": "week"})
cohorts = adjust.fetch_cohorts()
adjust.set_params(start_date="2026-03-01", end_date="2026-03-02", countries=[],
                  kpis=["clicks", "installs"], group=["day"], kwargs={})
deliverables = adjust.fetch_deliverables()
adjust.set_params(start_date="2026-03-01", end_date="2026-03-02", countries=[],
                  kpis=["events", "revenue"], group=["day"], kwargs={})
events = adjust.fetch_events()
adjust.app_token = sys.argv[2] + "," + sys.argv[3]
adjust.set_params(start_date="2026-03-01", end_date="2026-03-02", countries=[],
                  kpis=["installs"], group=["app", "network"], kwargs={})
both = adjust.fetch_deliverables()
adjust.user_token = "wrong"
refused = adjust.fetch_deliverables()
print(json.dumps([cohorts, deliverables, events, both, refused]))
"""

_PYTHON_ADJUST = """
import json, sys
from datetime import date
from adjustapi.api import AdjustApi
api = AdjustApi(sys.argv[1])
apps = api.list_apps()
tokens = [app.app_token for app in apps]
found = {"tokens": tokens, "names": [app.name for app in apps]}
for name, groups in (("fetch_kpi", ["trackers", "day"]), ("fetch_events", ["countries"]),
                     ("fetch_cohorts", ["network"])):
    kpis = {"fetch_kpi": ["installs", "daus"], "fetch_events": ["events", "revenue"],
            "fetch_cohorts": ["cohort_size", "retention_rate"]}[name]
    service = api.kpi_service(app_tokens=tokens[:1], start_date=date(2026, 3, 1),
                              end_date=date(2026, 3, 2), kpis=kpis, groups=groups)
    answer = getattr(service, name)()
    table = getattr(service, name)(as_df=True)
    found[name] = {"grouping": answer.result_parameters.grouping, "set": answer.result_set,
                   "columns": list(table.columns), "sums": [float(table[k].sum()) for k in kpis],
                   "rows": len(table)}
tracker = found["fetch_kpi"]["set"]["trackers"][1]["token"]
below = api.kpi_service(trackers=[tracker], app_tokens=tokens[:1], start_date=date(2026, 3, 1),
                        end_date=date(2026, 3, 2), kpis=["installs"], groups=["trackers"])
found["below"] = below.fetch_kpi().result_set
print(json.dumps(found))
"""

_AIRBYTE = """
import os, sys
import requests.adapters
# The connector's kit sends prepared requests, for which requests looks for a proxy in the
# environment but not for certificates: they are put in by hand.
plain_send = requests.adapters.HTTPAdapter.send
def send(self, request, **options):
    return plain_send(self, request, **{**options, "verify": os.environ["REQUESTS_CA_BUNDLE"]})
requests.adapters.HTTPAdapter.send = send
from airbyte_cdk.entrypoint import launch
from source_adjust import SourceAdjust
import json, pathlib
pathlib.Path("config.json").write_text(sys.argv[2])
pathlib.Path("catalog.json").write_text(sys.argv[3])
arguments = [sys.argv[1], "--config", "config.json"]
if sys.argv[1] == "read":
    arguments += ["--catalog", "catalog.json"]
launch(SourceAdjust(), arguments)
"""


def test_adjusty_reads_all_three_results(sandbox):
    """The seed client gets nested results in the seed's shape, and its numbers are the store's."""
    first, second = (app.token for app in sandbox.environment.world.apps[:2])
    with tunnel(sandbox.url) as env:
        printed = run_vendor("adjusty", _ADJUSTY, ADJUST_API_TOKEN, first, second, env=env)
    cohorts, deliverables, events, both, refused = json.loads(printed)

    parameters = cohorts["result_parameters"]
    assert parameters["grouping"] == ["network", "periods"]
    assert parameters["utc_offset"] == "+05:30"
    assert parameters["countries"] == ["de", "us"]
    networks = cohorts["result_set"]["networks"]
    assert {"Organic"} < {network["name"] for network in networks}
    assert [period["period"] for period in networks[0]["periods"]] == ["0", "1", "2"]
    assert all(isinstance(p["kpi_values"][0], int) for p in networks[0]["periods"])

    days = deliverables["result_set"]["dates"]
    assert [day["date"] for day in days] == ["2026-03-01", "2026-03-02"]
    assert deliverables["result_set"]["token"] == first
    assert events["result_parameters"]["grouping"] == ["day", "events"]
    assert [app["token"] for app in both["result_set"]["apps"]] == [first, second]
    by_network = both["result_set"]["apps"][0]["networks"]
    assert sum(n["kpi_values"][0] for n in by_network) == sum(d["kpi_values"][1] for d in days)
    assert refused == {"error": "Authentication failed"}


def test_adjusty_asks_as_it_always_did(sandbox):
    """The request line is the one the client is known for: token and lists in the query."""
    first, second = (app.token for app in sandbox.environment.world.apps[:2])
    with tunnel(sandbox.url) as env:
        run_vendor("adjusty", _ADJUSTY, ADJUST_API_TOKEN, first, second, env=env)
    asked = [(entry["path"], entry["query"]) for entry in sandbox.log("adjust")]
    assert asked[0][0] == f"/kpis/v1/{first}/cohorts"
    assert asked[0][1].startswith("start_date=2026-03-01&end_date=2026-03-14&kpis=sessions&")
    assert asked[0][1].endswith("utc_offset=%2B05%3A30&period=week")
    assert "countries=&" in asked[1][1]
    assert asked[3][0] == f"/kpis/v1/{first},{second}"
    assert all("authorization" not in entry["headers"] for entry in sandbox.log("adjust"))


def test_python_adjust_reads_apps_and_kpis(sandbox):
    """The client that refuses unknown keys finds none, and its CSV says what its JSON says."""
    with tunnel(sandbox.url) as env:
        found = json.loads(run_vendor("python-adjust", _PYTHON_ADJUST, ADJUST_API_TOKEN, env=env))
    apps = sandbox.environment.world.apps
    assert found["tokens"][: len(apps)] == [app.token for app in apps]
    assert found["names"][: len(apps)] == [app.name for app in apps]

    overview = found["fetch_kpi"]
    assert overview["columns"] == ["tracker_token", "tracker_name", "date", "installs", "daus"]
    leaves = [leaf for link in overview["set"]["trackers"] for leaf in link["dates"]]
    assert overview["sums"][0] == sum(leaf["kpi_values"][0] for leaf in leaves) > 0
    assert set(overview["set"]["trackers"][0]) == {"token", "dates"}

    assert found["fetch_events"]["grouping"] == ["countries", "events"]
    assert found["fetch_cohorts"]["grouping"] == ["network", "periods"]
    networks = found["fetch_cohorts"]["set"]["networks"]
    assert {type(p["period"]) for n in networks for p in n["periods"]} == {str}
    of_link = overview["set"]["trackers"][1]["dates"]
    assert sum(child["kpi_values"][0] for child in found["below"]["trackers"]) == sum(
        leaf["kpi_values"][0] for leaf in of_link
    )


def _airbyte(sandbox, command, **config):
    """Messages of the connector, run with a command."""
    stream = {
        "name": "adjust_report_stream",
        "json_schema": {},
        "supported_sync_modes": ["full_refresh", "incremental"],
    }
    catalog = {
        "streams": [
            {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
        ]
    }
    config = {
        "api_token": ADJUST_API_TOKEN,
        "ingest_start": "2026-03-15",
        "metrics": ["installs", "clicks", "cost", "network_cost", "ctr", "daus", "sessions"],
        "additional_metrics": ["all_revenue_total_d1", "first order_events"],
        "dimensions": ["app_token", "campaign_network", "campaign_id_network", "country_code"],
        "until_today": True,
        **config,
    }
    with tunnel(sandbox.url) as env:
        printed = run_vendor(
            "airbyte-source-adjust",
            _AIRBYTE,
            command,
            json.dumps(config),
            json.dumps(catalog),
            env=env,
        )
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_airbyte_checks_the_connection(sandbox):
    """The connector's check, a filters_data call without a query, gets its 2xx."""
    messages = _airbyte(sandbox, "check")
    status = next(m["connectionStatus"] for m in messages if m["type"] == "CONNECTION_STATUS")
    assert status == {"status": "SUCCEEDED"}
    (entry,) = sandbox.log("adjust")
    assert (entry["path"], entry["query"]) == (
        "/control-center/reports-service/filters_data",
        "",
    )


def test_airbyte_reads_day_by_day_what_the_store_holds(sandbox):
    """Its records, cast by its own model, add up to the sandbox's truth."""
    sandbox.reset(now=None)  # the connector counts its days by the machine's clock
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=3), today - timedelta(days=1)
    messages = _airbyte(sandbox, "read", ingest_start=first.isoformat())
    records = [m["record"]["data"] for m in messages if m["type"] == "RECORD"]
    assert {record["day"] for record in records} == {
        (first + timedelta(days=n)).isoformat() for n in range(3)
    }
    truth = requests.get(
        f"{sandbox.url}/adjust/_truth",
        {"metrics": "installs,sessions,network_cost", "date_period": f"{first}:{last}"},
        timeout=30,
    )
    totals = truth.json()["totals"]
    assert sum(record["installs"] for record in records) == totals["installs"] > 0
    assert sum(record["sessions"] for record in records) == totals["sessions"]
    spent = sum(round(float(record["network_cost"]) * 1_000_000) for record in records)
    assert spent == totals["network_cost"] > 0
    assert all("attr_dependency" not in record for record in records)
    assert isinstance(records[0]["installs"], int)
