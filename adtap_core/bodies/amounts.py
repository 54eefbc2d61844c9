"""Lists of JSON values with exact amounts in them: their digits taken as they stand, without a `Decimal` in between.

A `Decimal` of each number, and the text of each `Decimal`, is a quarter of what a report of amounts costs. A number that
is read as its text can't be told from a text afterwards. Where each is plain digits that does not matter: a column of
decimals takes both alike. All other blocks are read the careful way.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from adtap_core.bodies.digits import plain_numbers
from adtap_core.bodies.parsing import ByColumn, JsonRows, decode_rows

_SIMPLE: Final = frozenset({str, int, bool, type(None)})


def by_column(
    rows: JsonRows, columns: Sequence[str], amounts: Collection[str], *, whole: int, places: int
) -> ByColumn:
    """Return rows that are lists of values as whole columns.

    Args:
        rows: The rows, not read yet.
        columns: What their values are.
        amounts: Those of them that go into columns of decimals.
        whole: The most digits before the point that such a column takes as they are.
        places: The most behind it.
    """
    element = msgspec.defstruct(
        "Values",
        [(f"f{n}", Any if c in amounts else str | int | None) for n, c in enumerate(columns)],
        array_like=True,
        forbid_unknown_fields=True,  # more values than columns
        gc=False,
    )
    decoder = msgspec.json.Decoder(list[element], float_hook=str)  # type: ignore[valid-type]

    def decode(text: bytes) -> "_Cut":
        if b"{" not in text:  # no name can stand twice
            try:
                found = list(zip(*map(msgspec.structs.astuple, decoder.decode(text)), strict=True))
            except msgspec.ValidationError:
                pass
            else:
                taken = [
                    _amounts(values, whole, places) if name in amounts else values
                    for name, values in zip(columns, found, strict=True)
                ]
                if None not in taken:
                    return _Cut(taken)
        return _Cut(zip(*decode_rows(text), strict=True))

    def blocks() -> Iterator[Sequence[Sequence[Any]]]:
        for block in rows.blocks(decode, lambda row: row):
            # What is left at the end comes row by row.
            yield block if isinstance(block, _Cut) else list(zip(*block, strict=True))

    return ByColumn(blocks())


class _Cut(list[Any]):
    """The columns of some rows."""


def _amounts(values: Sequence[Any], whole: int, places: int) -> Sequence[Any] | None:
    """Return a column of amounts; None if a number in it may be another than its text."""
    plain = plain_numbers(values, whole=whole, places=places)
    if plain is not None:
        return plain
    texts = [v for v in values if type(v) is str]
    if texts and plain_numbers(texts, whole=whole, places=places) is None:
        return None
    return values if _SIMPLE.issuperset(map(type, values)) else None
