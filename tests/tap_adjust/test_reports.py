"""Report streams against the sandbox: sums, transports, slicing, keys."""

# ruff: noqa: S608 - the names in these queries are the tap's own

import json
from collections import Counter, defaultdict
from decimal import Decimal

import duckdb
import pytest

from tap_adjust.fields import metric
from tap_adjust.streams import REPORTS, KpiReport
from tap_adjust.tap import TapAdjust
from tests import programs
from tests.running import lines_of, select

from .conftest import keys_are_unique, load_into_postgres, total, whole

WIDE = [
    r
    for r in REPORTS
    if not isinstance(r, KpiReport) and r.name not in ("events_daily", "cohorts_daily")
]
BY_CAMPAIGN = ("app_token", "campaign_network", "campaign_id_network", "country_code")


@pytest.mark.parametrize("report", WIDE, ids=lambda r: r.name)
def test_sums_are_the_worlds_own(room, report):
    """Each additive metric of each preset adds up, by app, to what happened; keys are unique."""
    rows = room.run(report.name, end_date="2026-03-18").records[report.name]
    assert rows
    assert keys_are_unique(rows)
    additive = [m for m in report.metrics if metric(m).sums_exactly and m != "cost"]
    additive = [m for m in additive if m != "adjust_cost"]
    truth = room.truth(additive, "2026-03-14", "2026-03-17")["by_app"]
    for token, sums in truth.items():
        mine = [r for r in rows if r["app_token"] == token]
        for name in sums.keys() & set(additive):
            assert total(mine, name) == whole(name, sums[name]), (token, name)


def test_spend_is_the_sum_of_its_parts(room):
    """`cost` in the default mode is the attribution's cost, exact to the millionth."""
    rows = room.run("campaign_daily").records["campaign_daily"]
    parts = room.truth(["cost"], "2026-03-14", "2026-03-17")["totals"]
    assert total(rows, "cost") == Decimal(sum(parts.values())) / 1_000_000
    assert total(rows, "cost") == total(rows, "adjust_cost") != total(rows, "network_cost")


def test_a_first_load_of_ninety_days_takes_four_requests(room, capsys):
    """Ten apps, ninety days: three reports of thirty days and one list of apps."""
    room.reset(size=3)
    tokens = [app.token for app in room.sandbox.environment.world.apps][:10]
    assert len(tokens) == 10
    run = room.run("app_daily", app_tokens=tokens, start_date="2025-12-18")
    asked = [(e["path"].rpartition("/")[2], e["status"]) for e in room.sandbox.log("adjust")]
    with capsys.disabled():
        print(f"\n90 days of app_daily, 10 apps: {len(asked)} requests")  # noqa: T201 - the figure is asked for
    assert Counter(asked) == {("filters_data", 200): 1, ("report", 200): 3}
    days = {r["day"] for r in run.records["app_daily"]}
    assert (min(days), max(days), len(days)) == ("2025-12-18", "2026-03-17", 90)
    assert {r["app_token"] for r in run.records["app_daily"]} <= set(tokens)
    assert len(run.last_state["bookmarks"]["app_daily"]["partitions"]) == 10


def test_attribution_and_apps_are_always_sent(room):
    """No number depends on what the service thinks an omitted parameter means."""
    room.run("app_daily")
    (asked,) = room.asked("/report")
    query = asked["query"] if isinstance(asked["query"], str) else str(asked["query"])
    for name in ("app_token__in", "attribution_types", "attribution_source", "reattributed",
                 "ad_spend_mode", "cohort_maturity", "sandbox", "utc_offset"):  # fmt: skip
        assert f"{name}=" in query, name
    assert "utc_offset=%2B00%3A00" in query


