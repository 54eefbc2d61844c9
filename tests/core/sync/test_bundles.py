"""Accounts that share their requests: one that is refused, or stays broken, does not stop the others."""

from typing import Any

import pytest

from adtap_core.tap import RunFailed
from tests.core.conftest import Tiny
from tests.core.tiny import Answer, TapTiny
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
    assert "spend_daily" in str(tap_error)
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


def sizes(tiny: Tiny) -> list[int]:
    """How many accounts each request was for."""
    return [len(accounts.split(",")) for _, _, accounts in tiny.asked()]


@pytest.mark.parametrize("answer", [DOWN, (200, {}, b"no JSON")], ids=["503", "no JSON"])
@pytest.mark.parametrize("names", ["a0", "a9", "a0 a1 a2", "a0 a4 a9"])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_accounts_that_stay_broken_do_not_stop_the_others(
    tiny: Tiny, concurrency: int, names: str, answer: Answer
) -> None:
    """An error that may pass, and does not: those who share its requests are asked in halves, until it is found."""
    broken = set(names.split())
    break_accounts(tiny, broken, answer)
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


def test_a_platform_that_is_down_is_not_asked_for_each_account(tiny: Tiny) -> None:
    """Six parts without an answer, then no further one; all of them failed, and the next run reads them."""
    tiny.server.before.append(lambda _path, _query: DOWN)
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN)
    assert sizes(tiny) == [10, 5, 5, 3, 2, 3, 2]
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


def test_a_run_that_ends_at_the_first_failure_asks_for_no_parts(tiny: Tiny) -> None:
    """`fail_fast`: whose fault it was nobody waits to know."""
    break_accounts(tiny, {"a9"})
    with pytest.raises(RunFailed):
        tiny.run(accounts=TEN, on_partition_error="fail_fast")
    assert sizes(tiny) == [10]
