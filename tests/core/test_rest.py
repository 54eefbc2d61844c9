"""A platform that is declared: what its answers are held against."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from typing_extensions import override

from adtap_core.declare import Report
from adtap_core.http.client import Call
from adtap_core.rest import COUNT, ID, RestPlatform, settings_of
from adtap_core.tap import AdTap, RunFailed
from adtap_core.testing import Messages, StandIn, run_tap

NOW = "2026-03-18T12:00:00Z"
ROW = {"date": "2026-03-16", "site": "a", "clicks": 1}


class Yard(RestPlatform):
    """One report endpoint."""

    base_url = "https://yard.example"
    lookback_days = 1
    fields = {"site": ID, "clicks": COUNT}  # noqa: RUF012

    @override
    def report_call(self, report: Report, first: date, last: date) -> Call:
        return Call(f"{self.url}/daily", report.name, params={"from": first, "to": last})


class TapYard(AdTap):
    """Its tap."""

    name = "tap-yard"
    platform_class = Yard
    config_jsonschema = settings_of(Yard)
    reports = (Report(name="by_day", dimensions=("site",), metrics=("clicks",)),)


class YardServer(StandIn):
    """Gives one answer, whatever was asked."""

    document: object = None

    @override
    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        return 200, self.document


def read(
    patch: pytest.MonkeyPatch, document: object, start: str = "2026-03-16"
) -> tuple[Messages, str]:
    """Read the report, given one answer; return what was written, and the error that ended the run."""
    patch.setenv("ADTAPS_NOW", NOW)
    written: list[Messages] = []
    error = ""
    with YardServer() as server:
        server.document = document
        config: dict[str, Any] = {
            "api_token": "canary-yard-1",
            "api_url": server.url,
            "start_date": start,
            "max_retries": 0,
        }
        try:
            run_tap(TapYard, config, written=written.append)
        except RunFailed as failed:
            error = str(failed)
    return written[0], error


@pytest.mark.parametrize(
    "document",
    [{"rows": [ROW]}, {"rows": [ROW], "total": 1, "next": None}, {"rows": []}],
    ids=["rows", "a total", "none"],
)
def test_a_whole_answer_is_read(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    """Also one without rows: the bookmark moves."""
    messages, error = read(monkeypatch, document)
    assert not error
    assert [row["clicks"] for row in messages.records["by_day"]] == [1] * len(document["rows"])
    assert messages.last_state["bookmarks"]["by_day"]["replication_key_value"] == "2026-03-18"


@pytest.mark.parametrize(
    "document",
    [
        {"error": "quota used up"},
        {"rows": None},
        {"rows": [ROW], "has_more": True},
        {"rows": [ROW], "total": 2},
    ],
    ids=["an error", "null", "more", "a total"],
)
def test_an_answer_that_is_no_whole_report_is_no_report(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    """An error under 200 would pass for days without a row, a page for all of them."""
    messages, error = read(monkeypatch, document)
    assert error.startswith("1 failed: by_day")
    assert "replication_key_value" not in messages.last_state["bookmarks"].get("by_day", {})
