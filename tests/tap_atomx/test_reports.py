"""Reports of atomx against the sandbox's own arithmetic: scopes, grains, zones, transports, totals."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from adtap_core.tap import RunFailed
from tap_atomx import reporting
from tap_atomx.fields import METRICS, SCOPES
from tap_atomx.streams import REPORTS
from tap_atomx.tap import TapAtomx
from tests.canned import Asked, Canned, Text
from tests.conftest import MOMENT, SandboxHandle
from tests.running import lines_of, run_tap, select, without

MONEY = {m for m, schema in METRICS.items() if schema.get("x-unit")}
DAILY = [r for r in REPORTS if r.name.endswith("_daily")]
HOURLY = [r for r in REPORTS if r.name.endswith("_hourly")]
WHEN = {"from": "2026-03-10 00:00:00", "to": "2026-03-18 00:00:00"}


def questions(sandbox: SandboxHandle) -> list[dict[str, Any]]:
    """The bodies of the report requests, in order."""
    return [json.loads(e["body"]) for e in sandbox.log("atomx") if e["path"] == "/v3/report"]


def hold(
    rows: Iterable[Mapping[str, Any]],
    want: Mapping[str, Any],
    groups: list[str],
    metrics: list[str],
) -> None:
    """Compare a stream's rows with the truth: counts exactly, money within a 32-bit float's step."""

    def key(row: Mapping[str, Any], bucket: object) -> tuple[Any, ...]:
        return (bucket, *(row[g] for g in groups[1:]))

    have = {
        key(r, r[groups[0]] if groups[0] != "hour" else r["hour"][:13].replace("T", " ")): r
        for r in rows
    }
    expected = {
        key(r, r[groups[0]] if groups[0] != "hour" else r["hour"][:13]): r for r in want["rows"]
    }
    assert have.keys() == expected.keys()
    for found, right in ((have[k], expected[k]) for k in expected):
        for metric in metrics:
            if metric in MONEY:
                exact = Decimal(right[metric])
                assert abs(Decimal(found[metric]) - exact) <= exact * Decimal("1e-7") + Decimal(
                    "1e-9"
                )
            else:
                assert found[metric] == right[metric]


@pytest.mark.parametrize("report", DAILY, ids=lambda r: r.name)
def test_daily_rows_and_sums_are_the_platforms(read, truth, report):
    """Each scope's preset: every row of the truth and no other; sums equal the answer's totals."""
    found = read({report.name})
    groups, metrics = ["day", *report.dimensions], list(report.metrics)
    want = truth(scope=report.scope, groups=",".join(groups), metrics=",".join(metrics), **WHEN)
    rows = found.records[report.name]
    assert len(rows) == want["count"] > 0
    hold(rows, want, groups, metrics)
    for metric in metrics:
        total = sum(Decimal(r[metric]) for r in rows)
        right = Decimal(want["totals"][metric])
        assert abs(total - right) <= (right * Decimal("1e-6") if metric in MONEY else 0)
    assert len({r["_row_key"] for r in rows}) == len(rows)
    assert {(r["_currency"], r["_time_zone"], r["_account"]) for r in rows} == {
        ("USD", "UTC", "{}")
    }


@pytest.mark.parametrize("report", HOURLY, ids=lambda r: r.name)
def test_hourly_rows_are_the_platforms(read, truth, report):
    """Each scope's hourly preset, up to the last full hour."""
    found = read({report.name}, start_date="2026-03-17")
    groups, metrics = ["hour", *report.dimensions], list(report.metrics)
    want = truth(
        scope=report.scope,
        groups=",".join(groups),
        metrics=",".join(metrics),
        **{"from": "2026-03-17 00:00:00", "to": "2026-03-18 12:00:00"},
    )
    hold(found.records[report.name], want, groups, metrics)
    assert max(r["hour"] for r in found.records[report.name]) == "2026-03-18T11:00:00Z"


def test_every_scope_has_presets():
    """Seven scopes, a daily and an hourly stream each."""
    assert {r.scope for r in DAILY} == {r.scope for r in HOURLY} == set(SCOPES)


