"""What the tests of this tap share: settings for the sandbox, and a clock that agrees with it."""

import json
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tap_atomx.tap import TapAtomx
from tests import logins
from tests.canned import Canned
from tests.conftest import MOMENT, SandboxHandle
from tests.running import Messages, run_tap, select
from tests.tap_atomx.stand_in import Platform


@pytest.fixture
def settings(sandbox: SandboxHandle) -> dict[str, Any]:
    """Settings that log in to the sandbox."""
    return logins.ATOMX.config(sandbox.url, start_date="2026-03-10")


@pytest.fixture
def read(
    sandbox: SandboxHandle, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Messages]:
    """Run the tap: `read({"campaigns"}, state=…, lookback_days=3)`; more settings by name."""

    def run(streams: set[str] | None, *, now: str = MOMENT, **given: Any) -> Messages:
        sandbox.clock(now)
        monkeypatch.setenv("ADTAPS_NOW", now)
        ours = {k: given.pop(k) for k in ("state", "catalog") if k in given}
        return run_tap(TapAtomx, {**settings, **given}, streams=streams, **ours)

    return run


@pytest.fixture
def truth(sandbox: SandboxHandle) -> Callable[..., Any]:
    """What the sandbox knows: `truth(model="creative")`, or a report's question by its parts."""

    def ask(**question: str) -> Any:
        url = f"{sandbox.url}/atomx/_truth?{urlencode(question)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=60) as reply:
            return json.load(reply)

    return ask


@pytest.fixture
def platform() -> Platform:
    """What the tap talks to."""
    return Platform()


@pytest.fixture
def run(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Messages]:
    """Run the tap, each time an hour later: `run("creatives", state=…, hours=1)`."""
    now = datetime.fromisoformat(MOMENT)

    def read(*streams: str, state: object = None, hours: int = 1, **given: Any) -> Messages:
        nonlocal now
        monkeypatch.setenv("ADTAPS_NOW", now.isoformat())
        now += timedelta(hours=hours)
        platform.asked.clear()
        written: list[Messages] = []
        with Canned(platform) as server:
            config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
            config |= {"max_retries": 0, **given}
            catalog = select(TapAtomx, config, set(streams))
            run_tap(TapAtomx, config, catalog=catalog, state=state, written=written.append)
        return written[0]

    return read
