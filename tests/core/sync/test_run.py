"""What the streams of one run share: limits, state, and what failed."""

import json
import logging

import pytest

from adtap_core.declare import Entity
from adtap_core.errors import BadRequest, Forbidden, RetriesExhausted
from adtap_core.sync.failures import Failure
from adtap_core.sync.run import RunFailed
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny
from tests.running import select


def tap(tiny: Tiny, **settings: object) -> TapTiny:
    return TapTiny(config=tiny.config | settings)


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([BadRequest("a"), Forbidden("b")], 4),
        ([Forbidden("a")], 4),
        ([BadRequest("a"), RetriesExhausted("b")], 1),
        ([RetriesExhausted("a")], 1),
        ([None], 1),
    ],
)
def test_a_run_of_which_all_failures_are_for_good_need_not_be_tried_again(errors, code):
    """Its exit code says so to a scheduler; one that may pass, or is a defect, is worth another run."""
    failures = [Failure("s", "x", error=error) for error in errors]
    assert RunFailed("failed", failures).exit_code == code


def test_limits_are_the_settings_or_else_the_platforms(tiny: Tiny) -> None:
    """A share of them, where several processes ask at once."""
    given = tap(tiny, concurrency=8, request_timeout_seconds=7, max_retries=2, user_agent="me")
    limits = given.platform.http.limits
    assert (limits.concurrency, limits.timeout_seconds) == (8, 7.0)
    assert (limits.max_retries, limits.user_agent) == (2, "me")
    own = tap(tiny, concurrency=None).platform.http.limits
    assert (own.concurrency, own.timeout_seconds) == (2, 60.0)
    shared = tap(tiny, concurrency=8, rate_share=0.25)
    assert shared.platform.http.limits.concurrency == 2
    assert shared.whole_concurrency == 8


def test_a_stream_that_nobody_selected_and_nobody_may_read_is_no_failure(
    tiny: Tiny, caplog
) -> None:
    """Without a catalog all are read: it is said, and the exit code stays 0; a catalog means it."""
    caplog.set_level(logging.WARNING)
    failure = Failure("spend_daily", "403 no", error=Forbidden("403 no"))
    run = tap(tiny).current
    run.note_failure(failure)
    assert (run.failures, run.refused) == ([], [failure])
    assert "nobody selected it, so the run goes on without it" in caplog.text
    chosen = TapTiny(config=tiny.config, catalog=select(TapTiny, tiny.config, {"spend_daily"}))
    chosen.current.note_failure(failure)
    assert (chosen.current.failures, chosen.current.refused) == ([failure], [])
    assert "deselect the stream 'spend_daily', or ask the platform for access" in caplog.text


def test_the_first_failure_ends_the_run_if_the_settings_say_so(tiny: Tiny) -> None:
    """And nothing is asked for in parts, which would only find out whose it is."""
    run = tap(tiny, on_partition_error="fail_fast").current
    with pytest.raises(RunFailed, match=r"stopped at the first failure .* spend_daily"):
        run.note_failure(Failure("spend_daily", "503", error=RetriesExhausted("503")))
    assert not run.asks_in_parts


def test_accounts_are_asked_for_in_parts_unless_the_platform_seems_to_be_down(tiny: Tiny) -> None:
    """That would be in vain."""
    run = tap(tiny).current
    assert run.asks_in_parts
    for _ in range(6):
        run.failed_parts.add()
    assert not run.asks_in_parts


def test_a_state_is_written_as_it_is_now(tiny: Tiny, capfd) -> None:
    """What another stream changed in between too, once it is told; a backfill writes none."""
    made = tap(tiny)
    marks = made.state.setdefault("bookmarks", {})
    marks.update(a={"replication_key_value": "1"}, b={"replication_key_value": "1"})
    made.current.write_state("a")
    marks["b"]["replication_key_value"] = "2"
    made.current.write_state("b")
    marks["a"]["replication_key_value"] = "3"
    made.current.write_state()
    states = [
        json.loads(line)["value"]["bookmarks"] for line in capfd.readouterr().out.splitlines()
    ]
    said = [(s["a"]["replication_key_value"], s["b"]["replication_key_value"]) for s in states]
    assert said == [("1", "1"), ("1", "2"), ("3", "2")]
    backfill = tap(tiny, backfill={"from": "2026-03-01", "to": "2026-03-02"})
    backfill.state["bookmarks"] = {"a": {}}
    backfill.current.write_state()
    assert capfd.readouterr().out == ""


def test_children_are_told_of_a_parent_what_they_need(tiny: Tiny) -> None:
    """Its keys and its modification time, as the platform spells them; thousands of parents wait in memory."""
    parent = Entity(name="things", path="/things", keys=("thing_id",), replication_key="updated_on")
    raw = {"thingId": 7, "updatedOn": "2026-01-01", "name": "long"}
    fields = tap(tiny).current.parent_fields(parent, raw)
    assert fields == {"thingId": 7, "updatedOn": "2026-01-01"}


def test_a_state_without_bookmarks_is_written_as_it_is(tiny: Tiny, capfd) -> None:
    """What others keep in it, and nothing made up."""
    made = tap(tiny)
    made.state["theirs"] = {"n": 1}
    made.current.write_state()
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line)["value"] == {"theirs": {"n": 1}}
