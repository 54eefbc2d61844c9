"""The ways a sync can go wrong, as a tree.

AdtapError                        one line for the user, exit code 1
├── SettingsError                 a setting is missing or wrong; before any data request; exit code 2
├── CredentialsError              wrong login, second factor, expired password; stops everything; exit code 3
├── Interrupted                   SIGTERM or SIGINT; exit code 143 or 130
├── TargetGone                    standard output takes no more: its reader is gone, its disk is full
└── RequestError                  one request failed for good; carries stream, status, words
    ├── BadRequest                the platform says that the request is wrong; never retried
    │   └── Forbidden             the login may not read this stream or account
    ├── RetriesExhausted          a passing fault that did not pass within `max_retries`
    ├── ResponseTooLarge          the answer is too big or was cut; ask for less
    │   └── RowsMissing           it has fewer rows than it says itself
    ├── MalformedResponse         the answer is whole but makes no sense
    └── OfflineError              the platform would have to be asked, and `plan --offline` or `explain` may not
"""

import errno
import signal
from collections.abc import Sequence
from typing import Final

SETTINGS_EXIT: Final = 2
"""Settings, or the command line (click's own exit code for it): the same again ends the same way."""
CREDENTIALS_EXIT: Final = 3
"""The login was refused: the same again may lock the account."""
REFUSED_EXIT: Final = 4
"""All that failed was refused for good: an account that has gone, a permission, a request that is wrong."""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Of an `OSError`: nothing more can be written there."""


class AdtapError(Exception):
    """Something the user should read as one line; `exit_code` is the process's."""

    exit_code = 1


class SettingsError(AdtapError):
    """One or more settings can't be used.

    Args:
        errors: One line per error: the setting, its value, what is expected.
    """

    exit_code = SETTINGS_EXIT

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class CredentialsError(AdtapError):
    """The login was refused. Ends the whole run: trying again could lock the account."""

    exit_code = CREDENTIALS_EXIT


class Interrupted(AdtapError):  # noqa: N818 - a state, not a fault
    """The process was told to end by a signal.

    Args:
        signum: The signal; the exit code is 128 + signum.
    """

    def __init__(self, signum: int) -> None:
        name = signal.Signals(signum).name
        super().__init__(f"stopped by {name}; state holds the last complete window")
        self.exit_code = 128 + signum


class TargetGone(AdtapError):  # noqa: N818 - a state, not a fault
    """Nobody takes our output any more: a closed pipe, a full disk."""


class RequestError(AdtapError):
    """One request failed.

    Args:
        message: What happened, in the platform's own words where there are some.
        status: The HTTP status, if an answer came.
    """

    accounts: Sequence[object] = ()
    """The account, where a request for several was cut down to one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class BadRequest(RequestError):  # noqa: N818 - named for what happened
    """The platform says that the request is wrong; asking again won't help."""


class Forbidden(BadRequest):
    """The login may not read this stream or account."""


class RetriesExhausted(RequestError):  # noqa: N818 - named for what happened
    """A fault that may pass did not, within `max_retries`.

    Args:
        message: What happened, in the platform's own words where there are some.
        status: The HTTP status, if an answer came.
        heavy: Whether it was a gateway's 502 or 504, or no answer came in time: a smaller piece may pass.
    """

    def __init__(self, message: str, *, status: int | None = None, heavy: bool = False) -> None:
        super().__init__(message, status=status)
        self.heavy = heavy


class ResponseTooLarge(RequestError):  # noqa: N818 - named for what happened
    """The answer was cut or refused for its size: ask for a smaller piece."""


class RowsMissing(ResponseTooLarge):
    """The answer has fewer rows than it says itself: it was cut, or damaged on the way."""


class MalformedResponse(RequestError):  # noqa: N818 - named for what happened
    """The answer came whole but can't be understood."""


class OfflineError(RequestError):
    """Metadata would be needed, and nothing may be asked: a tap that can goes on with what it declares."""
