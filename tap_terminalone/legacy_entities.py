"""Entities of the legacy generation, `/api/v2.0`: lists, children, change logs, and their shapes.

Source: the vendor's client `terminalone` 1.9.20 and recorded answers, read 2026-11-20.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from adtap_core.declare import Entity
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse
from adtap_core.http.client import Call, RequestStats
from adtap_core.http.completeness import check_whole
from adtap_core.http.listing import Page, Record, by_offset, in_order, number_of, page_of
from adtap_core.platform import EntityQuery
from adtap_core.redact import redact
from tap_terminalone.api import Api
from tap_terminalone.auth import ACCEPT
from tap_terminalone.changes import change
from tap_terminalone.legacy_documents import document_of
from tap_terminalone.streams import ENTITIES, TerminalOneEntity
from tap_terminalone.walks import deeper, records_of

log = logging.getLogger("adtaps.terminalone")

PAGE_LIMIT: Final = 100
REACH: Final = 10_000
"""Rows that are skipped behind an id, at most: deep offsets cost a database more and more."""
TARGET_DIMENSIONS: Final = {
    1: "dma",
    2: "connection speed",
    3: "isp",
    4: "browser",
    5: "os",
    7: "region",
    8: "mathselect250",
    14: "country",
    15: "safety",
    16: "channels",
    19: "fold position",
    20: "linear format",
    21: "content initiation",
    22: "audio",
    23: "player size",
    24: "device",
}
"""The dimensions that the vendor's client knows by name."""
_PATHS: Final = {e.name: e.path for e in ENTITIES}
_NOT_MODELLED: Final = frozenset({"currency_rates"})
"""Lists that the vendor's own client has no model of; other clients ask for them."""
_AMOUNT: Final = frozenset({"currency_code", "value"})
_LEVELS: Final = ("organization", "agency", "advertiser")

Pages = Iterator[Sequence[Record]]


