"""Lists of models: paths, paging, and what changed since a moment.

A list is walked in the order of its ids; a big table behind an id, so that no offset grows deep. `count` is
not relied on: whether it is the total or the size of the page is not published.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from adtap_core.accounts import Refusals
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse, RequestError
from adtap_core.http.client import RequestStats
from adtap_core.http.completeness import number
from adtap_core.http.listing import Page, Record, Unfinished, in_order, key_of, number_of, page_of
from adtap_core.http.workers import Workers
from adtap_core.platform import EntityQuery
from adtap_core.rows.records import ConversionError, to_moment
from tap_atomx import responses
from tap_atomx.streams import AtomxEntity

log = logging.getLogger("adtaps.atomx")

ORDERS: Final = ("order_by", "sort")
"""What the order of a list is called: in the documentation, and in the newer of the vendor's clients."""
PAGE_SIZE: Final = 1000
"""The API's largest `limit`; more is cut to it. Wiki page `api`, read 2026-11-20."""
REACH: Final = 50_000
"""Rows that are skipped behind an id, at most, where a table is big."""
_SURELY_BEFORE: Final = timedelta(days=2)
"""A row modified so long before the bound shows that it was not listened to, in whatever zone times come."""
_MOMENT: Final = "%Y-%m-%dT%H:%M:%S"
"""How the API writes a moment: whole seconds, UTC, no zone."""
BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404

Limits = Mapping[str, object]
"""Bounds of a list, at most one: the parameter and the least value."""
Ask = Callable[[str, Mapping[str, Any], "RequestStats"], Any]


