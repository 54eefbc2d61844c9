"""Settings from variables: of the environment, and of the `.env` of the working directory.

The environment beats `.env`, which only fills what the environment lacks. The SDK's own reader does it the other
way round, takes the first `.env` it finds upwards from its own installation, ends in a traceback where a value is
no number, takes every word it doesn't know for `false`, and a name it doesn't know for nothing.
"""

import io
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values
from dotenv.parser import parse_stream

DOTENV: Final = ".env"
NOT_SETTINGS: Final = frozenset({"loglevel"})
"""What has a plugin's prefix and is read by the SDK itself."""
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_INTEGER: Final = re.compile(r"[+-]?\d+")
_SHOWN: Final = 60


class VariableError(ValueError):
    """Variables that can't be used.

    Args:
        errors: One line for each, with the variable's name.
    """

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


_FILLED: Final[dict[str, str]] = {}
"""What this process put into its environment itself, out of a `.env`."""


def own_environment() -> dict[str, str]:
    """Return the process's variables without those that it put there itself."""
    return {k: v for k, v in os.environ.items() if _FILLED.get(k) != v}


@dataclass(frozen=True)
class DotEnv:
    """A `.env` file.

    Args:
        path: Where it is.
        values: What it sets; empty if it is not there.
        broken: The numbers of the lines that can't be read, from 1.
    """

    path: Path
    values: Mapping[str, str]
    broken: tuple[int, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> "DotEnv":
        """Return the file of a folder; of no folder above it.

        Raises:
            VariableError: It is there and can't be read.
        """
        path = folder / DOTENV
        if not path.exists():
            return cls(path, {})
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise VariableError([f"{path} can't be read: {error}"]) from error
        # Its own words for a broken line do not say which file.
        logging.getLogger("dotenv.main").setLevel(logging.ERROR)
        broken = tuple(b.original.line for b in parse_stream(io.StringIO(text)) if b.error)
        read = dotenv_values(stream=io.StringIO(text))
        return cls(path, {k: v for k, v in read.items() if v is not None}, broken)

    def fill(self, environment: MutableMapping[str, str]) -> None:
        """Put what it sets into an environment, unless that has it already."""
        for name, value in self.values.items():
            if name not in environment:
                environment[name] = value
                _FILLED[name] = value


@dataclass(frozen=True)
class Settings:
    """Settings that were read from variables.

    Args:
        values: By setting, as their schema wants them.
        summary: One line that says which variables were read from where, without a value.
    """

    values: Mapping[str, Any]
    summary: str


def prefix_of(plugin: str) -> str:
    """Return what a plugin's variables begin with: `TAP_ADJUST_`."""
    return f"{plugin.upper().replace('-', '_')}_"


def variable_of(plugin: str, setting: str) -> str:
    """Return the variable of a plugin's setting: `TAP_ADJUST_START_DATE`."""
    return prefix_of(plugin) + setting.upper().replace("-", "_")


def read_settings(
    plugin: str, schema: Mapping[str, Any], environment: Mapping[str, str], dotenv: DotEnv
) -> Settings:
    """Return the settings that variables hold: the environment's, and where that has none the `.env`'s.

    An empty variable sets nothing.

    Raises:
        VariableError: A value is not what its setting takes.
    """
    values: dict[str, Any] = {}
    errors: list[str] = []
    from_env: list[str] = []
    from_file: list[str] = []
    beaten: list[str] = []
    for setting, rules in schema.get("properties", {}).items():
        name = variable_of(plugin, setting)
        given = environment.get(name) or None
        filled = dotenv.values.get(name) or None
        text = filled if given is None else given
        if text is None:
            continue
        (from_file if given is None else from_env).append(name)
        if given is not None and filled is not None and given != filled:
            beaten.append(name)
        try:
            values[setting] = parse(text, rules)
        except ValueError as error:
            where = f" (in {dotenv.path})" if given is None else ""
            errors.append(f"{name}{where}: {error}")
    if errors:
        raise VariableError(errors)
    return Settings(values, _summary(from_env, from_file, beaten, dotenv))


def _summary(from_env: list[str], from_file: list[str], beaten: list[str], dotenv: DotEnv) -> str:
    parts = [f"{', '.join(from_env)} of the environment"] if from_env else []
    parts += [f"{', '.join(from_file)} of {dotenv.path}"] if from_file else []
    line = f"Settings from variables: {'; '.join(parts) or 'none'}"
    if not dotenv.values:
        there = "empty" if dotenv.path.exists() else "not there"
        line += f" ({dotenv.path} is {there})"
    if beaten:
        line += f"; {', '.join(beaten)} of {dotenv.path} not used, the environment comes first"
    return line


def parse(text: str, rules: Mapping[str, Any]) -> Any:
    """Return a variable's text as the type that its setting has.

    Args:
        text: Not empty.
        rules: The JSON Schema of the setting. Without a type, or where text is allowed beside others, text that
            is no JSON list or object stays text.

    Raises:
        ValueError: It is no such value; the message says what is expected.
    """
    kinds = rules.get("type", "string")
    types = {kinds} if isinstance(kinds, str) else set(kinds)
    shown = "the value" if rules.get("secret") else repr(text[:_SHOWN])
    word = text.strip().lower()
    if "boolean" in types and word in _TRUE | _FALSE:
        return word in _TRUE
    if "string" not in types and types & {"integer", "number"} and _INTEGER.fullmatch(text.strip()):
        return int(text)
    if "number" in types:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if number - number == 0:  # neither infinite nor no number
            return number
    if types & {"array", "object"} and (found := _structure(text, types, rules)) is not None:
        return found
    if "string" in types:
        return text
    raise ValueError(f"{shown} is not {_expected(types)}{_hint(text, types)}")


def _structure(text: str, types: set[str], rules: Mapping[str, Any]) -> Any:
    """Return a list or an object, or None if it is neither."""
    try:
        # Report definitions keep their digits, as those of a file do. The objects are the SDK's own (`stream_map_config`):
        # expressions of stream maps calculate with floats.
        found = json.loads(text, parse_float=Decimal if "array" in types else float)
    except ValueError:
        found = None
    if isinstance(found, list) and "array" in types:
        return found
    if isinstance(found, dict) and "object" in types:
        return found
    items = rules.get("items", {}).get("type", "string")
    plain = not {items} & {"object", "array"} if isinstance(items, str) else "string" in items
    if "array" in types and plain and not text.lstrip().startswith(("[", "{")):
        return [one.strip() for one in text.split(",") if one.strip()]
    return None


_EXPECTED: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a JSON list",
    "object": "a JSON object",
}


