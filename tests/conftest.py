"""The sandbox, for every test that needs a platform to talk to."""

import ctypes
import functools
import gc
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from adtap_core.http import client  # noqa: E402 - after the path
from adtap_plugin.redact import redact  # noqa: E402 - after the path
from adtap_sandbox.control import parse_moment  # noqa: E402 - after the path
from adtap_sandbox.environment import Environment  # noqa: E402 - after the path
from adtap_sandbox.server import Server, shared_server  # noqa: E402 - after the path
from tests import forks  # noqa: E402 - after the path

MOMENT: Final = "2026-03-18T12:00:00+00:00"
"""Where a test's clock begins: noon, so that no test crosses a day by itself."""


class SandboxHandle:
    """The sandbox as a test moves it: through its control API, as anybody can.

    What thousands of tests do, and cannot race with a request, is done directly: anew, the clock set, the log read.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.url = server.url
        # A proxy that the environment names must not come between.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def environment(self) -> Environment:
        """World, clock and switches as they are now; a reset makes others."""
        return self._server.environment

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API; fails the test with the reason if it says no."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/_control/{path}"
        request = urllib.request.Request(url, data, method=method)  # noqa: S310 - always http
        try:
            with self._opener.open(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                pytest.fail(f"{method} {path} {body}: {error.read().decode()}")

    def reset(self, seed: int = 1, size: int = 1, now: str | None = MOMENT) -> None:
        """A new world whose clock runs on from ``now``; from real time if None."""
        moment = None if now is None else parse_moment(now)
        self._server.sandbox.reset(seed=seed, size=size, now=moment)

    def clock(
        self,
        moment: str | None = None,
        *,
        advance_days: float | None = None,
        follow: bool = False,
    ) -> None:
        """Hold the clock at a moment, move it by days, or let it run on."""
        if moment is not None:
            self._server.sandbox.cached_answers.forget()
            self.environment.clock.set(parse_moment(moment))
        if advance_days is not None:
            self.control("POST", "clock", {"advance_days": advance_days})
        if follow:
            self.control("POST", "clock", {"follow": True})

    def fault(self, kind: str, **fields: Any) -> None:
        """Put a fault on the menu; the fields are those of ``adtap_sandbox.faults.Fault``."""
        self.control("POST", "faults", {"kind": kind, **fields})

    def clear_faults(self) -> None:
        """Take all faults off the menu."""
        self.control("DELETE", "faults")

    def switch(self, platform: str, **values: object) -> None:
        """Change behaviours of a platform."""
        self.control("POST", "switches", {platform: values})

    def latency(self, seconds: float) -> None:
        """Let each request wait."""
        self.control("POST", "latency", {"seconds": seconds})

    def log(self, platform: str | None = None) -> list[dict[str, Any]]:
        """The requests since the last reset, oldest first; keys as in ``faults.Entry``."""
        return self._server.sandbox.journal.entries(platform)

    def asked(self, platform: str) -> int:
        """How many requests a platform has had since the last reset; for who asks this many times a second."""
        found: dict[str, int] = self._server.sandbox.journal.stats()["requests"]
        return found.get(platform, 0)

    def broken(self) -> list[dict[str, Any]]:
        """The requests that a room of the sandbox broke on."""
        return [entry for entry in self._server.sandbox.journal.entries() if entry["error"]]

    def clear_log(self) -> None:
        """Forget the requests and the counts."""
        self.control("DELETE", "log")

    def stats(self) -> dict[str, Any]:
        """The counts since the last reset."""
        counts: dict[str, Any] = self.control("GET", "stats")
        return counts


def pytest_configure(config: pytest.Config) -> None:
    """Let all processes of a run fork from the same ones (tests/forks.py)."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix=f"forks-{os.getpid()}-")
        os.environ[forks.SHARED] = folder
        config.add_cleanup(functools.partial(shutil.rmtree, folder, ignore_errors=True))