class Lists:
    """Walks the lists of models.

    Args:
        ask: Sends a GET: path, parameters, stats; gives the decoded document.
        order_parameter: What the API calls the order, as far as is known: `order_by` or `sort`.
        entities: All models, by stream.
        prefetch: Where further pages are asked for.
        is_ordered: Whether it is known that the API takes that for the order, and not for an attribute.
    """

    page_size: ClassVar[int] = PAGE_SIZE
    """Rows a page."""

    def __init__(
        self,
        ask: Ask,
        *,
        order_parameter: str,
        entities: Mapping[str, AtomxEntity],
        prefetch: Workers,
        is_ordered: bool = False,
    ) -> None:
        self._ask, self._order, self._entities = ask, order_parameter, entities
        self._prefetch, self._is_ordered = prefetch, is_ordered
        self._paths: dict[str, str] = {}
        self._said_ignored = False

    def walk(
        self, entity: AtomxEntity, query: EntityQuery, *, expand: bool = True
    ) -> Iterator[Sequence[Record]]:
        """Yield a model's rows, page by page; one may come twice.

        With `query.since` only what was modified at or after that moment is asked for, and, as a bound on
        `updated_at` never shows an object that has none, what lies behind the id that was known. Where none is,
        all rows are read.

        Args:
            entity: The model.
            query: From when on, and the ids behind which new objects lie; those are raised.
            expand: Whether to-many relations are asked for, too.

        Raises:
            BadRequest: If the platform has no such list, under any of its spellings.
        """
        for page in self._asked(entity, query, expand=expand):
            _note(query.greatest, entity, page)
            yield page

    def _asked(
        self, entity: AtomxEntity, query: EntityQuery, *, expand: bool
    ) -> Iterator[Sequence[Record]]:
        known, since = query.greatest.get(entity.name), moment_of(query.since)
        if since is None or known is None:
            yield from self._bounded(entity, {}, query.stats, expand=expand)
            return
        surely_older = since - _SURELY_BEFORE
        is_whole = False
        changed = {"updated_at>": since.strftime(_MOMENT)}
        for page in self._bounded(entity, changed, query.stats, expand=expand):
            is_whole = is_whole or any(_is_outside(row, surely_older) for row in page)
            yield page
        if not is_whole:
            yield from self._bounded(entity, {"id>": known + 1}, query.stats, expand=expand)

    def _bounded(
        self, entity: AtomxEntity, limits: Limits, stats: RequestStats, *, expand: bool
    ) -> Iterator[Sequence[Record]]:
        """Walk a list within a lower bound; a server that refuses it is asked for all rows.

        The bound on `updated_at` is built like the documented one on `id`; a server that swallows it gives all rows:
        right, only slower. Nobody has published what `count` counts: where it is greater than what came within the bound,
        it may be of the whole list, which is then read.
        """
        try:
            for page in self._walk(entity, limits, stats, expand=expand):
                self._say_if_ignored(entity, limits, page)
                yield page
        except BadRequest as error:
            if error.status != BAD_REQUEST or not limits:
                raise
            why = str(error)
        except Unfinished as error:
            if not limits:
                raise
            why = str(error)
        else:
            return
        (name,) = limits
        log.warning(
            "%s: read whole, without a lower bound on %s: %s",
            entity.name,
            name.removesuffix(">"),
            why,
        )
        yield from self._walk(entity, {}, stats, expand=expand)

    def _say_if_ignored(self, entity: AtomxEntity, limits: Limits, page: Sequence[Record]) -> None:
        """Say once that a server ignores the bound on ids: each list is then read for its changes, and whole."""
        least = limits.get("id>")
        if self._said_ignored or not isinstance(least, int):
            return
        keys = (key_of(row, number_of) for row in page)
        if any(key is not None and key < least for key in keys):
            self._said_ignored = True
            log.warning(
                "%s: the API ignores a lower bound on id; such lists are read whole, beside what changed in them",
                entity.name,
            )

    def _walk(
        self, entity: AtomxEntity, limits: Limits, stats: RequestStats, *, expand: bool
    ) -> Iterator[Sequence[Record]]:
        params: dict[str, Any] = {"depth": 0, **limits}
        if expand and entity.expand:
            params["expand"] = ",".join(entity.expand)

        def ask(more: Mapping[str, Any]) -> Any:
            return self._ask_any_path(entity, {**params, **more}, stats)

        try:
            yield from self._pages(entity, ask, limits)
        except BadRequest as error:
            if error.status != NOT_FOUND or not entity.below:
                raise
            yield from self._below_parents(entity, params, limits, stats, error)

    def _pages(
        self, entity: AtomxEntity, ask: Callable[[Mapping[str, Any]], Any], limits: Limits
    ) -> Iterator[Sequence[Record]]:
        def page(more: Mapping[str, Any], order: str) -> Page:
            document = ask({**more, order: "id.asc"})
            return page_at(document, entity.name, more["offset"], self.page_size)

        def read(behind: int | None, offset: int) -> Page:
            more: dict[str, Any] = {"limit": self.page_size, "offset": offset}
            if behind is not None:
                more["id>"] = behind + 1  # inclusive
            if self._is_ordered or behind is not None or offset:
                return page(more, self._order)
            return self._first_page(entity.name, partial(page, more), ask, limits)

        reach = REACH if entity.keyset else None
        return in_order(read, key=number_of, what=entity.name, prefetch=self._prefetch, reach=reach)

    def _first_page(
        self,
        what: str,
        page: Callable[[str], Page],
        ask: Callable[[Mapping[str, Any]], Any],
        limits: Limits,
    ) -> Page:
        """Return a list's first page, and find out what the API calls the order if it is seen to be called otherwise.

        What the API does not know it may take for an attribute, which no object has: each list would be empty.

        Args:
            what: The list, in a user's words.
            page: Gives the page in an order of that name.
            ask: Gives any answer of the list.
            limits: Its bound; an empty page may then be right.

        Raises:
            RequestError: If the list is empty or refused in any order, and not without one.
        """

        def is_empty(more: Mapping[str, Any]) -> bool:
            return not responses.rows(ask({"limit": 1, "offset": 0, **more}), what)

        try:
            found = page(self._order)
        except BadRequest as error:
            if error.status != BAD_REQUEST or limits or is_empty({}):
                raise
            return self._in_another_order(page, error)
        whole = {**dict.fromkeys(limits), self._order: "id.asc"}
        if found.records or (limits and not is_empty(whole)):
            self._is_ordered = True
            return found
        if is_empty({}):
            return found
        both = " and by ".join(f"`{order}`" for order in ORDERS)
        msg = (
            f"{what}: not empty, but ordered by {both} it gives no row (setting `order_parameter`)"
        )
        return self._in_another_order(page, MalformedResponse(msg))

    def _in_another_order(self, page: Callable[[str], Page], fault: RequestError) -> Page:
        """Return a list's first page in the order of another name; what is wrong if that gives none, either."""
        # A list that was empty a moment ago may have got its first object: the first order once more.
        for order in sorted(ORDERS, key=self._order.__eq__):
            try:
                found = page(order)
            except BadRequest as error:
                if error.status != BAD_REQUEST:
                    raise
                continue
            if found.records:
                self._take_order(order)
                return found
        raise fault

    def _take_order(self, order: str) -> None:
        if order != self._order:
            log.warning(
                "The API does not know `%s` as the order of a list: `%s` is asked for; put it into the setting "
                "`order_parameter`",
                self._order,
                order,
            )
        self._order, self._is_ordered = order, True

    def _ask_any_path(
        self, entity: AtomxEntity, params: Mapping[str, Any], stats: RequestStats
    ) -> Any:
        """Ask under the spelling that the platform knows; the first time, find out which."""
        known = self._paths.get(entity.name)
        if known is not None:
            return self._ask(known, params, stats)
        refusals: list[BadRequest] = []
        for path in spellings(entity.path, entity.model):
            try:
                document = self._ask(path, params, stats)
            except Forbidden:
                raise
            except BadRequest as error:
                if error.status != NOT_FOUND:
                    raise
                refusals.append(error)
                continue
            self._paths[entity.name] = path
            return document
        # The API has no such model: for the user the same as no permission.
        raise Forbidden(str(refusals[0]), status=NOT_FOUND) from refusals[0]

    def _below_parents(
        self,
        entity: AtomxEntity,
        params: Mapping[str, Any],
        limits: Limits,
        stats: RequestStats,
        missing: BadRequest,
    ) -> Iterator[Sequence[Record]]:
        """Walk a model below the objects it belongs to, where it has no list of its own: without such, there is none.

        Raises:
            BadRequest: If one of them refuses, the others were read, or if none has such a list.
            MalformedResponse: If a list can't be understood, or an object has no id; the others were read.
        """
        parent = self._entities[entity.below]
        has_parents = nameless = found = False
        refusals = Refusals()
        for page in self._walk(parent, {}, stats, expand=False):
            for owner in page:
                has_parents = True
                if (ident := key_of(owner, number_of)) is None:
                    nameless = True
                    continue
                path = f"{parent.model}/{ident}/{entity.path}"

                def ask(more: Mapping[str, Any], path: str = path) -> Any:
                    return self._ask(path, {**params, **more}, stats)

                try:
                    yield from self._pages(entity, ask, limits)
                except (Forbidden, MalformedResponse) as error:
                    refusals.note(error)
                except BadRequest as error:
                    if error.status != NOT_FOUND:
                        raise
                    continue
                found = True
        if nameless:
            # Its own stream says so, too, but may not be selected.
            msg = f"{entity.name}: an object of {parent.name} has no `id`, so that those below it can't be asked for"
            refusals.note(MalformedResponse(msg))
        refusals.check()
        if has_parents and not found:
            raise missing


