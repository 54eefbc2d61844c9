"""What goes wrong, and what the user sees of it."""

import json
import subprocess

import pytest

from adtap_core.errors import CredentialsError, SettingsError
from tap_adjust.tap import TapAdjust
from tests.running import command, run_command

from .conftest import total

REPORT = {"name": "mine", "dimensions": ["app_token", "channel"], "metrics": ["installs"]}


def faults(room, **change):
    """The settings' faults of a report; nothing may have been asked but lists."""
    with pytest.raises(SettingsError) as caught:
        room.run("mine", reports=[{**REPORT, **change}])
    assert not room.asked("/report")
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metrics": ["instals"]}, "metric 'instals' is not known (did you mean installs"),
        ({"metrics": ["network_revenue"]}, "metric 'network_revenue' is not known (did you mean"),
        ({"metrics": ["first_order_events"]}, "(did you mean first order_events"),
        ({"metrics": ["retension_rate_d7"]}, "did you mean retention_rate_d7"),
        ({"metrics": ["roas_7d"]}, "did you mean roas_d7"),
        ({"dimensions": ["contry_code"]}, "dimension 'contry_code' is not known (did you mean country_code"),
        ({"dimensions": ["day"]}, "the time bucket 'day' is not a dimension; set `grain`"),
        ({"filters": {"country_code": "DE"}}, "is not `<field>__<operator>`"),
        ({"filters": {"contry__in": ["DE"]}}, "filters: 'contry' is not known (did you mean country"),
        ({"filters": {"instals__gt": 3}}, "filters: 'instals' is not known (did you mean installs"),
        ({"filters": {"country_code__in": None}}, "None is not a text"),
        ({"filters": {"country_code__in": {"a": 1}}}, "{'a': 1} is not a text"),
        ({"filters": {"installs__gt": "many"}}, "'many' is not a number"),
        ({"per_event": True, "metrics": ["events"], "filters": {"contry__in": ["DE"]}}, "did you mean country"),
        ({"metrics": ["retention_rate_d121"]}, "(did you mean retention_rate_d120"),
        ({"filters": {"app_token__in": ["x"]}}, "see the setting `app_tokens`"),
        ({"filters": {"campaign__in": ["a,b"]}}, "a value with a comma"),
        ({"parameters": {"limit": 10}}, "'limit' is set by the tap"),
        ({"cohort_periods": ["7d"]}, "'7d' is not a period"),
        ({"cohort_periods": ["d7"]}, "'installs' is not a cohort metric's stem"),
        ({"app_tokens": ["nosuchapp000"]}, "app_tokens: 'nosuchapp000' is no app"),
        ({"per_event": True}, "'installs' is not what an event metric ends in"),
        ({"per_event": True, "metrics": ["events"], "cohort_periods": ["d1"]}, "exclude each other"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_report_is_refused_before_any_data_request(room, change, words):
    """One line: the report, the field, the nearest valid names."""
    text = faults(room, **change)
    assert "'mine'" in text
    assert words in text


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"time_zone": "Europe/Berlin"}, "time_zone: 'Europe/Berlin' is not a fixed offset"),
        ({"time_zone": "+05:60"}, "time_zone: '+05:60' is not a fixed offset"),
        ({"app_tokens": ["nosuchapp000"]}, "app_tokens: 'nosuchapp000' is no app"),
        ({"attribution_types": ["clicks"]}, "'clicks' is not one of click, impression, engaged_ad"),
        ({"currency": "euro"}, "currency: 'euro'"),
        ({"reattributed": True}, "reattributed: True is not"),
        ({"report_format": "xlsx"}, "'xlsx' is not one of auto, json, csv, parquet"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_before_any_data_request(room, setting, words):
    """One line: the setting, its value, what is expected."""
    with pytest.raises(SettingsError) as caught:
        room.run("app_daily", **setting)
    assert words in str(caught.value)
    assert not room.asked("/report")


def test_metrics_that_only_the_live_lists_know_are_accepted(room):
    """A slug with spaces is found in the live list of events, not guessed."""
    rows = room.run("mine", reports=[{**REPORT, "metrics": ["first order_m0_conversions_cohort"]}])
    assert total(rows.records["mine"], "first_order_m0_conversions_cohort") > 0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, '{"error_code":"service_error","error_desc":"Internal Service Error: TimeoutError"}'),
        (504, '{"error_code":"service_error","error_desc":"Query took too long"}'),
    ],
    ids=["500 TimeoutError", "504"],
)
def test_a_report_that_takes_too_long_is_asked_in_halves(room, status, body):
    """A big slice is answered by smaller ones at once, not by asking for the same again."""
    room.sandbox.fault(
        "status", platform="adjust", path="/report$", status=status, body=body, times=1
    )
    run = room.run("app_daily")
    assert {w["splits"] for w in run.windows("app_daily")} == {0, 1}
    truth = room.truth(["installs"], "2026-03-14", "2026-03-17")["totals"]["installs"]
    assert total(run.records["app_daily"], "installs") == truth
    assert len(room.asked("/report")) == 3


