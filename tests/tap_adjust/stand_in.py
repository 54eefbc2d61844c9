"""The Report Service as a test wants it: answers that are allowed, or happen, and that the sandbox does not give."""

import os
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import pytest

from adtap_core.testing import Messages, StandIn, run_tap, select
from tap_adjust.tap import TapAdjust

APP, OTHER = "aaaabbbbcccc", "ddddeeeeffff"
TOKEN = "T-0123456789abcdefgh"
REPORT = {"name": "x", "dimensions": ["country_code"], "metrics": ["installs"]}


class Service(StandIn):
    """Answers `/report` with rows, or with what a test puts there."""

    def __init__(self) -> None:
        super().__init__()
        self.apps = [APP]
        self.events: list[str] = []
        self.lists: dict[str, object] = {}
        self.refused: set[str] = set()
        self.answer_events: object = ()
        self.report: Callable[[Mapping[str, str]], tuple[int, object]] = self.usual
        self.asked: list[Mapping[str, str]] = []

    def usual(self, query: Mapping[str, str]) -> tuple[int, object]:
        """One row an app and day, every metric 1."""
        rows = [
            {
                **dict.fromkeys(query["dimensions"].split(","), "de"),
                "app_token": app,
                "day": query["date_period"].partition(":")[0],
                **dict.fromkeys(query["metrics"].split(","), "1"),
            }
            for app in query["app_token__in"].split(",")
        ]
        return 200, {"rows": rows, "totals": {}, "warnings": [], "pagination": None}

    def filters_data(self) -> Mapping[str, object]:
        """All lists, whichever is asked for."""
        apps = [{"id": a, "name": a[0], "currency": {"code": "EUR"}} for a in self.apps]
        names = ("overview_metrics", "cost_metrics", "etl_metrics", "skad_metrics", "cohort_metrics", "event_metrics", "dimensions")  # fmt: skip
        metrics = [{"id": m, "name": m} for m in ("installs", "cost", "clicks")]
        return {"apps": apps} | dict.fromkeys(names, metrics) | self.lists

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "bad token"}
        if path == "/reports-service/filters_data":
            if query["required_filters"] in self.refused:
                return 403, {"error_code": "auth_error", "error_desc": "no permission"}
            return 200, self.filters_data()
        if path == "/reports-service/events":
            named = [{"id": e, "name": e, "app_token": [APP]} for e in self.events]
            return 200, named if self.answer_events == () else self.answer_events
        if path == "/reports-service/report":
            self.asked.append(query)
            return self.report(query)
        return 404, {"error": "no such page"}


class Room:
    """The service, and the tap with the settings of all these tests."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.written: list[Messages] = []

    def run(self, state: Any = None, *, stream: str = "x", **more: Any) -> Messages:
        """Run the tap; what was written by then is in `written`, however it ends."""
        config = {
            "api_token": TOKEN,
            "api_url": f"{self.service.url}/reports-service",
            "app_tokens": [APP],
            "start_date": "2026-11-01",
            "end_date": "2026-11-03",
            "reports": [REPORT],
            "max_retries": 1,
            **more,
        }
        catalog = select(TapAdjust, config, {stream})
        self.written.clear()
        with patch.dict(os.environ, {"ADTAPS_NOW": "2026-11-20T12:00:00Z"}):
            return run_tap(
                TapAdjust, config, state=state, catalog=catalog, written=self.written.append
            )

    def failed(self, kind: type[Exception], **more: Any) -> tuple[Exception, Messages]:
        """Run; give the failure and what was written."""
        with pytest.raises(kind) as failure:
            self.run(**more)
        return failure.value, self.written[0] if self.written else Messages([])


def unmoved(messages: Messages, stream: str = "x") -> bool:
    """No bookmark moved, and no window is in the ledger."""
    marks = messages.last_state.get("bookmarks", {}).get(stream, {})
    entries = [marks, *(marks.get("partitions") or [])]
    return not messages.windows(stream) and not any(e.get("replication_key_value") for e in entries)


def rows(*given: Mapping[str, Any], **envelope: Any) -> tuple[int, object]:
    """An answer with rows of November 1st."""
    common = {"app_token": APP, "day": "2026-11-01", "country_code": "de"}
    return 200, {
        "rows": [common | dict(r) for r in given],
        "totals": {},
        "warnings": [],
        **envelope,
    }