def spellings(plural: str, model: str) -> tuple[str, ...]:
    """Return the paths that a list may have.

    The vendor's clients write words with `_` or with `-`, and read collections from the singular path, too.
    """
    return tuple(dict.fromkeys((*spelt(plural), *spelt(model))))


def spelt(name: str) -> tuple[str, ...]:
    """Return the ways in which a model's name may stand in a path: words written with `_` or with `-`."""
    return tuple(dict.fromkeys((name, name.replace("_", "-"))))


def _is_outside(row: Record, surely_older: datetime) -> bool:
    """Return whether a row shows that the bound on `updated_at` hides none of its list.

    Args:
        row: Given within the bound.
        surely_older: A moment long enough before the bound.
    """
    if not (moved := row.get("updated_at")):
        # Whatever the server makes of the bound, it shows objects without a time: the second request is for them.
        return True
    moment = moment_of(moved)
    # One that was modified long before: the bound was not listened to.
    return moment is not None and moment < surely_older


def _note(greatest: dict[str, int], entity: AtomxEntity, page: Sequence[Record]) -> None:
    """Raise the greatest id of a list whose objects may lack a date."""
    if entity.may_lack_date:
        keys = [k for row in page if (k := key_of(row, number_of)) is not None]
        greatest[entity.name] = max([greatest.get(entity.name, 0), *keys])


def moment_of(value: object) -> datetime | None:
    """Return a time stamp in UTC, as its column has it, whatever its form; None if it is none.

    Args:
        value: As the platform sent it, or null; UTC if it names no zone.
    """
    try:
        text = None if value is None else to_moment(value)
    except ConversionError:
        return None
    return None if text is None else datetime.fromisoformat(text)


def page_at(document: Any, what: str, offset: int, asked: int) -> Page:
    """Return a page of a list: another may follow if it is as long as the limit the server says it used.

    Where the server does not say it, any limit may be its own: the list ends with an empty page, as for the Go client.

    Args:
        document: The answer.
        what: The list, in a user's words.
        offset: How many rows were skipped.
        asked: How many rows were asked for.
    """
    rows = responses.rows(document, what)
    envelope = responses.envelope(document)
    echoed = number(envelope.get("limit")) or 1
    return page_of(
        rows,
        envelope,
        offset=offset,
        full=len(rows) >= min(echoed, asked),
        total=number(envelope.get("count")),
    )