def test_a_500_that_says_nothing_asks_for_less_the_second_time(room):
    """It may be chance; twice in a row it may be the size."""
    body = '{"error_code":"service_error","error_desc":"Internal Service Error"}'
    for times, splits in ((1, {0}), (2, {0, 1})):
        room.sandbox.fault(
            "status", platform="adjust", path="/report$", status=500, body=body, times=times
        )
        run = room.run("app_daily", concurrency=1)
        assert {w["splits"] for w in run.windows("app_daily")} == splits
        truth = room.truth(["installs"], "2026-03-14", "2026-03-17")["totals"]["installs"]
        assert total(run.records["app_daily"], "installs") == truth


def test_hours_are_asked_for_in_days(room):
    """A period is of whole days: what is too much for an app's day is never asked for again, hour by hour."""
    room.switch(timeout_days=2)
    run = room.run("hourly", start_date="2026-03-10")
    hours = [(r["hour"], r["_row_key"]) for r in run.records["hourly"]]
    assert len(hours) == len(set(hours))
    asked = [entry["query"] for entry in room.asked("/report")]
    assert len(asked) == len(set(asked)) <= 24


def test_a_service_that_takes_only_short_spans_is_read_all_the_same(room):
    """Halved until it answers; every day is there once."""
    room.switch(timeout_days=2)
    run = room.run("app_daily", start_date="2026-03-01")
    days = sorted((r["day"], r["app_token"]) for r in run.records["app_daily"])
    assert len(days) == len(set(days)) == 17 * 4


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}], ids=["bare", "Retry-After"])
def test_too_many_requests_are_waited_for(room, headers):
    """429 heals."""
    room.sandbox.fault(
        "status", platform="adjust", path="/report$", status=429, headers=headers, times=1
    )
    run = room.run("app_daily")
    assert {w["retries"] for w in run.windows("app_daily")} == {0, 1}
    assert run.records["app_daily"]


@pytest.mark.parametrize("kind", ["html", "empty", "garbage", "cut", "reset"])
@pytest.mark.parametrize("transport", ["json", "csv", "parquet"])
def test_a_body_that_is_no_report_is_asked_for_again(room, kind, transport):
    """A proxy's page, nothing at all, half a body: one more try, and the rows are right."""
    path = {"json": "/report$", "csv": "/csv_report$", "parquet": "/parquet_report$"}[transport]
    room.sandbox.fault(kind, platform="adjust", path=path, times=1)
    run = room.run("app_daily", report_format=transport)
    truth = room.truth(["installs"], "2026-03-14", "2026-03-17")["totals"]["installs"]
    assert total(run.records["app_daily"], "installs") == truth


@pytest.mark.parametrize(
    "body",
    [
        "app_token,day,installs\nabc,2026-03-14,1\nabc,2026-0",
        '\ufeff"app_token","day","installs"\nabc',
    ],
    ids=["plain", "mark and quotes"],
)
def test_a_csv_that_ends_within_a_row_is_asked_for_again(room, body):
    """Where the length of the body says nothing of it."""
    room.sandbox.fault(
        "status", platform="adjust", path="/csv_report$", status=200, body=body, times=1
    )
    run = room.run("app_daily", report_format="csv")
    truth = room.truth(["installs"], "2026-03-14", "2026-03-17")["totals"]["installs"]
    assert total(run.records["app_daily"], "installs") == truth
    assert sum(w["retries"] for w in run.windows("app_daily")) == 1


def test_a_forbidden_app_does_not_take_the_others_with_it(room, caplog):
    """Four apps in one request, one refused: the others are read, the one is named."""
    token = room.sandbox.environment.world.apps[1].token
    room.switch(forbidden_apps=[token])
    with pytest.raises(Exception, match="failed"):
        room.run("app_daily")
    assert f'app_daily {{"app_token":"{token}"}}' in caplog.text
    assert "Permission denied for the requested apps" in caplog.text
    states = [e for e in room.asked("/report") if e["status"] == 200]
    assert len(states) == 3


