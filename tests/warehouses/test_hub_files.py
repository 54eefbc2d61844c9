"""The definitions in `hub/` and our plugins say the same, in the hub's own words."""

from pathlib import Path

import pytest
import yaml

from adtap_cli import hub_files
from adtap_cli.taps import PLUGINS, TAPS, plugin_class

ROOT = Path(__file__).parents[2]

# From MeltanoHub's schemas of extractors, loaders and settings, read 2026-11-22; both are closed.
REQUIRED = {"name", "namespace", "variant", "label", "quality"}
KEYS = REQUIRED | {
    "pip_url", "description", "executable", "settings", "docs", "repo", "logo_url", "hidden", "python",
    "settings_group_validation", "commands", "capabilities", "metadata", "schema", "select",
    "maintenance_status", "domain_url", "keywords", "requires", "definition", "next_steps",
    "settings_preamble", "usage", "prereq", "supported_python_versions", "log_parser",
}  # fmt: skip
LOADER_KEYS = KEYS | {"dialect", "target_schema"}
SETTING_KEYS = {
    "name", "aliases", "label", "value", "placeholder", "kind", "description", "tooltip",
    "documentation", "env", "value_processor", "value_post_processor", "oauth", "options", "docs",
    "hidden", "sensitive",
}  # fmt: skip
KINDS = {
    "oauth", "hidden", "password", "date_iso8601", "file", "email", "integer", "options", "object",
    "array", "boolean", "string", "decimal",
}  # fmt: skip
CAPABILITIES = {
    "properties", "catalog", "discover", "state", "about", "stream-maps", "schema-flattening",
    "activate-version", "batch", "test", "log-based", "structured-logging",
}  # fmt: skip


@pytest.fixture(params=PLUGINS)
def plugin(request):
    """A plugin's name and its definition."""
    file = ROOT / "hub" / hub_files.place(request.param)
    return request.param, yaml.safe_load(file.read_text(encoding="utf-8"))


def test_no_key_is_one_that_the_hub_does_not_know(plugin):
    """The hub's schemas are closed: an unknown key, kind or capability is refused there."""
    name, read = plugin
    assert set(read) <= (KEYS if name in TAPS else LOADER_KEYS)
    assert set(read) >= REQUIRED
    assert set(read["capabilities"]) <= CAPABILITIES
    for setting in read["settings"]:
        assert set(setting) <= SETTING_KEYS
        assert setting["kind"] in KINDS
        assert ("options" in setting) is (setting["kind"] == "options")


def test_settings_and_secrets_are_the_plugins_own(plugin):
    """Every setting of the plugin and no other; what is secret is sensitive."""
    name, read = plugin
    schema = dict(plugin_class(name).config_jsonschema)
    own = set(schema["properties"])
    named = {setting["name"]: setting for setting in read["settings"]}
    assert own <= set(named)
    assert {n for n, s in named.items() if s.get("sensitive")} == {
        n for n in own if schema["properties"][n].get("secret")
    }
    for group in read["settings_group_validation"]:
        assert set(group) <= set(named)
