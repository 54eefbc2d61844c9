"""A tap against the sandbox's OpenX room: settings, truth, runs."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tap_openx.tap import TapOpenx
from tests import logins
from tests.running import Messages, run_tap

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = "2026-03-18T12:00:00+00:00"


class Room:
    """The OpenX room as a test of the tap uses it."""

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self._monkeypatch = sandbox, monkeypatch
        self.url = f"{sandbox.url}/openx"
        self.now(NOW)

    def now(self, moment: str) -> None:
        """Hold the sandbox's clock at a moment; the tap's begins there."""
        self.sandbox.clock(moment)
        self._monkeypatch.setenv("ADTAPS_NOW", moment)

    def switch(self, **values: object) -> None:
        self.sandbox.switch("openx", **values)

    def legacy(self, **more: object) -> dict[str, Any]:
        """Settings of the legacy generation."""
        return logins.OPENX.config(self.sandbox.url, **{"start_date": "2026-03-16", **more})

    def current(self, **more: object) -> dict[str, Any]:
        """Settings of today's generation."""
        return logins.OPENX_CURRENT.config(self.sandbox.url, **{"start_date": "2026-03-16", **more})

    def run(self, config: Mapping[str, Any], *streams: str, **more: Any) -> Messages:
        """Run the tap with these streams selected."""
        return run_tap(TapOpenx, config, streams=set(streams) or None, **more)

    def truth(self, **asked: object) -> dict[str, Any]:
        """What the world says, computed with no API in between."""
        query = urllib.parse.urlencode(
            {k: json.dumps(v) if isinstance(v, dict) else v for k, v in asked.items()}
        )
        url = f"{self.url}/_truth?{query}"
        with urllib.request.urlopen(url) as reply:  # noqa: S310 - always http
            found: dict[str, Any] = json.load(reply, parse_float=Decimal)
        assert "error" not in found, found
        return found

    def asked(self, ending: str) -> list[dict[str, Any]]:
        """The requests whose path ends so, oldest first."""
        return [e for e in self.sandbox.log("openx") if e["path"].rstrip("/").endswith(ending)]


@pytest.fixture
def room(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Room:
    """The room, at noon of 18 March 2026."""
    return Room(sandbox, monkeypatch)


def sums(records: list[dict[str, Any]], columns: Mapping[str, str]) -> dict[str, Decimal]:
    """Sum columns of records, by the platform's names; null counts nothing."""
    return {
        name: sum((Decimal(r[column]) for r in records if r[column] is not None), Decimal(0))
        for name, column in columns.items()
    }
