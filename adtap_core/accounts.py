"""Accounts as platforms list them: their ids, those that the login does not see, and those that are refused."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adtap_core.errors import BadRequest, Forbidden, MalformedResponse, RequestError
from adtap_core.names import did_you_mean
from adtap_core.redact import redact

log = logging.getLogger("adtaps.streams")

_SHOWN: Final = 10


class Refusals:
    """What of a stream of several lists was refused or came damaged: the others are read, then the stream says so.

    Of a list that may not be read nobody knows what it holds: no bookmark may pass it.
    """

    def __init__(self) -> None:
        self._first: RequestError | None = None

    def note(self, error: RequestError, advice: str = "") -> None:
        """Note, and say, that a list was refused or can't be understood.

        Args:
            error: The platform's refusal, or what is wrong with its answer.
            advice: What may be done about it, as the end of the line.
        """
        if advice:
            error = type(error)(f"{error} ({advice})", status=error.status)
        log.warning("%s", error)
        if self._first is None or _weight(error) > _weight(self._first):
            self._first = error

    def check(self) -> None:
        """Check that nothing was refused.

        Raises:
            RequestError: The first error; before a refusal goes the first damaged answer, before one that is
                `Forbidden` the first of another kind.
        """
        if self._first is not None:
            raise self._first


def _weight(error: RequestError) -> int:
    """Return what must not hide behind what: the greater weighs more.

    A run that nobody chose streams for goes on without what its login may not read; one that was refused need not be
    tried again, while a damaged answer may come whole the next time.
    """
    return 0 if isinstance(error, Forbidden) else 1 if isinstance(error, BadRequest) else 2


def id_of(record: Mapping[str, Any], what: str) -> str:
    """Return the id of a thing that a list names.

    Args:
        record: The thing.
        what: What it is, in a user's words: `accounts: one`.

    Raises:
        MalformedResponse: If it has none: nobody would miss it.
    """
    found = record.get("id")
    if found is None or found == "":
        msg = f"{what} without an id: {redact.beginning(dict(record), 120)}"
        raise MalformedResponse(msg)
    return str(found)


def unseen_message(setting: str, account: str, kind: str, seen: Sequence[str]) -> str:
    """Return the line about an account that the login does not see.

    Args:
        setting: The setting that names it.
        account: Its id.
        kind: What it is, in the plural: `organizations`.
        seen: Ids that the login sees, some or all of them.

    Example:
        `organization_ids: 99 is none of the organizations that the login sees (33, 34)`
    """
    shown = ", ".join(seen[:_SHOWN]) + (", …" if len(seen) > _SHOWN else "")
    there = f" ({shown})" if seen else "; it sees none"
    return f"{setting}: {account} is none of the {kind} that the login sees{there}{did_you_mean(account, seen)}"
