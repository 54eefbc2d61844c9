"""A platform's room of the sandbox as the tests of its tap use it."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from adtap_core.tap import AdTap
from tests.running import Messages, run_tap

NOW = "2026-03-18T12:00:00+00:00"


class Room:
    """The room, at noon of 18 March 2026; a tap's own tests name the platform and the tap."""

    platform: ClassVar[str]
    tap: ClassVar[type[AdTap]]

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self._monkeypatch = sandbox, monkeypatch
        self.url = f"{sandbox.url}/{self.platform}"
        self.now(NOW)

    def now(self, moment: str) -> None:
        """Hold the sandbox's clock at a moment; the tap's begins there."""
        self.sandbox.clock(moment)
        self._monkeypatch.setenv("ADTAPS_NOW", moment)

    def switch(self, **values: object) -> None:
        """Change behaviours of the room."""
        self.sandbox.switch(self.platform, **values)

    def run(self, config: Mapping[str, Any], *streams: str, **more: Any) -> Messages:
        """Run the tap with these streams selected; all, if none is named."""
        return run_tap(self.tap, config, streams=set(streams) or None, **more)

    def truth(self, **asked: object) -> dict[str, Any]:
        """What the world says, computed with no API in between."""
        query = urllib.parse.urlencode(
            {k: json.dumps(v) if isinstance(v, dict) else v for k, v in asked.items()}
        )
        with urllib.request.urlopen(f"{self.url}/_truth?{query}") as reply:  # noqa: S310 - always http
            found: dict[str, Any] = json.load(reply, parse_float=Decimal)
        assert "error" not in found, found
        return found
