"""The tables of all settings, `docs/reference/settings.md`, as `--about --format=markdown` prints them."""

import contextlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adtap_cli.generated_files import HEADER
from adtap_cli.taps import PLUGINS, plugin_class, settings_schema

HEAD = f"""\
<!-- {HEADER} -->

# All settings

Each table is the one that `tap-adjust --about --format=markdown` prints, and so on. The same name means the same in every tap.
Where a setting is written, in a file, a variable or `.env`, and how lists and objects look there: [settings](../settings.md).
"""


def table(plugin: str) -> str:
    """Return the table of settings that a plugin's `--about --format=markdown` has."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        plugin_class(plugin).print_about("markdown")
    lines = printed.getvalue().partition("\n## Settings\n")[2].strip().splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def section(plugin: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about one plugin."""
    yield f"## {plugin}"
    yield ""
    secrets = [f"`{name}`" for name, one in schema["properties"].items() if one.get("secret")]
    if secrets:
        yield f"Secret, and shown in no output: {', '.join(secrets)}."
        yield ""
    yield table(plugin)


def page() -> str:
    """Return the whole page."""
    lines = [HEAD]
    for name in PLUGINS:
        lines += [*section(name, settings_schema(name)), ""]
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Return the page, by its path in the repository."""
    return {Path("docs/reference/settings.md"): page()}
