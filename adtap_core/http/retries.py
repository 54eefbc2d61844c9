"""What to do after an answer that was not good: a value that is replaced by each answer, never changed.

`RetryState.after` knows nothing of sockets, clocks or logins: it turns what was tried so far and one more outcome
into what to do next. The table of cases in tests/core/http/test_retries.py is the whole of its behaviour.
"""

from dataclasses import dataclass, replace
from typing import Final

from adtap_core.http.outcomes import Action, Outcome

LONGEST_WAIT_SECONDS: Final = 4000.0
"""The longest wait a server may ask of us: an hourly quota, with room."""
_GATEWAY_FAILURES: Final = 2
"""Answers 502 or 504, or none in time, in a row, after which a window is split rather than asked again."""
_MOST_LOGINS: Final = 4
"""New sessions for one request: each of them was good for another request, and had ended again when its turn came."""
_FINAL: Final = frozenset({Action.SPLIT_WINDOW, Action.FORBIDDEN, Action.FAIL, Action.CREDENTIALS})
"""What no later try can change."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """What may be tried for one request.

    Args:
        max_retries: Retries after faults that may pass.
        max_quota_waits: How often a used-up quota is waited for.
        can_split: Whether the caller can ask for a smaller piece.
        can_log_in: Whether a new session can be had, and this request carries one.

    >>> RetryPolicy(max_retries=6, max_quota_waits=3).can_split
    False
    """

    max_retries: int
    max_quota_waits: int
    can_split: bool = False
    can_log_in: bool = False


@dataclass(frozen=True, kw_only=True)
class RetryState:
    """How one request has gone so far.

    Args:
        policy: What may be tried.
        failures: Faults that may pass, so far.
        quota_waits: Waits for a quota, so far.
        gateway_failures: How many of the last answers in a row were 502 or 504, or did not come in time.
        logged_in: Whether a new session was tried since the last fault that may pass.
        saw_page: Whether a page for people came instead of data.
        logins: New sessions so far.

    >>> state = RetryState(policy=RetryPolicy(max_retries=1, max_quota_waits=0))
    >>> state, action = state.after(Outcome(Action.RETRY))
    >>> action, state.after(Outcome(Action.RETRY))[1]
    (<Action.RETRY: 3>, <Action.GIVE_UP: 9>)
    """

    policy: RetryPolicy
    failures: int = 0
    quota_waits: int = 0
    gateway_failures: int = 0
    logged_in: bool = False
    saw_page: bool = False
    logins: int = 0

    def with_one_more_retry(self) -> "RetryState":
        """Return the state in which one request more is allowed: one that no fault is the reason for."""
        policy = replace(self.policy, max_retries=self.policy.max_retries + 1)
        return replace(self, policy=policy)

    def after(
        self,
        outcome: Outcome,
        *,
        gateway: bool = False,
        page: bool = False,
        ended: bool = False,
        at_most: int | None = None,
    ) -> "tuple[RetryState, Action]":
        """Return the state after one more answer, and what to do next.

        Args:
            outcome: What the answer asks of us; not SUCCESS.
            gateway: Whether it was a 502 or 504, or none came in time.
            page: Whether the login is asked for by a page under a 2xx, not by a status.
            ended: Whether the session that was refused is known to have been good: another request was answered
                with it, or it has been replaced since.
            at_most: Retries allowed now, where that is less than the policy's.
        """
        if outcome.action in _FINAL:
            return self, outcome.action
        if outcome.action is Action.REFRESH_LOGIN:
            return self._login(outcome, page=page, ended=ended, at_most=at_most)
        # While we wait, the new session may end as the old one did.
        rested = replace(self, logged_in=False)
        if outcome.action is Action.RATE_LIMITED:
            waited = replace(rested, quota_waits=self.quota_waits + 1)
            over = waited.quota_waits > self.policy.max_quota_waits
            return waited, Action.GIVE_UP if over else Action.RATE_LIMITED
        run = self.gateway_failures + 1 if gateway else 0
        return replace(rested, gateway_failures=run).failed_once_more(outcome, at_most)

    def _login(
        self, outcome: Outcome, *, page: bool, ended: bool, at_most: int | None
    ) -> "tuple[RetryState, Action]":
        if page and not self.saw_page:
            # A proxy's page passes more often than a session ends: one retry first, then one login.
            return replace(self, saw_page=True).failed_once_more(outcome, at_most)
        again = ended and not page and self.logins < _MOST_LOGINS
        if self.policy.can_log_in and (again or not self.logged_in):
            return replace(self, logged_in=True, logins=self.logins + 1), Action.REFRESH_LOGIN
        return self.failed_once_more(outcome, at_most) if page else (self, Action.CREDENTIALS)

    def failed_once_more(
        self, outcome: Outcome, at_most: int | None
    ) -> "tuple[RetryState, Action]":
        """Return the state after one more fault that may pass, and what to do next.

        Args:
            outcome: Says how long to wait, if the answer did.
            at_most: Retries allowed now, where that is less than the policy's.
        """
        if self.policy.can_split and self.gateway_failures >= _GATEWAY_FAILURES:
            return self, Action.SPLIT_WINDOW
        failed = replace(self, failures=self.failures + 1)
        allowed = self.policy.max_retries
        if at_most is not None:
            allowed = min(allowed, at_most)
        too_long = (outcome.seconds or 0.0) > LONGEST_WAIT_SECONDS
        return failed, Action.GIVE_UP if failed.failures > allowed or too_long else Action.RETRY
