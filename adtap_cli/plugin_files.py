"""The definitions of our plugins for Meltano, `plugins/<name>.meltano.yml`, made from the plugins themselves.

`meltano.yml` includes them (`include_paths`). Meltano passes on only the settings that a definition names, so a
setting that is missing there cannot be used at all: this is why the list is made, not typed.
`make generate` writes them.

Whatever a user lets Meltano write (`meltano config set`, `meltano select`), it writes all included files anew, in
its own order of keys and with as few quotes as it can. They are made that way here, so that they stay as they are.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from adtap_cli.generated_files import HEADER
from adtap_cli.taps import PLUGINS, TAPS, plugin_class, settings_schema
from adtap_core.declare import Entity, Report
from adtap_core.rows.schemas import stream_file
from adtap_core.tap import AdTap

# JSON Schema's types in Meltano's words; what is not named is a string.
# A date is a string too, for the tap to judge: of the kind "date_iso8601" Meltano 4.4.1 makes a day of whatever it can
# guess, of 2026-01 today's day of that month, of 05/01/2026 the first of May.
KINDS = {
    "integer": "integer",
    # A number with a fraction is a string to Meltano, and the tap makes a number of it: as "decimal" Meltano
    # 4.4.1 fails on a value from the environment (a Decimal that it can't write as JSON), as "integer" it ends in
    # a traceback at 2.5.
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


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a plugin's definition says beside its settings.

    Args:
        label: Its name in words.
        description: One line.
        required: The groups of settings one of which must be set; `meltano config test` looks at them.
        dialect: A loader's SQL.
        config: Values that hold in every project of ours.
    """

    label: str
    description: str
    required: tuple[tuple[str, ...], ...]
    dialect: str = ""
    config: Mapping[str, str] = field(default_factory=dict)


FACTS = {
    "tap-atomx": Facts(
        label="atomx",
        description="Campaigns, creatives, inventory and reports of the atomx ad exchange.",
        required=(("email", "password"),),
    ),
    "tap-adjust": Facts(
        label="Adjust",
        description="Apps, events and reports of the Adjust mobile measurement service.",
        required=(("api_token",),),
    ),
    "tap-terminalone": Facts(
        label="MediaMath TerminalOne",
        description="Organizations, campaigns, strategies, creatives and reports of MediaMath TerminalOne.",
        required=(
            ("username", "password", "client_id", "client_secret"),
            ("refresh_token", "client_id", "client_secret"),
            ("access_token",),
            # The legacy API also takes cookie sessions.
            ("api_generation", "username", "password", "api_key"),
            ("api_generation", "session_id"),
        ),
    ),
    "tap-openx": Facts(
        label="OpenX",
        description="Accounts, sites, ad units, orders and reports of the OpenX ad server and exchange.",
        required=(
            ("email", "password", "api_url", "consumer_key", "consumer_secret"),
            ("email", "password", "client_id", "identity_key", "instance_hostname"),
        ),
    ),
    "target-adtap-duckdb": Facts(
        label="DuckDB",
        description="The embedded warehouse of this project, one file and no server.",
        required=(("path",),),
        dialect="duckdb",
        config={
            "path": "$MELTANO_PROJECT_ROOT/ads.duckdb",
            # A schema for each tap: tap_adjust, tap_openx, …
            "default_target_schema": "$MELTANO_EXTRACT__LOAD_SCHEMA",
        },
    ),
    "target-adtap-postgres": Facts(
        label="Postgres",
        description="Postgres, fast and exact, by COPY and upserts; several loads may run at a time.",
        required=(("sqlalchemy_url",), ("host", "user", "database")),
        dialect="postgres",
        config={"default_target_schema": "$MELTANO_EXTRACT__LOAD_SCHEMA"},
    ),
}
"""By plugin."""


def kind(setting: Mapping[str, Any]) -> str:
    """Return Meltano's kind of a setting, from its JSON Schema."""
    if "enum" in setting:
        return "options"
    types = setting.get("type", "string")
    names = [types] if isinstance(types, str) else types
    if "string" in names:  # an id, which may be a text too
        names = [name for name in names if name != "integer"]
    return next((KINDS[name] for name in names if name in KINDS), "string")


def label(name: str, setting: Mapping[str, Any]) -> str:
    """Return a setting's title, or its name in words."""
    if title := setting.get("title"):
        return str(title)
    text = " ".join(SPELLED.get(word, word) for word in name.split("_"))
    return text[0].upper() + text[1:]


