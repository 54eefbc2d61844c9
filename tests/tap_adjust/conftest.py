"""The tap against the sandbox's Adjust room: settings, runs, what the world says."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tap_adjust.fields import metric
from tap_adjust.tap import TapAdjust
from tests import logins, rooms
from tests.loaded import load
from tests.postgres import loader_url
from tests.rooms import NOW
from tests.running import Messages, run_tap

MILLION = 1_000_000


class Room(rooms.Room):
    """The Adjust room as a test of the tap uses it."""

    platform = "adjust"
    tap = TapAdjust

    def reset(self, size: int, moment: str = NOW) -> None:
        """A larger world."""
        self.sandbox.reset(size=size, now=moment)
        self.now(moment)

    def config(self, **more: object) -> dict[str, Any]:
        """Settings of the tap: the sandbox is its addresses and nothing else."""
        return logins.ADJUST.config(self.sandbox.url, **{"start_date": "2026-03-14", **more})

    def run(self, *streams: str, **more: Any) -> Messages:
        """Run the tap with these streams selected; all, if none is named."""
        extra = {k: more.pop(k) for k in ("state", "catalog") if k in more}
        return run_tap(TapAdjust, self.config(**more), streams=set(streams) or None, **extra)

    def report(self, name: str, dimensions: Iterable[str], metrics: Iterable[str], **more: Any):
        """Run with one report of the user's own; gives its records."""
        definition = {"name": name, "dimensions": [*dimensions], "metrics": [*metrics], **more}
        return self.run(name, reports=[definition])

    def truth(self, metrics: Iterable[str], start: str, last: str, **more: str) -> dict[str, Any]:
        """What the world says of `[start, last]`, computed with no API in between: whole numbers."""
        params = {
            "metrics": ",".join(metrics),
            "date_period": f"{start}:{last}",
            "attribution_types": "click,impression,engaged_ad",
            **more,
        }
        reply = requests.get(f"{self.url}/_truth", params, timeout=60)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def replay(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Ask again what the tap asked, as anybody could; gives the whole answer."""
        reply = requests.get(
            f"{self.sandbox.url}{entry['path']}?{entry['query']}",
            headers={"Authorization": f"Bearer {logins.ADJUST.settings['api_token']}"},
            timeout=60,
        )
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def asked(self, ending: str) -> list[dict[str, Any]]:
        """The requests whose path ends so, oldest first."""
        return [e for e in self.sandbox.log("adjust") if e["path"].endswith(ending)]


@pytest.fixture
def room(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Room:
    """The room, at noon of 18 March 2026."""
    return Room(sandbox, monkeypatch)


def total(records: Iterable[Mapping[str, Any]], column: str) -> Decimal:
    """Sum a column; null counts nothing."""
    return sum((Decimal(r[column]) for r in records if r[column] is not None), Decimal(0))


def whole(name: str, value: int) -> Decimal:
    """Return a truth as the figure it stands for: money comes in millionths."""
    return Decimal(value) / MILLION if metric(name).format.startswith("money") else Decimal(value)


def keys_are_unique(records: list[dict[str, Any]]) -> bool:
    return len({r["_row_key"] for r in records}) == len(records)


def load_into_postgres(messages: Messages, url: str, folder: Path) -> None:
    """Load a run's messages with target-postgres, as Meltano would."""
    settings = {
        "sqlalchemy_url": loader_url(url),
        "use_copy": False,
        "default_target_schema": "adjust",
    }
    load("target-postgres", settings, messages, folder)
