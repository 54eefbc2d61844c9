"""Numbers as the pages and the terminal show them."""

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