def test_a_request_is_what_the_platform_documents(read, sandbox):
    """`to` is exclusive, moments are cut to the hour, `save` is false, the answer is a download."""
    read({"publisher_delivery_daily"})
    assert questions(sandbox) == [
        {
            "scope": "publisher",
            "groups": ["day", "publisher_id", "site_id", "placement_id", "country_id"],
            "metrics": ["impressions", "clicks", "conversions"],
            "where": [],
            "timezone": "UTC",
            "save": False,
            **WHEN,
        }
    ]
    (entry,) = [e for e in sandbox.log("atomx") if e["path"] == "/v3/report"]
    assert entry["query"] == "download"


def test_deselected_metrics_are_not_asked_for(sandbox, settings, read):
    """Fewer columns, fewer figures to compute; the grain stays."""
    catalog = select(TapAtomx, settings, {"advertiser_delivery_daily"})
    catalog = without(catalog, "clicks", "campaign_cost")
    found = read(None, catalog=catalog)
    assert questions(sandbox)[0]["metrics"] == ["impressions", "conversions"]
    assert "clicks" not in found.records["advertiser_delivery_daily"][0]


OWN = {
    "name": "own",
    "scope": "network_buy",
    "dimensions": ["campaign_id"],
    "metrics": ["impressions", "campaign_cost"],
}


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata"])
def test_days_are_those_of_the_zone(read, sandbox, truth, zone):
    """The zone is sent, its days come, over a change of its clocks (8 March in Los Angeles)."""
    found = read({"own"}, reports=[OWN], time_zone=zone, start_date="2026-03-05")
    want = truth(
        scope="network_buy",
        groups="day,campaign_id",
        metrics="impressions,campaign_cost",
        timezone=zone,
        **{"from": "2026-03-05 00:00:00", "to": "2026-03-18 00:00:00"},
    )
    assert questions(sandbox)[0]["timezone"] == zone
    hold(found.records["own"], want, ["day", "campaign_id"], ["impressions", "campaign_cost"])
    assert {r["_time_zone"] for r in found.records["own"]} == {zone}


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Europe/Berlin"])
def test_hours_are_instants_even_where_clocks_go_back(read, truth, zone):
    """The platform writes hours without an offset: on 25 October and 1 November two hours would be one.

    Asked in UTC, each is a row of its own.
    """
    report = {**OWN, "grain": "hour", "metrics": ["impressions"]}
    found = read(
        {"own"},
        reports=[report],
        time_zone=zone,
        now="2026-11-03T12:00:00Z",
        start_date="2026-10-24T12:00:00Z",
    )
    want = truth(
        scope="network_buy",
        groups="hour,campaign_id",
        metrics="impressions",
        **{"from": "2026-10-24 12:00:00", "to": "2026-11-03 12:00:00"},
    )
    hold(found.records["own"], want, ["hour", "campaign_id"], ["impressions"])
    days = Counter(r["hour"] for r in found.records["own"])
    assert {"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"} <= days.keys()
    assert {"2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z"} <= days.keys()


@pytest.mark.parametrize("lookback", [0, 7])
def test_a_run_within_the_repeated_hour_loses_none(read, truth, lookback):
    """At 01:30 UTC it is half past two in Berlin, for the second time: the first is not over on its clock."""
    report = {**OWN, "grain": "hour", "metrics": ["impressions"], "lookback_days": lookback}
    settings = {"reports": [report], "time_zone": "Europe/Berlin", "start_date": "2026-10-24"}
    first = read({"own"}, now="2026-10-25T01:30:00Z", **settings)
    second = read({"own"}, now="2026-10-25T05:30:00Z", state=first.last_state, **settings)
    want = truth(
        scope="network_buy",
        groups="hour,campaign_id",
        metrics="impressions",
        **{"from": "2026-10-23 22:00:00", "to": "2026-10-25 05:00:00"},
    )
    both = first.final("own") | second.final("own")
    hold(list(both.values()), want, ["hour", "campaign_id"], ["impressions"])
    assert first.windows("own")[-1]["window_end"] == "2026-10-25T00:00:00Z"


