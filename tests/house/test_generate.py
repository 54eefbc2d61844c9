"""`make generate`: one command writes every generated file, and says which are out of date."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from adtap_cli import generate

ROOT = Path(__file__).parents[2]
FOLDERS = ("plugins", "hub", "docs/reference", "transform")


@pytest.fixture
def copy(tmp_path):
    """The generated files of this repository, in a folder of their own."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder, *arguments):
    return CliRunner().invoke(generate.main, [f"--root={folder}", *arguments])


def test_every_generated_file_is_as_the_plugins_say():
    """What `make generate` would write is what stands there."""
    done = run(ROOT, "--check")
    assert (done.exit_code, done.output) == (0, "")


DRIFTED = {
    "plugins/tap-adjust.meltano.yml": ("name: api_token", "name: token"),
    "hub/extractors/tap-openx/adtaps.yml": ("name: email", "name: mail"),
    "docs/reference/settings.md": ("| max_retries |", "| retries |"),
    "docs/reference/streams.md": ("`sites`", "`site`"),
    "docs/reference/joins.md": ("site_uid", "site_id"),
    "docs/reference/diagrams/openx.svg": ("site_uid", "site_id"),
    "transform/models/staging/openx/stg_openx__sites.sql": (
        "['name', 'text']",
        "['title', 'text']",
    ),
    "transform/models/staging/openx/openx_models.yml": (
        "- name: publisher_site_id",
        "- name: site",
    ),
    "transform/models/intermediate/int_openx__inventory_daily.sql": (
        "market_impressions",
        "clicks",
    ),
}
"""Of each kind of generated file one, and what somebody puts into the place of what."""


@pytest.mark.parametrize("file", DRIFTED)
def test_a_file_that_is_out_of_date_is_named_and_put_right(copy, file):
    """Whoever changes a declaration and not the files is told which, and which command writes them."""
    old, new = DRIFTED[file]
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    done = run(copy, "--check")
    assert done.exit_code == 1
    assert f"{file} would be written" in done.output
    assert "run: make generate" in done.output
    assert run(copy).output == f"{file} written\n"
    assert (copy / file).read_text(encoding="utf-8") == text


def test_what_a_plugin_that_is_gone_left_behind_is_removed(copy):
    """A definition that no plugin makes any more would still be included by meltano.yml."""
    left = copy / "plugins/tap-gone.meltano.yml"
    left.write_text("plugins: {}\n", encoding="utf-8")
    done = run(copy, "--check")
    assert (done.exit_code, left.exists()) == (1, True)
    assert "plugins/tap-gone.meltano.yml would be removed" in done.output
    assert run(copy).exit_code == 0
    assert not left.exists()


def test_every_generated_file_says_so_in_its_first_line():
    """Nobody edits by hand what the next run writes over; pictures are no place for words."""
    for path in generate.files():
        if path.suffix != ".svg":
            first = (ROOT / path).read_text(encoding="utf-8").splitlines()[0]
            assert "make generate" in first, path


def test_make_generate_runs_the_same_command():
    """The word in the README's and CONTRIBUTING's sense is a target of the Makefile."""
    done = subprocess.run(
        ["make", "-n", "generate"], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert "python -m adtap_cli.generate" in done.stdout
