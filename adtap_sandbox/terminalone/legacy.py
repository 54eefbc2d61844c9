"""The Execution & Management API `/api/v2.0`, read only: the 47 collections in XML and JSON."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import lists

from .current import sorted_rows
from .legacy_auth import LegacyAuth
from .legacy_relations import SPECIAL, Children, Relations
from .legacy_render import Node, Style, json_meta, list_reply, one_reply, refuse
from .query import select
from .store import Store
from .values import Record

MAX_LIMIT: Final = 100  # README of the vendor's client: default and max


class LegacyApi:
    """Answers `GET /api/v2.0/...`."""

    def __init__(self, store: Store, auth: LegacyAuth) -> None:
        self.store, self.auth = store, auth
        self.relations = Relations(store)
        self.children = Children(store, self.relations)

    async def answer(self, request: Request) -> Response:
        return await self.auth.inside(request, self._found, self.auth.refused)

    def _found(self, request: Request) -> Response:
        parts = [part for part in request.path_params["path"].split("/") if part]
        style = self.auth.style(request)
        collection = parts[0] if parts else ""
        if not self.relations.known(collection):
            raise refuse(404, "not_found", "Entity Not Found")
        if len(parts) == 1:
            return self._list(request, style, collection, self.store.records(collection))
        if parts[1] == "limit" and len(parts) > 2:  # noqa: PLR2004 - collection, limit, chain
            rows = self.relations.limited(collection, parts[2])
            return self._list(request, style, collection, rows)
        if not parts[1].isdigit() or not self.store.exists(collection, int(parts[1])):
            raise refuse(404, "not_found", "Entity Not Found")
        number = int(parts[1])
        if len(parts) > 2:  # noqa: PLR2004
            return self._below(request, style, collection, number, parts[2:])
        full = request.query_params.get("full", "")
        record = self.store.record(collection, number)
        node = self.relations.node(collection, record, full, _paths(request), top=True)
        return one_reply(node, style)

    # --- collections --------------------------------------------------------------------------

    def _list(
        self, request: Request, style: Style, collection: str, rows: list[Record]
    ) -> Response:
        page = self._page(request, collection, rows)
        paths = _paths(request)
        full = request.query_params.get("full", "")
        nodes = [self.relations.node(collection, row, full, paths, top=False) for row in page.rows]
        for path in paths:
            self.relations.find(collection, path[0])
        total = self._total(page.total)
        counts: Record = {"offset": page.offset, "count": len(nodes), "total_count": total}
        meta = json_meta(style, str(request.url), **counts)
        if page.next is not None:
            # As recorded: with the key, without the order.
            following = request.url.remove_query_params("sort_by").include_query_params(
                page_offset=page.next, page_limit=page.limit
            )
            meta["next_page"] = str(following)
        return list_reply(nodes, style, meta, total)

    def _total(self, total: int) -> object:
        """The total, or the 0 that some recorded answers hold, or a text as in others."""
        return {"zero": 0, "text": str(total)}.get(self.auth.switch("legacy_total"), total)

    def _page(self, request: Request, collection: str, rows: list[Record]) -> lists.Page[Record]:
        given = request.query_params
        known = {*self.relations.fields(collection), "id", "version"}
        if "parent" in given:
            parent = given["parent"]
            rows = [row for row in rows if str(row.get("parent_audience_segment_id")) == parent]
        if "q" in given:
            rows = select(rows, given["q"], lambda _: known)
        order = given.get("sort_by", "id")
        if order.removeprefix("-") not in known:
            raise refuse(400, "invalid", f"cannot sort by {order}", "sort_by")
        rows = sorted_rows(rows, order)
        return lists.page(rows, self._limit(request), _whole(request, "page_offset", 0))

    def _limit(self, request: Request) -> int:
        limit = _whole(request, "page_limit", MAX_LIMIT)
        if limit > MAX_LIMIT and self.auth.switch("page_limit_over") == "refuse":
            raise refuse(400, "invalid", f"page_limit is at most {MAX_LIMIT}", "page_limit")
        return min(max(1, limit), MAX_LIMIT)

    # --- below one entity ---------------------------------------------------------------------

    def _below(
        self, request: Request, style: Style, collection: str, number: int, rest: list[str]
    ) -> Response:
        child = rest[0]
        if child == "history":
            return self.children.history(style, collection, number)
        if child in SPECIAL:
            return self.children.special(style, collection, number, rest)
        target, rows = self.children.rows(collection, number, child)
        if len(rest) > 1:
            rows = [row for row in rows if str(row["id"]) == rest[1]]
            if not rows:
                raise refuse(404, "not_found", "Entity Not Found")
            node = self.relations.node(target, rows[0], "*", _paths(request), top=True)
            return one_reply(node, style)
        full = request.query_params.get("full", "")
        if child == "deals":
            return self._bought(style, collection, number, rows)
        nodes = [self.relations.node(target, row, full, _paths(request), top=False) for row in rows]
        # As recorded: children are counted on the page, their total is 0; day parts have no count.
        meta = json_meta(style, str(request.url), offset=0, count=len(nodes), total_count=0)
        return list_reply(nodes, style, meta, None if child == "day_parts" else len(nodes))

    def _bought(self, style: Style, collection: str, number: int, rows: list[Record]) -> Response:
        """Deals of a strategy: the strategy itself with deals in it, nameless and without rel."""
        node = self.relations.node(
            collection, self.store.record(collection, number), "", [], top=True
        )
        for row in rows:
            deal = Node({**row, "entity_type": "deal"}, (), single=False, nameless=True)
            node.embedded.append(deal)
        return one_reply(node, style)


def _paths(request: Request) -> list[list[str]]:
    return [asked.split(",") for asked in request.query_params.getlist("with") if asked]


def _whole(request: Request, name: str, default: int) -> int:
    refused = refuse(400, "invalid", f"{name} must be a whole number", name)
    return lists.whole_number(request.query_params.get(name), default, refused)