def test_hours_of_a_zone_off_by_half_an_hour_are_its_own(read, sandbox, truth):
    """Kolkata's hours begin at half past in UTC: they are asked for as they are."""
    report = {**OWN, "grain": "hour", "metrics": ["impressions"]}
    found = read({"own"}, reports=[report], time_zone="Asia/Kolkata", start_date="2026-03-17")
    assert questions(sandbox)[0]["timezone"] == "Asia/Kolkata"
    assert {r["hour"][14:] for r in found.records["own"]} == {"30:00Z"}
    want = truth(
        scope="network_buy",
        groups="hour",
        metrics="impressions",
        timezone="Asia/Kolkata",
        **{"from": "2026-03-17 00:00:00", "to": "2026-03-18 17:00:00"},
    )
    assert sum(r["impressions"] for r in found.records["own"]) == want["totals"]["impressions"]


def test_months_are_read_whole(read, truth):
    """`month` is a bucket of its own; the running month is not read without `include_today`."""
    report = {**OWN, "grain": "month"}
    found = read({"own"}, reports=[report], start_date="2026-01-01")
    want = truth(
        scope="network_buy",
        groups="month,campaign_id",
        metrics="impressions,campaign_cost",
        **{"from": "2026-01-01 00:00:00", "to": "2026-03-01 00:00:00"},
    )
    for row in want["rows"]:
        row["month"] += "-01"
    hold(found.records["own"], want, ["month", "campaign_id"], ["impressions", "campaign_cost"])


def test_filters_are_the_platforms_where(read, sandbox, truth):
    """Conditions go to the platform as they are written, all of them at once."""
    campaign = sandbox.environment.world.campaigns[0].id
    where = [["campaign_id", "in", [campaign]], ["country_id", "!=", 1]]
    found = read({"own"}, reports=[{**OWN, "filters": where}])
    assert questions(sandbox)[0]["where"] == where
    want = truth(
        scope="network_buy",
        groups="day,campaign_id",
        metrics="impressions,campaign_cost",
        where=json.dumps(where),
        **WHEN,
    )
    hold(found.records["own"], want, ["day", "campaign_id"], ["impressions", "campaign_cost"])
    assert {r["campaign_id"] for r in found.records["own"]} == {campaign}


def test_both_transports_give_the_same_rows(read, sandbox):
    """A download and an inline answer agree, digit for digit, where no text is empty."""
    found = read({"own", "inline"}, reports=[OWN, {**OWN, "name": "inline", "transport": "json"}])
    hidden = {"_synced_at"}
    flat = [[(k, v) for k, v in r.items() if k not in hidden] for r in found.records["own"]]
    assert flat == [
        [(k, v) for k, v in r.items() if k not in hidden] for r in found.records["inline"]
    ]
    queries = [e["query"] for e in sandbox.log("atomx") if e["path"] == "/v3/report"]
    assert sorted(queries) == ["", "download"]


def test_a_server_without_downloads_is_read(read, sandbox):
    """JSON in answer to a download: the same rows, under the keys of a download."""
    report = {**OWN, "dimensions": ["creative_name"]}
    hidden = {"_synced_at"}

    def rows():
        found = read({"own"}, reports=[report]).records["own"]
        return [[(k, v) for k, v in r.items() if k not in hidden] for r in found]

    downloaded = rows()
    sandbox.switch("atomx", downloads=False)
    assert rows() == downloaded


def test_null_and_empty_names_are_two_rows(read):
    """Inline answers tell null from the empty text; a download can't, and still loses neither row."""
    report = {**OWN, "dimensions": ["creative_name"], "metrics": ["impressions"]}
    found = read(
        {"own", "inline"}, reports=[report, {**report, "name": "inline", "transport": "json"}]
    )
    assert {None, ""} <= {r["creative_name"] for r in found.records["inline"]}
    assert "" not in {r["creative_name"] for r in found.records["own"]}
    assert len(found.final("own")) == len(found.final("inline")) == len(found.records["own"])
    assert sum(r["impressions"] for r in found.final("own").values()) == sum(
        r["impressions"] for r in found.records["inline"]
    )


