"""The models of `transform/` on DuckDB: whole, exact, incremental, and loud where something is wrong."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import json
from decimal import Decimal

import duckdb
import pytest

from adtap_cli.dbt import PROJECT
from tests.transform import reading_again
from tests.transform.world import MILLION, as_atomx_sends

# dbt's environment is made by the first test that wants it.
pytestmark = pytest.mark.timeout(600)

MART = "analytics.ad_performance_daily"


def query(file, text):
    """The rows of a query on a DuckDB file."""
    with duckdb.connect(file, read_only=True) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        return warehouse.execute(text).fetchall()


def test_all_is_built_and_every_test_is_green(built):
    """Every model, view, snapshot and test of the project ran, and none failed or was left out."""
    said = (built.parent / "build.log").read_text(encoding="utf-8")
    assert "ERROR=0 SKIP=0" in said
    assert "WARN=0" in said
    assert query(built, "SELECT count(DISTINCT platform) FROM analytics.ad_quality_daily") == [(4,)]


def test_the_mart_holds_the_platforms_own_totals_to_the_last_digit(built, world):
    """By role and currency: what the sandbox says that it delivered, restated days as they are now."""
    truth = world.truth
    found = {
        row[:3]: row[3:]
        for row in query(
            built,
            "SELECT platform, role, currency, sum(impressions), sum(clicks), sum(spend), sum(revenue), "
            f"sum(conversion_value) FROM {MART} GROUP BY ALL",
        )
    }
    for currency, said in truth["terminalone"]["totals"].items():
        assert found["terminalone", "buy", currency] == (
            int(said["impressions"]),
            int(said["clicks"]),
            Decimal(said["total_spend"]),
            None,
            Decimal(said["total_revenue"]),
        )
    sent = [
        (as_atomx_sends(row["campaign_cost"]), row["impressions"], row["clicks"])
        for row in truth["atomx"]["rows"]
    ]
    cost, impressions, clicks = (sum(column) for column in zip(*sent, strict=True))
    assert found["atomx", "buy", "USD"] == (impressions, clicks, cost, None, None)
    # What publishers earn is no column of this report: one currency, and its money is null.
    (sold,) = (row for key, row in found.items() if key[:2] == ("atomx", "sell"))
    said = truth["atomx sell"]["totals"]
    assert sold == (said["impressions"], said["clicks"], None, None, None)
    assert set(truth["openx"]["currencies"]) == {"EUR", "USD"}
    for currency, sums in truth["openx"]["currencies"].items():
        said = sums["sent"]
        assert found["openx", "sell", currency] == (
            int(said["marketImpressions"]),
            int(said["clicks"]),
            None,
            Decimal(said["marketPublisherRevenue"]),
            None,
        )


def test_a_tracker_s_totals_are_the_platforms_app_by_app(built, world):
    """Adjust: installs, cost and revenue of each app, each in the app's one currency; added up by role and currency too."""
    found = {
        app: tuple(rest)
        for app, *rest in query(
            built,
            "SELECT account_id, min(role), min(currency), count(DISTINCT (role, currency)), sum(installs), sum(spend), "
            f"sum(revenue) FROM {MART} WHERE platform = 'adjust' GROUP BY ALL",
        )
    }
    by_currency = {}
    for app, said in world.truth["adjust"]["by_app"].items():
        cost = sum(said[f"{kind}_cost"] for kind in ("install", "click", "impression", "event"))
        want = (said["installs"], cost / MILLION, Decimal(said["revenue"]) / MILLION)
        role, currency, *rest = found.pop(app)
        assert (role, *rest) == ("measure", 1, *want)
        sums = by_currency.setdefault(("measure", currency), [0, 0, 0])
        by_currency["measure", currency] = [a + b for a, b in zip(sums, want, strict=True)]
    assert not found
    assert by_currency == {
        row[:2]: list(row[2:])
        for row in query(
            built,
            "SELECT role, currency, sum(installs), sum(spend), sum(revenue) "
            f"FROM {MART} WHERE platform = 'adjust' GROUP BY ALL",
        )
    }


