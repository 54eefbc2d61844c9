"""Columns of numbers written in plain digits: seen to be such, and added up, all at once.

Every metric of every row comes through here, so nothing is done value by value in Python: a column is one text, and
the questions about it are asked of that.
"""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from math import fsum
from typing import Any, Final

import msgspec

_ZEROS: Final = bytes(ord("0") if chr(n).isdigit() else n for n in range(128)) + bytes(
    range(128, 256)
)
"""Makes every digit a zero, so that a run of them can be looked for."""
_EXACT_BELOW: Final = 2.0**49
_EXACT_SCALE: Final = 22
"""No larger power of ten is a float."""
_decode_floats: Final = msgspec.json.Decoder(list[float]).decode


class WholeNumbers(list[int]):
    """Whole numbers, and what they add up to; none is null."""

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__(numbers)
        self.added = sum(self)

    def total(self, context: Context) -> Decimal:
        """Return the exact sum.

        Args:
            context: Holds as many digits as it has.
        """
        return context.create_decimal(self.added)


class PlainNumbers(list[str]):
    """Numbers in plain digits, a minus before some of them perhaps; none is null.

    Args:
        numbers: The numbers.
        text: The same, a comma between two.
        places: The most digits that one has behind the point.
    """

    def __init__(self, numbers: Sequence[str], text: str, places: int) -> None:
        super().__init__(numbers)
        self.text, self.places = text, places

    def total(self, context: Context) -> Decimal | None:
        """Return the exact sum; None if it has to be made another way.

        The sum is a whole number of the smallest places. Floats tell which one: each number is off by at most one part
        in 2^53, and so is their sum, which `fsum` rounds but once. That is less than half of a place while all
        numbers together, without their signs, stay below 2^49 places.

        Args:
            context: Holds as many digits as a sum has.
        """
        if self.places > _EXACT_SCALE:
            return None
        try:
            floats = _decode_floats(f"[{self.text}]")
            added = fsum(floats)
            size = fsum(map(abs, floats)) if "-" in self.text else added
        except (msgspec.DecodeError, OverflowError):  # 007 is no JSON; more than a float holds
            return None
        scale = 10.0**self.places
        if not size * scale < _EXACT_BELOW:
            return None
        return Decimal(round(added * scale)).scaleb(-self.places, context)


def plain_numbers(values: Sequence[Any], *, whole: int, places: int) -> PlainNumbers | None:
    """Return a column of numbers in plain digits as such; None if one is written otherwise.

    Args:
        values: At least one, of any type.
        whole: The most digits before the point.
        places: The most behind it.
    """
    try:
        text = ",".join(values)
    except TypeError:  # not all are texts
        return None
    lines = b",%b," % text.encode("utf-8", "surrogatepass").translate(_ZEROS)
    # Without its digits a number is nothing, or a point.
    marks = lines.translate(None, b"0")
    if b"-" in marks:
        if marks.count(b"-") != lines.count(b",-0"):
            return None
        marks = marks.replace(b"-", b"")
    if marks.replace(b".,", b",") != b"," * (len(values) + 1):
        return None
    # No value is empty, and there are digits on both sides of a point.
    if b",," in lines or b".," in lines or b",." in lines or b"-." in lines:
        return None
    most = 0
    while b"." + b"0" * (most + 1) in lines:
        most += 1
    if most > places or b"0" * (whole + 1) in lines:
        return None
    return PlainNumbers(values, text, most)
