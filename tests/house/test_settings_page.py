"""`docs/settings.md` and our plugins say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from adtap_cli import settings_page
from adtap_cli.taps import PLUGINS, settings_schema

ROOT = Path(__file__).parents[2]


def test_the_page_is_as_the_plugins_settings_say():
    """What `python -m adtap_cli.settings_page` would write is what stands there."""
    page = str(ROOT / "docs" / "settings.md")
    done = CliRunner().invoke(settings_page.main, ["--check", page])
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("name", PLUGINS)
def test_every_setting_has_its_line(name):
    """No setting is left out, neither a tap's own nor one that all taps share."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    shared = page.partition("## All taps\n")[2].partition("\n## ")[0]
    own = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
    lines = [*shared.splitlines(), *own.splitlines()]
    missing = {
        setting
        for setting in settings_schema(name)["properties"]
        if not any(line.startswith((f"| `{setting}`", f"| **`{setting}`**")) for line in lines)
    }
    assert missing == set()


def test_what_all_taps_share_stands_once_and_what_differs_stands_with_each():
    """One word of difference is enough to give a setting to each tap."""
    zone = {"type": "string", "description": "UTC."}
    taps = ("tap-atomx", "tap-adjust", "tap-terminalone", "tap-openx")
    retries = {"type": "integer", "description": "Tries | more."}
    schemas = {tap: {"properties": {"max_retries": retries, "time_zone": zone}} for tap in taps}
    schemas["tap-openx"] = {
        "properties": {"max_retries": retries, "time_zone": {**zone, "description": "Network's."}},
        "required": ["time_zone"],
    }
    page = settings_page.page(schemas)
    assert page.count("`max_retries`") == 1
    assert "Tries \\| more." in page
    assert page.count("| `time_zone` |") == 3
    assert "| **`time_zone`** | string |  | Network's. |" in page.partition("## tap-openx")[2]