def _expected(types: set[str]) -> str:
    return " or ".join(words for kind, words in _EXPECTED.items() if kind in types)


def _hint(text: str, types: set[str]) -> str:
    if not types & {"array", "object"}:
        return ""
    try:
        json.loads(text)
    except ValueError as error:
        where = str(error).partition(":")[0].lower() if "'" not in text else ""
        return f" ({where or 'JSON takes double quotes, not single ones'})"
    return ""


def unknown(
    plugin: str, schema: Mapping[str, Any], environment: Mapping[str, str], dotenv: DotEnv
) -> dict[str, str]:
    """Return the variables with the plugin's prefix that set nothing, each with a line that says so.

    Meltano's own (`TAP_ADJUST__SELECT`) have a second underscore.
    """
    prefix = prefix_of(plugin)
    settings = schema.get("properties", {})
    known = {s.replace("-", "_"): s for s in settings}
    lines = {}
    for name in sorted({*environment, *dotenv.values}):
        rest = name.removeprefix(prefix).lower()
        if not name.startswith(prefix) or rest.startswith("_") or rest in NOT_SETTINGS | {*known}:
            continue
        near = get_close_matches(rest, known, n=1, cutoff=0.5)
        hint = f"; did you mean {prefix}{near[0].upper()}?" if near else ""
        where = f" (in {dotenv.path})" if name not in environment else ""
        lines[name] = f"{name}{where} is no setting of {plugin}{hint}"
    return lines


def unknown_settings(given: Iterable[str], schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that a file gives and a plugin does not have, each with a line that says so."""
    known = schema.get("properties", {})
    lines = {}
    for name in given:
        if name not in known:
            near = ", ".join(get_close_matches(name.lower(), known, n=3, cutoff=0.5))
            hint = f" (did you mean {near}?)" if near else ""
            lines[name] = f"Setting {name!r} is not known{hint}"
    return lines


def unfit(plugin: str, schema: Mapping[str, Any], dotenv: DotEnv) -> dict[str, str]:
    """Return the variables of a `.env` whose value their setting does not take, each with a line that says so."""
    lines = {}
    for setting, rules in schema.get("properties", {}).items():
        name = variable_of(plugin, setting)
        text = dotenv.values.get(name)
        if text:
            try:
                parse(text, rules)
            except ValueError as error:
                lines[name] = f"{name} (in {dotenv.path}): {error}"
    return lines


def odd_variables(plugin: str, schema: Mapping[str, Any]) -> list[str]:
    """Return a line for each variable that looks like a setting of a plugin and is none, or is one and can't be used.

    Also where settings come from a file, as Meltano hands them on: it reads variables and `.env` itself, passes
    over the names that it doesn't know, and takes every word that is not `true` for `false`.
    """
    try:
        dotenv = working_directory()
    except VariableError:
        return []  # somebody else's file, as long as nobody asked for its settings
    return [
        *unknown(plugin, schema, own_environment(), dotenv).values(),
        *unfit(plugin, schema, dotenv).values(),
    ]


def working_directory() -> DotEnv:
    """Return the `.env` of the working directory.

    Raises:
        VariableError: It is there and can't be read.
    """
    return DotEnv.of(Path(os.getcwd()))  # noqa: PTH109 - the folder as the user named it
