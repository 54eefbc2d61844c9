"""A platform of another repository: the example, and what `adtap new` writes of it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from adtap_cli.new import skeleton_files
from tests import programs
from tests.running import ROOT

EXAMPLE = ROOT / "examples" / "tap_pixelyard"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The skeleton of a platform `quillbay`, its entry point known to a Python beside ours.

    Its distribution is written by hand where an installer would write it, so that no network is needed.
    """
    folder = tmp_path_factory.mktemp("quillbay")
    made = run("-m", "adtap_cli", "new", "quillbay", "--folder", str(folder / "tap_quillbay"))
    assert made.returncode == 0, made.stderr
    info = folder / "site" / "tap_quillbay-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tap-quillbay\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[adtaps.taps]\ntap-quillbay = tap_quillbay.tap:TapQuillbay\n"
        "tap-broken = tap_broken.tap:TapBroken\n"
    )
    path = os.pathsep.join([str(folder / "site"), str(folder / "tap_quillbay")])
    return folder / "tap_quillbay", {**os.environ, "PYTHONPATH": path}


@pytest.fixture
def copied(installed, tmp_path) -> tuple[Path, dict[str, str]]:
    """The package of a copy of that tap, which may be spoilt, and the variables with which it is found instead."""
    folder, env = installed
    copy = tmp_path / "tap_quillbay"
    shutil.copytree(folder, copy)
    paths = env["PYTHONPATH"].replace(str(folder), str(copy))
    return copy / "tap_quillbay", {**env, "PYTHONPATH": paths}


def run(*arguments: str, cwd: Path = ROOT, env=None) -> subprocess.CompletedProcess[str]:
    if arguments[:2] == ("-m", "adtap_cli"):
        return programs.companion_run(*arguments[2:], folder=cwd, environment=env)
    if arguments[:2] == ("-m", "pytest"):
        return programs.FORKS.run(
            "tests.programs:suite", arguments[2:], folder=cwd, environment=env, name="pytest"
        )
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=env,
        timeout=250, check=False,
    )  # fmt: skip


def test_the_examples_tap_is_short():
    """A newcomer's tap is at most 90 lines of Python."""
    lines = [
        line
        for path in (EXAMPLE / "tap_pixelyard").glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert 0 < len(lines) <= 90


def test_a_new_tap_passes_the_contract_suite(installed):
    """What `adtap new` writes runs as it is: 14 promises of the contract, kept."""
    folder, env = installed
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=folder, env=env)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "14 passed" in done.stdout


def test_the_suite_finds_planted_defects(installed, tmp_path):
    """A day lost, a currency lost and pages cut short are each found, or the suite would prove nothing."""
    folder, env = installed
    defects = {
        "a day less": ("client", "last.isoformat()", '(last - __import__("datetime").timedelta(1)).isoformat()'),
        "settled at once": ("streams", "source=", "settle_days=0, source="),
        "one page only": ("client", 'pages_at="meta.pages", size=60', "size=1000, size_parameter=None"),
    }  # fmt: skip
    found = {}
    for name, (room, good, bad) in defects.items():
        copy = tmp_path / name.replace(" ", "_")
        shutil.copytree(folder, copy)
        place = copy / "tap_quillbay" / f"{room}.py"
        text = place.read_text(encoding="utf-8")
        assert good in text, name
        place.write_text(text.replace(good, bad), encoding="utf-8")
        mine = {**env, "PYTHONPATH": str(copy)}
        done = run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests", cwd=copy, env=mine)  # fmt: skip
        found[name] = done.returncode
    assert found == {"a day less": 1, "settled at once": 1, "one page only": 1}


