"""The distribution, its pins and its files."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = {
    canonicalize_name(name): version
    for name, _, version in (
        line.partition("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
}


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git work tree: the list of tracked files is not known")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def needed(name, extras, seen):
    """Every distribution that installing `name` with `extras` brings, on this machine."""
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        other = canonicalize_name(requirement.name)
        state = (other, frozenset(requirement.extras))
        if state not in seen:
            seen.add(state)
            needed(other, set(requirement.extras), seen)
    return {name for name, _ in seen}


def test_everything_that_is_installed_is_pinned():
    """`make setup` gives the same versions next year: no dependency, near or far, is left open."""
    names = needed("adtaps", {"dev", "meltano", "parquet"}, set()) - {"adtaps"}
    assert sorted(names - set(PINS)) == []


def test_pins_are_names_and_versions_only():
    """A pin carries no address: whoever installs decides where from."""
    assert [name for name, version in PINS.items() if not re.fullmatch(r"[\w.+!]+", version)] == []


def test_pins_satisfy_what_the_project_asks_for():
    """The pinned versions are ones that the project says it works with."""
    asked = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        asked += extra
    wrong = [
        line
        for line in map(Requirement, asked)
        if line.name != "adtaps" and not line.specifier.contains(PINS[canonicalize_name(line.name)])
    ]
    assert wrong == []


OF_EXTRAS = ("duckdb", "meltano", "psycopg", "pyarrow", "starlette", "uvicorn")
WITHOUT = f"""
import sys
for name in {OF_EXTRAS!r}:
    sys.modules[name] = None
"""


def without_extras(script):
    """Run Python where nothing that an extra brings can be imported."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + script], capture_output=True, text=True, check=False
    )


def test_who_installs_the_taps_gets_the_taps():
    """No database, no web server, no Meltano; and all four taps tell what there is."""
    brought = needed("adtaps", set(), set())
    assert brought.isdisjoint(OF_EXTRAS)
    found = without_extras("""
from adtap_core.registry import load_tap, tap_names
for name in tap_names():
    print(name, len(load_tap(name)(config={}, validate_config=False).catalog_dict["streams"]))
""")
    assert found.returncode == 0, found.stderr
    counts = dict(line.split() for line in found.stdout.splitlines())
    assert counts.keys() == {"tap-atomx", "tap-adjust", "tap-terminalone", "tap-openx"}
    assert min(map(int, counts.values())) > 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["sandbox"],
            "the sandbox needs the packages starlette, uvicorn: pip install 'adtaps[sandbox]'",
        ),
        (["demo"], "pip install 'adtaps[duckdb,meltano,sandbox]'"),
        (
            ["status", "tap-adjust", "--warehouse", "duckdb:x.duckdb"],
            "--warehouse: a DuckDB file needs the package duckdb: pip install 'adtaps[duckdb]'",
        ),
        (
            ["status", "tap-adjust", "--warehouse", "postgresql://localhost/x"],
            "a PostgreSQL URL needs the package psycopg: pip install 'adtaps[postgres]'",
        ),
        (
            ["report", "--warehouse", "postgresql://localhost/x"],
            "a PostgreSQL URL needs the package psycopg: pip install 'adtaps[postgres]'",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments, words):
    """Whoever needs more than the taps reads what to install."""
    found = without_extras(f"from adtap_cli.main import main; main({arguments!r})")
    assert found.returncode != 0
    (line,) = found.stderr.strip().splitlines()
    assert words in line


def test_the_distribution_backoff_is_not_installed():
    """It and the SDK's python-backoff write the same files; one would overwrite the other."""
    assert "backoff" not in PINS
    with pytest.raises(PackageNotFoundError):
        distribution("backoff")


@pytest.mark.parametrize("script", sorted(PROJECT["project"]["scripts"]))
def test_each_script_leads_somewhere(script):
    """What an installation puts on PATH can be called."""
    (entry,) = entry_points(group="console_scripts", name=script)
    assert callable(entry.load())


def test_every_package_is_shipped_with_its_types():
    """A package that exists is in the wheel, and says that it is typed."""
    packages = sorted(path.parent.name for path in ROOT.glob("*tap_*/__init__.py"))
    assert sorted(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == packages
    assert [name for name in packages if not (ROOT / name / "py.typed").exists()] == []


def test_the_version_has_a_place_in_the_changelog():
    """Whoever upgrades finds what changed."""
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in log or f"## [{PROJECT['project']['version']}]" in log


def test_each_dependency_has_its_reason():
    """CONTRIBUTING says why each distribution is here."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Dependencies")[2]
    asked = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    for extra in PROJECT["project"]["optional-dependencies"].values():
        asked |= {Requirement(line).name for line in extra}
    missing = {name for name in asked if name not in table and not name.startswith("types-")}
    assert missing == {"adtaps"}


def test_no_module_outgrows_its_room():
    """A file of more than 600 lines is two files."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py"
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert long == {}


def test_no_file_speaks_of_the_machine_it_was_written_on():
    """Tracked files name no home directory, and no address of a package registry."""
    speaks = re.compile(
        r"(?<![\w.])/(?:home|root|Users)/\w|//[a-z.]*(?:py" r"pi|python" r"hosted)\.[a-z]+/"
    )
    written = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".txt", ""}
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path.suffix in written
        for match in speaks.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
