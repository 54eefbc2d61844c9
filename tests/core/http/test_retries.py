"""What comes after an answer that was not good, as a table: outcomes in, actions out."""

import pytest

from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.retries import LONGEST_WAIT_SECONDS, RetryPolicy, RetryState

RETRY, LOGIN, WAIT = (
    Outcome(Action.RETRY),
    Outcome(Action.REFRESH_LOGIN),
    Outcome(Action.RATE_LIMITED, seconds=5),
)
GATEWAY = (RETRY, {"gateway": True})
PAGE = (LOGIN, {"page": True})
ENDED = (LOGIN, {"ended": True})

CASES = {
    "a fault is retried, as often as allowed": ({}, [RETRY, RETRY, RETRY], [Action.RETRY, Action.RETRY, Action.GIVE_UP]),
    "known to be down: one retry": ({}, [(RETRY, {"at_most": 1})] * 2, [Action.RETRY, Action.GIVE_UP]),
    "too long a wait is none": ({}, [Outcome(Action.RETRY, seconds=LONGEST_WAIT_SECONDS + 1)], [Action.GIVE_UP]),
    "the longest wait is waited": ({}, [Outcome(Action.RETRY, seconds=LONGEST_WAIT_SECONDS)], [Action.RETRY]),
    "a quota costs no retry": ({}, [WAIT, RETRY, WAIT, RETRY], [Action.RATE_LIMITED, Action.RETRY, Action.RATE_LIMITED, Action.RETRY]),
    "a quota is not waited for without end": ({}, [WAIT] * 3, [Action.RATE_LIMITED, Action.RATE_LIMITED, Action.GIVE_UP]),
    "two gateway failures in a row split": ({"can_split": True}, [GATEWAY, GATEWAY], [Action.RETRY, Action.SPLIT_WINDOW]),
    "not in a row: no split": ({"can_split": True}, [GATEWAY, RETRY, GATEWAY], [Action.RETRY, Action.RETRY, Action.GIVE_UP]),
    "what can't be split is retried": ({}, [GATEWAY, GATEWAY], [Action.RETRY, Action.RETRY]),
    "a session is renewed once": ({}, [LOGIN, LOGIN], [Action.REFRESH_LOGIN, Action.CREDENTIALS]),
    "one that was good for others is renewed again": ({}, [ENDED, ENDED, LOGIN], [Action.REFRESH_LOGIN, Action.REFRESH_LOGIN, Action.CREDENTIALS]),
    "but not without end": ({}, [ENDED] * 5, [*[Action.REFRESH_LOGIN] * 4, Action.CREDENTIALS]),
    "and again after a fault that passed": ({}, [LOGIN, RETRY, LOGIN], [Action.REFRESH_LOGIN, Action.RETRY, Action.REFRESH_LOGIN]),
    "and again after a quota": ({}, [LOGIN, WAIT, LOGIN], [Action.REFRESH_LOGIN, Action.RATE_LIMITED, Action.REFRESH_LOGIN]),
    "a static token is refused at once": ({"can_log_in": False}, [LOGIN], [Action.CREDENTIALS]),
    "a page: one retry, then one login, then retries": ({}, [PAGE, PAGE, PAGE, PAGE], [Action.RETRY, Action.REFRESH_LOGIN, Action.RETRY, Action.GIVE_UP]),
    "a page before a static token is only retried": ({"can_log_in": False}, [PAGE, PAGE, PAGE], [Action.RETRY, Action.RETRY, Action.GIVE_UP]),
    "a wrong request is never retried": ({}, [Outcome(Action.FAIL)], [Action.FAIL]),
    "forbidden is forbidden": ({}, [Outcome(Action.FORBIDDEN)], [Action.FORBIDDEN]),
    "too much is split by the caller": ({}, [Outcome(Action.SPLIT_WINDOW)], [Action.SPLIT_WINDOW]),
    "wrong credentials end the run": ({}, [Outcome(Action.CREDENTIALS)], [Action.CREDENTIALS]),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "given", "expected"), CASES.values(), ids=CASES.keys())
def test_each_answer_leads_to_one_action(policy, given, expected):
    """With two retries, two waits for a quota, and a session that can be renewed."""
    allowed = {"max_retries": 2, "max_quota_waits": 2, "can_log_in": True, **policy}
    state = RetryState(policy=RetryPolicy(**allowed))
    actions = []
    for entry in given:
        outcome, more = entry if isinstance(entry, tuple) else (entry, {})
        before = state
        state, action = state.after(outcome, **more)
        assert before.policy is state.policy
        actions.append(action)
    assert actions == expected