def test_an_incremental_run_equals_a_full_refresh(dbt):
    """After restated days were read again the mart is what building it from nothing gives, row for row."""
    columns = f"SELECT * EXCLUDE performance_key FROM {MART} ORDER BY ALL"
    by_parts = dbt.rows(columns)
    assert dbt.run("run", "-s", "ad_performance_daily", "--full-refresh").code == 0
    assert dbt.rows(columns) == by_parts
    assert len({f"{row[11]}" for row in by_parts}) == 14


def test_days_that_were_not_read_again_are_left_alone(dbt):
    """Two restated days, a campaign and a day that are gone, an account that comes late: a full refresh, and no more than it.

    test_postgres.py holds Postgres to the same.
    """

    def run(*more):
        done = dbt.run("run", "-s", "ad_performance_daily", *more)
        assert done.code == 0, done.said[-4000:]

    reading_again.hold(dbt.rows, dbt.do, run)


def test_a_defect_in_the_raw_rows_is_named(dbt):
    """A doubled row, a cent more, a row that was deleted, a day that was never read: each fails a test that names it."""
    dbt.do(
        "INSERT INTO tap_openx.inventory_daily BY NAME SELECT * REPLACE ('doubled' AS _row_key) "
        "FROM (FROM tap_openx.inventory_daily WHERE day = '2026-03-19' ORDER BY _row_key LIMIT 1)",
        "UPDATE tap_terminalone.performance_daily SET total_spend = total_spend + 0.01 WHERE _row_key = "
        "(SELECT min(_row_key) FROM tap_terminalone.performance_daily WHERE day = '2026-03-12')",
        "DELETE FROM tap_adjust.campaign_daily WHERE _row_key = "
        "(SELECT min(_row_key) FROM tap_adjust.campaign_daily WHERE day = '2026-03-11')",
        "DELETE FROM tap_atomx.sync_windows WHERE stream = 'advertiser_delivery_daily' "
        "AND window_start < '2026-03-10' AND window_end > '2026-03-09'",
        "INSERT INTO tap_atomx.sync_windows BY NAME SELECT * REPLACE ('advertiser_delivery_daily' AS stream, "
        "TIMESTAMPTZ '2026-03-06 00:00:00+00' AS window_start, TIMESTAMPTZ '2026-03-09 00:00:00+00' AS window_end) "
        "FROM (FROM tap_atomx.sync_windows LIMIT 1)",
        "INSERT INTO tap_atomx.sync_windows BY NAME SELECT * REPLACE ('advertiser_delivery_daily' AS stream, "
        "TIMESTAMPTZ '2026-03-10 00:00:00+00' AS window_start, TIMESTAMPTZ '2026-03-20 00:00:00+00' AS window_end) "
        "FROM (FROM tap_atomx.sync_windows LIMIT 1)",
    )
    assert dbt.run("run", "-s", "ad_quality_daily").code == 0
    done = dbt.run("test", "-s", "test_type:singular")
    assert done.code != 0
    assert done.lines("adtaps: adtap_openx_rows_are_those_that_were_read:", "inventory_daily"), (
        done.said
    )
    assert done.lines("adtaps: adtap_openx_sums_are_those_that_were_read:", "2026-03-19", "clicks")
    (cent,) = done.lines("adtaps: adtap_terminalone_sums_are_those_that_were_read:")
    assert "2026-03-12" in cent
    assert "total_spend" in cent
    assert done.lines("adtaps: adtap_adjust_rows_are_those_that_were_read:", "campaign_daily")
    assert done.lines(
        "adtaps: adtap_adjust_sums_are_those_that_were_read:", "2026-03-11", "installs"
    )
    (gap,) = done.lines("adtaps: adtap_no_gap_in_days:")
    assert "day 2026-03-09" in gap
    assert "advertiser_delivery_daily" in gap
    # The mart was built before: that it no longer agrees is said as well.
    assert done.lines("adtaps: adtap_mart_ties_out_to_the_rows:", "2026-03-12", "sums differ")


