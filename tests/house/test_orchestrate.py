"""The files for orchestrators, without one: they parse, they ask `adtap shards` for what it knows, their maths hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adtap_cli.main import main
from adtap_core import errors
from tests.running import ROOT

FOLDER = ROOT / "orchestrate"
FILES = sorted(FOLDER.rglob("*.py"))

with pytest.MonkeyPatch.context() as patch:  # as a DAG's folder is put on the path
    patch.syspath_prepend(str(FOLDER))
    from adtap_run import FINAL, Ended, Outcome, Project, own_folder


def imported(tree: ast.Module) -> set[str]:
    """Return the first names of all modules that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_a_file_parses_and_imports_nothing_of_ours(file: Path) -> None:
    """It runs in the orchestrator's environment, where the taps are not; a DAG factory is short enough to be read."""
    text = file.read_text(encoding="utf-8")
    names = imported(ast.parse(text))
    assert not {n for n in names if n.startswith(("adtap_", "tap_")) and n != "adtap_run"}
    if file.name != "adtap_run.py":
        assert len(text.splitlines()) <= (200 if "airflow" in file.parts else 280)


def test_the_options_that_are_used_are_there() -> None:
    """What a file passes to `adtap shards` is in its help."""
    known = CliRunner().invoke(main, ["shards", "--help"]).output
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        for option in re.findall(r"--(?:from|to|grain|meltano|count|at-once)\b", text):
            assert option in known, (file.name, option)


def test_exit_codes_that_stay_are_the_taps_own() -> None:
    """Settings, login and refusals end the same way however often they are tried; all else may pass."""
    assert set(FINAL) == {errors.SETTINGS_EXIT, errors.CREDENTIALS_EXIT, errors.REFUSED_EXIT}
    for code in (1, 143, 130, -9, 137):
        assert not Outcome(code).is_final
    assert "the login was refused" in str(Ended(Outcome(errors.CREDENTIALS_EXIT, ["tap: no"])))


def test_what_makes_the_tables_reads_nothing() -> None:
    """A backfill of a day that is not yet, with a state id of its own for each load."""
    project = Project(folder=".", tap="tap-adjust", target="target-postgres", bin="bin")
    one, other = (project.tables(name)["runs"][0] for name in ("a", "b"))
    assert one["state_id_suffix"] != other["state_id_suffix"]
    assert set(one["environment"]) == {"TAP_ADJUST_BACKFILL"}


def test_a_run_has_its_own_place_for_what_meltano_keeps_by_the_taps_name(tmp_path: Path) -> None:
    """Two runs of one tap at once share what is installed, and not the folder of catalogs and states."""
    shared = tmp_path / ".meltano"
    for name in ("run", "extractors"):
        (shared / name).mkdir(parents=True)
    with own_folder(shared) as one, own_folder(shared) as other:
        Path(one, "run").mkdir()
        Path(one, "extractors", "installed").touch()
        assert not Path(other, "run").exists()
        assert Path(other, "extractors", "installed").exists()
    assert (shared / "extractors" / "installed").exists()


def test_the_page_names_files_that_are_there() -> None:
    """And what it says of `make` is a target."""
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    for path in re.findall(r"`(orchestrate/[\w./]+)`", page):
        assert (ROOT / path).exists(), path
    makefile: Any = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "test-orchestrators:" in makefile


def test_it_runs_on_an_orchestrators_python() -> None:
    """Imported by itself, with nothing but the standard library on the path."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(FOLDER)!r}); import adtap_run"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
