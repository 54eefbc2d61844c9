"""An answer's numbers, added up near enough to see that no row is missing: for a third of what exact sums cost.

Answers that carry totals of their own are read twice, once for their sums alone, as rows of which some are missing
must not be handed over. Floats are enough where a total itself may be off by far more; where they do not settle it, whoever
asks adds up exactly.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from adtap_core.bodies.parsing import UNNAMEABLE, ByColumn, JsonRows, Table, decode_rows

_integers: Final = msgspec.json.Decoder(list[int]).decode
_floats: Final = msgspec.json.Decoder(list[float]).decode
_OFF: Final = 1e-10
"""How far off a sum of floats may be, as a part of it; it is never off by a hundredth of that."""


class _NotPlain(Exception):  # noqa: N818 - no error: exact sums follow
    """A value is no number."""


@dataclass(frozen=True)
class NearSums:
    """What an answer's numbers add up to.

    Args:
        rows: How many rows there are.
        sums: By field: exact if it is a whole number, else near.
        sizes: The same without signs: what a sum may be off grows with them.
    """

    rows: int
    sums: Mapping[str, int | float]
    sizes: Mapping[str, int | float]

    def reaches(self, name: str, total: Decimal, *, room: Decimal, part: float) -> bool:
        """Check whether a sum surely reaches a total.

        Args:
            name: The field.
            total: What it should add up to.
            room: How much less a whole number may be, also one of a field that holds others.
            part: How much less another may be, as a part of the total.
        """
        own = self.sums[name]
        if isinstance(own, int):
            return total - own <= room
        whole = float(total)
        if not isfinite(own + whole):
            return False
        # Perhaps all of its values are whole numbers.
        missing = min(abs(whole) * part, float(room)) if own.is_integer() else abs(whole) * part
        return whole - own + self._off(name) <= missing

    def ties(self, name: str, total: Decimal, *, part: float) -> bool:
        """Check whether a sum is surely a total.

        Args:
            name: The field.
            total: What it should add up to; a whole number exactly.
            part: How far another may be off, as a part of its size and the total's together.
        """
        own = self.sums[name]
        if isinstance(own, int):
            return own == total
        whole = float(total)
        room = (self.sizes[name] + abs(whole)) * part - 2 * self._off(name)
        return isfinite(own + whole) and abs(own - whole) <= room

    def _off(self, name: str) -> float:
        return self.sizes[name] * _OFF


def near_sums(
    rows: JsonRows, counts: Collection[str], amounts: Collection[str], columns: Sequence[str] = ()
) -> NearSums | None:
    """Add up some fields of a JSON document's rows; None if a value is no number, or a row is not like the others.

    A null counts nothing. Afterwards `rows.envelope` is there.

    Args:
        rows: The rows, not read yet.
        counts: Fields that hold whole numbers.
        amounts: Fields that hold others.
        columns: What the values of a row are called that is a list; none: rows are objects.

    Raises:
        MalformedResponse: If the document can't be read, or an object in a list has a name twice.
    """
    fields = columns or (*counts, *amounts)
    if not columns and any(map(UNNAMEABLE.search, fields)):
        return None
    places = [f"f{n}" for n in range(len(fields))]
    kinds = [int | None if f in counts else float | None if f in amounts else Any for f in fields]
    element = msgspec.defstruct(
        "Numbers",
        list(zip(places, kinds, strict=True)),
        rename=None if columns else dict(zip(places, fields, strict=True)),
        array_like=bool(columns),
        forbid_unknown_fields=bool(columns),  # more values than columns
        gc=False,
    )
    # Not strict: numbers may stand in quotation marks.
    decoder = msgspec.json.Decoder(list[element], strict=False)  # type: ignore[valid-type]

    def decode(text: bytes) -> list[Any]:
        try:
            found: list[Any] = decoder.decode(text)
        except msgspec.ValidationError as error:
            raise _NotPlain from error
        if columns and b"{" in text:
            decode_rows(text)  # an object in a list may have a name twice
        return found

    found = 0
    wanted = {*counts, *amounts}
    sums: dict[str, int | float] = dict.fromkeys(wanted, 0)
    sizes = dict(sums)
    try:
        for block in rows.blocks(decode, lambda one: decode(msgspec.json.encode([one]))[0]):
            values = list(map(msgspec.structs.astuple, block))
            found += len(values)
            for name, column in zip(fields, zip(*values, strict=True), strict=False):
                if name in wanted:
                    added, size = _sums(column)
                    sums[name] += added
                    sizes[name] += size
    except _NotPlain:
        return None
    return NearSums(found, sums, sizes)


def near_sums_of_table(
    table: Table, counts: Collection[str], amounts: Collection[str]
) -> NearSums | None:
    """Add up some columns of a separated text; None if a value is no number.

    An empty value counts nothing.

    Args:
        table: Not read yet.
        counts: Columns that hold whole numbers.
        amounts: Columns that hold others.

    Raises:
        MalformedResponse: If the text can't be read.
    """
    assert isinstance(table.rows, ByColumn)  # noqa: S101 - as every separated text is read
    names = list(table.columns or ())
    places = {name: names.index(name) for name in (*counts, *amounts)}
    found = 0
    sums: dict[str, int | float] = dict.fromkeys(places, 0)
    sizes = dict(sums)
    for block in table.rows.blocks:
        found += len(block[0])
        for name, place in places.items():
            column = _numbers(block[place], _integers if name in counts else _floats)
            if column is None:
                return None
            added, size = _sums(column)
            sums[name] += added
            sizes[name] += size
    return NearSums(found, sums, sizes)


def _numbers(texts: Sequence[str], decode: Callable[[str], list[Any]]) -> list[Any] | None:
    """Return texts as numbers, those that are empty left out; None if JSON would not read each as one."""
    there = texts if all(texts) else list(filter(None, texts))
    try:
        found = decode(f"[{','.join(there)}]")
    except msgspec.DecodeError:
        return None
    return found if len(found) == len(there) else None


def _sums(column: Sequence[Any]) -> tuple[int | float, int | float]:
    """Return a column's sum, and that of its numbers without their signs."""
    try:
        least, added = min(column, default=0), sum(column)
    except TypeError:  # a null
        return _sums([v for v in column if v is not None])
    return added, added if least >= 0 else sum(map(abs, column))