_BY_FIXTURE: Final = {
    "sandbox_server": "sandbox",
    "postgres_server": "warehouse",
}
_BY_PLACE: Final = {
    "tests/warehouses/": "warehouse",
    "tests/loader/": "warehouse",
    "tests/transform/": "warehouse",
    "tests/sandbox/": "sandbox",
    "test_sdk_suite": "sandbox",
    "test_meltano": "sandbox",
    "tests/contracts/test_vendor": "vendor",
    "test_duckdb_versions": "vendor",
    "tests/contracts/test_killed": "kill",
    "state_follows_the_commit": "kill",
    "tests/framework/": "slow",
    "test_large_answers": "slow",
}


_FIRST: Final = (
    "tests/tap_terminalone/test_large_answers.py",
    "tests/framework/test_example.py",
    "tests/core/sync/test_histories.py",
    "tests/core/bodies/test_parsing.py",
    "tests/core/sync/test_learned_lookback.py",
    "tests/core/bodies/test_readers_fuzzed.py",
    "tests/plugin/test_script.py",
    "tests/tap_atomx/test_answers_of_another_question.py",
    "tests/tap_adjust/test_odd_answers.py",
    "tests/core/bodies/test_characters.py",
    "tests/warehouses/test_meltano.py",
    "tests/contracts/test_failing_well.py",
    "tests/contracts/test_killed_anywhere.py",
    "tests/transform/test_postgres.py",
    "tests/warehouses/test_matrix.py",
    "tests/house/test_readme.py",
    "tests/warehouses/test_deeds.py",
    "tests/contracts/test_lists_that_say_more.py",
    "tests/tap_openx/test_current.py",
    "tests/companion/test_reconcile.py",
    "tests/companion/test_plan.py",
    "tests/loader/test_values_arrive_exactly.py",
    "tests/tap_atomx/test_warehouses.py",
    "tests/transform/test_models.py",
    "tests/tap_atomx/test_history.py",
    "tests/loader/test_rows_and_columns_evolve.py",
    "tests/companion/test_status.py",
    "tests/companion/test_check.py",
    "tests/contracts/test_vendor_adjust.py",
    "tests/tap_adjust/test_reports.py",
    "tests/house/test_demo.py",
    "tests/tap_terminalone/test_current_entities.py",
    "tests/tap_terminalone/test_sdk_suite.py",
    "tests/tap_terminalone/test_legacy_entities.py",
    "tests/loader/test_state_follows_the_commit.py",
    "tests/companion/test_meltano.py",
    "tests/warehouses/test_views.py",
    "tests/contracts/test_rows_and_windows.py",
    "tests/tap_terminalone/test_loaded.py",
    "tests/tap_openx/test_reports.py",
    "tests/tap_atomx/test_reports.py",
    "tests/tap_openx/test_splits.py",
    "tests/contracts/test_vendor_terminalone.py",
    "tests/tap_atomx/test_sdk_suite.py",
    "tests/contracts/test_pipes_and_signals.py",
    "tests/warehouses/test_production.py",
)
"""The files that take longest, longest first (before them those of `make check`): begun last, one of them would be waited
for by processes that are done."""


_APART: Final = ("tests/tap_terminalone/test_large_answers.py",)
"""Of these files two processes run two tests side by side: each takes long, and they share nothing."""


class _Schedule(LoadFileScheduling):
    """Tests of a file go to one process, for what its fixtures made; but see `_APART`."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if file in _APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Deal the tests out as `--dist loadfile` does (pyproject.toml), and some files test by test."""
    return _Schedule(config, log) if config.getoption("dist") == "loadfile" else None


