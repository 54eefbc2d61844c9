"""The queries of docs/answers.md, run on the sandbox's data; test_postgres.py runs them there, too."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import re
import shutil
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.transform.world import MILLION

pytestmark = pytest.mark.timeout(600)
PAGE = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^## (.+?)$.*?^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
RATES = "analytics.adtap_currency_rates"
RATE = {"EUR": Decimal(1), "USD": Decimal("0.912345"), "GBP": Decimal("1.1")}
MART = "analytics.ad_performance_daily"


@contextmanager
def answers(built, folder):
    """What was built, with a rate for each currency and day."""
    # Views know their database by its name: the file keeps it.
    (folder / "answers").mkdir()
    with duckdb.connect(shutil.copy(built, folder / "answers")) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        warehouse.execute(
            f"CREATE TABLE {RATES} AS SELECT DISTINCT day, currency AS from_currency, 'EUR' AS to_currency, CAST(CASE "
            f"currency WHEN 'USD' THEN 0.912345 ELSE 1.1 END AS DECIMAL(18,6)) AS rate FROM {MART} WHERE currency <> 'EUR'"
        )
        yield warehouse


@pytest.fixture
def ask(built, tmp_path):
    """Ask a question by its number: its rows, each a dict."""

    def rows(number):
        (query,) = [q for title, q in QUERIES.items() if title.startswith(f"{number}. ")]
        cursor = warehouse.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    with answers(built, tmp_path) as warehouse:
        yield rows


def test_there_are_ten_and_one_for_the_morning():
    """Each has its query."""
    assert [title.partition(". ")[0] for title in QUERIES] == [
        *map(str, range(1, 11)),
        "And every morning",
    ]


def test_money_in_one_currency_is_all_of_it_at_each_days_rate(ask, built, world):
    """1: what each platform's totals are, converted; no row is left without a rate."""
    found = {}
    for row in ask(1):
        assert row["rows_without_rate"] == 0
        found[row["platform"]] = found.get(row["platform"], Decimal(0)) + row["spend_eur"]
    totals = world.truth["terminalone"]["totals"]
    want = sum(Decimal(total["total_spend"]) * RATE[currency] for currency, total in totals.items())
    assert abs(found["terminalone"] - want) < Decimal("1e-14")
    assert found["atomx"] > 0


def test_what_is_final_is_said_by_report_and_account(ask):
    """2: OpenX books close after days, Adjust's cohorts move for weeks; nothing is missing."""
    rows = {(row["platform"], row["stream"], row["account"]): row for row in ask(2)}
    assert f"{rows['openx', 'inventory_daily', '{}']['final_through']}" == "2026-03-16"
    assert {row["missing_days"] for row in rows.values()} == {0}
    for row in rows.values():
        nothing = f"{row['final_through']}" == "2026-03-05"  # the day before the first one
        assert nothing == (row["provisional_days"] >= 13)


def test_a_day_that_differs_says_why_it_may(ask):
    """3: each day and account with its zone, its state, and whether it was restated."""
    rows = ask(3)
    assert {row["state"] for row in rows} == {"provisional"}
    assert {True, False} >= {row["is_restated"] for row in rows} >= {True}
    assert len({(row["day"], row["account_id"], row["currency"]) for row in rows}) == len(rows)
    assert {row["time_zone"] for row in rows} > {"Europe/Berlin", "America/New_York"}


def test_the_return_grows_with_the_age_of_a_cohort(ask):
    """4: per app and currency; users of an older age are fewer, since young cohorts have not reached it."""
    by_app = {}
    for row in ask(4):
        by_app.setdefault((row["app"], row["currency"]), []).append(row)
    assert len(by_app) >= 3
    for ages in by_app.values():
        assert [row["age_in_days"] for row in ages] == [0, 1, 3, 7]
        returns = [row["return_on_ad_spend"] for row in ages]
        assert returns == sorted(returns)
        users = [row["users"] for row in ages]
        assert users == sorted(users, reverse=True)
        for row in ages:
            assert row["return_on_ad_spend"] == (row["revenue"] / row["cost"]).quantize(
                Decimal("1e-4")
            )


def test_fill_rates_are_formed_from_sums(ask, world):
    """5: requests and fills are the platform's totals, and no rate is the mean of rates."""
    rows, sent = ask(5), world.truth["openx"]["sent"]
    assert sum(row["requests"] for row in rows) == int(sent["allRequests"])
    assert sum(row["fills"] for row in rows) == int(sent["exchangeFills"])
    for row in rows:
        exact = Decimal(100) * row["fills"] / row["requests"]
        assert abs(row["fill_percent"] - exact) <= Decimal("0.005")


def test_what_moved_is_the_days_that_the_platform_restated(ask, built):
    """6: the days of the latest reading whose sums differ, each with what it holds now."""
    rows = ask(6)
    assert rows
    assert all(row["cost_now"] - row["cost_first"] == row["moved_by"] != 0 for row in rows)
    with duckdb.connect(built, read_only=True) as warehouse:
        now = dict(
            warehouse.execute(
                "SELECT day, sum(campaign_cost) FROM analytics_staging.stg_atomx__advertiser_delivery_daily GROUP BY day"
            ).fetchall()
        )
    for row in rows:
        assert abs(now[row["day"]] - row["cost_now"]) < Decimal("1e-15")


def test_installs_and_their_cost_are_the_trackers_totals(ask, world):
    """7: no install is lost on the way to its campaign."""
    rows, apps = ask(7), world.truth["adjust"]["by_app"].values()
    cost = sum(
        app[f"{kind}_cost"] for app in apps for kind in ("install", "click", "impression", "event")
    )
    assert sum(row["installs"] for row in rows) == sum(app["installs"] for app in apps)
    assert sum(row["cost"] or 0 for row in rows) == cost / MILLION


def test_a_campaign_that_spends_nothing_is_first(ask):
    """8: campaigns without a row in the report are there, with nothing spent."""
    rows = ask(8)
    assert rows[0]["percent_of_budget"] == 0
    shares = [row["percent_of_budget"] for row in rows]
    assert shares == sorted(shares)
    assert len({row["campaign_id"] for row in rows}) == len(rows)


def test_what_sites_earn_is_all_that_publishers_earn(ask, world):
    """9: the platform's revenue, to the last digit."""
    assert sum(row["revenue"] for row in ask(9)) == Decimal(
        world.truth["openx"]["sent"]["marketPublisherRevenue"]
    )


def test_the_two_sides_of_a_campaign_stand_beside_each_other(ask):
    """10: of each campaign that both know, both counts."""
    rows = ask(10)
    assert len(rows) > 5
    assert all(row["difference"] == row["measured_clicks"] - row["bought_clicks"] for row in rows)
    assert all(row["campaign"] for row in rows)
