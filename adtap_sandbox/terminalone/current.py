"""The Campaign Management API v3.0: resources of the current generation, read only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import lists
from adtap_sandbox.tables import table

from .data import FOREIGN
from .query import QueryError, select
from .replies import RefusedError, json_reply, v3_error
from .sessions import Sessions
from .store import Store
from .values import Record

MAX_LIMIT: Final = 1000  # vendor's OpenAPI 3.0.1807, page_limit
DEFAULT_LIMIT: Final = 100  # not stated by the vendor; the legacy default

_LADDER: Final = ["strategy", "campaign", "advertiser", "agency", "organization", "audience_vendor"]
"""From an entity to its ancestors, nearest first."""
_ACCESS: Final = {"create": False, "read": True, "update": False, "delete": False}


@dataclass(frozen=True)
class Resource:
    """How one path of v3 behaves.

    `full`: the list gives stubs unless `full=*`. `brief`: the list never gives more than stubs.
    """

    collection: str
    full: bool = True
    brief: bool = False
    history: bool = False
    single: bool = True
    listed: bool = True
    needs_q: bool = False
    relations: tuple[str, ...] = ()


RESOURCES: Final[dict[str, Resource]] = {
    name: Resource(**{"collection": name, **declared})
    for name, declared in table(__package__ or "", "resources").items()
}


class CurrentApi:
    """Answers `GET /api/v3.0/...`."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self.store, self.sessions = store, sessions

    async def answer(self, request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            headers = self.sessions.admit(request)
            body = await run_in_threadpool(self._answer, request)
        except QueryError as error:
            refused = RefusedError(400, "invalid-query", str(error), field=error.field)
        except RefusedError as error:
            refused = error
        else:
            return json_reply(body, headers=headers)
        refused.headers.update(headers)
        return v3_error(refused, self.sessions.requests)

    def _answer(self, request: Request) -> Record:
        parts = [part for part in request.path_params["path"].split("/") if part]
        name = parts[0] if parts else ""
        if name == "permissions" and len(parts) > 1:
            number = _number(parts[1])
            if not self.store.exists("users", number):
                raise _missing(f"user {number} not found")
            return _single({"user_id": number, **self._levels()})
        resource = RESOURCES.get(name)
        if resource is None:
            raise _missing(f"no such resource: {name}")
        if len(parts) == 1:
            if not resource.listed:
                raise _missing(f"{name} has no list")
            return self._list(request, name, resource)
        number = _number(parts[1])
        if not self.store.exists(resource.collection, number):
            raise _missing(f"{name} {number} not found")
        if len(parts) > 2:  # noqa: PLR2004 - resource, id, child
            return self._below(request, name, resource, number, parts[2])
        if not resource.single:
            raise _missing(f"{name} cannot be read one by one")
        whole = self._whole(name, resource, number)
        return _single(self._with(request, name, resource, number, whole))

    def _whole(self, name: str, resource: Resource, number: int) -> Record:
        record = self.store.nested(name, number, resource.collection)
        if name == "users":
            whole = self.store.record("users", number)["scope"] == "GLOBAL"
            record["permissions"] = None if whole else self._levels()
        return record

    def _below(
        self, request: Request, name: str, resource: Resource, number: int, child: str
    ) -> Record:
        if child == "history" and resource.history:
            return self._page(request, self.store.history(resource.collection, number))
        if child == "budget_flights" and name == "campaigns":
            rows = self.store.pointing_to("budget_flights", "campaign_id", number)
            return self._page(request, rows, self._shaper(request, "budget_flights"))
        if child == "assignments" and name == "site_lists":
            return self._page(request, self._assignments(number))
        if child == "permissions" and name not in ("users", "contracts"):
            return _single({"id": number, **_ACCESS})
        if child == "settings" and name in ("organizations", "users"):
            return _single({"id": number, "zone_name": "UTC", "language": "en"})
        raise _missing(f"{name}/{number}/{child} not found")

    def _assignments(self, number: int) -> list[Record]:
        strategies = self.store.records("strategies")[:: max(1, number % 5)]
        rows: list[Record] = []
        for index, item in enumerate(strategies, number * 1000):
            row = {"id": index, "site_list_id": number, "entity_id": item["id"]}
            row |= {"associated_campaign_id": item["campaign_id"], "collection": "strategies"}
            rows.append({**row, "name": item["name"]})
        return rows

    def _levels(self) -> Record:
        levels, seeds = ("organizations", "agencies", "advertisers"), self.store.seeds
        return {level: [{"id": seed.id, **_ACCESS} for seed in seeds(level)] for level in levels}

    # --- lists --------------------------------------------------------------------------------

    def _list(self, request: Request, name: str, resource: Resource) -> Record:
        rows = self.store.records(resource.collection)
        given = request.query_params
        if resource.needs_q and "q" not in given:
            raise RefusedError(400, "missing-parameter", "q is required", field="q")
        if name == "campaigns":
            rows = self._flighted(request, rows)
        elif name == "strategies" and _flag(request, "live_only"):
            rows = [row for row in rows if row["status"] is True]
        return self._page(request, rows, self._shaper(request, name))

    def _flighted(self, request: Request, rows: list[Record]) -> list[Record]:
        live, unexpired = _flag(request, "live_only"), _flag(request, "filter_expired")
        if live and unexpired:
            raise _invalid("live_only and filter_expired exclude each other", "filter_expired")
        now = str(self.store.environment.clock.now())
        if live:
            rows = [row for row in rows if row["status"] is True]
        if live or unexpired:
            rows = [row for row in rows if str(row["end_date"]) > now]
        return rows

    def _shaper(self, request: Request, name: str) -> Callable[[Record], Record]:
        resource = RESOURCES.get(name, Resource(name))
        wanted = request.query_params.get("full")
        short = resource.brief or (resource.full and wanted not in ("*", name.rstrip("s")))

        def shape(row: Record) -> Record:
            record = _stub(row) if short else self._whole(name, resource, row["id"])
            return self._with(request, name, resource, row["id"], record)

        return shape

    def _with(
        self, request: Request, name: str, resource: Resource, number: int, record: Record
    ) -> Record:
        for asked in request.query_params.getlist("with"):
            for relation in asked.split(","):
                if relation not in resource.relations:
                    raise _invalid(f"{name} has no relation {relation}", "with")
                if name == "strategies":
                    continue  # the parts of a strategy's targeting are in its record anyway
                other = self._related(resource.collection, number, relation)
                if other is not None:
                    record[relation] = {**_stub(other), "rel": relation}
        return record

    def _related(self, collection: str, number: int, relation: str) -> Record | None:
        """Climb from an entity to the ancestor of that kind."""
        record = self.store.record(collection, number)
        for step in _LADDER:
            field = f"{step}_id"
            if isinstance(record.get(field), int):
                record = self.store.record(FOREIGN[field], record[field])
                if step == relation:
                    return record
        return None

    def _page(
        self, request: Request, rows: list[Record], shape: Callable[[Record], Record] = dict
    ) -> Record:
        """A page of rows, each in its shape; as it is, if there is none."""
        given = request.query_params
        if "q" in given and rows:
            rows = select(rows, given["q"], _known, _searchable)
        rows = sorted_rows(rows, given.get("sort_by", "id"))
        limit = _bounded(request, "page_limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
        ceiling = self.store.environment.switch("page_offset_ceiling")
        offset = _bounded(request, "page_offset", 0, 0, ceiling)
        page = lists.page(rows, limit, offset)
        meta: Record = {"status": "success", "count": len(page.rows)}
        total = self.store.environment.switch("total_count")
        if total != "missing":
            meta["total_count"] = 0 if total == "zero" else page.total
        meta["offset"] = offset
        if page.next is not None:
            meta["next_page"] = _neighbour(request, page.next, limit)
        if offset:
            meta["prev_page"] = _neighbour(request, max(0, offset - limit), limit)
        null = self.store.environment.switch("empty_data_null")
        data = [shape(row) for row in page.rows] if page.rows or not null else None
        return {"data": data, "meta": meta}


def _single(data: Record) -> Record:
    return {"data": data, "meta": {"status": "success"}}


def _stub(row: Record) -> Record:
    return {key: row.get(key) for key in ("id", "name", "entity_type")}


def _missing(message: str) -> RefusedError:
    return RefusedError(404, "not-found", message)


def _invalid(message: str, field: str) -> RefusedError:
    return RefusedError(400, "invalid-parameter", message, field=field)


def _number(text: str) -> int:
    if not text.isdigit():
        raise _invalid(f"not an id: {text}", "id")
    return int(text)


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "false").lower() in ("1", "true")


def _bounded(request: Request, name: str, default: int, low: int, high: int) -> int:
    refused = _invalid(f"{name} must be between {low} and {high}", name)
    given = request.query_params.get(name)
    return lists.whole_number(given, default, refused, least=low, most=high)


def _searchable(row: Record) -> Record:
    """The fields a condition may name: those whose values can be compared."""
    return {name: value for name, value in row.items() if not isinstance(value, (dict, list))}


def _known(rows: Sequence[Record]) -> set[str]:
    return {"id"}.union(*map(_searchable, rows))


def sorted_rows(rows: list[Record], sort_by: str) -> list[Record]:
    """Rows by one field, `-` for descending; nulls last, ties by id."""
    field, descending = sort_by.removeprefix("-"), sort_by.startswith("-")
    if sort_by == "id":
        return lists.sort(rows, [(_id_of, False)])
    if rows and not any(field in row for row in rows):
        raise _invalid(f"cannot sort by {field}", "sort_by")

    def key(row: Record) -> tuple[object, ...]:
        return (*lists.sort_key(row.get(field), nulls_last=True), _id_of(row))

    return lists.sort(rows, [(key, descending)])


def _id_of(row: Record) -> int:
    found = row.get("id")
    return found if isinstance(found, int) else 0


def _neighbour(request: Request, offset: int, limit: int) -> str:
    url = request.url.include_query_params(page_offset=offset, page_limit=limit)
    return str(url)
