"""Every field of the wire ends in a column or in `_extra`."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.rows.records import RecordShaper

SCHEMA: dict[str, Any] = {
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": ["string", "null"]},
        "site_id": {"type": ["integer", "null"]},
        "_extra": {"type": ["object", "null"]},
    }
}
FIELDS = st.sampled_from(
    ["id", "ID", "name", "Name", "site", "siteId", "site_id", "hostname", "host name", "hostName"]
)
VALUES = (
    st.none() | st.integers(0, 3) | st.sampled_from(["1", "a", ""]) | st.lists(st.integers(0, 1))
)


def shaped(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """Records as their columns hold them; `site` is the column `site_id`."""
    shaper = RecordShaper("things", SCHEMA, frozenset(), {"site": "site_id"})
    return [dict(zip(shaper.columns, row, strict=True)) for row in shaper.shape(records)]


def test_a_field_beside_one_of_the_same_value_is_kept() -> None:
    """`hostname` stays, though `name` says the same."""
    (row,) = shaped({"id": 1, "name": "a.example", "hostname": "a.example"})
    assert row["name"] == "a.example"
    assert row["_extra"] == {"hostname": "a.example"}


def test_two_fields_of_one_column_lose_no_value() -> None:
    """The one that is spelt like the column goes first; the other's value is kept under its own name."""
    first, second, third = shaped(
        {"id": 1, "site": 5, "site_id": 6},
        {"id": 2, "site": 5, "site_id": None},
        {"id": 3, "site": 5, "site_id": "5"},
    )
    assert (first["site_id"], first["_extra"]) == (6, {"site": 5})
    assert (second["site_id"], second["_extra"]) == (5, None)
    assert (third["site_id"], third["_extra"]) == (5, None), "the column holds both"


def test_two_unknown_fields_of_one_name_are_both_kept() -> None:
    """The second keeps its own spelling."""
    (row,) = shaped({"id": 1, "host name": "a", "hostName": "b"})
    assert row["_extra"] == {"host_name": "a", "hostName": "b"}


@given(record=st.dictionaries(FIELDS, VALUES))
def test_every_value_of_the_wire_is_somewhere(record: dict[str, Any]) -> None:
    """In a column, as its type spells it, or in `_extra` as it came."""
    (row,) = shaped(record)
    extra = row.pop("_extra") or {}
    kept = [str(v).replace(" ", "") for v in (*row.values(), *extra.values())]
    for field, value in record.items():
        assert value in (None, "") or str(value).replace(" ", "") in kept, (field, row, extra)


BIDS: dict[str, Any] = {
    "properties": {
        "id": {"type": "integer"},
        "bid": {"type": ["string", "null"], "format": "x-singer.decimal"},
        "_extra": {"type": ["object", "null"]},
    }
}


@pytest.mark.parametrize(
    ("sent", "column", "extra"),
    [
        (Decimal("1E+20"), None, {"bid": Decimal("1E+20")}),
        (Decimal("123456789012345678901.5"), None, {"bid": "123456789012345678901.5"}),
        ("Infinity", None, {"bid": "Infinity"}),
        (float("nan"), None, {"bid": "NaN"}),
        (True, None, {"bid": True}),
        ("1_000", None, {"bid": "1_000"}),
        (Decimal("1E-999999999"), None, {"bid": "1E-999999999"}),
        (
            "99999999999999999999.123456789012345678",
            "99999999999999999999.123456789012345678",
            None,
        ),
        ("0.1234567890123456789", "0.1234567890123456789", {"bid": "0.1234567890123456789"}),
        (Decimal("1E-19"), "0.0000000000000000001", {"bid": Decimal("1E-19")}),
        ("0.1234567890123456780000", "0.1234567890123456780000", None),
        ("-00.50", "-00.50", None),
    ],
    ids=str,
)
def test_a_decimal_that_no_warehouse_holds_is_whole_in_extra(sent, column, extra) -> None:
    """More than 20 digits before the point: null. More than 18 behind it: the number, and all of it in `_extra`."""
    shaper = RecordShaper("things", BIDS, frozenset())
    (row,) = shaper.shape([{"id": 1, "bid": sent}])
    found = dict(zip(shaper.columns, row, strict=True))
    assert found == {"id": 1, "bid": column, "_extra": extra}


TIMES: dict[str, Any] = {
    "properties": {
        "id": {"type": "integer"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "on": {"type": ["string", "null"], "format": "date"},
        "_extra": {"type": ["object", "null"]},
    }
}


@pytest.mark.parametrize(
    ("sent", "at", "on"),
    [
        ("2026-03-01T05:00:00+02:00", "2026-03-01T03:00:00Z", "2026-03-01"),
        (" 2026-03-01 05:00:00 +0200 ", "2026-03-01T03:00:00Z", "2026-03-01"),
        ("2026-03-01 05:00:00.5 +02:00", "2026-03-01T03:00:00.500000Z", "2026-03-01"),
        ("2026-03-01 03:00:00 Z", "2026-03-01T03:00:00Z", "2026-03-01"),
        ("2026-03-01T05:00:00.250+02", "2026-03-01T03:00:00.250000Z", "2026-03-01"),
        ("2026-03-01t05:00:00z", "2026-03-01T05:00:00Z", "2026-03-01"),
        ("2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01"),
        (20260301, "2026-03-01T00:00:00Z", "2026-03-01"),
        ("0000-00-00 00:00:00", None, None),
        ("", None, None),
    ],
    ids=str,
)
def test_times_are_read_as_platforms_write_them(sent, at, on) -> None:
    """As instants of UTC, and as the dates that stand there."""
    shaper = RecordShaper("things", TIMES, frozenset())
    (row,) = shaper.shape([{"id": 1, "at": sent, "on": sent}])
    assert row == (1, at, on, None)


@pytest.mark.parametrize(
    "sent", [1710121512, 1710121512345, "1710121512345", 1710121512.5, "1710121512.345"], ids=repr
)
def test_a_number_of_seconds_is_no_time_of_the_year_1710(sent) -> None:
    """Nobody knows what it counts, or since when: kept as it came."""
    shaper = RecordShaper("things", TIMES, frozenset())
    (row,) = shaper.shape([{"id": 1, "at": sent, "on": sent}])
    assert row == (1, None, None, {"at": sent, "on": sent})


def test_a_time_that_is_in_no_year_of_utc_is_kept() -> None:
    """The last second there is, west of Greenwich."""
    shaper = RecordShaper("things", TIMES, frozenset())
    (row,) = shaper.shape([{"id": 1, "at": "9999-12-31T23:59:59-05:00"}])
    assert row == (1, None, None, {"at": "9999-12-31T23:59:59-05:00"})
