"""The companion command line `adtap`."""

import subprocess
import sys
from pathlib import Path

import pytest

from adtap_cli.taps import TAPS, tap_class

BIN = Path(sys.executable).parent


def run(*arguments):
    return subprocess.run(arguments, text=True, capture_output=True, check=False)


def test_help_names_every_subcommand():
    """`adtap --help` answers with a line for each subcommand."""
    done = run(BIN / "adtap", "--help")
    assert done.returncode == 0, done.stderr
    listed = {
        line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line
    }
    assert {"demo", "sandbox"} <= listed


def test_help_does_not_import_the_sdk():
    """`adtap --help` is quick: it imports neither the SDK, nor a tap, nor DuckDB."""
    code = (
        "import sys\n"
        "from adtap_cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(sorted({'singer_sdk', 'adtap_core', 'duckdb', 'requests'} & set(sys.modules)))\n"
    )
    done = run(sys.executable, "-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_an_unknown_subcommand_is_refused_by_name():
    """A typing error ends with the usage's exit code and the word that was wrong."""
    done = run(BIN / "adtap", "sandbok")
    assert done.returncode == 2
    assert "sandbok" in done.stderr
    assert "Traceback" not in done.stderr


def test_sandbox_hands_its_arguments_on():
    """`adtap sandbox --help` is the sandbox's own help, not the companion's."""
    done = run(BIN / "adtap", "sandbox", "--help")
    own = run(sys.executable, "-m", "adtap_sandbox", "--help")
    assert (done.returncode, done.stdout) == (own.returncode, own.stdout)
    assert "--port" in done.stdout


@pytest.mark.parametrize("name", TAPS)
def test_each_tap_is_found_under_its_name(name):
    """The class behind a name is the tap that calls itself so."""
    assert tap_class(name).name == name
    assert tap_class(name.removeprefix("tap-")) is tap_class(name)


def test_an_unknown_tap_is_answered_with_those_that_exist():
    """Whoever mistypes a tap's name gets the names."""
    with pytest.raises(LookupError, match="tap-adjust, tap-atomx, tap-openx, tap-terminalone"):
        tap_class("tap-facebook")
