"""What a store can't hold as it was sent: measured, and explained value by value."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tests.warehouses.compare import Difference
from tests.warehouses.stores import JSON_NULL

SCALE: Final = 18


@dataclass(frozen=True)
class Limit:
    """A difference that is known.

    Args:
        mark: Its sign on the page.
        explains: Whether a difference is this one.
    """

    mark: str
    explains: Callable[[Difference], bool]


def _rounded(d: Difference) -> bool:
    """Digits after the 18th are rounded: the nearest value with 18 is held."""
    places = -d.sent.as_tuple().exponent
    return places > SCALE and abs(d.sent - d.held) <= Decimal(5).scaleb(-SCALE - 1)


def _json_null(d: Difference) -> bool:
    return d.sent is None and d.held is JSON_NULL


ROUNDED: Final = Limit("¹", _rounded)
NULL_IN_JSON: Final = Limit("²", _json_null)
LIMITS: Final[dict[tuple[str, str], Limit]] = {
    **{
        (kind, "decimals"): ROUNDED
        for kind in ("postgres", "own_postgres", "duckdb", "parquet", "snowflake")
    },
    ("postgres", "empty"): NULL_IN_JSON,
    ("snowflake", "empty"): NULL_IN_JSON,
}
"""By store and property; what is not here is held exactly."""
