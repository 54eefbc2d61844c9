"""The two words that run everything, on machines where something is missing."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path):
    """What `make setup` looks at, in a folder without an environment."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def machine(tmp_path_factory):
    """A PATH with the usual programs and no Python."""
    folder = tmp_path_factory.mktemp("bin")
    link(folder, "make", "sh", "touch", "sed", "grep", "awk")
    return folder


def python(machine, name, script):
    """Put a program on PATH that is called like a Python."""
    program = machine / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def link(machine, *names):
    """Put real programs on PATH."""
    for name in names:
        (machine / name).symlink_to(shutil.which(name))


def make(clone, machine, *arguments, **environ):
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env={"PATH": str(machine), "HOME": str(clone), **environ},
        text=True,
        capture_output=True,
        check=False,
    )


# Says yes to every question, and keeps what it was told to do.
GOOD = 'echo "$0 $*" >> calls; case "$*" in *"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; esac'


def test_no_python_is_said_in_one_line(clone, machine):
    """Without a Python nothing is tried; the line says which version is needed."""
    done = make(clone, machine, "setup")
    assert done.returncode != 0
    assert "adtaps needs Python 3.11 or newer, and none was found on PATH" in done.stderr
    assert not (clone / ".venv").exists()


def test_an_old_python_is_named(clone, machine):
    """Whoever names a Python that is too old is told so, by its name."""
    python(machine, "python3.10", "exit 1")
    done = make(clone, machine, "setup", "PYTHON=python3.10")
    assert done.returncode != 0
    assert "python3.10 is not or does not run" in done.stderr


def test_a_name_on_path_that_does_not_run_is_passed_over(clone, machine):
    """Version managers leave names on PATH that fail; the next that works is taken."""
    link(machine, "mkdir", "cp")
    python(machine, "python3", "exit 127")
    python(machine, "python3.12", GOOD)
    done = make(clone, machine, "setup")
    assert done.returncode == 0, done.stderr
    calls = (clone / "calls").read_text()
    assert "python3.12 -m venv .venv" in calls
    assert "-m pip install -c constraints.txt -e .[dev,meltano]" in calls


# A pip that collects 30 packages, and fails if it is told to.
PIP = """case "$*" in
*"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
*"pip install"*)
  i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "Collecting package-$i"; echo "  Downloading it"; done
  [ -e broken ] && { echo "ERROR: No matching distribution found for package-31"; exit 1; }
  echo "Installing collected packages: a, b";;
esac"""


@pytest.fixture
def pip(machine):
    """A Python whose pip does as above."""
    link(machine, "mkdir", "cp")
    python(machine, "python3", PIP)


def test_setup_shows_that_it_works(clone, machine, pip):
    """Every tenth package is a line: nobody takes four silent minutes for a machine that hangs."""
    done = make(clone, machine, "setup")
    assert done.returncode == 0, done.stderr
    count = sum("==" in line for line in (clone / "constraints.txt").read_text().splitlines())
    assert [line for line in done.stdout.splitlines() if line.startswith("  ")] == [
        *(f"  {n} of about {count}" for n in (10, 20, 30)),
        "  unpacking them",
    ]


def test_a_setup_that_fails_shows_pips_last_words_and_is_tried_again(clone, machine, pip):
    """What was held back is shown then; the environment is not taken for complete."""
    (clone / "broken").touch()
    done = make(clone, machine, "setup")
    assert done.returncode != 0
    assert "ERROR: No matching distribution found for package-31" in done.stdout
    assert not (clone / ".venv/.complete").exists()
    (clone / "broken").unlink()
    assert make(clone, machine, "setup").returncode == 0
    assert (clone / ".venv/.complete").exists()


def test_uv_is_used_where_there_is_one(clone, machine, pip):
    """It takes seconds where pip takes minutes, and compiles: without that each start of Meltano would."""
    python(machine, "uv", 'echo "$*" > uv-was-told')
    done = make(clone, machine, "setup")
    assert done.returncode == 0, done.stderr
    told = (clone / "uv-was-told").read_text()
    assert told == (
        "pip install --python .venv/bin/python --compile-bytecode -c constraints.txt -e .[dev,meltano]\n"
    )
    assert "pip" not in done.stdout


