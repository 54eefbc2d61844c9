"""A tap against the sandbox's OpenX room: settings, truth, runs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from tap_openx.tap import TapOpenx
from tests import logins, rooms
from tests.running import Messages


class Room(rooms.Room):
    """The OpenX room as a test of the tap uses it."""

    platform = "openx"
    tap = TapOpenx

    def legacy(self, **more: object) -> dict[str, Any]:
        """Settings of the legacy generation."""
        return logins.OPENX.config(self.sandbox.url, **{"start_date": "2026-03-16", **more})

    def current(self, **more: object) -> dict[str, Any]:
        """Settings of today's generation."""
        return logins.OPENX_CURRENT.config(self.sandbox.url, **{"start_date": "2026-03-16", **more})

    def answer_reports(self, **how: Any) -> None:
        """Let the Data Service answer reports with a status, as `fault` takes it."""
        self.sandbox.fault("status", path="/report$", method="POST", **how)

    def hold(self, start: str = "2026-03-01T00:00:00Z", end: str = "2026-03-18T00:00:00Z") -> None:
        """Let the next question for a date range be answered with these."""
        body = {"dateRange": {"minStartDate": start, "maxEndDate": end}}
        self.sandbox.fault("status", path="/date-range$", status=200, body=body)

    def list_fields(
        self,
        *dimensions: str,
        metrics: Sequence[str] = ("marketPublisherRevenue", "marketRequests"),
        **more: Mapping[str, Any],
    ) -> None:
        """Let the account list these report fields only; `more` are further facts of a metric."""
        body = {
            "dimensions": [{"id": d, "format": "String"} for d in dimensions],
            "metrics": [{"id": m, "format": "Number", **more.get(m, {})} for m in metrics],
        }
        self.sandbox.fault("status", path="/report/fields$", status=200, body=body, times=None)

    def asked(self, ending: str) -> list[dict[str, Any]]:
        """The requests whose path ends so, oldest first."""
        return [e for e in self.sandbox.log("openx") if e["path"].rstrip("/").endswith(ending)]


@pytest.fixture
def room(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Room:
    """The room, at noon of 18 March 2026; a job is asked for again after a moment, not after seconds."""
    monkeypatch.setattr("tap_openx.current._WAITS", (0.02,) * 5)
    return Room(sandbox, monkeypatch)


def money_of_a_day(room: Room) -> Messages:
    """Run a report of one's own, `money_daily`, over 17 March 2026: money by site."""
    report = {
        "name": "money_daily",
        "dimensions": ["publisherSiteId"],
        "metrics": ["marketPublisherRevenue"],
    }
    return room.run(room.legacy(start_date="2026-03-17", reports=[report]), "money_daily")


def sums(records: list[dict[str, Any]], columns: Mapping[str, str]) -> dict[str, Decimal]:
    """Sum columns of records, by the platform's names; null counts nothing."""
    return {
        name: sum((Decimal(r[column]) for r in records if r[column] is not None), Decimal(0))
        for name, column in columns.items()
    }


def rows_of(found: Messages, stream: str | None = None) -> dict[Any, dict[str, Any]]:
    """A report's rows by key, each written once, without when they were read; of the only one if none is named."""
    if stream is None:
        (stream,) = found.records.keys() - {"sync_windows", "sync_days"}
    rows = {k: {**r, "_synced_at": ""} for k, r in found.final(stream).items()}
    assert len(rows) == len(found.records[stream])
    return rows
