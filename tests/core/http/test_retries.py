"""What comes after an answer that was not good, as a table: verdicts in, steps out."""

from __future__ import annotations

import pytest

from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.retries import LONGEST_WAIT_SECONDS, RetryPolicy, RetryState, Step

RETRY, LOGIN, WAIT = (
    Outcome(Action.RETRY),
    Outcome(Action.REFRESH_LOGIN),
    Outcome(Action.RATE_LIMITED, seconds=5),
)
GATEWAY = (RETRY, {"gateway": True})
PAGE = (LOGIN, {"page": True})
ENDED = (LOGIN, {"ended": True})

CASES = {
    "a fault is retried, as often as allowed": ({}, [RETRY, RETRY, RETRY], [Step.RETRY, Step.RETRY, Step.GIVE_UP]),
    "known to be down: one retry": ({}, [(RETRY, {"at_most": 1})] * 2, [Step.RETRY, Step.GIVE_UP]),
    "too long a wait is none": ({}, [Outcome(Action.RETRY, seconds=LONGEST_WAIT_SECONDS + 1)], [Step.GIVE_UP]),
    "the longest wait is waited": ({}, [Outcome(Action.RETRY, seconds=LONGEST_WAIT_SECONDS)], [Step.RETRY]),
    "a quota costs no retry": ({}, [WAIT, RETRY, WAIT, RETRY], [Step.WAIT_FOR_QUOTA, Step.RETRY, Step.WAIT_FOR_QUOTA, Step.RETRY]),
    "a quota is not waited for without end": ({}, [WAIT] * 3, [Step.WAIT_FOR_QUOTA, Step.WAIT_FOR_QUOTA, Step.GIVE_UP]),
    "two gateway failures in a row split": ({"can_split": True}, [GATEWAY, GATEWAY], [Step.RETRY, Step.SPLIT]),
    "not in a row: no split": ({"can_split": True}, [GATEWAY, RETRY, GATEWAY], [Step.RETRY, Step.RETRY, Step.GIVE_UP]),
    "what can't be split is retried": ({}, [GATEWAY, GATEWAY], [Step.RETRY, Step.RETRY]),
    "a session is renewed once": ({}, [LOGIN, LOGIN], [Step.LOGIN, Step.BAD_CREDENTIALS]),
    "one that was good for others is renewed again": ({}, [ENDED, ENDED, LOGIN], [Step.LOGIN, Step.LOGIN, Step.BAD_CREDENTIALS]),
    "but not without end": ({}, [ENDED] * 5, [*[Step.LOGIN] * 4, Step.BAD_CREDENTIALS]),
    "and again after a fault that passed": ({}, [LOGIN, RETRY, LOGIN], [Step.LOGIN, Step.RETRY, Step.LOGIN]),
    "and again after a quota": ({}, [LOGIN, WAIT, LOGIN], [Step.LOGIN, Step.WAIT_FOR_QUOTA, Step.LOGIN]),
    "a static token is refused at once": ({"can_log_in": False}, [LOGIN], [Step.BAD_CREDENTIALS]),
    "a page: one retry, then one login, then retries": ({}, [PAGE, PAGE, PAGE, PAGE], [Step.RETRY, Step.LOGIN, Step.RETRY, Step.GIVE_UP]),
    "a page before a static token is only retried": ({"can_log_in": False}, [PAGE, PAGE, PAGE], [Step.RETRY, Step.RETRY, Step.GIVE_UP]),
    "a wrong request is never retried": ({}, [Outcome(Action.FAIL)], [Step.REFUSED]),
    "forbidden is forbidden": ({}, [Outcome(Action.FORBIDDEN)], [Step.FORBIDDEN]),
    "too much is split by the caller": ({}, [Outcome(Action.SPLIT_WINDOW)], [Step.SPLIT]),
    "wrong credentials end the run": ({}, [Outcome(Action.CREDENTIALS)], [Step.BAD_CREDENTIALS]),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "given", "expected"), CASES.values(), ids=CASES.keys())
def test_each_answer_leads_to_one_step(policy, given, expected):
    """With two retries, two waits for a quota, and a session that can be renewed."""
    allowed = {"max_retries": 2, "max_quota_waits": 2, "can_log_in": True, **policy}
    state = RetryState(policy=RetryPolicy(**allowed))
    steps = []
    for entry in given:
        outcome, more = entry if isinstance(entry, tuple) else (entry, {})
        before = state
        state, step = state.after(outcome, **more)
        assert before.policy is state.policy
        steps.append(step)
    assert steps == expected
