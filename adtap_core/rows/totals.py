"""Exact sums of report rows, and digests of what a bucket holds that do not depend on the rows' order.

A sum that went through a float, or through Python's own 28 decimal digits, could not be held against the
platform's to the last digit. Rows are added up column by column: this may walk over every row of a report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from hashlib import blake2b
from typing import Any, Final

import msgspec

from adtap_core.bodies.digits import PlainNumbers, WholeNumbers, plain_numbers
from adtap_core.errors import MalformedResponse
from adtap_core.rows.columns import Block, Same

EXACT: Final = Context(prec=2000, traps=[Inexact, InvalidOperation, Overflow])
"""No sum is ever rounded: a warehouse's column holds 38 digits, a thousand times as many rows need 41."""
ZERO: Final = Decimal(0)
NOT_CONTENT: Final = frozenset({"_row_key", "_synced_at", "_data_state"})
"""Columns that tell when and in which order a row was read, not what the platform says of its bucket."""
DIGEST_BITS: Final = 128
_WRAP: Final = (1 << DIGEST_BITS) - 1
_MOST_DIGITS: Final = 1000
_encode: Final = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode

Key = tuple[Any, ...]


def spell(number: Decimal | None) -> str | None:
    """Return a number's digits as plain text, without zeros that say nothing: `1.50` is `1.5`."""
    if number is None:
        return None
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def as_decimal(value: object) -> Decimal | None:
    """Return a value as an exact number; None for null and for what is no finite number."""
    if (
        value is None or isinstance(value, bool) or "_" in str(value)
    ):  # Python reads 1_000 as a thousand
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def add(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return the exact sum of two numbers; null adds nothing, and null and null stay null.

    Args:
        one: A number, or null.
        other: Another.
    """
    if one is None or other is None:
        return other if one is None else one
    return EXACT.add(one, other)


def joined(parts: Iterable[Mapping[str, Decimal] | None]) -> dict[str, Decimal] | None:
    """Return the sums of several answers' own totals; None if one of them brings none.

    Returns:
        Sums by metric.
    """
    whole: dict[str, Decimal] = {}
    for part in parts:
        if part is None:
            return None
        for name, value in part.items():
            whole[name] = EXACT.add(whole.get(name, ZERO), value)
    return whole


def subtract(one: Decimal | None, other: Decimal | None) -> Decimal:
    """Return the exact difference of two numbers; null counts nothing.

    Args:
        one: A number, or null.
        other: What is taken off it.
    """
    return EXACT.subtract(one or ZERO, other or ZERO)


def add_up(values: Sequence[Any]) -> Decimal | None:
    """Return the exact sum of a column's values; null if all are, and what is no number counts nothing.

    Args:
        values: Whole numbers, decimals, or numbers as text; null is None.

    Raises:
        MalformedResponse: If the numbers have more digits than anything can hold.
    """
    if isinstance(values, WholeNumbers | PlainNumbers):
        found = values.total(EXACT)
        if found is not None:
            return found
    kinds = set(map(type, values))
    if type(None) in kinds:
        there = [v for v in values if v is not None]
        return add_up(there) if there else None
    if not kinds:
        return None
    if (found := _added_at_once(values, kinds)) is not None:
        return found
    with localcontext(EXACT):
        try:
            if kinds <= {str, int}:
                # Nearly always: what is no whole number makes the slower way begin.
                try:
                    return Decimal(sum(map(int, values)))
                except ValueError:
                    pass
            # By their texts: a float's shortest spelling is the number that was meant.
            numbers = [n for v in values if (n := as_decimal(v)) is not None]
            return sum(numbers, ZERO) if numbers else None
        except (Inexact, InvalidOperation, Overflow) as error:
            msg = "its numbers have more digits than can be added up"
            raise MalformedResponse(msg) from error


def _added_at_once(values: Sequence[Any], kinds: set[type]) -> Decimal | None:
    """Return the exact sum of values that are alike and plain; None if they have to be looked at."""
    if kinds == {int}:
        return Decimal(sum(values))
    if kinds != {str}:
        return None
    numbers = plain_numbers(values, whole=_MOST_DIGITS, places=_MOST_DIGITS)
    return None if numbers is None else numbers.total(EXACT)


@dataclass
class Sums:
    """What rows of one key add up to.

    Args:
        totals: Of each column that is added up; None where every row has null.
        rows: How many rows.
        sizes: The same sums without signs: what float noise grows with.
        digest: Of the rows' contents, whatever their order.
    """

    totals: dict[str, Decimal | None]
    rows: int = 0
    sizes: dict[str, Decimal] = field(default_factory=dict)
    digest: int = 0

    def merge(self, other: "Sums") -> None:
        """Take another key's rows in."""
        for name, value in other.totals.items():
            self.totals[name] = add(self.totals.get(name), value)
        for name, value in other.sizes.items():
            self.sizes[name] = EXACT.add(self.sizes.get(name, ZERO), value)
        self.rows += other.rows
        self.digest = (self.digest + other.digest) & _WRAP


class RowTotals:
    """Adds up rows as they leave, by some of their columns.

    Args:
        columns: Those to add up.
        by: Columns that tell keys apart, such as account, bucket and currency.
        digests: Whether contents are digested as well.
        sizes: Columns whose values are also added up without their signs.
    """

    def __init__(
        self,
        columns: Iterable[str],
        by: Sequence[str],
        *,
        digests: bool = False,
        sizes: Iterable[str] = (),
    ) -> None:
        self._columns, self._by = tuple(columns), tuple(by)
        self._digests, self._sizes = digests, frozenset(sizes)
        self.found: dict[Key, Sums] = {}

    def add(self, block: Block) -> None:
        """Take some rows in.

        Raises:
            MalformedResponse: If their numbers have more digits than anything can hold.
        """
        table = block.columns
        digests = _digests(table) if self._digests else None
        by = [table[name] for name in self._by]
        keys = [()] if all(isinstance(c, Same) for c in by) else list(zip(*by, strict=True))
        if len(set(keys)) == 1:
            self._add(tuple(c[0] for c in by), table, digests, block.count)
            return
        places: dict[Key, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        for key, members in places.items():
            own = {name: [table[name][at] for at in members] for name in self._columns}
            digested = None if digests is None else [digests[at] for at in members]
            self._add(key, own, digested, len(members))

    def _add(
        self, key: Key, table: Mapping[str, Sequence[Any]], digests: Sequence[int] | None, rows: int
    ) -> None:
        made = Sums({name: add_up(table[name]) for name in self._columns}, rows)
        for name in self._sizes:
            values = [abs(n) for v in table[name] if (n := as_decimal(v)) is not None]
            made.sizes[name] = add_up(values) or ZERO
        if digests is not None:
            made.digest = sum(digests) & _WRAP
        known = self.found.setdefault(key, Sums(dict.fromkeys(self._columns)))
        known.merge(made)

    def rolled_up(self, by: Sequence[str]) -> dict[Key, Sums]:
        """Return the sums by fewer columns.

        Args:
            by: Some of the columns that told keys apart.

        Returns:
            Sums by the values of those columns, in their order.
        """
        at = [self._by.index(name) for name in by]
        rolled: dict[Key, Sums] = {}
        for key, sums in self.found.items():
            fewer = tuple(key[place] for place in at)
            rolled.setdefault(fewer, Sums(dict.fromkeys(self._columns))).merge(sums)
        return rolled


def _digests(table: Mapping[str, Sequence[Any]]) -> list[int]:
    """Return a number for each row, made of what it says.

    Added up, these tell what a bucket holds: rows may come in any order and any number of pieces. A row that
    the platform repeats counts as often as it stands there, which an exclusive or would not see.
    """
    names = sorted(table.keys() - NOT_CONTENT)
    rows = map(_encode, zip(*(table[name] for name in names), strict=True))
    size = DIGEST_BITS // 8
    return [int.from_bytes(blake2b(row, digest_size=size).digest(), "big") for row in rows]
