"""The change log: who changed what. The API gives it object by object.

A run asks for the logs of objects that were modified since the bookmark, and of new ones without a modification
time. Source: the vendor's wiki (`api`) and its clients for Python 1.7 and Go; read 2026-11-20.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from adtap_core.accounts import Refusals
from adtap_core.errors import BadRequest, MalformedResponse
from adtap_core.http.client import RequestStats
from adtap_core.http.listing import Record, check_end, key_of, number_of
from adtap_core.http.workers import Workers
from adtap_core.platform import EntityQuery
from tap_atomx import shapes
from tap_atomx.lists import NOT_FOUND, PAGE_SIZE, Ask, Lists, moment_of, page_at, spelt
from tap_atomx.streams import AtomxEntity

log = logging.getLogger("adtaps.atomx")

_ENOUGH: Final = 10
"""So many objects without a log, and none with one, show that the platform has no log of their model."""


@dataclass(frozen=True)
class _Due:
    """An object whose log is asked for.

    Args:
        ident: Its id.
        since: Entries from before this moment were given by earlier runs; None: none was.
        was_changed: Whether it was changed since it was made, so that it must have a log.
    """

    ident: int | str
    since: datetime | None
    was_changed: bool


class History:
    """Reads change logs.

    Args:
        ask: Sends a GET: path, parameters, stats; gives the decoded document.
        lists: Walks the lists of the objects.
        prefetch: Where logs are asked for side by side.
    """

    def __init__(self, ask: Ask, lists: Lists, prefetch: Workers) -> None:
        self._ask, self._lists, self._prefetch = ask, lists, prefetch
        self._forms: dict[str, str] = {}
        self._logless: dict[str, list[tuple[_Due, BadRequest]]] = {}

    def read(
        self, models: Sequence[AtomxEntity], query: EntityQuery, *, every: bool
    ) -> Iterator[Sequence[Record]]:
        """Yield the change log of models.

        Args:
            models: Whose.
            query: The bookmark, and the ids behind which new objects lie; those are raised.
            every: Whether the log of each object is asked for, modified or not.

        Raises:
            BadRequest: If a model's log was refused; the others were given.
            MalformedResponse: If one can't be understood, or if an object had no id; the others' logs were given.
        """
        refusals = Refusals()
        nameless: dict[str, None] = {}
        for model in models:
            due = self._due(model, query, nameless, every=every)
            read = partial(self._log_of, model, query.stats)
            try:
                for _, done in self._prefetch.in_order(due, read):
                    yield from done.result()
                self._check_found(model)
            except (BadRequest, MalformedResponse) as error:
                refusals.note(error, f"history of {model.name}, setting `history_models`")
        for name in nameless:
            msg = f"{name}: an object has no `id`, so that its change log can't be asked for"
            refusals.note(MalformedResponse(msg))
        refusals.check()

    def _due(
        self, model: AtomxEntity, query: EntityQuery, nameless: dict[str, None], *, every: bool
    ) -> Iterator[_Due]:
        """Yield the objects whose logs are due, each once."""
        since = moment_of(query.since)
        if since is not None:
            since = since.replace(microsecond=0)  # as fine as an object's own time
        known = query.greatest.get(model.name)
        asked: set[object] = set()
        listed = replace(query, since=None) if every else query
        for page in self._lists.walk(model, listed, expand=False):
            for row in page:
                ident = row.get("id")
                if not isinstance(ident, int | str) or ident == "":
                    nameless[model.name] = None
                    continue
                moved = moment_of(row.get("updated_at"))
                is_old = since is not None and moved is not None and moved < since
                if ident in asked or (is_old and not every):
                    continue
                asked.add(ident)
                number = key_of(row, number_of)
                # No bound on a date shows such an object, so that no earlier run may have asked for its log.
                is_new = moved is None and (known is None or number is None or number > known)
                was_changed = moved is not None and moved != moment_of(row.get("created_at"))
                yield _Due(ident, None if is_new else since, was_changed)

    def _log_of(self, model: AtomxEntity, stats: RequestStats, due: _Due) -> list[Sequence[Record]]:
        """Return an object's log, page by page."""
        pages: list[Sequence[Record]] = []
        seen: Counter[bytes] = Counter()
        before: list[Record] = []
        offset = 0
        while True:
            # Oldest first: an entry that is added meanwhile comes at the end and shifts nothing.
            params = {"offset": offset, "limit": PAGE_SIZE, "sort": "date.asc"}
            document = self._ask_any_path(model, due, params, stats)
            if document is None:
                log.info(
                    "%s %s has no change log: it no longer exists, or was never changed",
                    model.name,
                    due.ident,
                )
                return pages
            what = f"history of {model.model} {due.ident}"
            found = page_at(document, what, offset, PAGE_SIZE)
            if offset and list(found.records) == before:
                msg = f"{what}: the list says that there is more, and gives the same page at every offset"
                raise MalformedResponse(msg)
            before = list(found.records)
            made = shapes.log_entries(model.name, due.ident, before, seen)
            if fresh := [entry for entry in made if not _is_before(entry, due.since)]:
                pages.append(fresh)
            # One entry more than was asked for came twice.
            offset += min(len(before), PAGE_SIZE)
            if not found.more or not before:
                check_end(found, offset, what)
                return pages

    def _ask_any_path(
        self, model: AtomxEntity, due: _Due, params: Record, stats: RequestStats
    ) -> Any:
        """Ask under the path that the platform knows; until one answers, find out which. None if there is no log.

        Raises:
            BadRequest: If the platform has no log of any object of the model, as it seems.
        """
        known = self._forms.get(model.name)
        missing: BadRequest | None = None
        for form in (known,) if known else _forms(model.model):
            try:
                document = self._ask(form.format(due.ident), params, stats)
            except BadRequest as error:
                if error.status != NOT_FOUND:
                    raise
                missing = missing or error
                continue
            self._forms[model.name] = form
            return document
        if missing is not None and not known and self._exists(model, due.ident, stats):
            logless = self._logless.setdefault(model.name, [])
            logless.append((due, missing))
            if len(logless) >= _ENOUGH:
                self._check_found(model)
        return None

    def _check_found(self, model: AtomxEntity) -> None:
        """Check that the logs of objects which are there were not all left out, as under a path that is wrong.

        One that was changed must have a log; a few that never were may have none.

        Raises:
            BadRequest: If they were.
        """
        logless = self._logless.get(model.name, [])
        proves = len(logless) >= _ENOUGH or any(due.was_changed for due, _ in logless)
        if proves and model.name not in self._forms:
            raise logless[0][1]

    def _exists(self, model: AtomxEntity, ident: int | str, stats: RequestStats) -> bool:
        """Return whether the platform has an object."""
        for word in spelt(model.model):
            try:
                self._ask(f"{word}/{ident}", {"depth": 0}, stats)
            except BadRequest as error:
                if error.status != NOT_FOUND:
                    raise
            else:
                return True
        return False


def _forms(model: str) -> tuple[str, ...]:
    """Return the paths that a log may have: the clients' and the wiki's, words written with `_` or with `-`."""
    words = spelt(model)
    return (
        *(f"history/{word}/{{}}" for word in words),
        *(f"{word}/{{}}/history" for word in words),
    )


def _is_before(entry: Record, since: datetime | None) -> bool:
    """Return whether an entry is surely from before a moment."""
    if since is None:
        return False
    moment = moment_of(entry.get("date"))
    return moment is not None and moment < since