@pytest.mark.parametrize(
    "switches", [{}, {"tsv_last_newline": False}], ids=["newline", "no-newline"]
)
def test_names_with_tabs_and_quotes_survive_a_download(read, sandbox, switches):
    """What holds a tab, a quote or a line feed is quoted; the last line may lack its line feed."""
    report = {**OWN, "dimensions": ["campaign_name_id", "campaign_name", "campaign_id"]}
    sandbox.switch("atomx", **switches)
    found = read(
        {"own", "inline"}, reports=[report, {**report, "name": "inline", "transport": "json"}]
    )
    names = [
        (r["campaign_id"], r["campaign_name"], r["campaign_name_id"]) for r in found.records["own"]
    ]
    assert names == [
        (r["campaign_id"], r["campaign_name"], r["campaign_name_id"])
        for r in found.records["inline"]
    ]
    real = {c.id: c.name for c in sandbox.environment.world.campaigns}
    assert all(name == real[ident] for ident, name, _ in names)


def answer(columns: list[str], rows: list[list[Any]], **more: Any) -> dict[str, Any]:
    """An inline answer of our own making."""
    report = {"id": "x", "columns": columns, "data": rows, "from": None, "to": None, **more}
    return {"success": True, "resource": "report", "report": report}


@pytest.mark.parametrize(
    "wrong",
    [{"length": 2}, {"length": 1, "totals": {"impressions": 8}}],
    ids=["rows-missing", "totals-differ"],
)
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_an_answer_that_is_not_whole_is_cut_until_it_is(read, sandbox, wrong, long, monkeypatch):
    """Fewer rows than the answer says, or other totals: the window is halved and read whole, also from disk."""
    if long:
        monkeypatch.setattr(reporting, "MEMORY_BYTES", 0)
    report = {**OWN, "transport": "json", "metrics": ["impressions"], "dimensions": []}
    whole = read({"own"}, reports=[report])
    bad = answer(["day", "impressions"], [["2026-03-10", 7]], **wrong)
    sandbox.fault("status", platform="atomx", path="/report", status=200, body=bad)
    found = read({"own"}, reports=[report])
    assert [(r["day"], r["impressions"]) for r in found.records["own"]] == [
        (r["day"], r["impressions"]) for r in whole.records["own"]
    ]
    assert [w["splits"] for w in found.windows("own")] == [1]
    sandbox.fault("status", platform="atomx", path="/report", status=200, body=bad, times=None)
    with pytest.raises(RunFailed):
        read({"own"}, reports=[report])


def test_a_download_may_quote_all_it_holds(read, sandbox):
    """The documentation shows no sample with quotes, and reads it as CSV: names of columns, too."""
    report = {**OWN, "dimensions": ["campaign_id"], "metrics": ["impressions"]}
    body = '"day"\t"campaign_id"\t"impressions"\n"2026-03-10"\t"1"\t"7"\n'
    sandbox.fault("status", platform="atomx", path="/report", status=200, body=body)
    (row,) = read({"own"}, reports=[report]).records["own"]
    assert (row["campaign_id"], row["impressions"]) == (1, 7)


def test_a_download_that_ends_within_a_row_is_fetched_again(read, sandbox):
    """Even where the connection said nothing of it."""
    report = {**OWN, "dimensions": ["campaign_id"], "metrics": ["impressions"]}
    whole = read({"own"}, reports=[report])
    body = "day\tcampaign_id\timpressions\n2026-03-10\t1"
    sandbox.fault("status", platform="atomx", path="/report", status=200, body=body)
    found = read({"own"}, reports=[report])
    assert found.final("own").keys() == whole.final("own").keys()
    assert [w["retries"] for w in found.windows("own")] == [1]


def test_a_download_with_other_columns_is_not_believed(read, sandbox):
    """A text that is not the table that was asked for is asked again, then fails."""
    sandbox.fault("status", platform="atomx", path="/report", status=200, body="a\tb\n1\t2\n")
    assert read({"inventory_daily"}).windows("inventory_daily")[0]["retries"] == 1


