"""What the demo says about a DuckDB file, on files small enough to check by eye."""

# ruff: noqa: S608 - the files' contents are this file's own

import re
import shutil
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_cli import chart, demo_text, page
from adtap_cli.demo_choice import Choice, Money
from adtap_cli.demo_facts import Stream, facts
from adtap_cli.performance import Role

REVENUE = Money(stream="sales_daily", column="revenue", role=Role.SELL, label="revenue")
CHOICE = Choice(
    tap="tap-shop",
    platform="Shop",
    urls={},
    entities=("shops",),
    reports=("sales_daily",),
    money=(REVENUE,),
)
TABLES = """
    CREATE SCHEMA tap_shop;
    CREATE TABLE tap_shop.shops (id BIGINT, name VARCHAR, _extra JSON);
    CREATE TABLE tap_shop.sales_daily (
        _row_key VARCHAR, day DATE, shop BIGINT, revenue DECIMAL(38, 18), _currency VARCHAR,
        _data_state VARCHAR, _account VARCHAR, _synced_at TIMESTAMPTZ);
    CREATE TABLE tap_shop.sync_windows (
        stream VARCHAR, account VARCHAR, window_start TIMESTAMPTZ, window_end TIMESTAMPTZ,
        synced_at TIMESTAMPTZ);
    INSERT INTO tap_shop.shops VALUES (1, 'one', NULL), (2, 'two', NULL);
"""
FIRST, SECOND = "2026-11-03 06:00:00+00", "2026-11-05 06:00:00+00"


def row(key, day, revenue, *, currency="EUR", state="provisional", account="{}", read=FIRST):
    """A report row as SQL."""
    amount = "NULL" if revenue is None else revenue
    money = "NULL" if currency is None else f"'{currency}'"
    return (
        f"INSERT INTO tap_shop.sales_daily VALUES ('{key}', '2026-11-{day:02}', 1, {amount}, "
        f"{money}, '{state}', '{account}', '{read}')"
    )


def window(first, end, *, account="{}", stream="sales_daily", read=FIRST):
    """A ledger row as SQL; the end is exclusive."""
    return (
        f"INSERT INTO tap_shop.sync_windows VALUES ('{stream}', '{account}', "
        f"'2026-11-{first:02} 00:00:00+00', '2026-11-{end:02} 00:00:00+00', '{read}')"
    )


@pytest.fixture
def files(tmp_path):
    """Makes the file before the second run and after it, and gives what is said about them."""

    def make(before, after):
        new, old = tmp_path / "ads.duckdb", tmp_path / "before.duckdb"
        with duckdb.connect(str(new)) as db:
            db.execute("SET TimeZone = 'UTC'")
            db.execute(TABLES)
            for statement in before:
                db.execute(statement)
        shutil.copy(new, old)
        with duckdb.connect(str(new)) as db:
            db.execute("SET TimeZone = 'UTC'")
            for statement in after:
                db.execute(statement)
        return facts(new, old, [CHOICE])

    return make


def sales(found):
    return next(stream for stream in found.streams if stream.name == "sales_daily")


def test_new_restated_and_settled_rows_are_told_apart(files):
    """A row that is merely read again is none of these; one that says something else is restated."""
    found = files(
        [row("same", 1, 5), row("moved", 1, 7), row("closed", 2, 9), window(1, 3)],
        [
            "DELETE FROM tap_shop.sales_daily",
            row("same", 1, 5, read=SECOND),
            row("moved", 1, 8, read=SECOND),
            row("closed", 2, 9, state="settled", read=SECOND),
            row("fresh", 3, 1, read=SECOND),
            window(1, 4, read=SECOND),
        ],
    )
    change = sales(found).change
    assert (change.new, change.restated, change.settled, change.vanished) == (1, 1, 1, 0)
    assert sales(found).states == {"provisional": 3, "settled": 1}


def test_a_null_that_becomes_a_number_is_restated(files):
    """Absent is not 0: the first number of a row is news."""
    found = files(
        [row("a", 1, None), window(1, 2)],
        ["UPDATE tap_shop.sales_daily SET revenue = 0", window(1, 2, read=FIRST)],
    )
    assert sales(found).change.restated == 1


def test_a_row_of_a_day_that_was_read_again_without_it_has_vanished(files):
    """It counts as vanished, and in no sum."""
    found = files(
        [row("kept", 1, 5), row("gone", 1, 7), window(1, 2)],
        [
            f"UPDATE tap_shop.sales_daily SET _synced_at = '{SECOND}' WHERE _row_key = 'kept'",
            f"UPDATE tap_shop.sync_windows SET synced_at = '{SECOND}'",
        ],
    )
    assert sales(found).change.vanished == 1
    assert sales(found).rows == 1
    (turnover,) = found.turnovers
    assert turnover.days == (
        chart.Bar(day=date(2026, 11, 1), before=Decimal(12), now=Decimal(5), state="provisional"),
    )
    assert turnover.moved == Decimal(-7)


