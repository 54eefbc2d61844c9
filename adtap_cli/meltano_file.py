"""The settings of our plugins in `meltano.yml`, written from the plugins' own.

`python -m adtap_cli.meltano_file` rewrites the marked blocks of the file in the working directory,
`--check` only says whether they are as they would be written. Everything outside the marks is
written by hand. Meltano passes on only the settings that its file names, so a setting that is
missing there cannot be used at all: this is why the list is made, not typed.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from adtap_cli.made_files import checking, keep
from adtap_cli.taps import PLUGINS, plugin_class, settings_schema
from adtap_core.declare import Entity, Report
from adtap_core.tap import AdTap

# JSON Schema's types in Meltano's words; what is not named is a string.
KINDS = {
    "integer": "integer",
    # Not "decimal": Meltano 4.4.1 then fails on a value from the environment (a Decimal that it
    # cannot write as JSON). As "integer" an environment variable gives whole numbers, and a
    # fraction in meltano.yml passes as it is.
    "number": "integer",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
# Words of a setting's name that are not written small.
SPELLED = {
    "api": "API",
    "id": "ID",
    "ids": "IDs",
    "kpi": "KPI",
    "sso": "SSO",
    "totp": "TOTP",
    "url": "URL",
}
# What the SDK's targets can do and Meltano 4.4.1 has no word for.
UNKNOWN_CAPABILITIES = {"validate-records"}
WIDTH = 100
INDENT = " " * 4


def kind(name: str, setting: Mapping[str, Any]) -> str:
    """Meltano's kind of a setting, from its name and its JSON Schema."""
    if "enum" in setting:
        return "options"
    if name.endswith("_date"):  # a date or a date-time, which one `format` cannot say
        return "date_iso8601"
    types = setting.get("type", "string")
    names = [types] if isinstance(types, str) else types
    return next((KINDS[name] for name in names if name in KINDS), "string")


def label(name: str, setting: Mapping[str, Any]) -> str:
    """A setting's title, or its name in words."""
    if title := setting.get("title"):
        return str(title)
    words = " ".join(SPELLED.get(word, word) for word in name.split("_"))
    return words[0].upper() + words[1:]


def _text(key: str, words: str, indent: str) -> Iterator[str]:
    line = f"{indent}{key}: {json.dumps(words, ensure_ascii=False)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{indent}{key}: >-"
    yield from textwrap.wrap(
        words,
        WIDTH,
        initial_indent=f"{indent}  ",
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def settings_lines(schema: Mapping[str, Any]) -> Iterator[str]:
    """The lines of `settings:` for a plugin whose settings have this JSON Schema."""
    yield f"{INDENT}settings:"
    for name, setting in schema["properties"].items():
        inner = f"{INDENT}  "
        yield f"{INDENT}- name: {name}"
        yield from _text("label", label(name, setting), inner)
        if words := " ".join(str(setting.get("description", "")).split()):
            yield from _text("description", words, inner)
        yield f"{inner}kind: {kind(name, setting)}"
        if "enum" in setting:
            yield f"{inner}options:"
            for choice in setting["enum"]:
                if choice is not None:
                    yield f"{inner}- {{label: {json.dumps(choice)}, value: {json.dumps(choice)}}}"
        if setting.get("secret"):
            yield f"{inner}sensitive: true"
        default = setting.get("default")
        # A default with our version in it would stay behind in whoever's file at the next release.
        if default is not None and version("adtaps") not in str(default):
            yield f"{inner}value: {json.dumps(default, ensure_ascii=False)}"


def select_lines(plugin: str) -> Iterator[str]:
    """The lines of `select:` for a tap: all streams but those that a tap itself leaves out.

    Meltano selects everything where it is not told otherwise, also what our catalogues do not:
    people's names and addresses, and reference lists of a million lines.
    """
    cls = plugin_class(plugin)
    if not issubclass(cls, AdTap):
        return
    entries: list[Entity | Report] = [*cls.entities, *cls.reports]
    left_out = [entry.name for entry in entries if not entry.selected]
    yield f"{INDENT}select:"
    yield f'{INDENT}- "*.*"'
    yield from (f'{INDENT}- "!{name}.*"' for name in left_out)


def block(plugin: str) -> str:
    """What stands between the marks of one plugin: its capabilities, streams and settings."""
    names = [capability.value for capability in plugin_class(plugin).capabilities]
    known = ", ".join(name for name in names if name not in UNKNOWN_CAPABILITIES)
    lines = [*select_lines(plugin), *settings_lines(settings_schema(plugin))]
    return "\n".join([f"{INDENT}capabilities: [{known}]", *lines])


def rewrite(text: str, blocks: Mapping[str, str]) -> str:
    """The file with the block of each plugin replaced.

    Args:
        text: All of `meltano.yml`.
        blocks: By plugin.

    Raises:
        ValueError: A plugin has no marks in the file.
    """
    for name, lines in blocks.items():
        begin, end = f"{INDENT}# made from {name}: begin", f"{INDENT}# made from {name}: end"
        before, begun, rest = text.partition(f"{begin}\n")
        _, ended, after = rest.partition(f"{end}\n")
        if not (begun and ended):
            raise ValueError(f"the marks of {name} are missing: {begin.strip()!r}, {end.strip()!r}")
        text = f"{before}{begun}{lines}\n{ended}{after}"
    return text


@click.command()
@checking
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default="meltano.yml"
)
def main(file: Path, *, check: bool) -> None:
    """Write the settings of the taps and the loader into a meltano.yml."""
    text = file.read_text(encoding="utf-8")
    new = rewrite(text, {name: block(name) for name in PLUGINS})
    keep({file: new}, check=check, maker="meltano_file")


if __name__ == "__main__":
    main()