def test_a_refused_column_is_named(read, sandbox, caplog):
    """The platform has no metadata: its 400 is final, and its words name the column; others go on."""
    wrong = {**OWN, "metrics": ["impresions"]}
    with pytest.raises(RunFailed, match="own"):
        read({"own", "inventory_daily"}, reports=[wrong])
    assert "own" in caplog.text
    assert "Unknown column 'impresions'" in caplog.text
    assert len([q for q in questions(sandbox) if q["metrics"] == ["impresions"]]) == 1
    assert any(q["scope"] == "inventory" for q in questions(sandbox))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scope": "advertizer"}, "scope"),
        ({"grain": "week"}, "week"),
        ({"filters": [["campaign_id", "<=", 1]]}, "'<=' is not one of"),
        ({"filters": [["campaign_id", "in", 1]]}, "takes a list"),
        ({"filters": [["campaign_id", "==", [1]]]}, "takes one value"),
        ({"filters": {"campaign_id": 1}}, "must be a list"),
        ({"filters": [["campaign_id", 1]]}, "is not [column, operator, value]"),
        ({"daterange": "last30days", "grain": "hour"}, "snapshot"),
        ({"daterange": "last31days"}, "last31days"),
        ({"daterange": "today", "transport": "tsv"}, "transport"),
        ({"dimensions": ["day"]}, "grain"),
        ({"sope": "dsp"}, "sope"),
    ],
)
def test_faults_of_a_definition_are_found_without_a_request(sandbox, settings, change, words):
    """One line that names the report; nothing is sent."""
    with pytest.raises(SettingsError) as caught:
        run_tap(TapAtomx, {**settings, "reports": [{**OWN, **change}]})
    assert words in str(caught.value)
    assert "own" in str(caught.value) or "reports[0]" in str(caught.value)
    assert not sandbox.log("atomx")


@pytest.mark.parametrize("zone", ["+02:00", "Mars/Olympus"])
def test_a_zone_that_atomx_does_not_take_is_refused(sandbox, settings, zone):
    """Names only; before any request."""
    with pytest.raises(SettingsError, match="time_zone"):
        run_tap(TapAtomx, {**settings, "time_zone": zone})
    assert not sandbox.log("atomx")


ROLLING = {**OWN, "name": "rolling", "daterange": "last30days"}


def test_a_rolling_report_is_a_snapshot_a_day(read, sandbox, truth):
    """One row set for each day it was read on; a second run of a day replaces its own rows only."""
    first = read({"rolling"}, reports=[ROLLING])
    want = truth(
        scope="network_buy",
        groups="campaign_id",
        metrics="impressions,campaign_cost",
        daterange="last30days",
    )
    rows = first.records["rolling"]
    assert {r["campaign_id"]: r["impressions"] for r in rows} == {
        r["campaign_id"]: r["impressions"] for r in want["rows"]
    }
    assert {(r["day"], r["_daterange"], r["_from"], r["_to"]) for r in rows} == {
        ("2026-03-17", "last30days", "2026-02-16 00:00:00", "2026-03-18 00:00:00")
    }
    (body,) = questions(sandbox)
    assert (body["daterange"], "from" in body, body["save"]) == ("last30days", False, False)
    assert body["groups"] == ["campaign_id"]
    again = read({"rolling"}, reports=[ROLLING], state=first.last_state, now="2026-03-18T18:00:00Z")
    assert again.final("rolling").keys() == first.final("rolling").keys()
    later = read({"rolling"}, reports=[ROLLING], state=again.last_state, now="2026-03-21T12:00:00Z")
    assert {r["day"] for r in later.records["rolling"]} == {"2026-03-20"}
    assert not later.final("rolling").keys() & first.final("rolling").keys()
    windows = {w["window_start"] for m in (first, again, later) for w in m.windows("rolling")}
    assert windows == {"2026-03-17T00:00:00Z", "2026-03-20T00:00:00Z"}


def test_two_ranges_of_one_day_do_not_collide(read):
    """Snapshots of different ranges have keys of their own, even under one stream's name."""
    week = read({"rolling"}, reports=[{**ROLLING, "daterange": "last7days"}])
    month = read({"rolling"}, reports=[ROLLING])
    assert not week.final("rolling").keys() & month.final("rolling").keys()


def test_a_forbidden_scope_is_named_and_the_others_are_read(read, sandbox, caplog):
    """403 on one scope: with a catalog the run fails at its end, naming the stream and what to do."""
    sandbox.switch("atomx", forbidden=["dsp"])
    with pytest.raises(RunFailed, match="dsp_delivery_daily"):
        read({"dsp_delivery_daily", "inventory_daily"})
    assert "deselect the stream 'dsp_delivery_daily'" in caplog.text
    assert any(q["scope"] == "inventory" for q in questions(sandbox))


