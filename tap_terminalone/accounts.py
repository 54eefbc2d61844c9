"""Which organizations and advertisers the login sees, and which of those that the settings name it does not.

A report of one that it does not see has no row, and a list that is confined to it is empty: today's generation says
nothing of it (the vendor's own answer to `id==(…)` is an empty page).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from adtap_core.accounts import unseen_message
from adtap_core.errors import Forbidden
from adtap_core.http.listing import Record
from adtap_core.http.once import Once
from tap_terminalone.walks import id_of

log = logging.getLogger("adtaps.terminalone")

ORGANIZATIONS, ADVERTISERS = "organization_ids", "advertiser_ids"
SETTINGS: Final[Mapping[str, str]] = {
    "organization_id": ORGANIZATIONS,
    "advertiser_id": ADVERTISERS,
}
"""By the key of a partition, coarse before fine."""


class Lists(Protocol):
    """The lists of a generation by their path, `organizations` and `advertisers`."""

    def whole(self, path: str) -> Iterator[Sequence[Record]]:
        """Return the pages of a list."""

    def chosen(self, path: str, ids: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Return those records of a list that have some ids, page by page."""

    def first(self, path: str) -> Sequence[Record]:
        """Return the first records of a list, as many as a page holds."""


class Accounts:
    """The accounts of one login; each list is asked for once a run.

    Args:
        settings: `organization_ids` and `advertiser_ids`.
        lists: The generation.
    """

    def __init__(self, settings: Mapping[str, Any], lists: Lists) -> None:
        self._settings, self._lists = settings, lists
        self._found: Once[str, list[str]] = Once()
        self._seen: Once[str, list[str] | None] = Once()

    def wanted(self, setting: str) -> list[str]:
        """Return the ids that a setting names, each once, in their plain form."""
        return list(dict.fromkeys(str(int(i)) for i in self._settings.get(setting) or ()))

    def organizations(self) -> list[str]:
        """Return all organizations that the login sees."""
        return self._once("organizations", lambda: self._lists.whole("organizations"))

    def fault(self, setting: str, account: str) -> str | None:
        """Return the line about an account that the login does not see; None if it sees it, or nobody can tell.

        Args:
            setting: The setting that names it; where it names none, nothing is asked.
            account: Its id.
        """
        if account not in self.wanted(setting):
            return None
        seen = self._seen.get(setting, lambda: self._listed(setting))
        if setting == ORGANIZATIONS:
            # A login that lists none at all may still read: nobody can tell.
            return (
                unseen_message(setting, account, "organizations", seen)
                if seen and account not in seen
                else None
            )
        if seen is None or account in seen:
            return None
        shown = seen or self._once("first advertisers", lambda: [self._lists.first("advertisers")])
        return unseen_message(setting, account, "advertisers", shown)

    def _listed(self, setting: str) -> list[str] | None:
        """Return the accounts of a setting's kind that the login sees; None if it may not list them.

        Its reports may be read all the same.
        """
        try:
            if setting == ORGANIZATIONS:
                return self.organizations()
            wanted = self.wanted(setting)
            return self._once("advertisers", lambda: self._lists.chosen("advertisers", wanted))
        except Forbidden as error:
            log.warning("%s: can't be checked, the login may not list them: %s", setting, error)
            return None

    def errors(self) -> Iterator[str]:
        """Yield a line for each account that the settings name and the login does not see."""
        for setting in SETTINGS.values():
            for account in self.wanted(setting):
                if (message := self.fault(setting, account)) is not None:
                    yield message

    def _once(self, name: str, ask: Callable[[], Iterable[Sequence[Record]]]) -> list[str]:
        def ids() -> list[str]:
            # A page that comes again, where a list says no total, is no second account.
            return list(dict.fromkeys(str(id_of(row, name)) for page in ask() for row in page))

        return self._found.get(name, ids)
