"""Accounts that the settings name and the login does not see: each is named, with those that it sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adtap_core.names import did_you_mean

_SHOWN: Final = 10


def unseen_words(setting: str, account: str, kind: str, seen: Sequence[str]) -> str:
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
