"""Rows that a platform repeats with the same grain: told apart by how often their digest was seen."""

import struct
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

KEY_BYTES: Final = 16
_GROUP_SHIFT: Final = 54
# A stretch takes 3 MB. A bucket of up to 60,000 rows lies within three of them, whatever their borders.
_STRETCH_ROWS: Final = 30_000
_STRETCHES: Final = 3


class _Stretch(NamedTuple):
    """Digests of rows that came one after the other, and the time buckets that these are of."""

    prints: set[int]
    buckets: set[str]


class Repeats:
    """Counts how often a digest was seen, in eight bytes each: flat for a million rows.

    Two different rows may share 64 bits; the later one then merely gets an occurrence number it did not
    need. None is lost.
    """

    def __init__(self) -> None:
        # A hash table looks a thousand up at once, but takes ten times the room. Rows can only be alike within
        # a bucket, and most reports come in the order of their buckets: the digests of those that are
        # over are laid aside. If one of them comes again, or a row does, or one bucket has very many rows,
        # all lie in order, in groups by their first bits.
        self._stretches: list[_Stretch] = [_Stretch(set(), set())]
        self._aside: list[array[int]] = []
        self._over: set[str] = set()
        self._groups: defaultdict[int, array[int]] | None = None
        self._again: Counter[int] = Counter()

    def among(self, digests: Sequence[bytes], buckets: Collection[str]) -> dict[int, int]:
        """Return which of some digests were seen before, by place, and how often; notes them all.

        Args:
            digests: Of `KEY_BYTES` each.
            buckets: The time buckets that their rows are of.
        """
        # The first half of each, all at once: this walks over every row of every report.
        prints = struct.unpack(f">{2 * len(digests)}Q", b"".join(digests))[::2]
        if self._groups is None:
            if self._all_new(prints, buckets):
                return {}
            self._groups = self._in_groups()
        found = {}
        for place, print_ in enumerate(prints):
            group = self._groups[print_ >> _GROUP_SHIFT]
            at = bisect_left(group, print_)
            if at < len(group) and group[at] == print_:
                self._again[print_] += 1
                found[place] = self._again[print_]
            else:
                group.insert(at, print_)
        return found

    def _all_new(self, prints: Sequence[int], buckets: Collection[str]) -> bool:
        """Note digests if all are surely new; else nothing is noted."""
        if not self._over.isdisjoint(buckets) or not all(
            stretch.buckets.isdisjoint(buckets) or stretch.prints.isdisjoint(prints)
            for stretch in self._stretches
        ):
            return False
        last = self._stretches[-1]
        before = len(last.prints)
        last.prints.update(prints)
        if len(last.prints) < before + len(prints):  # two of them are alike
            last.prints.difference_update(prints)
            return False
        last.buckets.update(buckets)
        if len(last.prints) >= _STRETCH_ROWS:
            self._stretches.append(_Stretch(set(), set()))
            if len(self._stretches) > _STRETCHES:
                first = self._stretches.pop(0)
                self._aside.append(array("Q", first.prints))
                self._over |= first.buckets
        return True

    def _in_groups(self) -> "defaultdict[int, array[int]]":
        groups: defaultdict[int, array[int]] = defaultdict(partial(array, "Q"))
        for print_ in chain(*self._aside, *(stretch.prints for stretch in self._stretches)):
            groups[print_ >> _GROUP_SHIFT].append(print_)
        for key, group in groups.items():
            groups[key] = array("Q", sorted(group))
        self._aside.clear()
        self._stretches.clear()
        return groups