class LegacyEntities:
    """Reads `/api/v2.0`.

    Args:
        api: What it needs of the platform.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._url = f"{api.url}/api/v2.0"

    def pages(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        """Return an entity's records."""
        readers: dict[str, Callable[[TerminalOneEntity, EntityQuery], Pages]] = {
            "acl": self._acl,
            "embedded": self._embedded,
            "history": self._history,
            "permissions": self._permissions,
            "target_dimensions": self._target_dimensions,
            "tree": self._tree,
        }
        usual = self._list if entity.parent is None else self._below
        pages = readers.get(entity.kind, usual)(entity, query)
        return _if_there(pages) if entity.name in _NOT_MODELLED else pages

    def whole(self, path: str) -> Pages:
        """Return the pages of a list."""
        return self._by_id(path, path, {}, None)

    def chosen(self, path: str, ids: Sequence[str]) -> Pages:
        """Return those records of a list that have some ids, page by page."""
        for at in range(0, len(ids), PAGE_LIMIT):
            listed = ",".join(ids[at : at + PAGE_LIMIT])
            yield self._page(path, path, {"q": f"({listed})", "sort_by": "id"}, None).records

    def first(self, path: str) -> Sequence[Record]:
        """Return the first records of a list, as many as a page holds."""
        return self._page(path, path, {"sort_by": "id"}, None).records

    # -- lists -------------------------------------------------------------------------------

    def _list(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        for path in self._limited(entity):
            for page in self._walk(path, entity.name, query):
                yield self._configured(page) if entity.path == "organizations" else page

    def _configured(self, page: Sequence[Record]) -> Sequence[Record]:
        """Return the organizations that are read: the list of them can't be confined by itself."""
        if not self._api.settings.get("organization_ids"):
            return page
        wanted = set(self._api.organizations())
        return [row for row in page if str(row["id"]) in wanted]

    def _limited(self, entity: TerminalOneEntity) -> Iterator[str]:
        """Yield the paths that confine a list to the configured organizations; one, whole, if none do."""
        wanted = self._api.settings.get("organization_ids")
        chain = entity.limit
        if not wanted or not chain:
            yield entity.path
            return
        for number in self._api.organizations():
            yield f"{entity.path}/limit/{chain}={number}"

    def _walk(self, path: str, what: str, query: EntityQuery) -> Pages:
        """Walk a list: what changed, if that is enough and the server can tell; else all of it by id."""
        if query.since is not None:
            try:
                yield from self._changed(path, what, query.since, query.stats)
            except BadRequest as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    raise
                log.info("%s: the list does not take dates in `q` (%s)", what, error)
                yield from self._newest_first(path, what, query.since, query.stats)
            return
        begun = False
        try:
            for page in self._by_id(path, what, {}, query.stats):
                begun = True
                yield page
        except BadRequest as error:
            if begun or error.status != HTTPStatus.BAD_REQUEST:
                raise
            log.info("%s: the list does not take `q` (%s)", what, error)
            yield from self._by_offset(path, what, {"sort_by": "id"}, query.stats)

    def _by_id(self, path: str, what: str, params: Record, stats: RequestStats | None) -> Pages:
        def ask(behind: int | None, offset: int) -> Page:
            query = {**params, "q": f"id>{behind or 0}", "sort_by": "id"}
            return deeper(lambda more: self._page(path, what, {**query, **more}, stats), offset)

        prefetch = self._api.prefetch
        return in_order(ask, key=number_of, what=what, prefetch=prefetch, reach=REACH)

    def _changed(self, path: str, what: str, since: str, stats: RequestStats) -> Pages:
        # Nothing says that two conditions may be joined here.
        params = {"q": f"updated_on>={_plain(since)}", "sort_by": "id"}
        return self._by_offset(path, what, params, stats)

    def _newest_first(self, path: str, what: str, since: str, stats: RequestStats) -> Pages:
        """Walk from the latest change back, to the first that is known already."""
        bound = _plain(since)
        params = {"sort_by": "-updated_on"}

        def ask(offset: int) -> Page:
            page = self._page(path, what, {**params, "page_offset": offset}, stats)
            # One without a moment tells nothing: some databases sort it before all others.
            changed = page.records[-1].get("updated_on") if page.records else None
            reached = bool(changed) and str(changed)[: len(bound)] < bound
            # How long the list is says nothing of how many changed: only its end is held against that.
            total = None if page.records else page.total
            return replace(page, more=page.more and not reached, total=total)

        return by_offset(ask, key=number_of, what=what, prefetch=self._api.prefetch)

    def _by_offset(self, path: str, what: str, params: Record, stats: RequestStats | None) -> Pages:
        def ask(_behind: int | None, offset: int) -> Page:
            return self._page(path, what, {**params, "page_offset": offset}, stats)

        return in_order(ask, key=number_of, what=what, prefetch=self._api.prefetch)

    def _page(self, path: str, what: str, params: Record, stats: RequestStats | None) -> Page:
        document = self._document(
            path, what, {"full": "*", **params, "page_limit": PAGE_LIMIT}, stats
        )
        if isinstance(one := document.get("data"), Mapping) and one:
            return Page([one], more=False)
        rows = records_of(document, what, null_is_empty=False)
        # Totals are sometimes 0 and sometimes missing: then a short page is the end.
        offset, full = int(params.get("page_offset") or 0), len(rows) >= PAGE_LIMIT
        return page_of(rows, document, offset=offset, full=full)

    def _document(self, path: str, what: str, params: Record, stats: RequestStats | None) -> Record:
        response = self._api.http.send(
            Call(
                url=f"{self._url}/{path}",
                what=what,
                params=params,
                headers={"Accept": ACCEPT},
                expects="text",
            ),
            stats,
        )
        with response.body:
            return document_of(response)

    def _tree(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        """Walk a tree: the list, and below every node whose children the list did not show."""
        expected: set[int] = set()
        shown: set[int] = set()

        def noted(pages: Pages) -> Pages:
            for page in pages:
                for row in page:
                    if int(row.get("child_count") or 0):
                        expected.add(int(row["id"]))
                    if row.get("parent_audience_segment_id"):
                        shown.add(int(row["parent_audience_segment_id"]))
                yield page

        yield from noted(self._list(entity, query))
        if query.since is not None:
            return
        asked: set[int] = set()
        while left := sorted(expected - shown - asked):
            for node in left:
                asked.add(node)
                yield from noted(
                    self._by_id(entity.path, entity.name, {"parent": node}, query.stats)
                )

    def _embedded(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        """Yield what a list embeds: a page of parents holds all of theirs, with one request."""
        relation = entity.relation
        for page in self._by_id(entity.path, entity.name, {"with": relation}, query.stats):
            what = f"{entity.name} in a list of {entity.path}"
            yield [
                row
                for parent in page
                for row in records_of({"data": _listed(parent.get(relation))}, what)
            ]

    # -- below one entity --------------------------------------------------------------------

    def _child(self, entity: TerminalOneEntity, query: EntityQuery, more: str = "") -> Any:
        path = f"{_PATHS[str(entity.parent)]}/{_number(query)}/{entity.path}{more}"
        what = f"{entity.name} of {_number(query)}"
        document = self._document(path, what, {"full": "*"}, query.stats)
        found = document.get("data")
        # Children come in one piece; the total that they tell is 0 or missing.
        inside = found.get("log_entries", found) if isinstance(found, Mapping) else found
        shown = len(inside) if isinstance(inside, list) else int(inside is not None)
        check_whole(document, shown, what)
        return found

    def _below(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        found = _listed(self._child(entity, query))
        yield records_of({"data": found}, f"{entity.name} of {_number(query)}")

    def _history(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        entries = self._child(entity, query) or None
        if isinstance(entries, Mapping):
            entries = entries.get("log_entries", entries)
        what = f"{entity.name} of {_number(query)}"
        yield [change(row, int(_number(query))) for row in records_of({"data": entries}, what)]

    def _acl(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        found = self._child(entity, query) or []
        listed = [found] if isinstance(found, Mapping) else found
        yield records_of({"data": listed}, f"{entity.name} of {_number(query)}")

    def _permissions(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        """Yield one row for a user: the flags, and for each level the entities that may be seen."""
        what = f"{entity.name} of {_number(query)}"

        def objects(found: Any) -> list[Record]:
            return records_of({"data": found or []}, what)

        def accesses(groups: Any) -> Iterator[Record]:
            for group in objects(groups):
                yield from objects(group.get("access"))

        (document,) = objects([self._child(entity, query) or {}])
        (found,) = objects([document.get("permissions") or {}])
        (levels,) = objects([found.get("entities") or {}])
        row: dict[str, Any] = {"user_id": _number(query)}
        row |= {k: v for k, v in document.items() if k != "permissions"}
        if isinstance(row.get("user"), Mapping):
            row["user"] = {k: str(v) for k, v in row["user"].items()}  # as XML has them
        for flag in accesses(found.get("flags")):
            if not isinstance(flag.get("type"), str):
                raise MalformedResponse(
                    f"{what}: a flag without a name: {redact.beginning(flag, 120)}"
                )
            row[flag["type"]] = flag.get("value")
        for level in _LEVELS:
            groups = levels.get(level)
            # A user with access to everything has no lists: null is not the same as none.
            row[level] = groups and list(accesses(groups))
        yield [row]

    def _target_dimensions(self, entity: TerminalOneEntity, query: EntityQuery) -> Pages:
        """Yield one row for each target dimension of a strategy."""
        rows = []
        for number, name in TARGET_DIMENSIONS.items():
            try:
                found = self._child(entity, query, f"/{number}")
            except BadRequest as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                continue  # a strategy need not have every dimension
            listed = [found] if isinstance(found, Mapping) else found
            for one in records_of({"data": listed}, f"{entity.name} of {_number(query)}"):
                enabled = one.get("enabled")
                rest = {k: v for k, v in one.items() if k != "enabled"}
                if isinstance(enabled, Mapping):
                    rest = {**enabled, **rest}
                rows.append(
                    {
                        **rest,
                        "strategy_id": _number(query),
                        "target_dimension_id": number,
                        "name": name,
                    }
                )
        yield rows


def normalize(entity: Entity, record: Record) -> Record:
    """Return a legacy record in the shapes of today's generation, where the data are the same.

    Money comes as a list of amounts by currency: the value in the record's own currency, else the first,
    stays under its name, its currency stands beside it where it is not the record's own, and the list is
    kept where it holds more than one.

    Args:
        entity: The entity.
        record: The record as the platform sent it.
    """
    made: dict[str, Any] = {}
    for name, value in record.items():
        if name == "rel":
            continue  # how an embedded record hangs on the one around it
        is_object = entity.name == "strategies" and name == "budget"
        if not _is_money(value):
            is_bare = is_object and isinstance(value, str | int | float | Decimal)
            own = {"budget": value, "currency_code": record.get("currency_code")}
            made[name] = own if is_bare else value
            continue
        own_currency = record.get("currency_code")
        amount = next((a for a in value if a["currency_code"] == own_currency), value[0])
        if is_object:
            made[name] = {"budget": amount.get("value"), "currency_code": amount["currency_code"]}
        else:
            made[name] = amount.get("value")
            if amount["currency_code"] != own_currency:
                made[f"{name}_currency_code"] = amount["currency_code"]
        if len(value) > 1 or not _AMOUNT.issuperset(amount):
            made[f"{name}_amounts"] = value
    if isinstance(made.get("org_type"), str):
        made["org_type"] = [made["org_type"]]  # XML has no lists
    return made


def _if_there(pages: Pages) -> Pages:
    """Yield a list's pages; that the API has no such list is said as that it may not be read.

    Raises:
        Forbidden: If it has none: whoever did not choose the stream can do without it.
    """
    try:
        yield from pages
    except BadRequest as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise Forbidden(f"{error} (not every account's API has this list)", status=404) from error


def _is_money(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, Mapping) and "currency_code" in v and "value" in v for v in value)
    )


def _plain(moment: str) -> str:
    """Return a moment as this API writes it: UTC, whole seconds, without a zone."""
    return moment[: len("2026-01-01T00:00:00")]


def _listed(found: Any) -> Any:
    """Return a list of one for an entity that stands where a list of them was asked for."""
    return [found] if isinstance(found, Mapping) and "id" in found else found


def _number(query: EntityQuery) -> Any:
    """Return the id of the record that something hangs below."""
    assert query.parent is not None  # noqa: S101 - only called for children
    return query.parent["id"]
