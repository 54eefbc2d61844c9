"""A tap against the sandbox's TerminalOne room: settings, truth, runs."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tap_terminalone.client import TerminalOne
from tap_terminalone.tap import TapTerminalOne
from tests import logins, rooms

LISTS = [
    *("organizations", "agencies", "advertisers", "campaigns", "strategies", "concepts"),
    *("atomic_creatives", "pixel_bundles", "supply_sources", "vendors", "site_lists", "contracts"),
    *("strategy_concepts", "strategy_day_parts", "users", "budget_flights"),
]
"""Entities that both generations list."""
METRICS = ("impressions", "clicks", "total_spend", "total_conversions")
"""Those that the truth adds up where nobody names any."""


class Room(rooms.Room):
    """The TerminalOne room as a test of the tap uses it."""

    platform = "terminalone"
    tap = TapTerminalOne

    def fault(self, kind: str, **fields: Any) -> None:
        """Put a fault of this platform on the menu."""
        self.sandbox.fault(kind, platform="terminalone", **fields)

    def current(self, **more: object) -> dict[str, Any]:
        """Settings of today's generation."""
        return logins.TERMINALONE.config(self.sandbox.url, **{"start_date": "2026-03-10", **more})

    def legacy(self, **more: object) -> dict[str, Any]:
        """Settings of the legacy generation, with a cookie session."""
        given = {"start_date": "2026-03-10", **more}
        return logins.TERMINALONE_LEGACY.config(self.sandbox.url, **given)

    def asked(self, part: str) -> list[dict[str, Any]]:
        """The requests whose path holds this, oldest first."""
        return [e for e in self.sandbox.log("terminalone") if part in e["path"]]

    def check_week(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Check that the rows of 10 to 16 March sum to the truth, day by day: none is missing, none is there twice."""
        truth = self.truth(start="2026-03-10", end="2026-03-16", by="day")
        assert sums(rows, *METRICS, by=("day",)) == exact(truth["by"])

    def check_cut(self, settings: dict[str, Any]) -> None:
        """Check that the window of that week is cut once, and that nothing is lost by it."""
        found = self.run(settings, "performance_daily")
        (window, *_) = found.windows("performance_daily")
        assert window["splits"] == 1
        self.check_week(found.records["performance_daily"])


@pytest.fixture(scope="module", autouse=True)
def at_any_rate() -> Iterator[None]:
    """The vendor's rate is kept by tests of its own; the others need not wait for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TerminalOne, "per_second", None)
        yield


@pytest.fixture
def room(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Room:
    """The room, at noon of 18 March 2026."""
    return Room(sandbox, monkeypatch)


def sums(records: Any, *columns: str, by: tuple[str, ...]) -> dict[str, dict[str, Decimal]]:
    """Sum columns of records by others, keys joined as the truth joins them."""
    found: dict[str, dict[str, Decimal]] = {}
    for record in records:
        into = found.setdefault(
            "|".join(str(record[name]) for name in by), dict.fromkeys(columns, Decimal(0))
        )
        for column in columns:
            into[column] += Decimal(record[column] or 0)
    return found


def exact(groups: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Decimal]]:
    """The truth's sums as numbers."""
    return {key: {n: Decimal(v) for n, v in named.items()} for key, named in groups.items()}