def test_the_companion_serves_it_without_an_edit(installed, tmp_path):
    """check, plan, explain, status and views answer for a tap of another distribution."""
    folder, env = installed
    server = """
import json, sys
sys.path[:0] = ["tests"]
from test_contract import QuillbayServer
with QuillbayServer() as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", server], cwd=folder, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            config = tmp_path / "config.json"
            settings = {"api_token": "canary-quillbay-token", "api_url": f"{url}/v1", "start_date": "2026-03-09"}  # fmt: skip
            config.write_text(json.dumps(settings))
            told = {
                "check": run("-m", "adtap_cli", "check", "tap-quillbay", "--config", str(config), "--streams", env=env),
                "plan": run("-m", "adtap_cli", "plan", "tap-quillbay", "--config", str(config), env=env),
                "explain": run("-m", "adtap_cli", "explain", "tap-quillbay", "delivery_daily", env=env),
                "views": run("-m", "adtap_cli", "views", "quillbay", env=env),
            }  # fmt: skip
            synced = run("-m", "tap_quillbay", "--config", str(config), env=env)  # fmt: skip
        finally:
            process.communicate("")
    for name, done in told.items():
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    assert "delivery_daily" in told["check"].stdout
    assert "delivery_daily" in told["plan"].stdout
    assert "tap_quillbay.current_delivery_daily" in told["views"].stdout.replace('"', "")
    assert synced.returncode == 0, synced.stderr
    state = tmp_path / "state.json"
    state.write_text([line for line in synced.stdout.splitlines() if '"STATE"' in line][-1])
    status = run("-m", "adtap_cli", "status", "tap-quillbay", "--state", str(state), env=env)
    assert status.returncode == 0, status.stderr
    assert "delivery_daily" in status.stdout


def test_a_tap_that_cannot_be_loaded_is_one_line_and_others_are_unaffected(installed):
    """The line says what is not installed; the exit code is not 0, there is no traceback."""
    _, env = installed
    done = run("-m", "adtap_cli", "explain", "tap-broken", "x", env=env)
    assert done.returncode != 0
    assert "the module tap_broken is not installed" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("-m", "adtap_cli", "explain", "tap-adjust", "apps", env=env).returncode == 0


def test_what_a_new_tap_depends_on_is_installed(installed):
    """`pip install -e .` finds adtaps as it is here: a version that nobody published would end it."""
    folder, _ = installed
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (needed,) = map(Requirement, project["dependencies"])
    assert needed.name == "adtaps"
    assert needed.specifier.contains(version("adtaps"))


def test_a_tap_whose_code_fails_is_one_line(copied):
    """The error and that it is the tap's: no traceback, no advice to install it again."""
    package, env = copied
    client = package / "client.py"
    good = client.read_text(encoding="utf-8")
    for code, said in {
        good.replace("currency_at =", "currency_ta ="): "TypeError: Quillbay.currency_ta is read by nobody; did you mean currency_at?",
        good.replace("base_url =", "address ="): "AttributeError: type object 'Quillbay' has no attribute 'base_url'",
        f"{good}\nx = (\n": "SyntaxError: '(' was never closed (client.py",
    }.items():  # fmt: skip
        client.write_text(code, encoding="utf-8")
        done = run("-m", "adtap_cli", "explain", "tap-quillbay", "campaigns", env=env)
        assert done.returncode == 1
        assert said in done.stderr
        assert "a defect of this tap" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_an_error_inside_a_tap_is_not_called_one_of_ours(copied):
    """Whoever reads the line knows where to report it."""
    package, env = copied
    client = package / "client.py"
    text = client.read_text(encoding="utf-8")
    client.write_text(text.replace('"from": first.isoformat()', '"from": first.isofromat()'))
    done = run("-m", "adtap_cli", "explain", "tap-quillbay", "delivery_daily", env=env)
    assert done.returncode == 1
    assert "Unexpected AttributeError" in done.stderr
    assert done.stderr.strip().endswith("(a defect of tap_quillbay)")


def test_a_schema_that_is_missing_is_the_taps_fault_and_names_its_package(copied):
    """Whoever reads the line knows whose files are damaged: not those of adtaps."""
    package, env = copied
    (package / "schemas" / "campaigns.json").unlink()
    for command in (
        ("-m", "adtap_cli", "explain", "tap-quillbay", "campaigns"),
        ("-m", "tap_quillbay", "--discover"),
    ):
        done = run(*command, env=env)
        assert done.returncode == 1
        assert "schemas/campaigns.json is missing in the package tap_quillbay" in done.stderr
        assert "a defect of that tap" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_skeleton_bears_its_name_everywhere():
    """No trace of the example's name is left in what somebody else starts from."""
    files = skeleton_files("quillbay")
    assert Path("tap_quillbay/tap.py") in files
    assert all("ixelyard" not in f"{path}{text}" for path, text in files.items())


@pytest.mark.parametrize("name", ["", "9lives", "two words", "Ünder"])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    """One line, exit code 2, nothing written."""
    done = run("-m", "adtap_cli", "new", name, cwd=tmp_path)
    assert done.returncode == 2
    assert "no platform's name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_with_signs_is_answered_with_one_without(tmp_path):
    """Platforms have names of several words; a package's is one."""
    done = run("-m", "adtap_cli", "new", "The-Trade-Desk", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean thetradedesk?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    """The file and the reason, no traceback."""
    file = tmp_path / "file"
    file.touch()
    done = run("-m", "adtap_cli", "new", "quillbay", "--folder", str(file / "tap"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"--folder: {file}/tap/")
    assert line.endswith(" can't be written: Not a directory")


def test_the_page_shows_the_example_as_it_is():
    """Every file that docs/add-a-platform.md shows is the one that the tests run."""
    page = (ROOT / "docs" / "add-a-platform.md").read_text(encoding="utf-8")
    shown = [
        "tap_pixelyard/client.py",
        "tap_pixelyard/streams.py",
        "tap_pixelyard/tap.py",
        "tap_pixelyard/__main__.py",
        "tap_pixelyard/schemas/campaigns.json",
        "tests/test_contract.py",
        "pyproject.toml",
    ]
    for name in shown:
        text = (EXAMPLE / name).read_text(encoding="utf-8").strip()
        assert text in page, f"{name} is not shown as it is"


def test_the_example_imports_what_the_page_says_a_tap_may_rely_on():
    """Each module of the page's list is there, and the example needs no other one."""
    page = (ROOT / "docs" / "add-a-platform.md").read_text(encoding="utf-8")
    _, _, said = page.partition("These modules are made for taps of others: ")
    modules = set(re.findall(r"`(adtap_[a-z_.]+)`", said.partition(". A change")[0]))
    assert len(modules) > 10
    for module in modules:
        import_module(module)
    code = "".join(path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.py"))
    assert set(re.findall(r"^from (adtap_[a-z_.]+) import", code, re.MULTILINE)) <= modules
