"""Records as whole columns: a thousand rows are shaped, added up and written for the price of their columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, overload

from typing_extensions import override


class Same(Sequence[Any]):
    """A column in which every record has the same value.

    Args:
        value: The value.
        count: How many records there are.
    """

    __slots__ = ("_count", "value")

    def __init__(self, value: Any, count: int) -> None:
        self.value, self._count = value, count

    @override
    def __len__(self) -> int:
        """Return how many records there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice) -> "Same": ...

    @override
    def __getitem__(self, place: int | slice) -> Any:
        """Return the value of one record, or the column of some."""
        places = range(self._count)[place]
        return self.value if isinstance(places, int) else Same(self.value, len(places))

    @override
    def __iter__(self) -> Iterator[Any]:
        """Return the values."""
        return repeat(self.value, self._count)


def distinct(values: Sequence[Any]) -> set[Any]:
    """Return the different values of a column."""
    return {values.value} if isinstance(values, Same) else set(values)


@dataclass(frozen=True)
class Block:
    """Some records, at least one.

    Args:
        columns: The values by column, in the order in which a record is written.
        count: How many records there are.
    """

    columns: Mapping[str, Sequence[Any]]
    count: int

    def first(self, count: int) -> "Block":
        """Return the first records."""
        if count >= self.count:
            return self
        return Block({name: values[:count] for name, values in self.columns.items()}, count)

    def dictionaries(self) -> Iterator[dict[str, Any]]:
        """Return the records as the SDK wants them."""
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, values, strict=True))