def test_a_defect_in_the_mart_is_named(dbt):
    """A role mixed up, a key that stands twice, a state that is none: failed tests with the rows."""
    dbt.do(
        f"UPDATE {MART} SET role = 'sell' WHERE platform = 'terminalone' AND day = '2026-03-12'",
        f"INSERT INTO {MART} FROM {MART} WHERE platform = 'atomx' AND role = 'buy' AND day = '2026-03-13' LIMIT 1",
        f"UPDATE {MART} SET data_state = 'final' WHERE platform = 'adjust' AND day = '2026-03-14'",
        "UPDATE tap_openx.inventory_daily SET _currency = 'euro' WHERE day = '2026-03-10'",
    )
    done = dbt.run("test", "-s", "ad_performance_daily", "stg_openx__inventory_daily")
    assert done.lines("adtaps: adtap_roles_are_the_platforms_own:", "terminalone", "2026-03-12"), (
        done.said
    )
    assert done.lines("performance_key stands more than once")
    assert done.lines("data_state is none of partial, provisional, settled", "adjust")
    assert done.lines("_currency is no ISO 4217 code", "euro")


def test_a_day_that_is_late_differs_from_the_platform_or_stands_twice_is_named(dbt):
    """A load that did not run, totals that do not add up, one delivery from two APIs: the report, the day, the window."""
    dbt.do(
        "UPDATE tap_atomx.sync_windows SET window_end = TIMESTAMPTZ '2026-03-16 00:00:00+00' "
        "WHERE stream = 'publisher_delivery_daily' AND window_end > TIMESTAMPTZ '2026-03-16 00:00:00+00'",
        "UPDATE tap_terminalone.sync_windows SET ties = false WHERE stream = 'geo_daily' AND window_end = "
        "(SELECT max(window_end) FROM tap_terminalone.sync_windows WHERE stream = 'geo_daily')",
        f"INSERT INTO {MART} BY NAME SELECT * REPLACE ('exchange_daily' AS report, 'twice' AS performance_key) "
        f"FROM (FROM {MART} WHERE platform = 'openx' AND day = '2026-03-13' LIMIT 1)",
    )
    assert dbt.run("run", "-s", "ad_quality_daily").code == 0
    tests = ("days_are_fresh", "windows_tie_out_to_the_platform", "no_day_stands_in_two_reports")
    done = dbt.run("test", "-s", *(f"adtap_{name}" for name in tests))
    late = done.lines("adtaps: adtap_days_are_fresh:", "publisher_delivery_daily")
    # The 19th is due at the 20th, and a daily load has another day.
    assert sorted(line.partition("day 2026-03-")[2][:2] for line in late) == ["16", "17", "18"], (
        done.said
    )
    assert done.lines("adtaps: adtap_windows_tie_out_to_the_platform:", "geo_daily", "2026-03-")
    (twice,) = done.lines("adtaps: adtap_no_day_stands_in_two_reports:")
    assert "2026-03-13" in twice
    assert "exchange_daily" in twice


def test_a_snapshot_keeps_what_a_budget_was(dbt):
    """A budget that changed has two rows, each with its time; what did not change has one."""
    dbt.do(
        "UPDATE tap_atomx.campaigns SET daily_budget_amount = daily_budget_amount + 0.01 WHERE id = "
        "(SELECT min(id) FROM tap_atomx.campaigns WHERE daily_budget_amount IS NOT NULL)"
    )
    assert dbt.run("snapshot", "-s", "ad_atomx_campaigns_history").code == 0
    history = "analytics_snapshots.ad_atomx_campaigns_history"
    ((before, after, closed, begun),) = dbt.rows(
        "SELECT was.daily_budget_amount, now.daily_budget_amount, was.dbt_valid_to, now.dbt_valid_from "
        f"FROM {history} was JOIN {history} now ON now.id = was.id AND now.dbt_valid_to IS NULL "
        "WHERE was.dbt_valid_to IS NOT NULL"
    )
    assert after - before == Decimal("0.01")
    assert closed == begun
    ((more,),) = dbt.rows(f"SELECT count(*) - count(DISTINCT id) FROM {history}")
    assert more == 1


