"""Numbers and tables as the pages and the terminal show them."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal


def count(number: int) -> str:
    """Return a whole number with thin groups: 12,345."""
    return f"{number:,}"


def amount(number: Decimal) -> str:
    """Return money with two decimals: 1,234.50."""
    return f"{number:,.2f}"


def signed(number: Decimal) -> str:
    """Return a difference of money: +12.00, -3.10, 0.00."""
    return f"{number:+,.2f}" if round(number, 2) else "0.00"


def aligned(rows: Sequence[Sequence[str]], right: Collection[int]) -> Iterator[str]:
    """Yield rows as lines, their columns aligned.

    Args:
        rows: The cells; as many in each row.
        right: Columns that are set to the right, counted from 0.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