def test_uv_is_fetched_where_there_is_none(clone, machine):
    """Only where pip can fetch it; it looks where pip was told to look."""
    fetched = """echo "$UV_DEFAULT_INDEX $*" > uv-was-told"""
    python(
        machine,
        "python3",
        f"""case "$*" in
*"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
*"pip config get global.index-url"*) echo https://index.example/simple;;
*"pip install -q -c constraints.txt uv"*) printf '#!/bin/sh\n%s\n' '{fetched}' > .venv/bin/uv; chmod +x .venv/bin/uv;;
esac""",
    )
    link(machine, "mkdir", "cp", "chmod")
    done = make(clone, machine, "setup")
    assert done.returncode == 0, done.stderr
    told = (clone / "uv-was-told").read_text()
    assert told.startswith("https://index.example/simple pip install --python .venv/bin/python")
    assert "Installing with pip" not in done.stdout
    assert "Fetching uv" in done.stdout


# A Python whose pip was told of an index.
INDEXED = """case "$*" in
*"-m venv"*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
*"pip config get global.index-url"*) echo https://index.example/simple;;
esac"""


@pytest.mark.parametrize("told", ["", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "uv.toml"])
def test_a_uv_that_was_told_where_to_look_looks_there(clone, machine, told):
    """The variable that tells it of pip's index would beat what else tells it of one."""
    python(machine, "python3", INDEXED)
    python(machine, "uv", 'echo "$UV_DEFAULT_INDEX" > uv-was-told')
    link(machine, "mkdir", "cp")
    own = "https://own.example/simple"
    if told == "uv.toml":
        (clone / ".config/uv").mkdir(parents=True)
        (clone / ".config/uv/uv.toml").write_text(f'[[index]]\nurl = "{own}"\ndefault = true\n')
    variables = {told: own} if told.startswith("UV_") else {}
    done = make(clone, machine, "setup", **variables)
    assert done.returncode == 0, done.stderr
    expected = {"": "https://index.example/simple", "UV_DEFAULT_INDEX": own}
    assert (clone / "uv-was-told").read_text().strip() == expected.get(told, "")


@pytest.mark.parametrize("own", [{}, {"SSL_CERT_FILE": "own.pem"}], ids=["pip's", "its own"])
def test_uv_trusts_whom_pip_trusts(clone, machine, own):
    """Behind a company's proxy uv would fail on its certificate, and pip take minutes; what uv was told counts first."""
    python(
        machine,
        "python3",
        """case "$*" in
*"-m venv"*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;
*"pip config get global.cert"*) echo pips.pem;;
esac""",
    )
    python(machine, "uv", 'echo "$SSL_CERT_FILE" > uv-was-told')
    link(machine, "mkdir", "cp")
    done = make(clone, machine, "setup", **own)
    assert done.returncode == 0, done.stderr
    assert (clone / "uv-was-told").read_text().strip() == own.get("SSL_CERT_FILE", "pips.pem")


@pytest.mark.parametrize("works", [True, False], ids=["uv", "pip"])
def test_an_environment_apart_is_made_with_the_uv_that_was_fetched(clone, machine, works):
    """It looks where pip does, and pip takes over where it can't."""
    link(machine, "mkdir", "cp")
    python(machine, "python3", f'echo "$*" >> python-was-told\n{INDEXED}')
    folder = clone / "orchestrate/dagster"
    folder.mkdir(parents=True)
    for name in ("requirements.txt", "constraints.txt"):
        (folder / name).touch()
    (clone / ".venv/bin").mkdir(parents=True)
    python(clone / ".venv/bin", "python", INDEXED)
    ends = 'echo "$UV_DEFAULT_INDEX $*" > uv-was-told' + ("" if works else "; exit 2")
    python(clone / ".venv/bin", "uv", ends)
    done = make(clone, machine, ".cache/dagster/.complete")
    assert done.returncode == 0, done.stderr
    wanted = "-r orchestrate/dagster/requirements.txt -c orchestrate/dagster/constraints.txt"
    assert (clone / "uv-was-told").read_text() == (
        f"https://index.example/simple pip install -q --python .cache/dagster/bin/python {wanted}\n"
    )
    by_pip = f"-m pip install -q {wanted}" in (clone / "python-was-told").read_text()
    assert by_pip is not works


