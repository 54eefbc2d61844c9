"""Packages that only some users need: which extra of adtaps brings each, and what to say where it is missing."""

from importlib.util import find_spec
from typing import Final

EXTRA_OF: Final = {
    "duckdb": "duckdb",
    "meltano": "meltano",
    "psycopg": "postgres",
    "pyarrow": "parquet",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
}
"""The extra that brings a module."""


def missing(what: str, *modules: str) -> str | None:
    """Return what to install for something to work; None if all of it is there.

    Args:
        what: What needs the modules, in a user's words.
        modules: Names out of `EXTRA_OF`.
    """
    absent = [name for name in modules if find_spec(name) is None]
    if not absent:
        return None
    extras = ",".join(dict.fromkeys(EXTRA_OF.get(name, name) for name in absent))
    packages = f"package{'s' if len(absent) > 1 else ''} {', '.join(absent)}"
    return f"{what} needs the {packages}: pip install 'adtaps[{extras}]'"
