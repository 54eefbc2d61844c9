"""How the streams of each platform join: `docs/reference/joins.md` and a picture a platform, made from the declarations that run.

A picture is one SVG file, `docs/reference/diagrams/<platform>.svg`, which needs no script and no network to be
seen; the page shows it, and has the same joins as a table. Both are made of `Entity.parent` and of the columns
whose schema says `Joins <stream>.<column>`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adtap_cli.diagram import Box, Join, svg
from adtap_cli.generated_files import HEADER
from adtap_cli.taps import TAPS, tap_class
from adtap_core.declare import Entity, Report
from adtap_core.rows.schemas import report_schema, stream_file
from adtap_core.tap import AdTap

HEAD = f"""\
<!-- {HEADER} -->

# How streams join

An arrow leads from a column to the stream it joins. `by` names the stream for whose rows, one by one, this one is asked; the arrow is dotted where no column joins the two.
Reports are shaded, and a dashed box is read only if you select it.
"""
_JOINS = re.compile(r"\bJoins (\w+)\.(\w+)")


def platform(tap: str) -> str:
    """Return what a tap's page and picture are called: `tap-adjust` has `docs/adjust.md` and `adjust.svg`."""
    return tap.removeprefix("tap-")


def _columns(tap: type[AdTap], entry: Entity | Report) -> dict[str, dict[str, Any]]:
    made: Mapping[str, Any]
    if isinstance(entry, Report):
        made = report_schema(entry, tap.platform_class, {})
    else:  # the file: it also has the columns of the other generation
        made = stream_file(tap.package, entry.name) or {}
    columns: dict[str, dict[str, Any]] = made.get("properties", {})
    return columns


def boxes(tap: type[AdTap]) -> Iterator[Box]:
    """Every stream of a tap, with its key and what it joins.

    Raises:
        LookupError: A schema says that it joins a stream or a column that does not exist.
    """
    entries: tuple[Entity | Report, ...] = (*tap.entities, *tap.reports)
    schemas = {entry.name: _columns(tap, entry) for entry in entries}
    for entry in entries:
        joins = []
        for column, schema in schemas[entry.name].items():
            for stream, key in _JOINS.findall(schema.get("description", "")):
                if key not in schemas.get(stream, ()):
                    raise LookupError(
                        f"{entry.name}.{column} joins {stream}.{key}, which does not exist"
                    )
                joins.append(Join(column, stream, key))
        entity = entry if isinstance(entry, Entity) else None
        yield Box(
            name=entry.name,
            keys=entity.keys if entity else ("_row_key",),
            joins=tuple(joins),
            parent=entity.parent if entity else None,
            report=entity is None,
            selected=entry.selected,
        )


def title(tap: type[AdTap]) -> str:
    """Return what a tap's picture shows."""
    return f"Streams of {tap.name} and what they join"


def section(tap: type[AdTap]) -> str:
    """Return the part of the page about a platform."""
    all_ = list(boxes(tap))
    joined = [box for box in all_ if box.targets]
    used = {name for box in joined for name in (box.name, *box.targets)}
    alone = [f"`{box.name}`" for box in all_ if box.name not in used]
    file = f"diagrams/{platform(tap.name)}.svg"
    lines = [
        f"## {tap.name}",
        "",
        f"[![{title(tap)}; the table below says the same]({file})]({file})",
        "",
        '<details markdown="1"><summary>The same as a table</summary>',
        "",
        "| stream | joins |",
        "|---|---|",
        *(f"| `{box.name}` | {_cell(box)} |" for box in joined),
        "",
        "</details>",
        *(["", f"Alone: {', '.join(alone)}."] if alone else []),
    ]
    return "\n".join(lines)


def _cell(box: Box) -> str:
    parts = [f"`{j.column}` → `{j.stream}.{j.key}`" for j in box.joins]
    if box.parent:
        parts.append(f"by `{box.parent}`")
    return "<br>".join(parts)


def files() -> dict[Path, str]:
    """Return the page and the pictures, by their paths in the repository."""
    folder = Path("docs/reference")
    taps = [tap_class(name) for name in TAPS]
    pictures = {
        folder / "diagrams" / f"{platform(tap.name)}.svg": svg(title(tap), list(boxes(tap)))
        for tap in taps
    }
    page = "\n\n".join([HEAD.rstrip(), *map(section, taps)]) + "\n"
    return {folder / "joins.md": page, **pictures}
