"""The deals service `/deals/v1.0` and its older path `/media/v1.0`: JSON only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import lists
from adtap_sandbox.environment import rfc3339
from adtap_sandbox.tables import fill, table

from .current import sorted_rows
from .legacy_auth import LegacyAuth
from .legacy_render import JSON, LegacyError, refuse
from .query import parse
from .replies import json_reply
from .store import Store
from .values import Record

_DECLARED: Final = table(__package__ or "", "deals")


class DealsApi:
    """Answers `GET /deals/v1.0/{collection}[/{id}]`; takes cookies and bearers alike."""

    def __init__(self, store: Store, auth: LegacyAuth) -> None:
        self.store, self.auth = store, auth

    async def answer(self, request: Request) -> Response:
        return await self.auth.inside(request, self._found, self._refused, "error")

    def _found(self, request: Request) -> Response:
        parts = [part for part in request.path_params["path"].split("/") if part]
        collection = parts[0] if parts else ""
        if collection not in ("deals", "publishers", *_DECLARED["collections"]):
            raise refuse(404, "not_found", "Not found")
        # The word that the vendor's client knows; newer answers say success.
        status = self.auth.switch("legacy_status")
        if len(parts) > 1:
            number = int(parts[1]) if parts[1].isdigit() else 0
            if collection != "deals" or not self.store.exists("deals", number):
                raise refuse(404, "not_found", "Not found")
            bill_type = self.store.record("deals", number)["bill_type"]
            deal = self._deal(number) | {"bill_type": bill_type}
            return json_reply({"data": deal, "meta": {"status": status}})
        rows = self._rows(request, collection)
        limit, offset = _whole(request, "page_limit", 100), _whole(request, "page_offset", 0)
        page = lists.page(rows, limit, offset)
        meta: Record = {"status": status, "count": len(page.rows), "offset": page.offset}
        return json_reply({"data": page.rows, "meta": meta | {"total_count": page.total}})

    def _rows(self, request: Request, collection: str) -> list[Record]:
        given = request.query_params
        if collection == "publishers":
            rows = self.store.records("publishers")
            of = {"entity_type": "publisher"}
            return [{"id": row["id"], "name": row["name"], **of} for row in rows]
        if collection != "deals":
            names = _DECLARED["collections"][collection]
            kind = collection.removesuffix("s")
            return [{"id": i, "name": n, "entity_type": kind} for i, n in enumerate(names, 1)]
        unknown = sorted(set(given) - {*_DECLARED["parameters"]})
        if unknown:
            raise refuse(400, "error", "Unknown parameter", unknown[0])
        if not given.get("owner.organization_id", "").isdigit():
            raise refuse(400, "error", "owner.organization_id is required", "owner.organization_id")
        rows = [row for row in self.store.records("deals") if self._wanted(row, given)]
        if "q" in given:
            test = parse(given["q"], set().union(*rows) if rows else {"id"})
            rows = lists.select(rows, [test])
        order, way = given.get("sort_by", "id"), given.get("sort_dir", "ASC")
        if order not in _DECLARED["sorts"] or way not in ("ASC", "DESC"):
            raise refuse(400, "error", f"cannot sort by {order} {way}", "sort_by")
        rows = sorted_rows(rows, f"-{order}" if way == "DESC" else order)
        return [self._deal(row["id"]) for row in rows]

    def _wanted(self, row: Record, given: Mapping[str, str]) -> bool:
        if str(row["organization_id"]) != given["owner.organization_id"]:
            return False
        if "ids" in given and str(row["id"]) not in given["ids"].split(","):
            return False
        if "status" in given and row["status"] is not (given["status"].lower() in ("1", "true")):
            return False
        if "strategy_id" in given:
            joins = self.store.pointing_to("strategy_deals", "deal_id", row["id"])
            return any(str(join["strategy_id"]) == given["strategy_id"] for join in joins)
        return "deal_type" not in given or row["deal_type"] == given["deal_type"]

    def _deal(self, number: int) -> Record:
        """A deal as lists have it; read one by one it has a `bill_type`, too."""
        row = self.store.record("deals", number)
        exchange = self.store.record("supply_sources", row["supply_source_id"])
        used = self.store.pointing_to("strategy_deals", "deal_id", row["id"])
        publisher = self.store.records("publishers")[0]
        times = ("start_datetime", "end_datetime", "created_on", "updated_on")
        values = row | {name: _offset_time(row[name]) for name in times}
        values |= {
            "exchange_name": exchange["name"],
            "publisher_id": publisher["id"],
            "publisher_name": publisher["name"],
            "strategies_count": len(used),
            "has_strategies": bool(used),
            "impressions": 1000 * len(used),
            "effective_status": "ready" if row["status"] else "deal_status_inactive",
        }
        deal: Record = fill(_DECLARED["deal"], values)
        return deal

    def _refused(self, error: LegacyError, _request: Request) -> Response:
        problem = error.problem
        body: Record = {"message": problem.text}
        if problem.field:
            body |= {"field": problem.field, "code": "Input payload validation failed"}
        now = rfc3339(self.store.environment.clock.now())
        meta = {"status": problem.code, "called_on": now}
        return json_reply({"errors": [body], "meta": meta}, problem.http, media_type=JSON)


def _offset_time(value: object) -> object:
    """The service writes an offset where others write Z; the vendor's client reads no Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00") if isinstance(value, datetime) else value


def _whole(request: Request, name: str, default: int) -> int:
    refused = refuse(400, "error", f"{name} must be a whole number", name)
    return lists.whole_number(request.query_params.get(name), default, refused)
