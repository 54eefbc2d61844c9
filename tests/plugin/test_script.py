"""Console scripts: a signal ends one while it is still being imported."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCRIPTS = PROJECT["scripts"]
EXAMPLE = "tap-pixelyard"
IMPORTED = (
    "import time:"  # how Python begins the line that it writes when a module has been imported
)


def stopped(
    number: int, command: list[str], entry: str, modules: int, folder: Path
) -> tuple[int, list[str]]:
    """Start a program, send a signal once it has imported so many modules, and return its code and what it said.

    Args:
        number: The signal.
        command: The program.
        entry: The module of its entry point: what is imported after it is counted.
        modules: How many.
        folder: Where it runs.
    """
    traced = {
        **os.environ,
        "PYTHONPROFILEIMPORTTIME": "1",
        "PYTHONPATH": str(ROOT / "examples" / "tap_pixelyard"),
    }
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env=traced, cwd=folder,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        left = None
        said = []
        for line in process.stderr:
            if not line.startswith(IMPORTED):
                said.append(line)
            elif left is None:
                left = modules if line.split("|")[-1].strip() == entry else None
            else:
                left -= 1
                if left == 0:
                    process.send_signal(number)
    assert left is not None
    assert left <= 0, "it ended before"
    return process.returncode, said


def written(script: str, folder: Path) -> tuple[list[str], str]:
    """Write a script as an installer does; its command and the module of its entry point."""
    module, _, function = SCRIPTS.get(script, "tap_pixelyard.__main__:main").partition(":")
    path = folder / script
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
    )
    path.chmod(0o755)
    return [str(path)], module


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("modules", [1, 30])
@pytest.mark.parametrize("script", sorted({*SCRIPTS, EXAMPLE} - {"adtap"}))
def test_a_signal_during_imports_ends_a_script_in_one_line(script, modules, number, code, tmp_path):
    """From the first module on that the program needs: the signal's code, one line, no traceback."""
    command, entry = written(script, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"path": "x.duckdb"}))
    ended = stopped(number, [*command, "--config", "config.json"], entry, modules, tmp_path)
    assert ended == (code, [f"{script}: stopped by {number.name} before it began\n"])


@pytest.mark.parametrize("modules", [1, 30, 100, 400])
def test_ctrl_c_during_imports_ends_the_companion_in_one_line(modules, tmp_path):
    """Its own imports and those of a subcommand."""
    command, entry = written("adtap", tmp_path)
    code, said = stopped(signal.SIGINT, [*command, "check", "tap-openx"], entry, modules, tmp_path)
    assert code == 130
    assert said in (
        ["adtap: stopped by SIGINT before it began\n"],
        ["adtap: stopped\n"],
        ["adtap check: stopped\n"],
    )


@pytest.mark.parametrize("package", ["adtap_cli", "tap_pixelyard", *(e.partition(".")[0] for s, e in SCRIPTS.items() if s.startswith("tap-"))])  # fmt: skip
def test_python_m_is_the_script(package, tmp_path):
    """`python -m tap_openx` is `tap-openx`."""
    name = {"adtap_cli": "adtap"}.get(package, package.replace("_", "-"))
    ended = stopped(
        signal.SIGINT, [sys.executable, "-m", package], "adtap_plugin.script", 1, tmp_path
    )
    assert ended == (130, [f"{name}: stopped by SIGINT before it began\n"])


@pytest.mark.parametrize("module", ["adtap_cli.main", "tap_terminalone.tap"])
def test_modules_that_were_programs_still_are(module):
    """A job that starts one does not end with 0, having done nothing."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--no-such-option"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "No such option" in done.stderr


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_an_entry_point_imports_next_to_nothing(script):
    """What it imports itself is the time in which Ctrl-C is still a traceback."""
    module, _, function = SCRIPTS[script].partition(":")
    code = f"import sys; old = {{*sys.modules}}; import {module}; print(callable({module}.{function}), *({{*sys.modules}} - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    is_program, *imported = done.stdout.split()
    assert is_program == "True"
    assert {"adtap_plugin.script", module} <= {*imported}
    assert {"click", "logging", "singer_sdk", "typing"}.isdisjoint(imported)
