"""The kit that taps of other repositories are tested with."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from decimal import Decimal

import pytest

from adtap_core.tap import RunFailed
from adtap_core.testing import Fault, StandIn, parse, run_tap, select
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny

LINES = """
{"type": "SCHEMA", "stream": "a", "schema": {}, "key_properties": ["id"]}
{"type": "RECORD", "stream": "a", "record": {"id": 1, "v": 0.1000000000000000000001}}
{"type": "RECORD", "stream": "a", "record": {"id": 2, "v": 2}}

{"type": "RECORD", "stream": "a", "record": {"id": 1, "v": 3}}
{"type": "RECORD", "stream": "sync_windows", "record": {"stream": "a", "n": 1}}
{"type": "RECORD", "stream": "sync_windows", "record": {"stream": "b", "n": 2}}
{"type": "STATE", "value": {"n": 1}}
{"type": "STATE", "value": {"n": 2}}
"""


@pytest.mark.parametrize("text", [LINES, LINES.encode()], ids=["text", "bytes"])
def test_messages_are_sorted_by_what_they_are(text):
    """Decimals exact, nothing dropped; the last record of a key is what an upsert leaves."""
    got = parse(text, code=1, stderr="said")
    assert [r["id"] for r in got.records["a"]] == [1, 2, 1]
    assert got.records["a"][0]["v"] == Decimal("0.1000000000000000000001")
    assert got.final("a", "id") == {(1,): {"id": 1, "v": 3}, (2,): {"id": 2, "v": 2}}
    assert got.schemas["a"]["key_properties"] == ["id"]
    assert (got.last_state, len(got.states)) == ({"n": 2}, 2)
    assert [w["n"] for w in got.windows("b")] == [2]
    assert (got.code, got.stderr, len(got.lines)) == (1, "said", 8)
    assert parse("").last_state == {}


def test_what_a_run_wrote_is_told_though_it_failed(tiny: Tiny) -> None:
    """What it raises comes through."""
    tiny.server.before.append(
        lambda _p, q: (400, {}, b"no") if q["from"] == ["2026-03-12"] else None
    )
    written: list[int] = []
    with pytest.raises(RunFailed, match="failed: spend_daily"):
        run_tap(TapTiny, tiny.config, written=lambda got: written.append(len(got.states)))
    assert written
    assert written[0] > 0


def test_only_what_is_asked_for_is_selected(tiny: Tiny) -> None:
    """And the ledger."""
    catalog = select(TapTiny, tiny.config, set())
    chosen = {
        entry["tap_stream_id"]
        for entry in catalog["streams"]
        for mark in entry["metadata"]
        if not mark["breadcrumb"] and mark["metadata"].get("selected")
    }
    assert chosen == {"sync_windows"}


class Echo(StandIn):
    """Answers with what was asked."""

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        """Return it."""
        return 200, {"method": method, "path": path, "query": dict(query)}


def ask(url: str) -> tuple[int, str, Mapping[str, str]]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as reply:
            return reply.status, reply.read().decode(), reply.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_a_stand_in_notes_each_request_and_answers_it():
    """In their order."""
    with Echo() as server:
        status, text, _ = ask(f"{server.url}/a?x=1")
        ask(f"{server.url}/b")
        assert (status, json.loads(text)["query"]) == (200, {"x": "1"})
        assert server.log == [("GET", "/a"), ("GET", "/b")]


def test_faults_come_first_as_often_as_they_say():
    """In the order they were put there; then all is well again."""
    with Echo() as server:
        server.faults += [Fault(status=503, times=2), Fault(status=429, body="slow")]
        seen = [ask(f"{server.url}/a") for _ in range(4)]
        assert [status for status, _, _ in seen] == [503, 503, 429, 200]
        assert seen[2][1] == "slow"
