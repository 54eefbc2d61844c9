"""Numbers with their nouns, as a person reads them: `1 request`, `2 retries`."""

from typing import Final

_PLURALS: Final = {
    "retry": "retries",
    "try": "tries",
    "entity": "entities",
    "query": "queries",
    "child": "children",
}


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the singular or the plural.

    Example:
        >>> count(1, "request"), count(0, "retry"), count(12345, "row")
        ('1 request', '0 retries', '12,345 rows')
    """
    return f"{number:,} {spelt(number, noun)}"


def spelt(number: int, noun: str) -> str:
    """Return a noun as it stands behind a number."""
    return noun if number == 1 else _PLURALS.get(noun, f"{noun}s")
