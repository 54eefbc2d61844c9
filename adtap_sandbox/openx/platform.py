"""The Platform API: lists, objects, services, metadata; version 4 is the same on both generations' hosts.

Of version 3 there is what the vendor's client touches at log-on, lists, reads, creates.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, Final
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adtap_sandbox import credentials, lists
from adtap_sandbox.openx import replies, request_parts
from adtap_sandbox.openx.objects import INSTANCE_UID, KINDS, SUBTYPES, ApiObject, Document
from adtap_sandbox.openx.replies import Refusal, plain_json
from adtap_sandbox.openx.store import Store
from adtap_sandbox.tables import csv_text, fill, table

DEFAULT_LIMIT: Final = 10
TRAIL_LIMIT: Final = 20
_DOCUMENTS: Final = table(__package__, "documents")
_METADATA: Final[dict[str, Any]] = table(__package__, "options")
OPTION_KEYS: Final = {f"{name}_options" for name in _METADATA["plain"]} | {*_METADATA["named"]}
OBJECT_OPTIONS: Final[dict[str, tuple[str, dict[str, str]]]] = _METADATA["objects"]
"""Keys that list objects: which type, narrowed by what."""
_IGNORED: Final = frozenset({"limit", "offset", "pretty"})
_CONDITION: Final = re.compile(r"(\w+?)(>=|<=|!=|>|<|=)(.*)", re.DOTALL)
_NEVER_DELETED: Final = frozenset({"account", "comment"})


class Platform:
    """Answers `/ox/4.0/…` for a caller who is already known."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(  # noqa: PLR0911 - one per service
        self, request: Request, path: str
    ) -> Response:
        """One call; `path` is what follows `/ox/4.0/`."""
        if self._store.over_quota():
            # Neither Retry-After nor a counter: the caller has to know that the hour matters.
            message = "The hourly quota of API calls is used up."
            return replies.platform_error(429, "Too Many Requests", message)
        parts = [part for part in path.split("/") if part]
        service = parts[0] if parts else ""
        if service in self._store.entities.by_kind:
            self._permit(service)
            return await self._object(request, service, parts[1:])
        if service == "session":
            return self._session(request)
        if service in {"audittrail", "audit_trail"}:
            self._permit("audittrail")
            return self._audit_trail(request, {"obj_uid": parts[1]} if len(parts) > 1 else {})
        if service == "options":
            return self._options(request, parts[1:])
        if service == "subtypes":
            rules = {
                kind: {name: {"creatable": True, "parent": kind} for name in names}
                for kind, names in SUBTYPES.items()
            }
            return plain_json(rules)
        if service in {"geo", "market"}:
            return self._envelope(service, [], request)
        if service == "eventfeed":
            return replies.forbidden("eventfeed")
        return replies.not_found("service", service)

    def _permit(self, kind: str) -> None:
        if kind in self._store.switch("forbidden_types"):
            raise Refusal(replies.forbidden(kind))
        if kind in self._store.switch("missing_types"):
            raise Refusal(replies.not_found("service", kind))

    async def _object(  # noqa: PLR0911 - one per kind of path
        self, request: Request, kind: str, parts: list[str]
    ) -> Response:
        if request.method == "OPTIONS":
            methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
            return plain_json({"methods": methods, "type": kind})
        if not parts:
            return await self._collection(request, kind)
        if parts == ["available_fields"]:
            return self._available_fields(request, kind)
        if parts == ["export"] and kind in {"deal", "floorrule"}:
            return self._export(kind)
        entity = self._store.find(kind, parts[0])
        if entity is None:
            return replies.not_found(kind, parts[0])
        if len(parts) == 1:
            return await self._single(request, kind, entity)
        return self._extra(request, kind, entity, parts[1])

    async def _collection(self, request: Request, kind: str) -> Response:
        if request.method == "GET":
            return self._list(request, kind)
        given = await _json(request)
        batch = given if isinstance(given, list) else [given]
        if request.method == "POST":
            return plain_json([self._store.create(kind, _fields(item)) for item in batch])
        if request.method == "DELETE":
            return plain_json([{str(uid): self._delete(kind, str(uid)) for uid in batch}])
        updated = []
        for item in batch:
            fields = _fields(item)
            name = str(fields.get("uid", fields.get("id")))
            entity = self._store.find(kind, name)
            if entity is None:
                return replies.not_found(kind, name)
            updated.append(self._store.update(entity, _own(fields)))
        return plain_json(updated)

    async def _single(self, request: Request, kind: str, entity: ApiObject) -> Response:
        if request.method == "GET":
            return plain_json([entity.document(self._store.now())])
        if request.method == "DELETE":
            self._delete(kind, entity.uid)
            return Response(status_code=204)
        fields = _fields(await _json(request))
        return plain_json([self._store.update(entity, _own(fields))])

    def _delete(self, kind: str, name: str) -> bool:
        if kind in _NEVER_DELETED:
            raise Refusal(replies.platform_error(400, "Validation", f"{kind} can't be deleted"))
        entity = self._store.find(kind, name)
        if entity is None:
            return False
        self._store.delete(entity)
        return True

    def _list(self, request: Request, kind: str) -> Response:
        objects = self._store.alive(kind)
        conditions = [pair for pair in request_parts.query(request) if pair[0] not in _IGNORED]
        known = {name for item in objects for name in item} if conditions else set()
        for name, value in conditions:
            if name not in known:
                return replies.unknown_field(name, value)
        tests = [partial(_equals, name, value) for name, value in conditions]
        return self._envelope(kind, lists.select(objects, tests), request)

    def _envelope(
        self, kind: str, objects: list[Document], request: Request, default: int = DEFAULT_LIMIT
    ) -> Response:
        limit = min(_whole(request, "limit", default, 1), self._store.switch("max_limit"))
        offset = _whole(request, "offset", 0, 0)
        page = lists.page(self._store.shifted(kind, objects, offset), limit, offset)
        found = {"has_more": page.next is not None, "limit": limit}
        return plain_json({**found, "objects": page.rows, "offset": offset})

    def _extra(  # noqa: PLR0911 - one per kind of call
        self, request: Request, kind: str, entity: ApiObject, call: str
    ) -> Response:
        declared, own = KINDS[kind], entity.document(self._store.now())
        if call in declared.get("lists", {}):
            target, back = declared["lists"][call]
            objects = [item for item in self._store.alive(target) if _leads(item.get(back), entity)]
            return self._envelope(target, objects, request)
        if call in declared.get("siblings", {}):
            target, account = declared["siblings"][call], own.get("account_uid")
            objects = [item for item in self._store.alive(target) if item["account_uid"] == account]
            return self._envelope(target, objects, request)
        if call in declared.get("members", {}):
            target, name = declared["members"][call]
            wanted = own.get(name)
            ids = {wanted} if isinstance(wanted, str) else set(_listed(wanted))
            objects = [item for item in self._store.alive(target) if item["id"] in ids]
            return self._envelope(target, objects, request)
        if call == "audittrail" and declared.get("audited"):
            return self._audit_trail(request, {"obj_uid": entity.uid})
        if call == "generate_tag":
            return PlainTextResponse(f'<script src="//ad.example/{entity.uid}.js"></script>')
        if kind == "account" and call.endswith(("_budget_remaining", "payments_to_date")):
            return plain_json({call: "0.00"})
        return replies.not_found(kind, f"{entity.uid}/{call}")

    def _available_fields(self, request: Request, kind: str) -> Response:
        given = dict(request_parts.query(request))
        full = given.get("type_full")
        if kind in SUBTYPES and full not in SUBTYPES[kind]:
            return replies.value_error("type_full", full, list(SUBTYPES[kind]))
        needed = {"site": "account_uid", "adunit.mobile": "site_uid"}.get(full or kind)
        if needed is not None and needed not in given:
            message = f"Field {needed} is required"
            more: Document = {"value": None, "field": {}}
            return replies.platform_error(400, "Require", message, attribute=needed, **more)
        objects = self._store.alive(kind)
        alike = [item for item in objects if full is None or item.get("type_full") == full]
        merged: Document = {}
        for item in alike or objects:
            merged |= {name: value for name, value in item.items() if merged.get(name) is None}
        return plain_json(describe(merged))

    def _export(self, kind: str) -> Response:
        columns = _DOCUMENTS["exports"][kind]
        rows = [list(columns)]
        packages = {item["deal_id"]: item for item in self._store.alive("package")}
        for item in self._store.alive(kind):
            package = packages.get(item["id"], {})
            row = item | {f"package_{name}": package.get(name) for name in ("name", "notes")}
            rows.append([row[field] for field in columns.values()])
        return Response(csv_text(rows, end="\r\n"), media_type="text/csv")

    def _session(self, request: Request) -> Response:
        store = self._store
        if request.method == "DELETE":
            store.legacy.end(request_parts.cookie(request))
            return plain_json({})
        now = store.now()
        values = {
            "account": store.entities.network.document(now),
            "user": store.entities.by_kind["user"][0].document(now),
            "uid": INSTANCE_UID,
            "hostname": credentials.OPENX_INSTANCE_HOSTNAME,
        }
        return plain_json(fill(_DOCUMENTS["session"], values))

    def _options(self, request: Request, parts: list[str]) -> Response:
        key = parts[0] if parts else ""
        if key == "available_deals":
            return plain_json(self._deals(dict(request_parts.query(request)).get("account_uid")))
        if key in OBJECT_OPTIONS:
            kind, narrowed = OBJECT_OPTIONS[key]
            listed = [
                {"id": item["id"], "name": item.get("name"), "object": {"uid": item["uid"]}}
                for item in self._store.alive(kind)
                if all(item.get(name) == value for name, value in narrowed.items())
            ]
            return plain_json(listed)
        if key not in OPTION_KEYS:
            return replies.not_found("options", key)
        return plain_json(options(key))

    def _deals(self, account_uid: str | None) -> list[Document]:
        accounts = {item["uid"]: item for item in self._store.alive("account")}
        made = []
        for item in self._store.alive("deal"):
            if account_uid in {None, item["account_uid"]}:
                seller = accounts[item["account_uid"]]["name"]
                buyers = [{"id": accounts[uid]["id"]} for uid in item["buyer_uids"]]
                values = item | {"seller": seller, "buyers": buyers}
                made.append(fill(_DOCUMENTS["deal"], values))
        return made

    def _audit_trail(self, request: Request, fixed: dict[str, str]) -> Response:
        rows = self._store.trail()
        for name, value in fixed.items():
            rows = [row for row in rows if row[name] == value]
        order = "-revision"
        for part in request.url.query.split("&"):
            found = _CONDITION.fullmatch(unquote_plus(part))
            if found is None or found[1] in _IGNORED:
                continue
            name, operator, value = found.groups()
            if name == "sort":
                order = value
            elif name == "user":
                rows = [row for row in rows if row["user"]["email"] == value]
            elif name in {"obj_type", "obj_id", "obj_uid", "revision", "timestamp", "action"}:
                rows = [row for row in rows if _holds(row[name], operator, value)]
            else:
                return replies.unknown_field(name, value)
        key = order.lstrip("-+")
        columns = ["revision", "timestamp", "obj_id", "obj_type"]
        if key not in columns:
            return replies.value_error("sort", order, columns)
        rows = lists.sort(rows, [(itemgetter(key), order.startswith("-"))])
        return self._envelope("audittrail", rows, request, TRAIL_LIMIT)


