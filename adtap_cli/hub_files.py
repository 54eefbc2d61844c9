"""The plugin definitions for a hub, `hub/`, made from the plugins' own settings.

The layout is that of MeltanoHub's data folder, one file a plugin and variant; its schemas
(github.com/meltano/hub, `schemas/plugin_definitions`, read 2026-11-22) name the keys that may stand
here. The address of the repository is left to whoever sends the files in.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adtap_cli.generated_files import HEADER
from adtap_cli.plugin_files import FACTS, UNKNOWN_CAPABILITIES, kind_of, settings_lines
from adtap_cli.taps import PLUGINS, TAPS, plugin_class, settings_schema

VARIANT = "adtaps"
SITES = {
    "tap-atomx": "https://www.atomx.com",
    "tap-adjust": "https://www.adjust.com",
    "tap-terminalone": "https://www.mediamath.com",
    "tap-openx": "https://www.openx.com",
    "target-adtap-duckdb": "https://duckdb.org",
    "target-adtap-postgres": "https://www.postgresql.org",
}
PLAIN = frozenset({"name", "namespace", "variant", "pip_url", "executable", "dialect", "quality"})
PYTHONS = ("3.11", "3.12", "3.13")
# What a hub shows in front of the settings.
PREAMBLE = {
    "tap-openx": "Two generations of APIs: `consumer_key` asks for the legacy one, `client_id` for the current one.",
    "tap-terminalone": "How to log in is `auth_method`; each way needs the settings of its own group.",
    "tap-adjust": "The legacy KPI service has streams of its own, which are not selected by default.",
    "target-adtap-duckdb": "One process at a time can write to a DuckDB file.",
    "target-adtap-postgres": "Several processes may load into one schema at the same time. Postgres 14 or newer.",
}


def place(plugin: str) -> Path:
    """Return where a plugin's file is, below the hub's data folder."""
    return Path(kind_of(plugin)) / plugin / f"{VARIANT}.yml"


def definition(plugin: str) -> str:
    """Return the text of a plugin's file."""
    return "\n".join(_lines(plugin)) + "\n"


def _lines(plugin: str) -> Iterator[str]:
    facts = FACTS[plugin]
    names = {capability.value for capability in plugin_class(plugin).capabilities}
    head: dict[str, Any] = {
        "name": plugin,
        "namespace": plugin.replace("-", "_"),
        "variant": VARIANT,
        "label": facts.label,
        "description": facts.description,
        "pip_url": "adtaps" if plugin in TAPS else f"adtaps[{plugin.rpartition('-')[2]}]",
        "executable": plugin,
        "domain_url": SITES[plugin],
        "maintenance_status": "beta",
        "quality": "unknown",
        "keywords": ["meltano_sdk", "advertising" if plugin in TAPS else "database"],
        "supported_python_versions": list(PYTHONS),
        "capabilities": sorted(names - UNKNOWN_CAPABILITIES),
        "settings_group_validation": [list(g) for g in facts.required],
    }
    if facts.dialect:
        head["dialect"] = facts.dialect
    if plugin in PREAMBLE:
        head["settings_preamble"] = PREAMBLE[plugin]
    yield f"# {HEADER}"
    for key, value in head.items():
        # JSON is YAML, and plain names need no quotes.
        yield f"{key}: {value if key in PLAIN else json.dumps(value, ensure_ascii=False)}"
    for line in settings_lines(settings_schema(plugin)):
        yield line.removeprefix("    ")


def files() -> dict[Path, str]:
    """Return every file and its text, by its path in the repository."""
    return {Path("hub") / place(name): definition(name) for name in PLUGINS}
