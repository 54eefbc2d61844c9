"""`docs/settings.md`, the README and our plugins say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from adtap_cli import settings_page
from adtap_cli.taps import PLUGINS, settings_schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "settings.md"
README = ROOT / "README.md"


def own(name):
    """The part of the page about one plugin."""
    return PAGE.read_text(encoding="utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]


def test_the_page_is_as_the_plugins_settings_say():
    """What `python -m adtap_cli.settings_page` would write is what stands there."""
    done = CliRunner().invoke(settings_page.main, ["--check", str(PAGE), str(README)])
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("name", PLUGINS)
def test_the_table_is_the_one_that_about_prints(name):
    """A reader of the page and a reader of `--about --format=markdown` see the same table."""
    script = Path(sys.executable).with_name(name)
    done = subprocess.run(
        [script, "--about", "--format=markdown"], text=True, capture_output=True, check=True
    )
    printed = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert [line for line in own(name).splitlines() if line.startswith("|")] == printed
    readme = README.read_text(encoding="utf-8").partition(f"<code>{name}</code>")[2]
    folded = readme.partition("</details>")[0]
    assert [line for line in folded.splitlines() if line.startswith("|")] == printed


@pytest.mark.parametrize("name", PLUGINS)
def test_every_setting_has_its_line(name):
    """No setting is left out, and every secret is named as one."""
    settings = settings_schema(name)["properties"]
    assert [one for one in settings if f"\n| {one} |" not in own(name)] == []
    first = own(name).partition("\n|")[0]
    assert [s for s, one in settings.items() if one.get("secret") and f"`{s}`" not in first] == []


def test_a_page_that_is_behind_is_refused(tmp_path):
    """Whoever changes a setting and not the page is told which command writes it."""
    old = tmp_path / "settings.md"
    for page in (PAGE, README):
        text = page.read_text(encoding="utf-8")
        old.write_text(text.replace("| max_retries |", "| retries |"))
        files = [str(PAGE), str(old)] if page is README else [str(old), str(README)]
        done = CliRunner().invoke(settings_page.main, ["--check", *files])
        assert done.exit_code == 1
        assert "python -m adtap_cli.settings_page" in done.output