def test_the_parameters_that_change_numbers_are_columns_of_the_key(room):
    """A changed setting makes other rows, not other values of the same rows."""
    plain = room.run("app_daily").records["app_daily"]
    clicks = room.run("app_daily", attribution_types=["click"], sandbox_data=False)
    other = clicks.records["app_daily"]
    assert {r["_attribution_types"] for r in plain} == {"click,impression,engaged_ad"}
    assert {r["_attribution_types"] for r in other} == {"click"}
    assert not {r["_row_key"] for r in plain} & {r["_row_key"] for r in other}
    assert total(other, "installs") < total(plain, "installs")
    sample = plain[0]
    assert (sample["_attribution_source"], sample["_reattributed"]) == ("dynamic", "all")
    assert (sample["_ad_spend_mode"], sample["_cohort_maturity"]) == ("adjust", "immature")
    assert sample["_sandbox"] is False
    spend = room.run("ad_spend_daily").records["ad_spend_daily"]
    assert {r["_ad_spend_mode"] for r in spend} == {"network"}


def test_each_row_is_in_its_apps_currency(room):
    """Where no currency is asked for, each app's own stands beside its money."""
    rows = room.run("app_daily").records["app_daily"]
    currencies = {app.token: app.currency for app in room.sandbox.environment.world.apps}
    assert len(set(currencies.values())) > 1
    assert {r["app_token"]: r["_currency"] for r in rows} == currencies
    in_dollars = room.run("app_daily", currency="USD").records["app_daily"]
    assert {r["_currency"] for r in in_dollars} == {"USD"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_all_transports_bring_the_same_rows(room, kind):
    """JSON, CSV and Parquet: the same rows and sums; an empty CSV cell is null."""
    room.switch(null_metrics=True)
    wanted = {"name": "mine", "dimensions": [*BY_CAMPAIGN, "creative_network"],
              "metrics": ["installs", "network_cost", "ctr", "daus", "revenue"]}  # fmt: skip
    rows = room.run("mine", reports=[wanted]).records["mine"]
    others = room.run("mine", reports=[wanted | {"report_format": kind}]).records["mine"]

    def plain(row):
        held = {k: v for k, v in row.items() if k not in ("_row_key", "_synced_at")}
        return tuple(
            sorted(
                (
                    k,
                    (v or None) if kind == "csv" else v,
                )
                for k, v in held.items()
            )
        )

    def comparable(records):
        return Counter(
            tuple((k, v if v is None or isinstance(v, bool) else str(v)) for k, v in plain(r))
            for r in records
        )

    assert comparable(others) == comparable(rows)
    assert any(r["campaign_network"] is None for r in rows)
    assert any(r["campaign_network"] == "" for r in rows) or any(
        r["creative_network"] == "" for r in rows
    )
    if kind == "csv":
        assert not any(r["campaign_network"] == "" for r in others)


@pytest.mark.parametrize("kind", ["json", "csv", "parquet"])
def test_a_cut_answer_is_noticed_and_made_whole(room, kind):
    """A cap on rows cuts the answer silently: it is asked in pieces until all rows are there."""
    whole_run = room.run("country_daily", report_format=kind).records["country_daily"]
    room.switch(max_rows=20)
    run = room.run("country_daily", report_format=kind)
    assert sorted(r["_row_key"] for r in run.records["country_daily"]) == sorted(
        r["_row_key"] for r in whole_run
    )
    assert sum(w["splits"] for w in run.windows("country_daily")) > 0


@pytest.mark.parametrize("kind", ["json", "csv", "parquet"])
def test_an_answer_that_cannot_be_made_whole_fails_loudly(room, kind):
    """One day of one app is still too much: no row of it, no bookmark, exit not 0."""
    room.switch(max_rows=2)
    with pytest.raises(Exception, match="failed: country_daily"):
        room.run("country_daily", report_format=kind)


def test_sums_alone_show_a_cut(room):
    """Without any warning in the answer, its own totals tell that rows are missing."""
    room.switch(max_rows=20, warnings_key="nothing_like_it")
    run = room.run("country_daily")
    truth = room.truth(["installs"], "2026-03-14", "2026-03-17")["totals"]["installs"]
    assert total(run.records["country_daily"], "installs") == truth


def test_no_row_is_lost_to_a_name(room):
    """Organic rows without campaign, null and empty names, doubles of the running day: sums prove it."""
    wanted = {
        "name": "mine",
        "dimensions": ["partner_id", "campaign_network", "creative_network"],
        "metrics": ["installs", "revenue", "network_cost"],
        "currency": "USD",
    }
    run = room.run("mine", include_today=True, reports=[wanted])
    rows = run.records["mine"]
    (entry,) = room.asked("/report")
    answer = room.replay(entry)
    for name in wanted["metrics"]:
        assert total(rows, name) == round(Decimal(str(answer["totals"][name])), 6)
    assert len(rows) == len(answer["rows"])
    assert keys_are_unique(rows)
    assert {r["_data_state"] for r in rows if r["day"] == "2026-03-18"} == {"partial"}
    grain = run.schemas["mine"]["schema"]["x-grain"]
    repeated = Counter(tuple(r[k] for k in grain) for r in rows)
    assert max(repeated.values()) > 1, "the running day has rows that share all visible names"
    assert any(r["campaign_network"] is None and r["partner_id"] == "-300" for r in rows)
    assert any(r["campaign_network"] == "" or r["creative_network"] == "" for r in rows)


def test_an_empty_report_is_no_fault(room):
    """204 and an empty list both close the window and move the bookmark."""
    for as_rows in (False, True):
        room.switch(empty_as_rows=as_rows)
        run = room.run("app_daily", start_date="2023-06-01", end_date="2023-06-05")
        assert not run.records["app_daily"]
        assert {w["row_count"] for w in run.windows("app_daily")} == {0}


def test_hours_are_read_up_to_the_last_full_one(room):
    """An hourly stream reads today's complete hours; the offset moves them to true instants."""
    rows = room.run("hourly", start_date="2026-03-17").records["hourly"]
    assert (min(r["hour"] for r in rows), max(r["hour"] for r in rows)) == (
        "2026-03-17T00:00:00Z",
        "2026-03-18T11:00:00Z",
    )
    shifted = room.run("hourly", start_date="2026-03-17", time_zone="+05:30").records["hourly"]
    assert min(r["hour"] for r in shifted) == "2026-03-16T18:30:00Z"
    assert {r["_time_zone"] for r in shifted} == {"+05:30"}


def test_a_week_runs_from_monday_whatever_the_services_weeks_are(room):
    """Each of our weeks is asked for alone, as a span of days: figures of whole weeks, none cut."""
    rows = room.report("weekly", ["app_token"], ["installs", "waus"], grain="week").records[
        "weekly"
    ]
    assert rows == []  # no whole week lies between the start and now
    run = room.run("weekly", start_date="2026-03-01",
                   reports=[{"name": "weekly", "dimensions": ["app_token"], "metrics": ["installs"], "grain": "week"}])  # fmt: skip
    truth = room.truth(["installs"], "2026-03-02", "2026-03-08")["by_app"]
    first = {
        r["app_token"]: r["installs"] for r in run.records["weekly"] if r["week"] == "2026-03-02"
    }
    assert first == {token: sums["installs"] for token, sums in truth.items()}
    assert {r["week"] for r in run.records["weekly"]} == {"2026-03-02", "2026-03-09"}


def test_months_are_months(room):
    """The service's `2026-02` is the first of February."""
    run = room.run("monthly", start_date="2026-01-01",
                   reports=[{"name": "monthly", "dimensions": [], "metrics": ["installs"], "grain": "month"}])  # fmt: skip
    rows = run.records["monthly"]
    assert {r["month"] for r in rows} == {"2026-01-01", "2026-02-01"}
    truth = room.truth(["installs"], "2026-02-01", "2026-02-28")["totals"]["installs"]
    assert total([r for r in rows if r["month"] == "2026-02-01"], "installs") == truth


def test_a_report_without_the_app_still_knows_whose_rows_they_are(room):
    """`app_token` is asked for in any case: rows, currency and bookmark belong to an app."""
    rows = room.report("by_country", ["country_code"], ["installs", "revenue"]).records[
        "by_country"
    ]
    assert "app_token" not in rows[0]
    assert len({r["_account"] for r in rows}) == len(room.sandbox.environment.world.apps)
    assert {r["_currency"] for r in rows} == {
        a.currency for a in room.sandbox.environment.world.apps
    }


def test_every_stream_lands_in_duckdb(room, tmp_path):
    """What was written is what the warehouse holds: rows of every stream, sums exact."""
    names = [r.name for r in REPORTS] + [e.name for e in TapAdjust.entities]
    config = room.config(start_date="2026-03-17")
    catalog = select(TapAdjust, config, set(names))
    keys, written, spent = {}, defaultdict(set), Decimal(0)
    for line in lines_of("tap-adjust", folder=tmp_path, config=config, catalog=catalog):
        if line["type"] == "SCHEMA":
            keys[line["stream"]] = line["key_properties"]
        elif line["type"] == "RECORD":
            stream, row = line["stream"], line["record"]
            written[stream].add(tuple(row[key] for key in keys[stream]))
            if stream == "ad_spend_daily":
                spent += Decimal(row["network_cost"] or 0)
    settings = tmp_path / "target.json"
    settings.write_text(json.dumps({"path": str(tmp_path / "adjust.duckdb")}))
    with (tmp_path / "out.jsonl").open(encoding="utf-8") as lines:
        done = programs.run("target-adtap-duckdb", ["--config", str(settings)], given=lines)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "adjust.duckdb")) as warehouse:
        tables = dict(
            warehouse.execute(
                "select table_name, table_schema from information_schema.tables"
            ).fetchall()
        )
        for name in names:
            count = warehouse.execute(f'select count(*) from "{tables[name]}"."{name}"').fetchone()
            assert count == (len(written[name]),), name
            assert count[0] > 0, name
        spend = warehouse.execute(
            f'select sum(network_cost) from "{tables["ad_spend_daily"]}"."ad_spend_daily"'
        ).fetchone()
    assert spend == (spent,)


