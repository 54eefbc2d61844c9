"""Accounts that share their requests: one that is refused, or stays broken, does not stop the others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.declare import Report
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse, RetriesExhausted
from adtap_core.http.client import Call
from adtap_core.platform import Partition
from adtap_core.sync.failures import (
    FailedParts,
    Failure,
    grouped_lines,
    in_parts,
    may_be_of_one,
    may_pass,
)
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.window_tasks import ReportRun
from adtap_core.tap import RunFailed
from tests.core.conftest import Tiny
from tests.core.tiny import Answer, TapTiny, TinyPlatform
from tests.running import Messages, run_tap

DOWN: Answer = (503, {}, b"down")
TEN = [f"a{n}" for n in range(10)]


def refuse(account: str, status: int = 403) -> Any:
    """Refuse every request that names an account."""

    def answer(_path: str, query: dict[str, list[str]]) -> Answer | None:
        hit = account in query.get("account", [""])[0].split(",")
        return (status, {}, b"not yours") if hit else None

    return answer


def test_one_account_that_is_refused_does_not_stop_the_others(tiny: Tiny) -> None:
    """It is named, the run ends with an error, its bookmark did not move; next time only it is read."""
    tiny.server.before.append(refuse("y", 400))
    tap_error = None
    with pytest.raises(RunFailed) as raised:
        tiny.run()
    tap_error = raised.value
    assert "failed: spend_daily; all else was read" in str(tap_error)
    assert [a for _, _, a in tiny.asked()].count("x") == 3


def test_the_failed_accounts_bookmark_stays(tiny: Tiny, capfd: pytest.CaptureFixture[str]) -> None:
    """Accounts that went through moved; the one that did not has none."""
    tiny.server.before.append(refuse("y", 400))
    tap = TapTiny(config=dict(tiny.config))
    with pytest.raises(RunFailed):
        tap.run()
    marks = {
        m["context"]["account"]: m for m in tap.state["bookmarks"]["spend_daily"]["partitions"]
    }
    assert marks["x"]["replication_key_value"] == "2026-03-18"
    assert "replication_key_value" not in marks["y"]
    assert [(f.partition, f.window) for f in tap.failures] == [
        ('{"account":"y"}', "2026-03-08/2026-03-12")
    ]
    capfd.readouterr()


def break_accounts(tiny: Tiny, accounts: set[str], answer: Answer = DOWN) -> None:
    """Let each request that names one of these accounts fail."""
    ill = [refuse(account) for account in accounts]
    tiny.server.before.append(lambda *asked: answer if any(one(*asked) for one in ill) else None)


def prepared(tiny: Tiny) -> tuple[ReportStream, ReportRun]:
    """Return the report of a tap with ten accounts, and its windows, none of which is begun."""
    tap = TapTiny(config=tiny.config | {"accounts": TEN})
    stream = tap.report_streams()[0]
    return stream, stream.prepare()


def sizes(tiny: Tiny) -> list[int]:
    """How many accounts each request was for."""
    return [len(accounts.split(",")) for _, _, accounts in tiny.asked()]


@pytest.mark.parametrize("answer", [DOWN, (200, {}, b"no JSON")], ids=["503", "no JSON"])
@pytest.mark.parametrize(
    "names", ["a0", "a9", "a0 a1 a2", "a0 a4 a9", "a0 a3 a5 a8", "a2 a4 a6 a8"]
)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_accounts_that_stay_broken_do_not_stop_the_others(
    tiny: Tiny, concurrency: int, names: str, answer: Answer
) -> None:
    """An error that may pass, and does not: those who share its requests are asked in halves, until it is found."""
    broken = set(names.split())
    break_accounts(tiny, broken, answer)
    the_others_are_read(tiny, broken, concurrency)


def the_others_are_read(tiny: Tiny, broken: set[str], concurrency: int) -> None:
    """Run for ten accounts; all but these are read whole, and only their bookmarks moved."""
    written: list[Messages] = []
    config = tiny.config | {"accounts": TEN, "concurrency": concurrency}
    with pytest.raises(RunFailed, match="failed: spend_daily"):
        run_tap(TapTiny, config, written=written.append)
    found = written[0]
    assert {row["account"] for row in found.records["spend_daily"]} == {*TEN} - broken
    assert len(found.records["spend_daily"]) == 10 * (10 - len(broken)) * 3
    marks = found.last_state["bookmarks"]["spend_daily"]["partitions"]
    moved = {m["context"]["account"] for m in marks if m.get("replication_key_value")}
    assert moved == {*TEN} - broken


@pytest.mark.parametrize("name", ["a0", "a4", "a9"])
def test_the_account_that_a_split_ends_at_fails_and_the_others_go_on_together(
    tiny: Tiny, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked alone already, and for a single day: neither that nor the others' whole windows were too much."""
    monkeypatch.setattr("adtap_core.http.client.FIRST_WAIT_SECONDS", 0.01)
    break_accounts(tiny, {name}, (504, {}, b"slow"))
    written: list[Messages] = []
    config = tiny.config | {"accounts": TEN, "max_retries": 1}
    with pytest.raises(RunFailed, match="failed: spend_daily"):
        run_tap(TapTiny, config, written=written.append)
    found = written[0]
    assert {row["account"] for row in found.records["spend_daily"]} == {*TEN} - {name}
    assert len(found.records["spend_daily"]) == 10 * 9 * 3
    asked = tiny.asked()
    assert [accounts for _, _, accounts in asked].count(name) == 2
    others = ",".join(a for a in TEN if a != name)
    windows = [(first, last) for first, last, accounts in asked if accounts == others]
    ledger = found.windows("spend_daily")
    assert len(windows) == 3
    assert {*windows} == {(w["window_start"][:10], w["window_end"][:10]) for w in ledger}


