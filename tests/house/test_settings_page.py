"""`docs/reference/settings.md` and our plugins say the same, and no other page has the tables."""

from pathlib import Path

import pytest

from adtap_cli.taps import PLUGINS, settings_schema
from tests import programs

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"


def own(name):
    """The part of the page about one plugin."""
    return PAGE.read_text(encoding="utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", PLUGINS)
def test_the_table_is_the_one_that_about_prints(name):
    """A reader of the page and a reader of `--about --format=markdown` see the same table."""
    done = programs.run(name, ["--about", "--format=markdown"])
    assert done.returncode == 0, done.stderr
    printed = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert [line for line in own(name).splitlines() if line.startswith("|")] == printed


@pytest.mark.parametrize("name", PLUGINS)
def test_every_setting_has_its_line(name):
    """No setting is left out, and every secret is named as one."""
    settings = settings_schema(name)["properties"]
    assert [one for one in settings if f"\n| {one} |" not in own(name)] == []
    first = own(name).partition("\n|")[0]
    assert [s for s, one in settings.items() if one.get("secret") and f"`{s}`" not in first] == []


def test_the_tables_stand_on_one_page_only():
    """A setting's meaning is written once: not in the README, not on a page written by hand."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")]
    assert [p for p in pages if "| Setting | Required |" in p.read_text(encoding="utf-8")] == [PAGE]