_WITHOUT: Final = re.compile(r"not \w+( and not \w+)*")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out whole files of what `-m "not …"` leaves out: to collect the SDK's suites takes as long as many tests."""
    asked = str(config.getoption("markexpr", ""))
    if not _WITHOUT.fullmatch(asked):
        return None
    place, without = _place(collection_path), {*re.findall(r"not (\w+)", asked)}
    is_left_out = any(part in place and mark in without for part, mark in _BY_PLACE.items())
    return True if is_left_out else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, so that nobody has to remember it: `-m "not sandbox"` and the like.

    The files that take longest come first; all others stay as they were shuffled.
    """
    places = {ROOT / name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(_FIRST)))
    for item in items:
        place = _place(item.path)
        found = {mark for part, mark in _BY_PLACE.items() if part in place}
        found |= {
            mark for name, mark in _BY_FIXTURE.items() if name in getattr(item, "fixturenames", ())
        }
        for mark in found:
            item.add_marker(mark)


@functools.cache
def _place(path: Path) -> str:
    """A file's path in the project; nothing of others."""
    return path.relative_to(ROOT).as_posix() if ROOT in path.parents else ""


gc.disable()  # until all is imported and collected: that stays to the end, and each look at it costs half a second


def pytest_collection_finish() -> None:
    """From here on garbage is looked for among what tests make, and when a process has grown (below)."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


_GROWN_BYTES: Final = 64 * 2**20
_held = 0
_give_back: Final = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)  # glibc's


def pytest_runtest_logfinish() -> None:
    """Look for garbage when a process has grown, and give back what is free.

    A tap that runs in this process has Python leave what is there alone until it ends, so circles of one run are
    seldom looked for after the next: some nine thousand objects a run, gigabytes in a suite. And what was freed in
    between stays with the process: some 40 MB.
    """
    global _held
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return  # not Linux
    held = pages * os.sysconf("SC_PAGE_SIZE")
    if held > _held + _GROWN_BYTES:
        gc.collect()
        _give_back(0)
        _held = held


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads the developer's own `.env` or variables: they run in an empty folder, without them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("TAP_", "TARGET_", "MELTANO_")) or name.endswith("LOGLEVEL"):
                patch.delenv(name)
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        yield


@pytest.fixture(scope="session", autouse=True)
def short_waits() -> Iterator[None]:
    """A tap of a test waits a moment before it asks again, not seconds; what an answer asks for, it waits for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "FIRST_WAIT_SECONDS", 0.02)
        yield


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """What one test hears of the log does not hang on the tests before it: their taps set levels of their own."""
    loggers = [
        logging.root,
        *(x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger)),
    ]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    yield
    for logger, level, disabled in before:
        if logger.level != level:
            logger.setLevel(level)
        logger.disabled = disabled


@pytest.fixture(autouse=True)
def learned_secrets() -> Iterator[None]:
    """A password of one test, such as 123456, is not masked in what others print."""
    before = dict(vars(redact))
    yield
    vars(redact).update(before)


@pytest.fixture(scope="session")
def sandbox_server() -> Server:
    """The one server of this process."""
    only = os.environ.get("ADTAP_SANDBOX_PLATFORMS")
    # Without an argument, as whoever needs its address at import: with None it would be another one.
    return shared_server(tuple(only.split(","))) if only else shared_server()


@pytest.fixture(scope="class")
def on_the_sandboxs_day(sandbox_server: Server) -> Iterator[None]:
    """The taps of a class of tests and the sandbox live on one day: hours are held for three months only."""
    handle = SandboxHandle(sandbox_server)
    handle.reset()
    handle.clock(MOMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADTAPS_NOW", MOMENT)
        yield


@pytest.fixture
def sandbox(sandbox_server: Server) -> Iterator[SandboxHandle]:
    """The sandbox, new for each test; the test fails if a room of it broke on a request."""
    handle = SandboxHandle(sandbox_server)
    handle.reset()
    yield handle
    if failures := handle.broken():
        shown = failures[0]
        pytest.fail(f"the sandbox broke on {shown['method']} {shown['target']}:\n{shown['error']}")
