"""The page of all settings, `docs/settings.md`, written from the taps and the loader themselves.

`python -m adtap_cli.settings_page` writes it, `--check` only says whether it is as it would be
written. What all four taps say in the same words stands once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from adtap_cli.taps import PLUGINS, TAPS, settings_schema

HEAD = """\
# Settings

Made from the plugins themselves by `python -m adtap_cli.settings_page`. The same name means the same in every tap.
In `.env`, a setting is its plugin and its name in capitals: `TAP_ADJUST_START_DATE` is `start_date` of `tap-adjust`.
A setting in **bold** is required for every sync; 🔒 marks a secret, which no output shows.
"""
Settings = Mapping[str, Mapping[str, Any]]


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def _kind(setting: Mapping[str, Any]) -> str:
    if "enum" in setting:
        return " \\| ".join(f"`{choice}`" for choice in setting["enum"] if choice is not None)
    types = setting.get("type", "string")
    names = [types] if isinstance(types, str) else types
    return " or ".join(name for name in names if name != "null")


def table(settings: Settings, required: frozenset[str]) -> Iterator[str]:
    """The lines of a table of settings.

    Args:
        settings: JSON Schemas by name.
        required: The names that are set in bold.
    """
    yield "| setting | kind | default | meaning |"
    yield "|---|---|---|---|"
    for name, setting in settings.items():
        shown = f"**`{name}`**" if name in required else f"`{name}`"
        lock = " 🔒" if setting.get("secret") else ""
        default = setting.get("default")
        value = "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"
        meaning = str(setting.get("description", ""))
        yield f"| {shown}{lock} | {_kind(setting)} | {_cell(value)} | {_cell(meaning)} |"


def page(schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page.

    Args:
        schemas: The JSON Schema of each plugin's settings, the taps' and the loader's.
    """
    taps = {name: schema["properties"] for name, schema in schemas.items() if name in TAPS}
    first, *others = taps.values()
    common = {
        name: setting
        for name, setting in first.items()
        if all(other.get(name) == setting for other in others)
    }
    lines = [HEAD, "## All taps", "", *table(common, frozenset())]
    for name, schema in schemas.items():
        required = frozenset(schema.get("required", ()))
        own = schema["properties"]
        if name in taps:
            own = {key: setting for key, setting in own.items() if key not in common}
        lines += ["", f"## {name}", "", *table(own, required)]
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if something would change.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="docs/settings.md")
def main(file: Path, *, check: bool) -> None:
    """Write the page of all settings."""
    new = page({name: settings_schema(name) for name in PLUGINS})
    if file.exists() and file.read_text(encoding="utf-8") == new:
        return
    if check:
        raise click.ClickException(
            f"{file} is not as the plugins' settings say; run: python -m adtap_cli.settings_page"
        )
    file.parent.mkdir(exist_ok=True)
    file.write_text(new, encoding="utf-8")
    click.echo(f"{file} written")


if __name__ == "__main__":
    main()
