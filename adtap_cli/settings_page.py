"""The tables of all settings, as `--about --format=markdown` prints them: `docs/settings.md` and the README.

`python -m adtap_cli.settings_page` writes both, `--check` only says whether they are as they would be
written. In the README the tables stand between two marks, folded up.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from adtap_cli.made_files import between, checking, keep
from adtap_cli.taps import PLUGINS, plugin_class, settings_schema

BEGIN = "<!-- settings: written by python -m adtap_cli.settings_page -->"
END = "<!-- end of settings -->"
HEAD = """\
# Settings

Made from the plugins themselves by `python -m adtap_cli.settings_page`: each table is that of `tap-adjust --about --format=markdown` and its sisters.
The same name means the same in every tap. In `.env`, a setting is its plugin and its name in capitals: `TAP_ADJUST_START_DATE` is `start_date` of `tap-adjust`.
A list or an object is written there as JSON, in quotes: `TAP_ADJUST_APP_TOKENS='["abc123def456"]'`.
"""


def table(plugin: str) -> str:
    """The table of settings that a plugin's `--about --format=markdown` has."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        plugin_class(plugin).print_about("markdown")
    lines = said.getvalue().partition("\n## Settings\n")[2].strip().splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def section(plugin: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """The lines about one plugin.

    Args:
        plugin: Its name.
        schema: The JSON Schema of its settings.
    """
    yield f"## {plugin}"
    yield ""
    secrets = [f"`{name}`" for name, one in schema["properties"].items() if one.get("secret")]
    if secrets:
        yield f"Secret, and shown in no output: {', '.join(secrets)}."
        yield ""
    yield table(plugin)


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for name in PLUGINS:
        lines += [*section(name, settings_schema(name)), ""]
    return "\n".join(lines)


def folded(readme: str) -> str:
    """A README with the tables of settings between its two marks.

    Args:
        readme: Its text.

    Raises:
        click.ClickException: If it lacks the marks.
    """
    tables = (
        f"<details><summary><code>{name}</code></summary>\n\n{table(name)}\n\n</details>"
        for name in PLUGINS
    )
    return between(readme, (BEGIN, END), "\n\n".join(tables), what="README")


@click.command()
@checking
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="docs/settings.md")
@click.argument("readme", type=click.Path(dir_okay=False, path_type=Path), default="README.md")
def main(file: Path, readme: Path, *, check: bool) -> None:
    """Write the tables of all settings."""
    pages = {file: page()}
    if readme.exists():
        pages[readme] = folded(readme.read_text(encoding="utf-8"))
    keep(pages, check=check, maker="settings_page")


if __name__ == "__main__":
    main()
