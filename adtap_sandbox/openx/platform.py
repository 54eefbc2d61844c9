"""The Platform API, version 4: lists, objects, services; the same on both generations' hosts."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from starlette.responses import PlainTextResponse, Response

from adtap_sandbox import credentials
from adtap_sandbox.openx import asked, catalogue, replies
from adtap_sandbox.openx.entities import SUBTYPES
from adtap_sandbox.openx.replies import Refusal, plain_json
from adtap_sandbox.openx.things import INSTANCE_UID

if TYPE_CHECKING:
    from starlette.requests import Request

    from adtap_sandbox.openx.store import Store
    from adtap_sandbox.openx.things import Document, Thing

DEFAULT_LIMIT: Final = 10
TRAIL_LIMIT: Final = 20
API_VERSION: Final = "4.76.0.57"
_IGNORED: Final = frozenset({"limit", "offset", "pretty"})
_CONDITION: Final = re.compile(r"(\w+?)(>=|<=|!=|>|<|=)(.*)", re.DOTALL)
_NEVER_DELETED: Final = frozenset({"account", "comment"})

# Extra lists of an object: their type, and the field that leads back to it.
RELATIONS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("account", "list_accounts"): ("account", "account_uid"),
    ("account", "list_audience_segments"): ("audiencesegment", "account_uid"),
    ("account", "list_competitive_exclusions"): ("competitiveexclusion", "account_uid"),
    ("account", "list_conversion_tags"): ("conversiontag", "account_uid"),
    ("account", "list_creatives"): ("creative", "account_uid"),
    ("account", "list_orders"): ("order", "account_uid"),
    ("account", "list_packages"): ("package", "account_uid"),
    ("account", "list_payment_history"): ("paymenthistory", "account_uid"),
    ("account", "list_sites"): ("site", "account_uid"),
    ("account", "list_users"): ("user", "account_uid"),
    ("adunit", "list_adunitgroups"): ("adunitgroup", "adunit_uids"),
    ("order", "list_line_items"): ("lineitem", "order_uid"),
    ("lineitem", "list_ads"): ("ad", "lineitem_uid"),
    ("site", "list_ad_unit_groups"): ("adunitgroup", "site_uid"),
    ("site", "list_ad_units"): ("adunit", "site_uid"),
    ("site", "list_site_sections"): ("sitesection", "site_uid"),
}
# Lists that share the object's account, or that the object itself names.
SIBLINGS: Final[dict[tuple[str, str], str]] = {
    ("order", "list_conversion_tags"): "conversiontag",
    ("conversiontag", "list_orders"): "order",
    ("package", "list_floorrules"): "floorrule",
}
MEMBERS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("adunitgroup", "list_ad_units"): ("adunit", "adunit_ids"),
    ("package", "list_deals"): ("deal", "deal_id"),
}
AUDITED: Final = frozenset(
    {
        "account",
        "ad",
        "adunit",
        "adunitgroup",
        "creative",
        "conversiontag",
        "lineitem",
        "order",
        "site",
    }
)


class Platform:
    """Answers `/ox/4.0/…` for a caller who is already known.

    Args:
        store: The room's state.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(  # noqa: PLR0911 - one per service
        self, request: Request, path: str
    ) -> Response:
        """One call.

        Args:
            request: The request.
            path: What follows `/ox/4.0/`.

        Raises:
            Refusal: With the answer, where the platform refuses.
        """
        if self._store.over_quota():
            # Neither Retry-After nor a counter: the caller has to know that the hour matters.
            return replies.platform_error(
                429, "Too Many Requests", "The hourly quota of API calls is used up."
            )
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
            return plain_json(catalogue.subtypes())
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
            return plain_json(
                {"methods": ["GET", "POST", "PUT", "DELETE", "OPTIONS"], "type": kind}
            )
        if not parts:
            return await self._collection(request, kind)
        if parts == ["available_fields"]:
            return self._available_fields(request, kind)
        if parts == ["export"] and kind in {"deal", "floorrule"}:
            return self._export(kind)
        thing = self._store.find(kind, parts[0])
        if thing is None:
            return replies.not_found(kind, parts[0])
        if len(parts) == 1:
            return await self._single(request, kind, thing)
        return self._extra(request, kind, thing, parts[1])

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
            thing = self._store.find(kind, name)
            if thing is None:
                return replies.not_found(kind, name)
            updated.append(self._store.update(thing, _own(fields)))
        return plain_json(updated)

    async def _single(self, request: Request, kind: str, thing: Thing) -> Response:
        if request.method == "GET":
            return plain_json([thing.document(self._store.now())])
        if request.method == "DELETE":
            self._delete(kind, thing.uid)
            return Response(status_code=204)
        fields = _fields(await _json(request))
        return plain_json([self._store.update(thing, _own(fields))])

    def _delete(self, kind: str, name: str) -> bool:
        if kind in _NEVER_DELETED:
            raise Refusal(replies.platform_error(400, "Validation", f"{kind} can't be deleted"))
        thing = self._store.find(kind, name)
        if thing is None:
            return False
        self._store.delete(thing)
        return True

    def _list(self, request: Request, kind: str) -> Response:
        objects = self._store.alive(kind)
        conditions = [pair for pair in asked.query(request) if pair[0] not in _IGNORED]
        known = {name for item in objects for name in item} if conditions else set()
        for name, value in conditions:
            if name not in known:
                return replies.platform_error(
                    400, "Unknown Field", f"Unknown field {name}", attribute=name, value=value
                )
            objects = [item for item in objects if _equals(item.get(name), value)]
        return self._envelope(kind, objects, request)

    def _envelope(
        self, kind: str, objects: list[Document], request: Request, default: int = DEFAULT_LIMIT
    ) -> Response:
        limit = min(_whole(request, "limit", default, 1), int(self._store.switch("max_limit")))
        offset = _whole(request, "offset", 0, 0)
        page = self._store.page(kind, objects, limit, offset)
        return plain_json(
            {"has_more": page.more, "limit": limit, "objects": page.objects, "offset": offset}
        )

    def _extra(  # noqa: PLR0911 - one per kind of call
        self, request: Request, kind: str, thing: Thing, call: str
    ) -> Response:
        now = self._store.now()
        if (kind, call) in RELATIONS:
            target, back = RELATIONS[kind, call]
            objects = [
                item
                for item in self._store.alive(target)
                if thing.uid == item.get(back) or thing.uid in _listed(item.get(back))
            ]
            return self._envelope(target, objects, request)
        if (kind, call) in SIBLINGS:
            target = SIBLINGS[kind, call]
            account = thing.document(now).get("account_uid")
            objects = [item for item in self._store.alive(target) if item["account_uid"] == account]
            return self._envelope(target, objects, request)
        if (kind, call) in MEMBERS:
            target, name = MEMBERS[kind, call]
            own = thing.document(now).get(name)
            wanted = {str(own)} if isinstance(own, str) else set(_listed(own))
            objects = [item for item in self._store.alive(target) if item["id"] in wanted]
            return self._envelope(target, objects, request)
        if call == "audittrail" and kind in AUDITED:
            return self._audit_trail(request, {"obj_uid": thing.uid})
        if call == "generate_tag":
            return PlainTextResponse(f'<script src="//ad.example/{thing.uid}.js"></script>')
        if kind == "account" and call.endswith(("_budget_remaining", "payments_to_date")):
            return plain_json({call: "0.00"})
        return replies.not_found(kind, f"{thing.uid}/{call}")

    def _available_fields(self, request: Request, kind: str) -> Response:
        given = dict(asked.query(request))
        full = given.get("type_full")
        if kind in SUBTYPES and full not in SUBTYPES[kind]:
            return replies.value_error("type_full", full, list(SUBTYPES[kind]))
        needed = {"site": "account_uid", "adunit.mobile": "site_uid"}.get(full or kind)
        if needed is not None and needed not in given:
            return replies.platform_error(
                400,
                "Require",
                f"Field {needed} is required",
                attribute=needed,
                value=None,
                field={},
            )
        objects = self._store.alive(kind)
        alike = [
            item for item in objects if full is None or item.get("type_full") == full
        ] or objects
        merged: Document = {}
        for item in alike:
            merged |= {name: value for name, value in item.items() if merged.get(name) is None}
        return plain_json(catalogue.describe(merged))

    def _export(self, kind: str) -> Response:
        text = io.StringIO()
        writer = csv.writer(text)
        packages = {item["deal_id"]: item for item in self._store.alive("package")}
        if kind == "deal":
            writer.writerow(
                ["deal_id", "deal_name", "package_name", "package_description", "floor_price"]
            )
        else:
            writer.writerow(["floorrule_id", "floorrule_name", "floor"])
        for item in self._store.alive(kind):
            package = packages.get(item["id"], {})
            if kind == "deal":
                row = [
                    item["code"],
                    item["name"],
                    package.get("name"),
                    package.get("notes"),
                    item["floor_price"],
                ]
            else:
                row = [item["id"], item["name"], item["floor"]]
            writer.writerow(row)
        return Response(text.getvalue(), media_type="text/csv")

    def _session(self, request: Request) -> Response:
        store = self._store
        if request.method == "DELETE":
            store.legacy.end(asked.cookie(request))
            return plain_json({})
        now = store.now()
        user = store.entities.by_kind["user"][0].document(now)
        return plain_json(
            {
                "account": store.entities.network.document(now),
                "acl_mapping": {},
                "api_version": API_VERSION,
                "instance": {
                    "uid": INSTANCE_UID,
                    "name": "northwind",
                    "hostname": credentials.OPENX_INSTANCE_HOSTNAME,
                    "timezone": "UTC",
                    "delivery_host": "northwind-d.openx.example",
                },
                "locale": "en_US",
                "sso_domain": "sso.openx.example",
                "user": user,
            }
        )

    def _options(self, request: Request, parts: list[str]) -> Response:
        key = parts[0] if parts else ""
        if key == "available_deals":
            return plain_json(self._deals(dict(asked.query(request)).get("account_uid")))
        if key in catalogue.OBJECT_OPTIONS:
            kind, narrowed = catalogue.OBJECT_OPTIONS[key]
            return plain_json(
                [
                    {"id": item["id"], "name": item.get("name"), "object": {"uid": item["uid"]}}
                    for item in self._store.alive(kind)
                    if all(item.get(name) == value for name, value in narrowed.items())
                ]
            )
        if key not in catalogue.OPTION_KEYS:
            return replies.not_found("options", key)
        return plain_json(catalogue.options(key))

    def _deals(self, account_uid: str | None) -> list[Document]:
        accounts = {item["uid"]: item for item in self._store.alive("account")}
        return [
            {
                "id": item["id"],
                "code": item["code"],
                "name": item["name"],
                "type": {"id": item["deal_type_id"], "name": item["deal_type"]},
                "floor_price": item["floor_price"],
                "currency": {"currency": item["currency"]},
                "start_date": item["start_date"],
                "end_date": item["end_date"],
                "seller": {"id": item["account_id"], "name": accounts[item["account_uid"]]["name"]},
                "buyer": [{"id": accounts[uid]["id"]} for uid in item["buyer_uids"]],
            }
            for item in self._store.alive("deal")
            if account_uid in {None, item["account_uid"]}
        ]

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
                return replies.platform_error(
                    400, "Unknown Field", f"Unknown field {name}", attribute=name, value=value
                )
        key = order.lstrip("-+")
        if key not in {"revision", "timestamp", "obj_id", "obj_type"}:
            return replies.value_error(
                "sort", order, ["revision", "timestamp", "obj_id", "obj_type"]
            )
        rows.sort(key=lambda row: row[key], reverse=order.startswith("-"))
        return self._envelope("audittrail", rows, request, TRAIL_LIMIT)


def _holds(actual: Any, operator: str, value: str) -> bool:
    if isinstance(actual, int):
        if not value.lstrip("-").isdigit():
            return False
        left, right = actual, int(value)
        order = (left > right) - (left < right)
    else:
        order = (str(actual) > value) - (str(actual) < value)
    return {
        "=": order == 0,
        "!=": order != 0,
        ">": order > 0,
        "<": order < 0,
        ">=": order >= 0,
        "<=": order <= 0,
    }[operator]


def _equals(actual: object, value: str) -> bool:
    if value == "null":
        return actual is None
    if isinstance(actual, bool):
        return value.lower() in ({"1", "true"} if actual else {"0", "false"})
    return actual is not None and str(actual) == value


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _whole(request: Request, name: str, default: int, least: int) -> int:
    given = dict(asked.query(request)).get(name)
    if given is None:
        return default
    if not given.isdigit() or int(given) < least:
        raise Refusal(
            replies.platform_error(
                400, "Value", f"Field {name} must be a number", attribute=name, value=given
            )
        )
    return int(given)


async def _json(request: Request) -> object:
    try:
        return await asked.body(request)
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