@pytest.mark.parametrize(
    "later",
    [
        window(2, 3, read=SECOND),
        window(1, 2, account='{"app": "b"}', read=SECOND),
        window(1, 2, stream="other_daily", read=SECOND),
        window(1, 2, read=FIRST),
    ],
    ids=["another day", "another account", "another stream", "the same read"],
)
def test_a_row_has_not_vanished_because_something_else_was_read(files, later):
    """Only a later window of its own stream, account and day speaks of a row."""
    found = files([row("a", 1, 5), window(1, 2)], [later])
    assert sales(found).change.vanished == 0
    assert sales(found).rows == 1


def test_what_vanished_before_the_second_run_is_not_counted_again(files):
    """The second run is told what it found, and nothing of the first."""
    gone = [row("gone", 1, 7), window(1, 2, read=SECOND)]
    assert sales(files(gone, [])).change.vanished == 0


def test_currencies_are_never_added(files):
    """Each currency has a sum of its own, and a row without one stands apart."""
    found = files(
        [
            row("a", 1, "1.000000000000000001"),
            row("b", 1, "2.5", currency="USD"),
            row("c", 2, "1", state="settled"),
            row("d", 1, 4, currency=None, state="settled"),
        ],
        [],
    )
    sums = {turnover.currency: (turnover.total, turnover.final) for turnover in found.turnovers}
    assert sums == {
        "EUR": (Decimal("2.000000000000000001"), Decimal(1)),
        "USD": (Decimal("2.5"), Decimal(0)),
        "unknown": (Decimal(4), Decimal(4)),
    }


def test_entities_are_compared_whole(files):
    """One is new, one has another name, and a list without a key can be compared too."""
    found = files(
        [],
        [
            "UPDATE tap_shop.shops SET name = 'second' WHERE id = 2",
            "INSERT INTO tap_shop.shops VALUES (3, 'three', NULL)",
        ],
    )
    shops = found.streams[0]
    assert (shops.name, shops.rows, shops.is_report) == ("shops", 3, False)
    assert (shops.change.new, shops.change.restated) == (1, 1)


AMOUNTS = st.decimals(min_value=-1000, max_value=10**9, places=6)


@given(st.lists(st.tuples(AMOUNTS, st.none() | AMOUNTS, st.booleans()), min_size=1, max_size=90))
def test_every_chart_stays_within_its_frame(amounts):
    """Whatever the numbers: a bar a day, none outside the picture, none upside down."""
    made = [
        chart.Bar(
            day=date(2026, 1, 1) + timedelta(days=n),
            now=now,
            before=before,
            state="settled" if final else "provisional",
        )
        for n, (now, before, final) in enumerate(amounts)
    ]
    turnover = page.Turnover(
        platform="<Shop> & Co", role=Role.SELL, label="<Shop>", column="<Shop>.x", currency="EUR", days=tuple(made)
    )  # fmt: skip
    earlier = page.Earlier(column="before", found="<Shop>", since="since", unknown="<Shop>")
    svg = "".join(page.figure(turnover, "x", earlier))
    bars = re.findall(
        r'<rect class="(\w+)" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="(-?[\d.]+)"', svg
    )
    assert [kind for kind, *_ in bars] == [
        "settled" if final else "open" for _, _, final in amounts
    ]
    for _, x, y, width, height in bars:
        assert float(x) >= chart.LEFT
        assert float(x) + float(width) <= chart.WIDTH
        assert float(y) >= chart.TOP - 0.1
        assert 0 <= float(height) <= chart.HEIGHT
    assert "<Shop>" not in svg


def test_a_table_on_the_terminal_is_aligned():
    """Columns begin below their heads, numbers end there, and nothing trails."""
    lines = list(
        demo_text.table(
            ("name", "rows"), [("a", "1,234"), ("a", "5"), ("long name", "67")], right={1}
        )
    )
    assert lines == [
        "  name        rows",
        "  a          1,234",
        "                 5",
        "  long name     67",
    ]


def test_states_are_named_in_the_order_of_finality():
    """Settled first, and none that has no row."""
    stream = Stream(platform="Shop", name="s", rows=3, states={"partial": 1, "settled": 2000})
    assert demo_text.states(stream) == "2,000 settled, 1 partial"
