"""The taps and the loaders by name, imported only when asked for."""

import importlib
import json
import logging
from collections.abc import Collection, Iterator
from typing import Any, Final, cast

from singer_sdk.plugin_base import PluginBase

from adtap_core.registry import TapUnavailable, load_tap, tap_names
from adtap_core.tap import AdTap

log = logging.getLogger("adtaps.status")

TAPS: Final = ("tap-atomx", "tap-adjust", "tap-terminalone", "tap-openx")
"""This project's own, in the order of its pages; `adtap_core.registry` knows all that are installed."""
LOADERS: Final = {
    "target-adtap-duckdb": "adtap_loader.duckdb_target:TargetAdtapDuckdb",
    "target-adtap-postgres": "adtap_loader.postgres_target:TargetAdtapPostgres",
}
PLUGINS: Final = (*TAPS, *LOADERS)


def plugin_class(name: str) -> type[PluginBase]:
    """Return the class of a tap or of a loader, by its full name."""
    if name not in LOADERS:
        return load_tap(name)
    module, _, attribute = LOADERS[name].partition(":")
    return cast("type[PluginBase]", getattr(importlib.import_module(module), attribute))


def settings_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a plugin's settings, with what the SDK adds to them."""
    cls = plugin_class(name)
    schema: dict[str, Any] = json.loads(json.dumps(cls.config_jsonschema))  # the SDK adds in place
    cls.append_builtin_config(schema)
    return schema


def tap_class(name: str) -> type[AdTap]:
    """Return the class of an installed tap; `adjust` means `tap-adjust`.

    Raises:
        LookupError: No installed tap has this name; the message lists those that have one.
        TapUnavailable: It can't be loaded; the message says what to install.
    """
    return load_tap(name)


def installed() -> Iterator[type[AdTap]]:
    """Yield the installed taps; one that can't be loaded is said and left out."""
    for name in tap_names():
        try:
            yield load_tap(name)
        except TapUnavailable as error:
            log.warning("%s", error)


def guessed(streams: Collection[str]) -> type[AdTap] | None:
    """Return the installed tap that has most of some streams; None if that can't be told."""
    kinds = list(installed())
    known = [
        sum(entry.name in streams for entry in (*kind.entities, *kind.reports)) for kind in kinds
    ]
    best = max(known, default=0)
    return kinds[known.index(best)] if best and known.count(best) == 1 else None
