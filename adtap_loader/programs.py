"""The loader's console scripts.

A load that asks for nothing of the SDK starts without it, in a fifth of the time: importing the SDK is most
of what a small load would cost. Everything else (stream maps, flattening, metadata columns, validation,
`--about`, settings from variables, Meltano's structured log) is the SDK's: `sdk.py`. Both ways end in the
same `Loader`.
"""

import gc
import importlib
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from adtap_loader import settings
from adtap_loader.errors import LoadError, told
from adtap_loader.loading import Loader
from adtap_loader.stopping import ends_as_asked, stop
from adtap_loader.warehouse import Warehouse
from adtap_plugin.redact import guard_logging, learn_settings
from adtap_plugin.variables import odd_variables, unknown_settings

SDK_SETTINGS: Final = frozenset(
    {
        "add_record_metadata",
        "stream_maps",
        "stream_map_config",
        "faker_config",
        "flattening_enabled",
        "flattening_max_depth",
        "flattening_max_key_length",
        "flattening_separator",
    }
)
"""Settings that the SDK adds; without the first two and `flattening_enabled` none of them does anything."""
_LOG_FORMAT: Final = "%(asctime)s | %(levelname)-8s | %(name)-27s | %(message)s"


@dataclass(frozen=True)
class Program:
    """A console script.

    Args:
        name: Its name.
        extra: What to install for it.
        engine: Module and class of its warehouse, which has `of(config)` and `errors`.
        target: Module and class of its target of the SDK.
        schema: The JSON schema of its settings.
    """

    name: str
    extra: str
    engine: tuple[str, str]
    target: tuple[str, str]
    schema: Mapping[str, Any]

    def __call__(self) -> None:
        """Run the program."""
        try:
            warehouse: type[Warehouse] = _named(self.engine)
            given = None if "SINGER_SDK_LOG_CONFIG" in os.environ else _read_config(sys.argv[1:])
            config = None if given is None else self._plain_settings(given)
            if given is None or config is None:
                _named(self.target).cli()
            else:
                self._load(warehouse, config, given)
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] not in {"duckdb", "psycopg"}:
                raise
            sys.stderr.write(
                f"{self.name} needs {missing.name}, which is not installed here: "
                f"pip install 'adtaps[{self.extra}]'\n"
            )
            sys.exit(1)

    def _plain_settings(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the settings of a load that asks for nothing of the SDK; None for any other.

        What is wrong with settings is left to the SDK's way to say.
        """
        known = self.schema["properties"]
        for setting, value in given.items():
            if setting in known:
                if not _fits(value, known[setting]):
                    return None
            elif setting in {"add_record_metadata", "stream_maps", "flattening_enabled"} and value:
                return None
        config = settings.filled(
            self.schema, {name: value for name, value in given.items() if name in known}
        )
        if config["validate_records"] or any(
            not config.get(name) for name in self.schema["required"]
        ):
            return None
        return config

    def _load(
        self, warehouse: type[Warehouse], config: Mapping[str, Any], given: Mapping[str, Any]
    ) -> None:
        logging.basicConfig(level=self._log_level(), format=_LOG_FORMAT, stream=sys.stderr)
        guard_logging()
        learn_settings(config, self.schema)
        log = logging.getLogger(self.name)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        self._warn(log, given)
        # Rows are made and forgotten by the hundred thousand, and none of them is a part of a circle.
        gc.freeze()
        gc.set_threshold(100_000)
        expected: tuple[type[Exception], ...] = (LoadError, OSError, *warehouse.errors)
        try:
            with ends_as_asked():
                loader = Loader(warehouse.of(config), batch_rows=config["batch_size_rows"], log=log)
                loader.read(None)
                loader.finish()
        except expected as error:
            log.error("%s", told(error))  # noqa: TRY400 - one line is asked for
            sys.exit(1)

    def _log_level(self) -> str:
        own = f"{self.name.upper().replace('-', '_')}_LOGLEVEL"
        level = (os.environ.get(own) or os.environ.get("LOGLEVEL") or "INFO").upper()
        return level if level in logging.getLevelNamesMapping() else "INFO"

    def _warn(self, log: logging.Logger, given: Mapping[str, Any]) -> None:
        """Log each setting that there is not, and each variable that sets nothing, as the SDK's way does."""
        everything = {
            "properties": {**{name: {} for name in SDK_SETTINGS}, **self.schema["properties"]}
        }
        unknown = unknown_settings(given, everything).values()
        for line in (*unknown, *odd_variables(self.name, everything)):
            log.warning("%s", line)


def _read_config(arguments: list[str]) -> dict[str, Any] | None:
    """Return what the one settings file holds; None if the command line has anything but one such."""
    match arguments:
        case ["--config", name] if name.upper() != "ENV":
            try:
                given = json.loads(Path(name).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return None
            return given if isinstance(given, dict) else None
        case _:
            return None


def _fits(value: object, rules: Mapping[str, Any]) -> bool:
    """Check whether a value is surely what a setting takes."""
    kind = rules["type"][0]
    if value is None:
        return "null" in rules["type"]
    if "enum" in rules:
        return value in rules["enum"]
    if kind == "string":
        return isinstance(value, str) and bool(value)
    if kind == "boolean":
        return isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and rules["minimum"] <= value <= rules.get("maximum", value)


def _stop(number: int, frame: FrameType | None) -> None:
    stop(logging.getLogger("adtap"), number, frame)


def _named(place: tuple[str, str]) -> Any:
    return getattr(importlib.import_module(place[0]), place[1])


duckdb: Final = Program(
    name="target-adtap-duckdb",
    extra="duckdb",
    engine=("adtap_loader.duckdb_engine", "DuckdbWarehouse"),
    target=("adtap_loader.duckdb_target", "TargetAdtapDuckdb"),
    schema=settings.DUCKDB,
)
postgres: Final = Program(
    name="target-adtap-postgres",
    extra="postgres",
    engine=("adtap_loader.postgres_engine", "PostgresWarehouse"),
    target=("adtap_loader.postgres_target", "TargetAdtapPostgres"),
    schema=settings.POSTGRES,
)