_PLAIN: Final = re.compile(r"[A-Za-z/$][^\n]*[^\s:]|[A-Za-z/$]")
_NOT_PLAIN: Final = re.compile(r": | #|^(true|false|null|yes|no|on|off|y|n)$", re.IGNORECASE)
_NOT_IN_LISTS: Final = re.compile(r"[,\[\]{}?]")


def scalar(value: object, *, in_list: bool = False) -> str:
    """Return a value as Meltano writes it: bare words where YAML allows them, else quotes.

    Args:
        value: What JSON can hold.
        in_list: Whether it stands between brackets, where commas and brackets mean something.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(scalar(one, in_list=True) for one in value)}]"
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    bare = _PLAIN.fullmatch(value) and not _NOT_PLAIN.search(value)
    if bare and not (in_list and _NOT_IN_LISTS.search(value)):
        return value
    if "'" in value or not value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}'"


def _text(key: str, text: str, indent: str) -> Iterator[str]:
    line = f"{indent}{key}: {scalar(text)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{indent}{key}: >-"
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{indent}  ",
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def settings_lines(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of `settings:` for a plugin whose settings have this JSON Schema."""
    yield f"{INDENT}settings:"
    for name, setting in schema["properties"].items():
        inner = f"{INDENT}  "
        yield f"{INDENT}- name: {name}"
        yield f"{inner}kind: {kind(setting)}"
        default = setting.get("default")
        # A default with our version in it would stay behind in whoever's file at the next release.
        if default is not None and version("adtaps") not in str(default):
            yield f"{inner}value: {scalar(default)}"
        yield from _text("label", label(name, setting), inner)
        if text := " ".join(str(setting.get("description", "")).split()):
            yield from _text("description", text, inner)
        if "enum" in setting:
            yield f"{inner}options:"
            for choice in setting["enum"]:
                if choice is not None:
                    word = scalar(choice, in_list=True)
                    yield f"{inner}- {{label: {word}, value: {word}}}"
        if setting.get("secret"):
            yield f"{inner}sensitive: true"


def select_lines(plugin: str) -> Iterator[str]:
    """Yield the lines of `select:` for a tap: all streams and columns but those that a tap itself leaves out.

    Meltano selects everything where it is not told otherwise, also what our catalogs do not:
    people's names and addresses, and reference lists of a million lines.
    """
    cls = plugin_class(plugin)
    if not issubclass(cls, AdTap):
        return
    entries: list[Entity | Report] = [*cls.entities, *cls.reports]
    left_out = [entry.name for entry in entries if not entry.selected]
    yield f"{INDENT}select:"
    yield f"{INDENT}- '*.*'"
    yield from (f"{INDENT}- '!{name}.*'" for name in left_out)
    for entity in cls.entities:
        if entity.selected and not entity.people:
            columns = (stream_file(cls.package, entity.name) or {})["properties"]
            for column, prop in columns.items():
                if prop.get("x-pii"):
                    yield f"{INDENT}- '!{entity.name}.{column}'"


def definition(plugin: str) -> str:
    """Return the text of a plugin's file."""
    facts = FACTS[plugin]
    names = [capability.value for capability in plugin_class(plugin).capabilities]
    known = ", ".join(name for name in names if name not in UNKNOWN_CAPABILITIES)
    lines = [
        f"# {HEADER}",
        "# Settings and streams of your own choice go into meltano.yml or .env, not here.",
        "plugins:",
        f"  {kind_of(plugin)}:",
        f"  - name: {plugin}",
        f"    namespace: {plugin.replace('-', '_')}",
        f"    label: {facts.label}",
        f"    executable: {plugin}",
        f"    description: {facts.description}",
        f"    capabilities: [{known}]",
        f"{INDENT}settings_group_validation:",
        *(f"{INDENT}- [{', '.join(group)}]" for group in facts.required),
        *settings_lines(settings_schema(plugin)),
        *select_lines(plugin),
    ]
    if facts.config:
        lines.append(f"{INDENT}config:")
        lines += [f"{INDENT}  {name}: {value}" for name, value in facts.config.items()]
    if facts.dialect:
        lines.append(f"{INDENT}dialect: {facts.dialect}")
    return "\n".join(lines) + "\n"


def kind_of(plugin: str) -> str:
    """Return what Meltano calls this kind of plugin: `extractors` or `loaders`."""
    return "extractors" if plugin in TAPS else "loaders"


def files() -> dict[Path, str]:
    """Return every file and its text, by its path in the repository."""
    return {Path("plugins") / f"{name}.meltano.yml": definition(name) for name in PLUGINS}
