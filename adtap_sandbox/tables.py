"""What a platform declares in data: its models, rows, columns, reports, beside the code that serves them."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from importlib.resources import files
from itertools import chain
from typing import Any, Final

_ALONE: Final = re.compile(r"\{([\w.]+)\}")


@cache
def table(package: str, name: str) -> Any:
    """Return the JSON file `{name}.json` of a package, without its `$comment`.

    Whoever reads it leaves it as it is: it is the same object each time.

    Args:
        package: The platform's package.
        name: The file's name without its ending.
    """
    read = json.loads(files(package).joinpath(f"{name}.json").read_text("utf-8"))
    if isinstance(read, dict):
        read.pop("$comment", None)
    return read


@cache
def lines(package: str, name: str) -> tuple[dict[str, str], ...]:
    """Return the lines of the file `{name}.tsv` of a package by the names in its first line."""
    text = files(package).joinpath(f"{name}.tsv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quotechar="\x00"))


def csv_text(rows: Iterable[Iterable[Any]], delimiter: str = ",", end: str = "\n") -> str:
    """Return rows as CSV: None becomes nothing, and only what needs quotes has them."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=end).writerows(rows)
    return written.getvalue()


def named(declared: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return names, each once, with the lists of a table written out where one is named as `+list`.

    >>> named({"common": ["day", "country"]}, ["site", "+common"])
    ('site', 'day', 'country')
    """
    parts = (declared[name[1:]] if name.startswith("+") else [name] for name in names)
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a template with its placeholders filled in, keys in the template's order.

    A text that is one placeholder gives the value itself, whatever its type; within a longer text the
    value is written out, and braces that mean themselves are doubled.

        >>> fill({"id": "{site}", "name": "Site {site}", "state": "ACTIVE"}, {"site": 7})
        {'id': 7, 'name': 'Site 7', 'state': 'ACTIVE'}

    Args:
        template: What JSON can hold.
        values: What the placeholders name; `{site.name}` is an attribute of the value `site`.

    Raises:
        KeyError: If a placeholder names no value.
    """
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    alone = _ALONE.fullmatch(template)
    if alone is None:
        return template.format_map(values)
    name, *attributes = alone[1].split(".")
    return reduce(getattr, attributes, values[name])


def switches(package: str) -> dict[str, object]:
    """Return what a test may change about a platform, by name, with its default; see its `switches.json`."""
    return {name: default for name, (default, _) in table(package, "switches").items()}
