"""The tiny tap and the restating one, each with its server, for scenarios on emitted messages."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.restating import RestatingServer, Room
from tests.core.tiny import TapTiny, TinyServer
from tests.running import Messages, run_tap

NOW = "2026-03-18T12:00:00Z"


class Tiny:
    """The tiny tap and its server, on a fixed day."""

    def __init__(self, url: str, server: TinyServer, patch: pytest.MonkeyPatch) -> None:
        self.server, self.patch = server, patch
        self.config: dict[str, Any] = {
            "token": "canary-token-1",
            "accounts": ["x", "y"],
            "api_url": url,
            "start_date": "2026-03-08",
            "max_retries": 0,
            "concurrency": 1,
        }
        self.at(NOW)

    def at(self, moment: str) -> None:
        """Set the tap's clock."""
        self.patch.setenv("ADTAPS_NOW", moment)

    def run(self, state: dict[str, Any] | None = None, **settings: Any) -> Messages:
        """Run the tap."""
        self.server.log.clear()
        return run_tap(TapTiny, self.config | settings, state=state)

    def asked(self) -> list[tuple[str, str, str]]:
        """What the platform was asked: from, to, accounts."""
        return [(q["from"][0], q["to"][0], q["account"][0]) for q in self.server.log if "from" in q]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiny]:
    server = TinyServer()
    with server.running() as url:
        yield Tiny(url, server, monkeypatch)


@pytest.fixture
def room(caplog: pytest.LogCaptureFixture) -> Iterator[Room]:
    """The restating platform and its tap; what they warn of is heard."""
    caplog.set_level(logging.WARNING)
    with RestatingServer() as server:
        yield Room(server)
