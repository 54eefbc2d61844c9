"""The picture of the demo in the README, `docs/images/demo.svg`, drawn from what a demo said on the terminal.

    adtap demo | tee said.txt
    python -m adtap_cli.demo_picture said.txt docs/images/demo.svg

Drawn anew when the demo's words change; a test holds its headings to those that the demo prints.
"""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

import click

FIRST: Final = "Loaded"
LAST: Final = "The DuckDB file"
_CHARACTER: Final = 7.25
"""Width of a character of the monospaced 12-pixel font, in pixels, rounded up."""
_LINE: Final = 17
_PAD: Final = 18


def shown(said: str) -> list[str]:
    """Return the lines of a demo that are drawn: what was loaded, what it is worth, what changed.

    Raises:
        ValueError: It is not the words of a demo.
    """
    lines = said.splitlines()
    if FIRST not in lines or not any(line.startswith(LAST) for line in lines):
        raise ValueError(
            f"no demo: a line {FIRST!r} and one that begins with {LAST!r} are expected"
        )
    end = next(n for n, line in enumerate(lines) if line.startswith(LAST))
    return ["$ make demo", "", *lines[lines.index(FIRST) : end - 1]]


def svg(lines: Sequence[str]) -> str:
    """Return lines of a terminal as an SVG picture that needs no font and no network of its own."""
    width = round(max(map(len, lines)) * _CHARACTER + 2 * _PAD)
    height = len(lines) * _LINE + 2 * _PAD
    return "\n".join(_parts(lines, width, height)) + "\n"


def _parts(lines: Sequence[str], width: int, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">'
    )
    yield "<title>What make demo prints: rows loaded, money by role, what the second run changed</title>"
    yield f'<rect width="{width}" height="{height}" rx="8" fill="#14181f"/>'
    for number, line in enumerate(lines):
        if line:
            heading = not line.startswith(" ")
            colour, weight = ("#9fd0ff", ' font-weight="bold"') if heading else ("#dfe5ee", "")
            y = _PAD + _LINE * number + 12
            # Stretched to its place in the grid: whatever font a reader has, columns stay columns.
            length = f'textLength="{len(line) * _CHARACTER:.0f}"'
            yield (
                f'<text x="{_PAD}" y="{y}" fill="{colour}"{weight} {length} '
                f'xml:space="preserve">{escape(line)}</text>'
            )
    yield "</svg>"


@click.command()
@click.argument("said", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("picture", type=click.Path(dir_okay=False, path_type=Path))
def main(said: Path, picture: Path) -> None:
    """Draw what a demo said."""
    picture.write_text(svg(shown(said.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
