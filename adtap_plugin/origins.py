"""Where a setting's value came from: a variable, the `.env`, a file, Meltano. Never the value itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from adtap_plugin.variables import (
    DotEnv,
    VariableError,
    own_environment,
    parse,
    variable_of,
    working_directory,
)

_NAMED: Final = re.compile(r"`([a-z][a-z0-9_]*)`")
MELTANO_FOLDER: Final = ".meltano"
"""Meltano hands settings on in a file below this folder."""


class Given(dict[str, Any]):
    """Settings that know which file each is from.

    Args:
        values: The settings.
        files: For each that a file holds, the file's path, as the user or Meltano named it.
    """

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, str]) -> None:
        super().__init__(values)
        self.files = dict(files)


def why_unread(error: Exception) -> str:
    """Return why a JSON file could not be read.

    Args:
        error: What came of reading it.
    """
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "that is a folder: name the JSON file in it"
        case OSError():
            return f"can't be read ({error.strerror or error})"
        case _ if isinstance(error, TypeError) or "dictionary update" in str(error):
            return "a JSON object is expected"
        case _ if not getattr(error, "doc", "{").strip():
            return "the file is empty"
        case _:
            return f"can't be read as JSON ({error})"


class Origins:
    """Says where the settings of one plugin came from.

    Args:
        plugin: Its name.
        schema: The JSON Schema of its settings.
        settings: Their values.
        files: For each that a file holds, its path.
        reads_variables: Whether variables were read too; they beat files.
    """

    def __init__(
        self,
        plugin: str,
        schema: Mapping[str, Any],
        settings: Mapping[str, Any],
        *,
        files: Mapping[str, str],
        reads_variables: bool,
    ) -> None:
        self._plugin, self._settings = plugin, settings
        self._rules: Mapping[str, Any] = schema.get("properties", {})
        self._files, self._reads_variables = files, reads_variables

    def words(self, message: str) -> str:
        """Return what to add to a message about credentials: which settings, and where they came from.

        Args:
            message: It names settings in backquotes; where it names none, all secrets that are set are meant.
        """
        named = [n for n in dict.fromkeys(_NAMED.findall(message)) if n in self._rules]
        added = ""
        if not named:
            named = [n for n, rules in self._rules.items() if rules.get("secret")]
            named = [n for n in named if self._settings.get(n)]
            many = "s" if len(named) > 1 else ""
            listed = ", ".join(f"`{name}`" for name in named)
            added = f"; look at the setting{many} {listed}" if named else ""
        places: dict[str, list[str]] = {}
        for name in named:
            if self._settings.get(name) is not None and (place := self.of(name)):
                places.setdefault(f"{place}{self._edges(name)}", []).append(f"`{name}`")
        told = ", ".join(f"{' and '.join(names)} from {place}" for place, names in places.items())
        return added + (f" ({told})" if told else "")

    def _edges(self, setting: str) -> str:
        """Return what can't be seen of a value, and is often the reason: space at its ends."""
        value = self._settings[setting]
        is_wide = isinstance(value, str) and value != value.strip()
        return ", with a space or line end around it" if is_wide else ""

    def of(self, setting: str) -> str:
        """Return where a setting came from; empty if that is not known."""
        variable = variable_of(self._plugin, setting)
        dotenv = _dotenv()
        if self._reads_variables:
            if own_environment().get(variable):
                return f"the variable {variable}"
            if dotenv.values.get(variable):
                return f"{variable} in {dotenv.path}"
        path = self._files.get(setting)
        if path is None:
            return ""
        if MELTANO_FOLDER not in Path(path).parts:
            return f"the file {path}"
        # Meltano gives every setting to the tap as a variable as well, whatever it is from.
        if self._is_same(setting, dotenv.values.get(variable)):
            return f"{variable} in {dotenv.path}, through Meltano"
        return f"Meltano (the variable {variable}, meltano.yml, or `meltano config`)"

    def _is_same(self, setting: str, text: str | None) -> bool:
        try:
            return bool(text) and parse(str(text), self._rules[setting]) == self._settings[setting]
        except ValueError:
            return False


def _dotenv() -> DotEnv:
    try:
        return working_directory()
    except VariableError:
        return DotEnv(Path(), {})
