"""What a later run of the taps may bring that the mart has held already, in SQL that both warehouses take."""

# ruff: noqa: S608 - the names in these statements are the tests' own

from collections.abc import Callable, Iterator
from typing import Final

MART: Final = "analytics.ad_performance_daily"
REPORT: Final = "tap_atomx.advertiser_delivery_daily"
RESTATED: Final = ("2026-03-10", "2026-03-12")
VANISHED: Final = "2026-03-12"
"""The restated day that lost a campaign, too."""
EMPTIED: Final = "2026-03-14"
"""A day that the platform no longer has anything for."""
LATE: Final = '{"app_token":"late"}'
EARLIER: Final = 30
"""Days by which the late account's are before all that the mart holds."""


def _copied(table: str, where: str, *changes: str) -> Iterator[str]:
    """Put changed copies of rows into their table."""
    yield f"CREATE TABLE copied AS SELECT * FROM {table} WHERE {where}"
    for change in changes:
        yield f"UPDATE copied SET {change}"
    yield f"INSERT INTO {table} SELECT * FROM copied"
    yield "DROP TABLE copied"


def _window(schema: str, stream: str, account: str, *changes: str) -> Iterator[str]:
    """Add a window, an hour later than the latest reading of a stream."""
    ledger = f"{schema}.sync_windows"
    latest = f"(SELECT max(synced_at) FROM {ledger} WHERE stream = '{stream}')"
    where = f"stream = '{stream}' AND account = '{account}' AND synced_at = {latest}"
    later = "synced_at = synced_at + INTERVAL '1' HOUR"
    yield from _copied(ledger, where, ", ".join((*changes, later)))


def _read_again(day: str) -> Iterator[str]:
    """A window that holds one day."""
    starts = f"window_start = TIMESTAMP '{day} 00:00:00'"
    ends = f"window_end = TIMESTAMP '{day} 00:00:00' + INTERVAL '1' DAY"
    yield from _window("tap_atomx", "advertiser_delivery_daily", "{}", starts, ends)


def statements(app: str) -> Iterator[str]:
    """Two restated days, one of them without a campaign that it had, an emptied day, an account that comes late.

    Args:
        app: An account of Adjust; the late one's rows are like its own, of earlier days.
    """
    lost = f"(SELECT min(campaign_id) FROM {REPORT} WHERE day = '{VANISHED}')"
    for day in RESTATED:
        kept = f" AND campaign_id <> {lost}" if day == VANISHED else ""
        yield (
            f"UPDATE {REPORT} SET campaign_cost = campaign_cost + 0.01, _synced_at = (SELECT max(synced_at) FROM "
            "tap_atomx.sync_windows WHERE stream = 'advertiser_delivery_daily') + INTERVAL '1' HOUR "
            f"WHERE day = '{day}'{kept}"
        )
    # The ledger after the rows: its latest reading is what they are an hour later than.
    yield "CREATE TABLE ledger AS SELECT * FROM tap_atomx.sync_windows"
    for day in (*RESTATED, EMPTIED):
        yield from (
            one.replace(
                "(SELECT max(synced_at) FROM tap_atomx.sync_windows",
                "(SELECT max(synced_at) FROM ledger",
            )
            for one in _read_again(day)
        )
    yield "DROP TABLE ledger"
    moved = "synced_at = synced_at + INTERVAL '1' HOUR"
    yield from _copied(
        "tap_adjust.campaign_daily", f"_account = '{app}'",
        f"_account = '{LATE}', _row_key = 'late ' || _row_key, _{moved.replace('= synced', '= _synced')}, "
        f"day = day - {EARLIER}",
    )  # fmt: skip
    starts = f"window_start = window_start - INTERVAL '{EARLIER}' DAY"
    ends = f"window_end = window_end - INTERVAL '{EARLIER}' DAY"
    yield from _window("tap_adjust", "campaign_daily", app, f"account = '{LATE}'", starts, ends)


def hold(
    rows: Callable[[str], list[tuple[object, ...]]],
    do: Callable[..., None],
    run: Callable[..., None],
) -> None:
    """Check that an incremental run after all of that is a full refresh, and touches nothing else.

    Args:
        rows: Gives the rows of a query.
        do: Executes statements.
        run: Builds the mart, with `--full-refresh` or without.
    """
    everything = f"SELECT platform, report, _account, CAST(day AS VARCHAR) AS on_day, {MART.rpartition('.')[2]}.* FROM {MART}"

    def by_day() -> dict[tuple[object, ...], list[str]]:
        found: dict[tuple[object, ...], list[str]] = {}
        for row in rows(everything):
            found.setdefault(row[:4], []).append(repr(row[4:]))
        return {key: sorted(lines) for key, lines in found.items()}

    before = by_day()
    ((app,),) = rows("SELECT min(_account) FROM tap_adjust.campaign_daily")
    do(*statements(str(app)))
    # A mark on every row: it goes where the mart is built anew.
    do(f"UPDATE {MART} SET clicks = -1")
    run()
    marked = {row[:4] for row in rows(f"{everything} WHERE clicks = -1")}
    parts = by_day()
    run("--full-refresh")
    whole = by_day()
    atomx = ("atomx", "advertiser_delivery_daily", "{}")
    late = {key for key in whole if key[2] == LATE}
    again = {(*atomx, day) for day in RESTATED} | late
    assert parts.keys() == whole.keys()
    assert (*atomx, EMPTIED) in before
    assert (*atomx, EMPTIED) not in parts
    assert len(late) == len([key for key in before if key[1:3] == ("campaign_daily", app)]) > 10
    assert max(key[3] for key in late) < min(key[3] for key in before)
    assert parts.keys() - marked == again
    for key in again:
        assert parts[key] == whole[key], key
    for key in parts.keys() - again:
        assert whole[key] == before[key], key
    lost = (*atomx, VANISHED)
    assert 0 < len(parts[lost]) < len(before[lost])
    for day in RESTATED:
        assert parts[*atomx, day] != before[*atomx, day]