def test_pip_takes_over_where_uv_cannot(clone, machine, pip):
    """It does not read pip's configuration: behind a company's registry it may find nothing."""
    python(machine, "uv", "echo 'error: no such host' >&2; exit 2")
    done = make(clone, machine, "setup")
    assert done.returncode == 0, done.stderr
    assert "uv could not" in done.stderr
    assert "  unpacking them" in done.stdout


def test_a_second_setup_does_nothing(clone, machine):
    """The environment is made once, and again only when what it is made from has changed."""
    link(machine, "mkdir", "cp")
    python(machine, "python3", GOOD)
    assert make(clone, machine, "setup").returncode == 0
    first = (clone / "calls").read_text()
    assert make(clone, machine, "setup").returncode == 0
    assert (clone / "calls").read_text() == first
    stamp = (clone / ".venv/.complete").stat().st_mtime
    os.utime(clone / "constraints.txt", (stamp + 10, stamp + 10))
    assert make(clone, machine, "setup").returncode == 0
    assert (clone / "calls").read_text() != first


def checked(clone, machine, **programs):
    """An environment that is complete, with programs as given; the others do nothing."""
    folder = clone / ".venv/bin"
    folder.mkdir(parents=True)
    for name in ("ruff", "lint-imports", "deptry", "mypy", "pytest"):
        python(folder, name, programs.get(name, ""))
    link(machine, "mkdir", "cat", "sleep")
    (clone / ".venv/.complete").touch()


def test_nothing_goes_on_when_a_rule_has_failed(clone, machine):
    """What ran beside the rules has ended when make has: nothing reads files that are being mended."""
    checked(clone, machine, ruff="exit 1", pytest="sleep 1; echo $* > collected")
    done = make(clone, machine, "check")
    assert done.returncode != 0
    assert "--collect-only" in (clone / "collected").read_text()


def test_what_is_new_is_compiled_once(clone, machine):
    """Beside the rules the first time, and again where much has changed; else the tests begin at once."""
    checked(clone, machine, pytest='echo "$*" >> calls')
    link(machine, "find")

    def collected():
        (clone / "calls").unlink(missing_ok=True)
        assert make(clone, machine, "check").returncode == 0
        calls = (clone / "calls").read_text().splitlines()
        assert "--collect-only" not in calls[-1]
        return len(calls) == 2 and "--collect-only" in calls[0]

    assert collected()
    assert not collected()
    later = (clone / ".venv/.compiled-check").stat().st_mtime + 10
    (clone / "tests").mkdir()
    changed = [clone / f"tests/test_{number}.py" for number in range(40)]
    for path in changed:
        path.touch()
        os.utime(path, (later, later))
    changed[0].unlink()
    assert not collected()
    changed[0].touch()
    os.utime(changed[0], (later, later))
    assert collected()


def test_nothing_goes_on_after_ctrl_c(clone, machine):
    """A shell lets what it runs beside ignore Ctrl-C; types would be checked for another minute."""
    checked(
        clone,
        machine,
        mypy="sleep 60 & began=$!; trap 'kill $began; echo > ended; exit' TERM; echo > began; wait",
        pytest='case "$*" in *--collect-only*) ;; *) echo > testing; exec sleep 60;; esac',
    )
    with subprocess.Popen(
        ["make", "check"],
        cwd=clone,
        env={"PATH": str(machine), "HOME": str(clone)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        appears(clone / "began")
        appears(clone / "testing")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(50) != 0
    appears(clone / "ended")


def appears(path):
    """Wait for a file."""
    until = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < until, f"waited in vain for {path.name}"
        time.sleep(0.02)
