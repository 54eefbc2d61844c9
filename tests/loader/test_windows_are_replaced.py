"""`replace_windows`: a window read again leaves only the rows that came with it, as the view of ghosts would show."""

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_cli.views import DIALECTS, current

from .conftest import File, Place, record, schema, state

TEXT = {"type": ["string", "null"]}
MOMENT = {"type": ["string", "null"], "format": "date-time"}
BUCKETS = {
    "day": {"type": "string", "format": "date"},
    "hour": {"type": "string", "format": "date-time"},
}
LEDGER = schema(
    "sync_windows",
    {"stream": TEXT, "account": TEXT, "window_start": MOMENT, "window_end": MOMENT, "synced_at": MOMENT},
    ["stream", "account", "window_start", "window_end"],
)  # fmt: skip
FIRST = date(2026, 3, 28)


def report(name: str, bucket: str = "day") -> dict:
    columns = {
        "_row_key": {"type": "string"},
        bucket: BUCKETS[bucket],
        "_account": TEXT,
        "_synced_at": MOMENT,
    }
    return {**schema(name, columns, ["_row_key"]), "bookmark_properties": [bucket]}


def moment(days: float) -> str:
    return (datetime.combine(FIRST, datetime.min.time()) + timedelta(days=days)).isoformat() + "Z"


def window(
    stream: str, account: str, start: int, end: int, read: int, keys: list, bucket: str = "day"
) -> list:
    """A window as a tap writes it: its rows, its line of the ledger, STATE."""
    at = moment(100 + read)
    rows = [
        record(
            stream,
            _row_key=f"{account} {there} {name}",
            **{bucket: moment(there) if bucket == "hour" else moment(there)[:10]},
            _account=account,
            _synced_at=at,
        )
        for there, name in keys
    ]
    line = record(
        "sync_windows",
        stream=stream,
        account=account,
        window_start=moment(start),
        window_end=moment(end),
        synced_at=at,
    )
    return [*rows, line, state({"read": read})]


def keys(place: Place, table: str) -> list[str]:
    return [row[0] for row in place.query(f"SELECT _row_key FROM {table} ORDER BY 1")]  # noqa: S608


WINDOWS = st.builds(
    lambda stream, account, start, length, found: (
        stream, account, start, start + length,
        [(start + place % length, name) for place, name in found],
    ),
    st.sampled_from(["a", "b"]),
    st.sampled_from(['["1"]', '["2"]']),
    st.integers(0, 3),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("xyz")), max_size=5, unique=True),
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(read=st.lists(WINDOWS, min_size=1, max_size=8), size=st.sampled_from([1, 3, 1000]))
def test_what_is_left_is_what_the_view_of_ghosts_shows(read, size):
    """Any windows of two streams and accounts, overlapping as they like, in batches of any size."""
    messages = [LEDGER, report("a"), report("b")]
    for number, (stream, account, start, end, found) in enumerate(read):
        messages += window(stream, account, start, end, number, found)
    with TemporaryDirectory() as folder:
        file, other = File(Path(folder) / "all.duckdb"), File(Path(folder) / "replaced.duckdb")
        file.load(*messages)
        other.load(*messages, replace_windows=True, batch_size_rows=size)
        for stream in ("a", "b"):
            view = current(DIALECTS["duckdb"], "main", stream, "day")
            shown = view[view.index("SELECT") :].rstrip(";\n")
            assert keys(other, stream) == keys(file, f"({shown})")


@pytest.mark.parametrize("bucket", ["day", "hour"])
def test_a_row_that_the_platform_no_longer_returns_goes_and_all_others_stay(place, bucket):
    """Only rows of that stream, that account and that window, and only those read earlier."""
    head = [report("a", bucket), report("b", bucket), LEDGER]
    one, two = '["1"]', '["2"]'
    place.load(
        *head,
        *window("a", one, 0, 2, 1, [(0, "kept"), (0, "gone"), (1, "gone")], bucket),
        *window("a", one, 2, 4, 1, [(2, "later")], bucket),
        *window("a", two, 0, 2, 1, [(0, "other account")], bucket),
        *window("b", one, 0, 2, 1, [(0, "other stream")], bucket),
        replace_windows=True,
    )
    assert len(keys(place, "a")) == 5
    place.load(
        *head, *window("a", one, 0, 2, 2, [(0, "kept"), (1, "new")], bucket), replace_windows=True
    )
    assert keys(place, "a") == [
        f"{one} 0 kept",
        f"{one} 1 new",
        f"{one} 2 later",
        f"{two} 0 other account",
    ]
    assert keys(place, "b") == [f"{one} 0 other stream"]


def test_rows_stay_where_nobody_asked_for_it_or_no_ledger_came(place):
    """Off by default; and a window that was not closed, because the run broke off, removes nothing."""
    head = [report("a"), LEDGER]
    first = window("a", '["1"]', 0, 1, 1, [(0, "x"), (0, "y")])
    again = window("a", '["1"]', 0, 1, 2, [(0, "x")])
    place.load(*head, *first)
    place.load(*head, *again)
    assert len(keys(place, "a")) == 2
    cut_off = window("a", '["1"]', 0, 1, 3, [(0, "x")])[:1]
    place.load(*head, *cut_off, replace_windows=True)
    assert len(keys(place, "a")) == 2
    place.load(*head, *window("a", '["1"]', 0, 1, 4, []), replace_windows=True)
    assert keys(place, "a") == []
