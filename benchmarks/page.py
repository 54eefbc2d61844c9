"""A section as text: for the terminal, and for `docs/performance.md` between its markers."""

import re
import textwrap
from collections.abc import Sequence
from typing import Final

from adtap_cli.formatting import aligned
from benchmarks.measure import ROOT
from benchmarks.sections import Bar, Section

DOCS: Final = ROOT / "docs"

_WIDTH: Final = 100
_VERDICTS: Final = {True: "holds", False: "FALLS SHORT", None: "not measured"}


def for_terminal(section: Section) -> str:
    """A section with its columns aligned."""
    parts = [
        f"\n{section.title}\n{'=' * len(section.title)}",
        textwrap.fill(section.lead, _WIDTH),
        _aligned((section.columns, *section.rows)),
    ]
    if section.bars:
        parts.append(_aligned([_bar(bar) for bar in section.bars]))
    return "\n\n".join(parts) + "\n"


def as_markdown(section: Section, *, command: str, day: str, machine: str) -> str:
    """A section as it stands in the page, without its markers."""
    versions = ", ".join(f"{name} {version}" for name, version in section.contenders.items())
    parts = [f"## {section.title}", section.lead, table(section.columns, section.rows)]
    if section.bars:
        parts.append(table(("bar", "measured", "bound", ""), [_bar(bar) for bar in section.bars]))
    if section.after:
        parts.append(section.after)
    parts.append(f"Made by `{command}` on {day}: {machine}{f'; {versions}' if versions else ''}.")
    return "\n\n".join(parts)


def write(name: str, text: str, file: str) -> None:
    """Put a section into its page, in the place of its last form or at the end."""
    place_of = DOCS / file
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    page = place_of.read_text(encoding="utf-8")
    place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    block = f"{begin}\n{text}\n{end}"
    # A function, so that backslashes in the text stay what they are.
    page, found = place.subn(lambda _: block, page)
    place_of.write_text(page if found else f"{page.rstrip()}\n\n{block}\n", encoding="utf-8")


def _bar(bar: Bar) -> tuple[str, ...]:
    return bar.claim, bar.measured, bar.bound, _VERDICTS[bar.good]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as markdown, all columns but the first aligned to the right."""
    lines = [columns, ["---", *("---:" for _ in columns[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(aligned(rows, range(1, len(rows[0]))))
