"""The plugin definitions for a hub, `hub/`, written from the plugins' own settings.

`python -m adtap_cli.hub_files` writes them, `--check` only says whether they are as they would be
written. The layout is that of MeltanoHub's data folder, one file a plugin and variant; its schemas
(github.com/meltano/hub, `schemas/plugin_definitions`, read 2026-11-22) name the keys that may stand
here. What is not a setting (label, description, groups) is taken from `meltano.yml`, and the address
of the repository is left to whoever sends the files in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from adtap_cli.made_files import checking, keep
from adtap_cli.meltano_file import UNKNOWN_CAPABILITIES, settings_lines
from adtap_cli.taps import PLUGINS, TAPS, plugin_class, settings_schema

VARIANT = "adtaps"
SITES = {
    "tap-atomx": "https://www.atomx.com",
    "tap-adjust": "https://www.adjust.com",
    "tap-terminalone": "https://www.mediamath.com",
    "tap-openx": "https://www.openx.com",
    "target-adtap-duckdb": "https://duckdb.org",
}
PLAIN = frozenset({"name", "namespace", "variant", "pip_url", "executable", "dialect", "quality"})
PYTHONS = ("3.11", "3.12", "3.13")
# What a hub shows in front of the settings.
PREAMBLE = {
    "tap-openx": "Two generations of APIs: `consumer_key` asks for the legacy one, `client_id` for the current one.",
    "tap-terminalone": "How to log in is `auth_method`; each way needs the settings of its own group.",
    "tap-adjust": "The legacy KPI service has streams of its own, which are not selected by default.",
    "target-adtap-duckdb": "One process at a time can write to a DuckDB file.",
}


def place(plugin: str) -> Path:
    """Where a plugin's file is, below the hub's data folder."""
    kind = "extractors" if plugin in TAPS else "loaders"
    return Path(kind) / plugin / f"{VARIANT}.yml"


def definition(plugin: str, entry: Mapping[str, Any]) -> str:
    """A plugin's file.

    Args:
        plugin: Its name.
        entry: Its entry in `meltano.yml`.
    """
    return "\n".join(_lines(plugin, entry)) + "\n"


def _lines(plugin: str, entry: Mapping[str, Any]) -> Iterator[str]:
    names = {capability.value for capability in plugin_class(plugin).capabilities}
    head: dict[str, Any] = {
        "name": plugin,
        "namespace": entry["namespace"],
        "variant": VARIANT,
        "label": entry["label"],
        "description": entry["description"],
        "pip_url": "adtaps",
        "executable": entry["executable"],
        "domain_url": SITES[plugin],
        "maintenance_status": "beta",
        "quality": "unknown",
        "keywords": ["meltano_sdk", "advertising" if plugin in TAPS else "database"],
        "supported_python_versions": list(PYTHONS),
        "capabilities": sorted(names - UNKNOWN_CAPABILITIES),
        "settings_group_validation": [list(g) for g in entry["settings_group_validation"]],
    }
    if "dialect" in entry:
        head["dialect"] = entry["dialect"]
    if plugin in PREAMBLE:
        head["settings_preamble"] = PREAMBLE[plugin]
    yield "# Made from the plugin itself: python -m adtap_cli.hub_files"
    for key, value in head.items():
        # JSON is YAML, and plain names need no quotes.
        yield f"{key}: {value if key in PLAIN else json.dumps(value, ensure_ascii=False)}"
    for line in settings_lines(settings_schema(plugin)):
        yield line.removeprefix("    ")


def entry_of(text: str, plugin: str) -> dict[str, Any]:
    """What `meltano.yml` says of a plugin before its made block; it has one line for each.

    Args:
        text: All of the file.
        plugin: Its name.

    Raises:
        ValueError: It is not there.
    """
    _, found, rest = text.partition(f"\n  - name: {plugin}\n")
    head, marked, _ = rest.partition(f"# made from {plugin}: begin")
    if not (found and marked):
        raise ValueError(f"{plugin} or its marks are missing in the project file")
    lines = [line.strip() for line in head.splitlines()]
    groups = [line[3:-1].split(", ") for line in lines if line.startswith("- [")]
    entry: dict[str, Any] = dict(line.split(": ", 1) for line in lines if ": " in line)
    return {**entry, "settings_group_validation": groups}


@click.command()
@checking
@click.option(
    "--project",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="meltano.yml",
    show_default=True,
    help="The project file.",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="hub")
def main(folder: Path, project: Path, *, check: bool) -> None:
    """Write the plugin definitions for a hub."""
    text = project.read_text(encoding="utf-8")
    made = {folder / place(name): definition(name, entry_of(text, name)) for name in PLUGINS}
    keep(made, check=check, maker="hub_files")


if __name__ == "__main__":
    main()
