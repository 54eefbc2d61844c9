"""The deals service `/deals/v1.0` and its older path `/media/v1.0`: JSON only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from .current import sorted_rows
from .legacy_gate import Gate
from .legacy_render import JSON, LegacyError, refuse
from .query import QueryError, parse
from .replies import json_reply
from .store import Store
from .values import Record, rfc3339

_SORTS: Final = frozenset(
    {
        "name",
        "id",
        "deal_identifier",
        "supply_source_id",
        "updated_on",
        "created_on",
        "start_datetime",
        "end_datetime",
        "price",
        "description",
    }
)
_KNOWN: Final = frozenset(
    {
        "owner.organization_id",
        "owner.agency_id",
        "owner.advertiser_id",
        "owner.type",
        "permissions.organization_ids",
        "permissions.agency_ids",
        "permissions.advertiser_ids",
        "strategy_id",
        "status",
        "deal_type",
        "ids",
        "q",
        "currency_code",
        "time_window",
        "export",
        "page_limit",
        "page_offset",
        "sort_by",
        "sort_dir",
        "api_key",
    }
)


class DealsApi:
    """Answers `GET /deals/v1.0/{collection}[/{id}]`.

    Args:
        store: The entities.
        gate: The legacy door; the service takes cookies and bearers alike.
    """

    def __init__(self, store: Store, gate: Gate) -> None:
        self.store = store
        self.gate = gate

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        closed = self.gate.mashery(request)
        if closed:
            return closed
        try:
            self.gate.require(request)
            return json_reply(self._answer(request))
        except LegacyError as error:
            return self._refused(error)
        except QueryError as error:
            return self._refused(refuse(400, "error", str(error), error.field))

    def _answer(self, request: Request) -> Record:
        parts = [part for part in request.path_params["path"].split("/") if part]
        collection = parts[0] if parts else ""
        if collection not in ("deals", "publishers", "channels", "deal_groups"):
            raise refuse(404, "not_found", "Not found")
        # The word that the vendor's client knows; newer answers say success.
        status = str(self.gate.switch("legacy_status"))
        if len(parts) > 1:
            number = int(parts[1]) if parts[1].isdigit() else 0
            if collection != "deals" or not self.store.exists("deals", number):
                raise refuse(404, "not_found", "Not found")
            return {"data": self._deal(number, whole=True), "meta": {"status": status}}
        rows = self._rows(request, collection)
        limit = _whole(request, "page_limit", 100)
        offset = _whole(request, "page_offset", 0)
        page = rows[offset : offset + limit]
        meta = {"status": status, "count": len(page), "offset": offset, "total_count": len(rows)}
        return {"data": page, "meta": meta}

    def _rows(self, request: Request, collection: str) -> list[Record]:
        given = request.query_params
        if collection == "publishers":
            return [
                {"id": row["id"], "name": row["name"], "entity_type": "publisher"}
                for row in self.store.records("publishers")
            ]
        if collection != "deals":
            names = ("Display", "Video") if collection == "channels" else ("Group A", "Group B")
            kind = collection.removesuffix("s")
            return [{"id": i, "name": n, "entity_type": kind} for i, n in enumerate(names, 1)]
        unknown = sorted(set(given) - _KNOWN)
        if unknown:
            raise refuse(400, "error", "Unknown parameter", unknown[0])
        if not given.get("owner.organization_id", "").isdigit():
            raise refuse(400, "error", "owner.organization_id is required", "owner.organization_id")
        rows = [row for row in self.store.records("deals") if self._wanted(row, request)]
        if "q" in given:
            test = parse(given["q"], set().union(*rows) if rows else {"id"})
            rows = [row for row in rows if test(row)]
        order, way = given.get("sort_by", "id"), given.get("sort_dir", "ASC")
        if order not in _SORTS or way not in ("ASC", "DESC"):
            raise refuse(400, "error", f"cannot sort by {order} {way}", "sort_by")
        rows = sorted_rows(rows, f"-{order}" if way == "DESC" else order)
        return [self._deal(row["id"]) for row in rows]

    def _wanted(self, row: Record, request: Request) -> bool:
        given = request.query_params
        if str(row["organization_id"]) != given["owner.organization_id"]:
            return False
        if "ids" in given and str(row["id"]) not in given["ids"].split(","):
            return False
        if "status" in given and row["status"] is not (given["status"].lower() in ("1", "true")):
            return False
        if "strategy_id" in given:
            joins = self.store.tied("strategy_deals", "deal_id", row["id"])
            return any(str(join["strategy_id"]) == given["strategy_id"] for join in joins)
        return "deal_type" not in given or row["deal_type"] == given["deal_type"]

    def _deal(self, number: object, *, whole: bool = False) -> Record:
        """A deal as the service writes it; `bill_type` only when read one by one."""
        row = self.store.record("deals", number if isinstance(number, int) else 0)
        source = row["supply_source_id"]
        exchange = self.store.record("supply_sources", source if isinstance(source, int) else 0)
        used = self.store.tied("strategy_deals", "deal_id", row["id"])
        publisher = self.store.records("publishers")[0]
        deal: Record = {
            "id": row["id"],
            "entity_type": "deal",
            "name": row["name"],
            "deal_identifier": row["deal_identifier"],
            "deal_type": row["deal_type"],
            "description": row["description"],
            "advertiser_id": 0,
            "organization_id": row["organization_id"],
            "owner": {"id": row["organization_id"], "type": "ORGANIZATION"},
            "permissions": {
                "all_organizations": False,
                "organization_ids": [row["organization_id"]],
                "agency_ids": [],
                "advertiser_ids": [],
            },
            "price": row["price"],
            "currency_code": row["currency_code"],
            "price_method": "CPM",
            "price_type": row["price_type"],
            "start_datetime": _offset_time(row["start_datetime"]),
            "end_datetime": _offset_time(row["end_datetime"]),
            "status": row["status"],
            "supply_source_id": source,
            "supply_source": {"id": source, "name": exchange["name"]},
            "sub_supply_source_id": None,
            "publisher_id": publisher["id"],
            "publisher": {"id": publisher["id"], "name": publisher["name"]},
            "channels": [{"id": 1, "name": "Display"}],
            "deal_groups": [],
            "strategies_count": len(used),
            "has_strategies": bool(used),
            "impressions": 1000 * len(used),
            "effective_status": "ready" if row["status"] else "deal_status_inactive",
            "severity": None,
            "created_on": _offset_time(row["created_on"]),
            "updated_on": _offset_time(row["updated_on"]),
        }
        if whole:
            deal["bill_type"] = row["bill_type"]
        return deal

    def _refused(self, error: LegacyError) -> Response:
        problem = error.problem
        body: Record = {"message": problem.text}
        if problem.field:
            body |= {"field": problem.field, "code": "Input payload validation failed"}
        now = rfc3339(self.store.stage.clock.now())
        meta = {"status": problem.code, "called_on": now}
        return json_reply({"errors": [body], "meta": meta}, problem.http, media_type=JSON)


def _offset_time(value: object) -> object:
    """The service writes an offset where others write Z; the vendor's client reads no Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00") if isinstance(value, datetime) else value


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise refuse(400, "error", f"{name} must be a whole number", name)
    return int(text)
