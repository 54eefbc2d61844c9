"""A list that says it holds more than it gives is an error, in whatever words it says so; one that doesn't is whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from adtap_core.tap import RunFailed
from tests.conftest import SandboxHandle
from tests.contracts.platforms import ADJUST, ATOMX, MOMENT, OPENX, TERMINALONE, Case
from tests.running import run_tap, select

LEGACY = {"api_generation": "legacy"}
CURRENT = {"api_generation": "current"}
ROW = {"id": 7, "name": "a", "uid": "u-7"}
CHANGE = {"obj_type": "site", "obj_id": 7, "revision": 1, "timestamp": "2026-03-01 00:00:00"}


@dataclass(frozen=True, kw_only=True)
class List:
    """A list of a platform, and its answer with one row, into which a test puts words.

    Args:
        case: The tap.
        stream: Its stream.
        path: Regular expression of its requests.
        answer: Makes the answer out of what the list says beside its row.
        settings: Settings over the usual ones.
    """

    case: Case
    stream: str
    path: str
    answer: Callable[[Mapping[str, Any]], Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


def _atomx(resource: str, rows: Any) -> Callable[[Mapping[str, Any]], Any]:
    def answer(words: Mapping[str, Any]) -> Any:
        return {"success": True, "resource": resource, "limit": 1000, **words, resource: rows}

    return answer


def _terminalone(settings: Mapping[str, Any], stream: str, path: str, data: Any = (ROW,)) -> List:
    def answer(words: Mapping[str, Any]) -> Any:
        return {"data": data, "meta": {"status": "ok", **words}}

    return List(case=TERMINALONE, stream=stream, path=path, answer=answer, settings=settings)


def _openx(stream: str, path: str) -> List:
    def answer(words: Mapping[str, Any]) -> Any:
        return {"objects": [ROW | CHANGE], "limit": 200, "offset": 0, **words}

    return List(case=OPENX, stream=stream, path=path, answer=answer, settings=LEGACY)


LISTS = {
    "openx objects": _openx("sites", "^/ox/4.0/site$"),
    "openx options": _openx("options", "/options/"),
    "openx audit trail": _openx("audit_trail", "/audittrail"),
    "atomx models": List(
        case=ATOMX, stream="sites", path="^/v3/sites$", answer=_atomx("sites", [ROW])
    ),
    "atomx history": List(
        case=ATOMX,
        stream="history",
        path="/history/",
        answer=_atomx("history", [{"date": "2026-03-01 00:00:00", "data": {}}]),
        settings={"history_models": ["sites"]},
    ),
    "atomx stored reports": List(
        case=ATOMX,
        stream="reports",
        path="^/v3/reports$",
        answer=_atomx("reports", {"reports": [{"id": "r"}], "scheduled": []}),
    ),
    "atomx invoices": List(
        case=ATOMX, stream="invoices", path="/invoices/", answer=_atomx("invoices", [{"id": "i"}])
    ),
    "terminalone entities": _terminalone(CURRENT, "organizations", "^/api/v3.0/organizations$"),
    "terminalone deals": _terminalone(CURRENT, "deals", "^/deals/v1.0/deals$"),
    "terminalone children": _terminalone(
        LEGACY, "budget_flights", "/campaigns/[0-9]+/budget_flights$"
    ),
    "terminalone history": _terminalone(
        LEGACY, "campaigns_history", "/campaigns/[0-9]+/history$", {"log_entries": [{"id": 1}]}
    ),
    "adjust filters": List(
        case=ADJUST,
        stream="partners",
        path="/filters_data$",
        answer=lambda words: {"partners": [ROW], **words},
    ),
}
MORE = {
    "a flag": {"has_more": True},
    "a flag as text": {"has_more": "true"},
    "a cut": {"truncated": True},
    "an address": {"next_page": "https://elsewhere.example/?page=2&api_key=canary-key"},
    "a total": {"total_count": 100, "offset": 0},
    "pages": {"page": 1, "pages": 3},
}
WHOLE = {
    "nothing": {},
    "no": {"has_more": False, "next_page": None},
    "no as text": {"has_more": "false", "next_page": ""},
    "its own length": {"total_count": 1, "count": 1},
    "one page": {"page": 1, "pages": 1},
    "a total of none": {"total_count": 0},
}


def read(sandbox: SandboxHandle, which: List, words: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Run the tap where each page of the list says these words."""
    sandbox.fault("status", path=which.path, status=200, body=which.answer(words), times=None)
    config = which.case.config(sandbox.url, max_retries=1, **which.settings)
    catalog = select(which.case.tap, config, {which.stream})
    return run_tap(which.case.tap, config, catalog=catalog).records[which.stream]


@pytest.fixture(autouse=True)
def clock(sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.clock(MOMENT)
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)
    # How fast it may be asked has tests of its own.
    monkeypatch.setattr("tap_terminalone.client.TerminalOne.per_second", None)


@pytest.mark.parametrize("words", MORE.values(), ids=MORE)
@pytest.mark.parametrize("which", LISTS.values(), ids=LISTS)
def test_what_is_promised_and_does_not_come_is_an_error(sandbox, caplog, which, words):
    """The run fails and quotes the promise; an address in it is not shown, as it may carry a key."""
    with pytest.raises(RunFailed, match=which.stream):
        read(sandbox, which, words)
    assert "says that there is more" in caplog.text or "lies on another host" in caplog.text
    assert "canary-key" not in caplog.text


@pytest.mark.parametrize("words", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("which", LISTS.values(), ids=LISTS)
def test_a_list_that_promises_nothing_is_whole(sandbox, which, words):
    """No warning words are needed to end a list: totals may be missing, 0 or the page's own length."""
    assert read(sandbox, which, words)


@pytest.mark.parametrize(
    "rows", [[None], ["x"], "x", 5], ids=["null row", "text row", "text", "number"]
)
@pytest.mark.parametrize("name", ["terminalone children", "terminalone history"])
def test_a_list_that_is_none_is_named(sandbox, caplog, name, rows):
    """In words, with what came: no fault of ours, and no list without records."""
    which = LISTS[name]
    found = {"log_entries": rows} if name.endswith("history") else rows
    body = {"data": found, "meta": {"status": "ok"}}
    sandbox.fault("status", path=which.path, status=200, body=body, times=None)
    config = which.case.config(sandbox.url, max_retries=1, **which.settings)
    with pytest.raises(RunFailed, match=which.stream):
        run_tap(which.case.tap, config, catalog=select(which.case.tap, config, {which.stream}))
    assert "the answer holds no list of records" in caplog.text
    assert "unexpected" not in caplog.text
