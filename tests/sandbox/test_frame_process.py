"""The sandbox as a process: what it prints, and how it ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.plugin.test_script import stopped


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running sandbox on a free port, and its URL; it serves no platform's import time."""
    command = [sys.executable, "-m", "adtap_sandbox", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            found = re.match(r"adtap sandbox: (http://127\.0\.0\.1:\d+) serves ", line)
            assert found, line
            yield running, found[1]
        finally:
            running.kill()


def health(url: str) -> dict[str, object]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/_control/health", timeout=60) as reply:
        return json.load(reply)


def test_it_serves_what_its_arguments_say():
    """Seed, size, latency, and a clock that runs on from the moment given."""
    with process("--seed", "5", "--size", "2", "--now", "2026-01-02", "--latency", "0.5") as (
        _,
        url,
    ):
        said = health(url)
    assert (said["seed"], said["size"], said["latency"]) == (5, 2, 0.5)
    assert str(said["now"]).startswith("2026-01-02T00:0")
    assert said["frozen"] is False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_its_ordinary_end(number: signal.Signals):
    """Code 0 and nothing on standard error, even with a client still connected."""
    with process() as (running, url):
        health(url)
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))):
            running.send_signal(number)
            _, errors = running.communicate(timeout=120)
    assert (running.returncode, errors) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("modules", [1, 100])
def test_a_signal_while_it_is_imported_is_its_ordinary_end(
    modules: int, number: signal.Signals, tmp_path: Path
):
    """As later: code 0, and nothing on standard error."""
    command = [sys.executable, "-m", "adtap_sandbox", "--port", "0"]
    assert stopped(number, command, "signal", modules, tmp_path) == (0, [])


def test_a_taken_port_is_one_line_and_code_1():
    """Who starts it twice sees at once what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "adtap_sandbox", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert f"can't listen on 127.0.0.1:{port}" in line
    assert "--port" in line


def test_a_wrong_argument_is_named():
    """By argparse's own words, code 2."""
    command = [sys.executable, "-m", "adtap_sandbox", "--port", "0", "--now", "soon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 2
    assert "'soon' is no ISO 8601 date or date-time" in done.stderr
