"""Files of the repository that a program makes: written anew, or only compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

checking = click.option(
    "--check", is_flag=True, help="Change nothing; exit 1 if something would change."
)
"""The option that every program has that makes files."""


def keep(files: Mapping[Path, str], *, check: bool, maker: str) -> None:
    """Write what is not there as it should be.

    Args:
        files: What should stand in each.
        check: Change nothing.
        maker: The module that makes them; named in the error.

    Raises:
        click.ClickException: If something would change, and nothing may.
    """
    for path, new in files.items():
        if path.exists() and path.read_text(encoding="utf-8") == new:
            continue
        if check:
            msg = f"{path} is not as it would be made; run: python -m adtap_cli.{maker}"
            raise click.ClickException(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new, encoding="utf-8")
        click.echo(f"{path} written")


def between(text: str, marks: tuple[str, str], section: str, *, what: str) -> str:
    """Give a text with a section between its two marks, in place of what stood there.

    Args:
        text: The whole text.
        marks: Before and behind the section.
        section: What to put there.
        what: The text, in a user's words.

    Raises:
        click.ClickException: If it lacks the marks.
    """
    begin, end = marks
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        msg = f"the {what} lacks the marks {begin} and {end}"
        raise click.ClickException(msg)
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"