def test_what_was_never_loaded_or_deselected_is_left_empty_with_a_line_that_says_so(dbt):
    """A platform without a schema and a report without a table: empty models, no failure, one line each."""
    dbt.do(
        "DROP SCHEMA tap_atomx CASCADE",
        "DROP TABLE tap_openx.inventory_daily",
        "DELETE FROM tap_openx.sync_windows WHERE stream = 'inventory_daily'",
        "DELETE FROM tap_openx.sync_days WHERE stream = 'inventory_daily'",
    )
    done = dbt.run("build", "--full-refresh", "-s", "+ad_performance_daily", "+ad_quality_daily")
    assert done.code == 0, done.said[-4000:]
    (line,) = done.lines("adtaps: atomx:")
    assert "no schema tap_atomx in the warehouse: its models are empty" in line
    assert "adtap_atomx: false" in line
    (line,) = done.lines("adtaps: openx: not in tap_openx (deselected?)")
    assert "inventory_daily" in line
    assert dbt.rows(f"SELECT DISTINCT platform FROM {MART} ORDER BY 1") == [
        ("adjust",),
        ("terminalone",),
    ]


def test_money_is_converted_at_each_days_own_rate_or_not_at_all(dbt):
    """A day without a rate fails before the converted mart is built; with all rates its sums are exact."""
    rates = "analytics.adtap_currency_rates"
    # Three platforms off by their variables: their models are not there at all.
    given = {
        "adtap_report_currency": "EUR",
        "adtap_atomx": False,
        "adtap_adjust": False,
        "adtap_openx": False,
    }
    dbt.do(f"DELETE FROM {MART} WHERE platform <> 'terminalone'")
    assert dbt.run("seed", **given).code == 0
    wanted = [
        "adtap_currency_rates",
        "ad_performance_daily_converted",
        "adtap_every_day_has_a_rate",
    ]
    dbt.do(
        f"INSERT INTO {rates} SELECT DISTINCT day, currency, 'EUR', 0.912345 FROM {MART} "
        "WHERE currency = 'USD' AND day <> '2026-03-11'",
        f"INSERT INTO {rates} SELECT DISTINCT day, currency, 'EUR', 1.1 FROM {MART} WHERE currency = 'GBP'",
    )
    done = dbt.run("build", "-s", *wanted[1:], "--full-refresh", **given)
    assert done.code != 0
    (line,) = done.lines("adtaps: adtap_every_day_has_a_rate:")
    assert "no rate to EUR for this day, currency USD, day 2026-03-11" in line, line
    assert not dbt.rows(
        "SELECT 1 FROM duckdb_views() WHERE view_name = 'ad_performance_daily_converted'"
    )
    dbt.do(f"INSERT INTO {rates} VALUES ('2026-03-11', 'USD', 'EUR', 0.5)")
    done = dbt.run("build", "-s", *wanted[1:], **given)
    assert done.code == 0, done.said[-4000:]
    assert done.lines("PASS", "ad_performance_daily_converted::money_is_converted_at_the_rate")
    spent = {}
    for day, currency, spend in dbt.rows(
        f"SELECT day, currency, spend FROM {MART} WHERE spend IS NOT NULL"
    ):
        special = Decimal("0.5") if f"{day}" == "2026-03-11" else Decimal("0.912345")
        rate = {"EUR": Decimal(1), "GBP": Decimal("1.1"), "USD": special}[currency]
        spent[currency] = spent.get(currency, Decimal(0)) + (spend * rate).quantize(
            Decimal("1e-18")
        )
    found = dict(
        dbt.rows(
            "SELECT original_currency, sum(spend) FROM analytics.ad_performance_daily_converted GROUP BY 1"
        )
    )
    assert found == spent
    dbt.do(f"INSERT INTO {rates} VALUES ('2026-03-11', 'USD', 'EUR', 0.6)")
    done = dbt.run("test", "-s", "adtap_each_day_has_one_rate", **given)
    (line,) = done.lines("adtaps: adtap_each_day_has_one_rate:")
    assert "day 2026-03-11, from_currency USD" in line
    done = dbt.run("ls", "-s", "stg_openx__sites", "stg_terminalone__campaigns", **given)
    assert done.lines("stg_openx__sites", "does not match any enabled nodes")
    assert done.lines("adtaps.staging.terminalone.stg_terminalone__campaigns")


def test_money_has_one_scale_in_all_that_is_built(built):
    """No column of any model is a float, and none lost a digit behind the point to a branch that was rounded."""
    types = query(
        built,
        "SELECT data_type, count(*) FROM duckdb_columns() WHERE schema_name LIKE 'analytics%' AND "
        "(data_type LIKE 'DECIMAL%' OR data_type IN ('DOUBLE', 'FLOAT', 'HUGEINT')) GROUP BY ALL",
    )
    assert [name for name, _ in types] == ["DECIMAL(38,18)"]
    assert types[0][1] > 100