@pytest.mark.parametrize("names", ["a0 a9", "a3 a4 a5"])
def test_several_accounts_that_are_never_answered_in_time_are_found(
    tiny: Tiny, names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one by the split, the others in halves."""
    monkeypatch.setattr("adtap_core.http.client.FIRST_WAIT_SECONDS", 0.01)
    broken = set(names.split())
    break_accounts(tiny, broken, (504, {}, b"slow"))
    tiny.config["max_retries"] = 1
    the_others_are_read(tiny, broken, concurrency=2)


def make_odd(tiny: Tiny, accounts: set[str], metric: str = "") -> None:
    """Let each answer that is for one of these accounts, and of this metric, be of a day that was not asked for."""

    def answer(_path: str, query: dict[str, list[str]]) -> Answer | None:
        asked = sorted(accounts.intersection(query.get("account", [""])[0].split(",")))
        if not asked or metric not in query["metrics"][0]:
            return None
        row = {"day": "2025-01-01", "campaignId": "a", "clicks": "1", "spend": "1"}
        return tiny.server.json({"rows": [row | {"account": account} for account in asked]})

    tiny.server.before.append(answer)


@pytest.mark.parametrize("names", ["a0", "a9", "a0 a1 a2", "a0 a4 a9", "a0 a3 a5 a8"])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_accounts_whose_rows_make_no_sense_do_not_stop_the_others(
    tiny: Tiny, concurrency: int, names: str
) -> None:
    """It shows when rows are written: those who share the answer are asked for in halves then, too."""
    broken = set(names.split())
    make_odd(tiny, broken)
    the_others_are_read(tiny, broken, concurrency)


def test_answers_that_never_make_sense_are_not_asked_for_each_account(tiny: Tiny) -> None:
    """Six parts one behind the other, then no further one: whatever is wrong is wrong for all."""
    make_odd(tiny, {*TEN})
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN)
    assert len({accounts for _, _, accounts in tiny.asked()}) < 12


def test_parts_are_read_though_the_next_report_has_taken_all_places(tiny: Tiny) -> None:
    """What is asked for again while nothing else of its report is under way."""
    make_odd(tiny, {"a9"}, "spend")
    views = {"name": "views_daily", "dimensions": ["account"], "metrics": ["clicks"]}
    written: list[Messages] = []
    config = tiny.config | {
        "accounts": TEN,
        "concurrency": 2,
        "start_date": "2026-03-16",
        "reports": [{**views, "start_date": "2026-01-01"}],
    }
    with pytest.raises(RunFailed, match="failed: spend_daily"):
        run_tap(TapTiny, config, written=written.append)
    records = written[0].records
    assert {row["account"] for row in records["spend_daily"]} == {*TEN} - {"a9"}
    assert {row["account"] for row in records["views_daily"]} == {*TEN}


def test_a_platform_that_is_down_is_not_asked_for_each_account(tiny: Tiny) -> None:
    """Six parts without an answer, then no further one; all of them failed, and the next run reads them."""
    tiny.server.before.append(lambda _path, _query: DOWN)
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN)
    assert sizes(tiny) == [10, 5, 5, 1, 1, 3, 2]
    tiny.server.before.clear()
    assert len(tiny.run(accounts=TEN).records["spend_daily"]) == 10 * 10 * 3


def test_a_fault_that_has_passed_costs_halves_and_not_a_request_for_each_account(
    tiny: Tiny,
) -> None:
    """Once more than `max_retries` let through, and then all is well."""
    answers = [DOWN]
    tiny.server.before.append(lambda _path, _query: answers.pop() if answers else None)
    assert len(tiny.run(accounts=TEN).records["spend_daily"]) == 10 * 10 * 3
    assert sizes(tiny) == [10] + [5] * 6


def test_a_rate_limit_is_not_one_accounts(tiny: Tiny) -> None:
    """A platform that wants fewer requests does not get more."""
    tiny.server.before.append(lambda _path, _query: (429, {}, b"slow down"))
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN)
    assert sizes(tiny) == [10]


@pytest.mark.parametrize(
    ("error", "is_of_one"),
    [
        (RetriesExhausted("down", status=503), True),
        (MalformedResponse("no JSON"), True),
        (Forbidden("not yours", status=403), True),
        (RetriesExhausted("over the API key's queries per second", status=403), False),
        (RetriesExhausted("slow down", status=429), False),
        (BadRequest("gone", status=410), False),
        (ZeroDivisionError(), False),
    ],
)
def test_what_may_be_one_accounts(error: Exception, *, is_of_one: bool) -> None:
    """A rate limit, whatever its status, is not; nor is a defect of ours, which says nothing of the platform."""
    assert may_be_of_one(error, 2) is is_of_one
    assert not may_be_of_one(error, 1)
    assert not may_pass(ZeroDivisionError())


@given(count=st.integers(2, 100), alone=st.booleans(), probed=st.booleans())
def test_parts_hold_each_account_once(count: int, *, alone: bool, probed: bool) -> None:
    """In order within what is asked first and what is asked last; no part is the whole again."""
    first, last = in_parts(range(count), alone=alone, probed=probed)
    parts = [*first, *last]
    assert sorted(account for part in parts for account in part) == [*range(count)]
    assert all(0 < len(part) < count for part in parts)
    assert [len(part) for part in first] == [1] * len(first)


def test_a_bundle_that_was_given_up_is_not_asked_for_in_parts(tiny: Tiny) -> None:
    """Of two windows that fail side by side the first decides: parts of what was given up would fail unasked."""
    stream, reading = prepared(tiny)
    fault = RetriesExhausted("down", status=503)
    for _ in range(6):
        stream.run.failed_parts.add()
    stream._note_failure(reading.pending[0], fault)
    stream.run.failed_parts.clear()  # the platform is back
    stream._note_failure(reading.pending[1], fault)
    assert not reading.pending[0].bundle.is_apart
    stream.run.workers.close()


def test_a_platform_that_is_down_is_not_asked_for_each_accounts_days(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it holds is asked account by account: after six in a row that got no answer the others are left."""

    def available_range(self: TinyPlatform, _report: Report, _partition: Partition) -> None:
        self.http.send(Call(f"{self.settings['api_url']}/range", "range"))

    monkeypatch.setattr(TinyPlatform, "available_range", available_range)
    tiny.server.before.append(lambda path, _query: DOWN if path == "/range" else None)
    tap = TapTiny(config=tiny.config | {"accounts": TEN})
    with pytest.raises(RunFailed):
        tap.run()
    assert tiny.server.paths == ["/range"] * 6
    assert [f.partition for f in tap.failures] == [f'{{"account":"{name}"}}' for name in TEN]


def test_a_proxy_that_is_not_there_is_not_one_accounts(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a host that can't be reached: no part of a request would get through either."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    config = tiny.config | {"accounts": TEN, "api_url": "http://platform.invalid"}
    tap = TapTiny(config=config)
    with pytest.raises(RunFailed):
        tap.run()
    (message,) = {failure.message for failure in tap.failures}
    assert message.endswith(
        "could not connect to platform.invalid through the proxy: check the variables HTTPS_PROXY, HTTP_PROXY, NO_PROXY "
        "(gave up after 1 try)"
    )
    assert tap.platform.http.total.requests == 1


def test_a_run_that_ends_at_the_first_failure_asks_for_no_parts(tiny: Tiny) -> None:
    """`fail_fast`: whose fault it was nobody waits to know."""
    break_accounts(tiny, {"a9"})
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN, on_partition_error="fail_fast")
    assert sizes(tiny) == [10]


@given(st.lists(st.booleans(), max_size=30))
def test_a_platform_seems_to_be_down_after_six_in_a_row(answered: list[bool]) -> None:
    """Whatever failed before an answer came counts no more; two are doubtful, one is not."""
    parts, in_a_row = FailedParts(), 0
    for good in answered:
        if good:
            parts.clear()
        else:
            parts.add()
        in_a_row = 0 if good else in_a_row + 1
        assert parts.seem_an_outage is (in_a_row >= 6)
        assert parts.are_doubtful is (in_a_row in {2, 3})


def test_failures_of_one_reason_share_a_line() -> None:
    """A hundred accounts of one wrong setting are one line, in the order they failed; no secret stands in it."""
    failures = [
        Failure("a", "a: 403 no", '{"account":"x"}'),
        Failure("b", "404 gone"),
        Failure("b", "b: 403 no", window="2026-03-01/2026-03-08"),
        Failure("c", "password=canary-4711"),
    ]
    lines = grouped_lines(failures, lambda f: "; deselect it" if "404" in f.message else "")
    assert lines == [
        'a {"account":"x"}, b 2026-03-01/2026-03-08: 403 no',
        "b: 404 gone; deselect it",
        "c: password=***",
    ]
    assert failures[-1].line() == "c: password=***"