class PlatformV3:
    """Answers `/ox/3.0/a/…`: bodies are forms, lists are bare arrays."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(self, request: Request, path: str) -> Response:
        """One call; `path` is what follows `/ox/3.0/`."""
        parts = [part for part in path.split("/") if part]
        if not parts or parts[0] != "a":
            return replies.not_found("service", path)
        match parts[1:]:
            case ["session", "validate"]:
                return plain_json({"valid": True})
            case ["session"] if request.method == "DELETE":
                self._store.legacy.end(request_parts.cookie(request))
                return plain_json({})
            case ["account", ("currencyOptions" | "timezoneOptions") as key]:
                return plain_json(options(key.replace("Options", "_options")))
            case [kind, *rest] if kind in self._store.entities.by_kind:
                return await self._object(request, kind, rest)
        return replies.not_found("service", path)

    async def _object(  # noqa: PLR0911 - one per method and path
        self, request: Request, kind: str, rest: list[str]
    ) -> Response:
        query = dict(request_parts.query(request))
        if not rest and request.method == "GET":
            objects = self._store.alive(kind)[: int(query.get("limit", "1000000"))]
            full = query.get("overload") == "medium"
            return plain_json(objects if full else [item["id"] for item in objects])
        if rest and rest[0] in {"availableFields", "requiredFields"}:
            described, whole = describe(self._store.alive(kind)[0]), rest[0] == "availableFields"
            shown = {name: of for name, of in described.items() if whole or of["required"]}
            return plain_json(shown)
        # null is written as the text "null".
        given = {
            name: None if value == "null" else value
            for name, value in await request_parts.form(request)
        }
        if not rest:
            return plain_json(self._store.create(kind, given)["id"])
        thing = self._store.find(kind, rest[0])
        if thing is None:
            return replies.not_found(kind, rest[0])
        if request.method == "DELETE":
            self._store.delete(thing)
            return plain_json({})
        if request.method == "POST":
            return plain_json(self._store.update(thing, dict(given)))
        return plain_json(thing.document(self._store.now()))


def _holds(actual: Any, operator: str, value: str) -> bool:
    if not isinstance(actual, int):
        return lists.COMPARISONS[operator](str(actual), value)
    return value.lstrip("-").isdigit() and lists.COMPARISONS[operator](actual, int(value))


def _equals(name: str, value: str, item: Document) -> bool:
    actual = item.get(name)
    if value == "null":
        return actual is None
    if isinstance(actual, bool):
        return value.lower() in ({"1", "true"} if actual else {"0", "false"})
    return actual is not None and str(actual) == value


def _leads(value: object, entity: ApiObject) -> bool:
    return value == entity.uid or entity.uid in _listed(value)


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _whole(request: Request, name: str, default: int, least: int) -> int:
    given = dict(request_parts.query(request)).get(name)
    refused = replies.platform_error(
        400, "Value", f"Field {name} must be a number", attribute=name, value=given
    )
    return lists.whole_number(given, default, Refusal(refused), least=least)


async def _json(request: Request) -> object:
    try:
        return await request_parts.body(request)
    except ValueError as error:
        raise Refusal(replies.platform_error(400, "Validation", "Invalid JSON")) from error


def _fields(given: object) -> Document:
    if not isinstance(given, dict):
        raise Refusal(replies.platform_error(400, "Object Type", "Expected an object"))
    return given


def _own(fields: Document) -> Document:
    """A partial object without what the server sets."""
    fixed = {"id", "uid", "revision", "created_date", "modified_date", "deleted", "v", "type"}
    return {name: value for name, value in fields.items() if name not in fixed}


# --- metadata ---------------------------------------------------------------------------------


def options(key: str) -> list[Document]:
    """The rows of an option key that lists no objects; every row has `id` and `name`."""
    fixed: dict[str, list[Document]] = _METADATA["fixed"]
    if key in fixed:
        return fixed[key]
    if key == "subtype_names":
        return _named(name for names in SUBTYPES.values() for name in names)
    if key.endswith("_status_options") or key == "status_options_common":
        return _named(("Active", "Inactive"))
    label = key.removesuffix("_options").replace("_", " ")
    return [{"id": str(nth), "name": f"{label} {nth}"} for nth in (1, 2)]


def _named(names: Iterable[str]) -> list[Document]:
    return [{"id": name, "name": name} for name in names]


def describe(sample: Mapping[str, Any]) -> Document:
    """`available_fields` of a type, from one of its objects as the API shows it."""
    described: Document = {}
    for name, value in sample.items():
        readonly = name in _METADATA["read_only"]
        entry: Document = {"type": _type_of(name, value), "required": name == "name"}
        entry |= {"readonly": readonly, "has_dependencies": name == "type_full"}
        if readonly:
            entry["auto"] = True
        if entry["type"] == "varchar":
            entry["maxlen"] = 255
        if isinstance(value, list):
            objects = value and isinstance(value[0], dict)
            entry["items"] = {"type": "object" if objects else "varchar"}
        if isinstance(value, dict):
            entry["available_fields"] = describe(value)
        if name in _METADATA["urls"]:
            entry["url"] = _METADATA["urls"][name]
        described[name] = entry
    return described


def _type_of(name: str, value: object) -> str:
    types: dict[str, str] = _METADATA["types"]
    if name in types:
        return types[name]
    endings = {"_uid": "uid", "_id": "int", "_date": "datetime"}
    for ending, kind in endings.items():
        if name.endswith(ending):
            return kind
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "varchar"
