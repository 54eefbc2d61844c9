"""An answer's numbers, added up near enough to see that no row is missing: for a third of what exact sums cost.

Answers that carry totals of their own are read twice, once for their sums alone, as rows of which some are missing
must not be handed over. Floats are enough where a total itself may be off by far more; where they do not settle it, whoever
asks adds up exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from adtap_core.bodies.parsing import UNNAMEABLE, JsonRows

_OFF: Final = 1e-10
"""How far off a sum of floats may be, as a part of it; it is never off by a hundredth of that."""


class _NotPlain(Exception):  # noqa: N818 - no error: exact sums follow
    """A value is no number, or a negative one."""


@dataclass(frozen=True)
class NearSums:
    """What an answer's numbers add up to.

    Args:
        rows: How many rows there are.
        sums: By field: exact if it is a whole number, else near.
    """

    rows: int
    sums: Mapping[str, int | float]

    def reaches(self, name: str, total: Decimal, *, room: Decimal, part: float) -> bool:
        """Check whether a sum surely reaches a total.

        Args:
            name: The field.
            total: What it should add up to.
            room: How much less a whole number may be.
            part: How much less another may be, as a part of the total.
        """
        own = self.sums[name]
        if isinstance(own, int):
            return total - own <= room
        whole = float(total)
        return isfinite(own + whole) and whole - own + own * _OFF <= abs(whole) * part


def near_sums(rows: JsonRows, counts: Sequence[str], amounts: Sequence[str]) -> NearSums | None:
    """Add up some fields of a JSON document's objects; None if a value is no number, or negative, or lacking.

    A null counts nothing. Afterwards `rows.envelope` is there.

    Args:
        rows: The objects, not read yet.
        counts: Fields that hold whole numbers.
        amounts: Fields that hold others.

    Raises:
        MalformedResponse: If the document can't be read.
    """
    names = (*counts, *amounts)
    if any(map(UNNAMEABLE.search, names)):
        return None
    places = [f"f{n}" for n in range(len(names))]
    kinds: list[Any] = [*(int | None for _ in counts), *(float | None for _ in amounts)]
    element = msgspec.defstruct(
        "Numbers",
        list(zip(places, kinds, strict=True)),
        rename=dict(zip(places, names, strict=True)),
        gc=False,
    )
    # Not strict: numbers may stand in quotation marks.
    decoder = msgspec.json.Decoder(list[element], strict=False)  # type: ignore[valid-type]

    def decode(text: bytes) -> list[Any]:
        try:
            return decoder.decode(text)
        except msgspec.ValidationError as error:
            raise _NotPlain from error

    found = 0
    sums: list[int | float] = [0] * len(names)
    try:
        for block in rows.blocks(decode, lambda one: decode(msgspec.json.encode([one]))[0]):
            objects = list(block)
            found += len(objects)
            for place, column in enumerate(
                zip(*map(msgspec.structs.astuple, objects), strict=True)
            ):
                sums[place] += _sum(column)
    except _NotPlain:
        return None
    return NearSums(found, dict(zip(names, sums, strict=True)))


def _sum(column: Sequence[Any]) -> int | float:
    added: int | float
    try:
        least, added = min(column), sum(column)
    except TypeError:  # a null
        there = [v for v in column if v is not None]
        least, added = min(there, default=0), sum(there)
    # Of negative numbers a sum may be small, and what it is off by large.
    if not least >= 0:
        raise _NotPlain
    return added
