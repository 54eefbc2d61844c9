"""The four taps and the loader by name, imported only when asked for."""

from __future__ import annotations

import importlib
import json
from typing import Any, cast

from singer_sdk import Tap
from singer_sdk.plugin_base import PluginBase

TAPS = {
    "tap-atomx": "tap_atomx.tap:TapAtomx",
    "tap-adjust": "tap_adjust.tap:TapAdjust",
    "tap-terminalone": "tap_terminalone.tap:TapTerminalOne",
    "tap-openx": "tap_openx.tap:TapOpenx",
}
LOADER = {"target-adtap-duckdb": "adtap_duckdb.target:TargetAdtapDuckdb"}
PLUGINS = TAPS | LOADER


def plugin_class(name: str) -> type[PluginBase]:
    """The class of a tap or of the loader, by its full name."""
    module, _, attribute = PLUGINS[name].partition(":")
    return cast("type[PluginBase]", getattr(importlib.import_module(module), attribute))


def settings_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a plugin's settings, with what the SDK adds to them."""
    cls = plugin_class(name)
    schema: dict[str, Any] = json.loads(json.dumps(cls.config_jsonschema))  # the SDK adds in place
    cls.append_builtin_config(schema)
    return schema


def tap_class(name: str) -> type[Tap]:
    """The class of a tap.

    Args:
        name: As on the command line, `tap-adjust`; `adjust` is understood too.

    Raises:
        LookupError: No tap has this name; the message lists those that exist.
    """
    full = name if name.startswith("tap-") else f"tap-{name}"
    if full not in TAPS:
        raise LookupError(f"no tap is called {name!r}; there are {', '.join(TAPS)}")
    return cast("type[Tap]", plugin_class(full))