def test_a_refused_token_ends_the_run_at_once(room, tmp_path):
    """Which credential, what to do; not 0, no second try, no token in sight."""
    config = room.config(api_token="not-the-right-token")
    run = run_command("tap-adjust", folder=tmp_path, config=config)
    assert run.code != 0
    assert "api_token" in run.stderr
    assert "It is impossible to check account ownership!" in run.stderr
    assert "Traceback" not in run.stderr
    assert "not-the-right-token" not in run.stderr
    assert len(room.sandbox.log("adjust")) == 1


def test_a_token_that_ends_mid_run_holds_the_bookmark(room):
    """A static token can't be renewed: the run ends, the windows read so far stay read."""
    room.sandbox.fault("status", platform="adjust", path="/report$", status=401, after=1, times=9,
                       body=json.dumps({"error_code": "auth_error", "error_desc": "no"}))  # fmt: skip
    with pytest.raises(CredentialsError):
        room.run("app_daily", start_date="2026-01-01", concurrency=1)
    assert [e["status"] for e in room.asked("/report")] == [200, 401]


def test_the_account_chosen_is_the_account_asked(room):
    """`account_id` goes with every request; its apps are others."""
    rows = room.run("app_daily", "apps", account_id="2002")
    mine = {app.token for app in room.sandbox.environment.world.apps}
    tokens = {r["app_token"] for r in rows.records["app_daily"]}
    assert tokens
    assert not tokens & mine
    assert tokens == {a["id"] for a in rows.records["apps"]}


def test_at_most_three_reports_are_in_flight(room):
    """More at once provoke timeouts: the room answers 500 from the fourth on."""
    room.switch(max_parallel=3)
    room.sandbox.latency(0.05)
    room.run("app_daily", start_date="2025-08-01", app_tokens=None)
    assert len(room.asked("/report")) > 3
    assert room.sandbox.stats()["max_in_flight"]["adjust"] <= 3
    assert {e["status"] for e in room.sandbox.log("adjust")} == {200}


def test_warnings_of_the_answer_are_read_aloud_once(room, caplog):
    """What the service warns of is in the log, once for each report, and in each window's ledger row."""
    room.switch(warn="skan_delay")
    run = room.run("app_daily", start_date="2025-12-01")
    assert caplog.text.count("app_daily: the service warns: skan_delay") == 1
    kept = {w["warnings"] for w in run.windows("app_daily")}
    assert len(kept) == 1
    assert str(kept.pop()).startswith("skan_delay: ")


def test_a_400_of_the_service_is_read_aloud_with_the_nearest_name(room, caplog):
    """A metric that the live service lost fails its report only, in the service's words."""
    room.sandbox.fault(
        "status", platform="adjust", path="/report$", status=400, times=20,
        body='{"error_code":"validation_error","error_desc":"Unsupported metric: instals loc=metrics"}',
    )  # fmt: skip
    with pytest.raises(Exception, match="failed"):
        room.run("app_daily")
    assert "Unsupported metric: instals loc=metrics (did you mean installs" in caplog.text
    assert "correlation" not in caplog.text


def test_discovery_needs_no_credentials_and_no_network():
    """`tap-adjust --discover` with an empty configuration."""
    done = subprocess.run(
        [command("tap-adjust"), "--discover"], capture_output=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr
    streams = {s["tap_stream_id"] for s in json.loads(done.stdout)["streams"]}
    assert streams >= {r.name for r in TapAdjust.reports} | {e.name for e in TapAdjust.entities}


@pytest.mark.parametrize("length", [1, 1000])
def test_an_error_under_a_200_is_no_empty_report(room, length):
    """A document that does not speak of rows is asked for again, not taken for a quiet day."""
    body = json.dumps({"error_code": "service_error", "error_desc": "cache is cold" * length})
    room.sandbox.fault("status", platform="adjust", path="/report$", status=200, body=body,
                       headers={"Content-Type": "application/json"}, times=1)  # fmt: skip
    run = room.run("app_daily")
    assert run.records["app_daily"]
    assert {w["retries"] for w in run.windows("app_daily")} == {0, 1}


def test_ids_of_a_definition_may_be_numbers(room):
    """App tokens and partners as YAML reads them, in reports of both services, and the account."""
    kpi = {"name": "old", "endpoint": "deliverables", "kpis": ["clicks"]}
    tap = TapAdjust(
        config=room.config(
            account_id=123,
            reports=[{**REPORT, "app_tokens": [12]}],
            kpi_reports=[{**kpi, "app_tokens": [12], "partner_ids": [77, "78"]}],
        )
    )
    assert tap.config["account_id"] == "123"
    assert tap.config["reports"][0]["app_tokens"] == ["12"]
    assert tap.config["kpi_reports"][0]["partner_ids"] == ["77", "78"]