def test_fewer_metrics_are_asked_for_when_fewer_are_selected(room):
    """A deselected metric never leaves the service."""
    catalog = select(TapAdjust, room.config(), {"app_daily"})
    entry = next(s for s in catalog["streams"] if s["tap_stream_id"] == "app_daily")
    for item in entry["metadata"]:
        if item["breadcrumb"][-1:] and item["breadcrumb"][-1] in TapAdjust.reports[0].metrics:
            item["metadata"]["selected"] = item["breadcrumb"][-1] == "installs"
    rows = room.run(catalog=catalog).records["app_daily"]
    (asked,) = room.asked("/report")
    assert "metrics=installs&" in str(asked["query"])
    assert "sessions" not in rows[0] or rows[0]["sessions"] is None


def test_a_report_lands_in_postgres_exactly(room, postgres_url, tmp_path):
    """Through target-postgres: rows by key, money to the last digit, a second run adds none."""
    import psycopg

    names = ("campaign_daily", "events_daily", "cohorts_daily", "apps")
    run = room.run(*names)
    for _ in range(2):
        load_into_postgres(run, postgres_url, tmp_path)
    with psycopg.connect(postgres_url) as connection:
        for name in names:
            keys = run.schemas[name]["key_properties"]
            found = connection.execute(f'select count(*) from "adjust"."{name}"').fetchone()
            assert found == (len(run.final(name, *keys)),), name
        spent = connection.execute(
            'select sum("network_cost"), sum("installs") from "adjust"."campaign_daily"'
        ).fetchone()
    rows = run.records["campaign_daily"]
    assert spent == (total(rows, "network_cost"), total(rows, "installs"))