def test_a_column_of_another_scale_stops_the_run(dbt):
    """A mart that keeps two digits is not added to: new rows would be rounded to its scale without a word."""
    dbt.do(
        f"ALTER TABLE {MART} ALTER COLUMN spend TYPE DECIMAL(38,2)",
        f"DELETE FROM {MART} WHERE day = '2026-03-12'",
    )
    kept = dbt.rows(f"SELECT count(*), sum(spend) FROM {MART}")
    done = dbt.run("run", "-s", "ad_performance_daily")
    assert done.code != 0
    assert done.lines("source and target schemas on this incremental model are out of sync"), (
        done.said
    )
    assert dbt.rows(f"SELECT count(*), sum(spend) FROM {MART}") == kept


def test_a_report_of_ones_own_has_the_same_macro(dbt):
    """`current_rows` gives a report's rows as they are loaded, without those that the platform took back."""
    dbt.do(
        "CREATE TABLE tap_openx.mine AS FROM tap_openx.inventory_daily",
        "INSERT INTO tap_openx.sync_windows BY NAME SELECT DISTINCT ON (window_start, window_end) * REPLACE ('mine' AS stream) "
        "FROM tap_openx.sync_windows WHERE stream = 'inventory_daily'",
        "UPDATE tap_openx.mine SET _synced_at = _synced_at - INTERVAL 1 DAY WHERE day = '2026-03-12'",
    )
    done = dbt.run(
        "show", "--limit", "100", "--output", "json", "--inline",
        "select day, count(*) as n from ({{ adtaps.current_rows('openx', 'mine') }}) r group by 1 order by 1",
    )  # fmt: skip
    assert done.code == 0, done.said
    shown = {row["day"][:10] for row in json.loads(done.said[done.said.index("{") :])["show"]}
    assert "2026-03-11" in shown
    assert "2026-03-12" not in shown
    done = dbt.run(
        "show", "--inline", "select * from ({{ adtaps.current_rows('openx', 'nowhere') }}) r"
    )
    assert "tap_openx.nowhere is not in the warehouse" in done.said


def test_every_model_and_column_is_described(built):
    """What `dbt docs` shows has words for each model and for each column that the warehouse has of it."""
    manifest = json.loads((built.parent / "manifest.json").read_text(encoding="utf-8"))
    columns: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in query(
        built,
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal",
    ):
        columns.setdefault((schema, table), set()).add(column)
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    assert len(models) > 100
    for model in models:
        assert model["description"], model["name"]
        described = {name for name, one in model["columns"].items() if one["description"]}
        there = columns[model["schema"], model["name"]]
        assert described == there, (model["name"], described ^ there)
    assert {e["name"] for e in manifest["exposures"].values()} == {"adtap_report", "answers"}


def test_a_project_that_installs_the_models_is_held_to_the_roles(dbt, tmp_path):
    """As a package in somebody's project: a model of theirs that adds up roles is named before it is even built."""
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_packages").mkdir()
    (tmp_path / "dbt_packages" / "adtaps").symlink_to(PROJECT)  # where `dbt deps` puts it
    (tmp_path / "packages.yml").write_text(f"packages: [{{local: {PROJECT}}}]")
    (tmp_path / "dbt_project.yml").write_text(
        "{name: theirs, version: 1.0.0, profile: adtaps, flags: {send_anonymous_usage_stats: false}}"
    )
    mart = "from {{ ref('adtaps', 'ad_performance_daily') }}"
    for name, text in {
        "adds": f"select day, sum(spend) as spend {mart} group by day",
        "shows": f"select day, role, sum(spend) as spend {mart} group by day, role",
        "chooses": "{{ config(meta={'adtap_role': 'buy'}) }} "
        f"select day, sum(spend) as spend {mart} where {{{{ 'role' }}}} = 'buy' group by day",
    }.items():
        (tmp_path / "models" / f"{name}.sql").write_text(text)
    done = dbt.run("test", "-s", "adtap_no_model_adds_roles", project=tmp_path)
    assert done.code != 0
    (line,) = done.lines("adtaps: adtap_no_model_adds_roles:")
    assert "model.theirs.adds" in line
