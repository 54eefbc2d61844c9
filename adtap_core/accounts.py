"""Accounts as platforms list them: their ids, those that the login does not see, and those that are refused."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adtap_core.errors import BadRequest, Forbidden, MalformedResponse
from adtap_core.names import did_you_mean

log = logging.getLogger("adtaps.streams")

_SHOWN: Final = 10


class Refusals:
    """What of a stream of several lists was refused: the others are read first, then the stream says so.

    Of a list that may not be read nobody knows what it holds: no bookmark may pass it.
    """

    def __init__(self) -> None:
        self._first: BadRequest | None = None

    def note(self, error: BadRequest, advice: str = "") -> None:
        """Note, and say, that a list was refused.

        Args:
            error: The platform's refusal.
            advice: What may be done about it, as the end of the line.
        """
        if advice:
            error = type(error)(f"{error} ({advice})", status=error.status)
        log.warning("%s", error)
        # A run that nobody chose streams for goes on without what its login may not read: another refusal
        # must not hide behind such a one.
        if self._first is None or (
            isinstance(self._first, Forbidden) and not isinstance(error, Forbidden)
        ):
            self._first = error

    def check(self) -> None:
        """Check that nothing was refused.

        Raises:
            BadRequest: The first refusal; before one that is `Forbidden` goes the first of another kind.
        """
        if self._first is not None:
            raise self._first


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
        msg = f"{what} without an id: {str(dict(record))[:120]}"
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
