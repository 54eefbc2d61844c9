"""Amounts whose digits are taken as they stand: the same columns as the careful way gives."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adtap_core.bodies import parsing
from adtap_core.bodies.amounts import by_column
from adtap_core.bodies.digits import PlainNumbers
from adtap_core.bodies.parsing import ByColumn, JsonRows
from adtap_core.bodies.spool import Spool
from adtap_core.rows.records import (
    ConversionError,
    cast_column,
    decimal_text,
    kept,
    to_integer,
    to_text,
)
from adtap_core.rows.schemas import SCALE, WHOLE

NUMBERS = st.sampled_from(
    [
        "1.50",
        "0.000000001",
        "0",
        "-0.0",
        "-7.25",
        "1e5",
        "1E-19",
        "12345678901234567890.5",
        "3",
        "0.1234567890123456789012",
        "123456789012345678901.5",
        "99999999999999999999999",
    ]
)
ODD = st.sampled_from(
    ['"1.5"', '"n/a"', '""', "null", "true", '"1e5"', "[1.5]", '{"a":1.5}', '"x{"']
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(['"2026-03-01"', "null", "1.5"]) | st.just('"a"'),
        st.sampled_from(["5", "31.0", "1.5", '"7"']) | st.just("6"),
        NUMBERS | ODD | st.just("2.5"),
    ),
    min_size=1,
    max_size=8,
)
COLUMNS = ("site", "clicks", "spend")
CASTS = (to_text, to_integer, decimal_text)


@given(rows=ROWS, block=st.sampled_from([1, 64, 4096]))
@example([('"a"', "6", "2.5")] * 20, 64)
def test_columns_are_those_of_the_careful_way(rows: list[tuple[str, ...]], block: int) -> None:
    """Whatever stands in them, and whatever is kept of what does not fit."""
    data = ", ".join(f"[{', '.join(row)}]" for row in rows)
    text = f'{{"data": [{data}], "more": 1}}'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_BLOCK_BYTES", block)
        blocks = list(quick(text).blocks)
        carefully = list(JsonRows(Spool.of(text.encode()), ("data",)))
    columns = [[v for b in blocks for v in b[n]] for n in range(len(COLUMNS))]
    for cast, quickly, values in zip(CASTS, columns, zip(*carefully, strict=True), strict=True):
        assert one_by_one(cast, quickly) == one_by_one(cast, values)
    for b in blocks:
        for cast, values in zip(CASTS, b, strict=True):
            made = cast_column(cast, values)
            assert made is None or list(made) == one_by_one(cast, values)


def test_plain_amounts_are_seen_to_be() -> None:
    """So that they are looked at once."""
    rows = [["a", n, Decimal("1.25") + n] for n in range(50)]
    text = json.dumps({"data": rows}, default=float)
    assert all(isinstance(b[2], PlainNumbers) for b in list(quick(text).blocks)[:1])
    assert [row[2] for row in quick(text)][:2] == ["1.25", "2.25"]


def quick(text: str) -> ByColumn:
    rows = JsonRows(Spool.of(text.encode()), ("data",))
    return by_column(rows, COLUMNS, {"spend"}, whole=WHOLE, places=SCALE)


def one_by_one(cast: Any, values: Sequence[Any]) -> list[Any]:
    made: list[Any] = []
    for value in values:
        try:
            made.append(None if value is None else cast(value))
        except ConversionError as error:
            made.append((error.instead, kept(value)))
    return made