def test_restated_days_are_read_again(read: Callable[..., Any]):
    """A second run re-reads the lookback; keys are the same, figures newer, and old days stay alone."""
    first = read({"advertiser_delivery_daily"}, start_date="2026-03-01")
    second = read(
        {"advertiser_delivery_daily"},
        start_date="2026-03-01",
        state=first.last_state,
        now="2026-03-20T12:00:00Z",
    )
    (window,) = second.windows("advertiser_delivery_daily")
    assert (window["window_start"], window["window_end"]) == (
        "2026-03-11T00:00:00Z",
        "2026-03-20T00:00:00Z",
    )
    before, after = (m.final("advertiser_delivery_daily") for m in (first, second))
    both = before.keys() & after.keys()
    assert any(before[k]["conversions"] < after[k]["conversions"] for k in both)
    assert all(before[k]["day"] == after[k]["day"] for k in both)


def test_nothing_younger_than_a_week_is_called_settled(read):
    """No closing day is published; whatever `lookback_days` says, a week's rows may move."""
    found = read({"inventory_daily"}, start_date="2026-02-01", lookback_days=0)
    states = {r["day"]: r["_data_state"] for r in found.records["inventory_daily"]}
    assert {d for d, s in states.items() if s == "settled"} == {
        d for d in states if d <= "2026-03-10"
    }


def test_a_report_larger_than_memory_is_checked_and_streamed(
    settings, sandbox, tmp_path, monkeypatch
):
    """An inline answer of many megabytes comes from disk, its totals checked on the way."""
    count = 220_000
    whole = answer(
        ["day", "domain_id", "impressions", "campaign_cost"],
        ["the rows"],
        length=count,
        totals={"impressions": count, "campaign_cost": 22_000.0},
    )
    rows = ", ".join(f'["2026-03-{10 + n % 8:02d}", {n}, 1, 0.1]' for n in range(count))
    body = json.dumps(whole).replace('"the rows"', rows)
    report = {
        **OWN,
        "transport": "json",
        "dimensions": ["domain_id"],
        "metrics": ["impressions", "campaign_cost"],
    }
    assert len(body) > 5_000_000
    sandbox.fault("status", platform="atomx", path="/report", status=200, body=body)
    sandbox.clock(MOMENT)
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)
    config = {**settings, "reports": [report]}
    chosen = select(TapAtomx, config, {"own"})
    found, cost = 0, Decimal(0)
    for line in lines_of("tap-atomx", folder=tmp_path, config=config, catalog=chosen):
        if line["type"] == "RECORD" and line["stream"] == "own":
            found, cost = found + 1, cost + Decimal(line["record"]["campaign_cost"])
    assert found == count
    assert cost == 22_000


@pytest.mark.parametrize("value", ["0.1", "0.00001", "12345678901234567.123456789"])
def test_a_decimal_in_a_filter_is_sent_with_its_digits(value):
    """Decimals of a settings file are exact; JSON's own encoder refuses them, and a float has fewer digits."""

    def answers(asked: Asked) -> object:
        if asked.path == "/v3/login":
            return {"success": True, "resource": "auth_token", "auth_token": "token-0123456789"}
        return Text("\t".join([*asked.json["groups"], *asked.json["metrics"]]) + "\n", "text/plain")

    own = {
        "name": "own",
        "scope": "network_buy",
        "dimensions": ["campaign_id"],
        "metrics": ["clicks"],
        "filters": [["campaign_cost", ">", Decimal(value)]],
    }
    with Canned(answers) as server:
        config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
        catalog = select(TapAtomx, {**config, "reports": [{**own, "filters": []}]}, {"own"})
        run_tap(TapAtomx, {**config, "reports": [own]}, catalog=catalog)
        (asked,) = {a.body for a in server.asked if a.path == "/v3/report"}
    (condition,) = json.loads(asked, parse_float=Decimal)["where"]
    assert condition == ["campaign_cost", ">", Decimal(value)]
