"""What a platform declares in data: its columns, metrics, reports, beside the code that serves them."""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(package: str, name: str) -> Any:
    """Return the JSON file `{name}.json` of a package; whoever reads it leaves it as it is.

    Args:
        package: The platform's package.
        name: The file's name without its ending.
    """
    return json.loads(files(package).joinpath(f"{name}.json").read_text("utf-8"))


@cache
def lines(package: str, name: str) -> tuple[dict[str, str], ...]:
    """Return the lines of the file `{name}.tsv` of a package by the names in its first line."""
    text = files(package).joinpath(f"{name}.tsv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quotechar="\x00"))
