"""JSON rows with exact amounts in them: their digits taken as they stand, without a `Decimal` in between.

A `Decimal` of each number, and the text of each `Decimal`, is a quarter of what a report of amounts costs. A number that
is read as its text can't be told from a text afterwards. Where each is plain digits that does not matter: a column of
decimals takes both alike. All other blocks are read the careful way.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from adtap_core.bodies.digits import plain_numbers
from adtap_core.bodies.doubles import check_count
from adtap_core.bodies.parsing import (
    UNNAMEABLE,
    ByColumn,
    JsonRows,
    Picker,
    decode_rows,
    json_lines,
)

_TRIES: Final = 8
"""How many blocks that turn out not to be plain are read in vain, before all others are read the careful way at once."""
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


class LineColumns:
    """Reads blocks of whole lines, an object each, as whole columns.

    Args:
        picker: Knows the objects' fields, and reads the careful way; it wants what else they hold, too.
        amounts: Those of the fields that go into columns of decimals.
        whole: The most digits before the point that such a column takes as they are.
        places: The most behind it.
    """

    def __init__(
        self, picker: Picker, amounts: Collection[str], *, whole: int, places: int
    ) -> None:
        self._picker, self._whole, self._places = picker, whole, places
        self._are_amounts = [name in amounts for name in picker.fields]
        self._tries = _TRIES
        if any(map(UNNAMEABLE.search, picker.spelt)):
            self._tries = 0
            return
        names = [f"f{n}" for n in range(len(picker.fields))]
        kinds = [Any if is_amount else str | int | bool | None for is_amount in self._are_amounts]
        element = msgspec.defstruct(
            "Element",
            list(zip(names, kinds, strict=True)),
            rename=dict(zip(names, picker.spelt, strict=True)),
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decode = msgspec.json.Decoder(element, float_hook=str).decode_lines

    def __call__(self, block: bytes) -> list[Sequence[Any]]:
        """Return the columns of some lines, in the order of the picker's; none if there is no line.

        Raises:
            MalformedResponse: If a line can't be read, a name in it is damaged or stands twice.
        """
        if self._tries:
            found = self._plain(block)
            if found is not None:
                return found
            self._tries -= 1
        return list(zip(*json_lines(block, self._picker), strict=True))

    def _plain(self, block: bytes) -> list[Sequence[Any]] | None:
        """Return the columns of lines that are plain; None if they are to be looked at with care."""
        try:
            elements = self._decode(block)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        picker = self._picker
        check_count(block, len(elements) * len(picker.fields))
        taken: list[Sequence[Any]] = []
        columns = zip(*map(msgspec.structs.astuple, elements), strict=True)
        for values, is_amount in zip(columns, self._are_amounts, strict=False):
            column = _amounts(values, self._whole, self._places) if is_amount else values
            if column is None:
                return None
            taken.append(column)
        if taken:
            picker.seen.update(picker.fields)
            taken.append([None] * len(elements))  # nothing under other names
        return taken


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
