"""How `/api/v2.0` writes entities: XML by default, JSON on request, and its error bodies."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox.environment import rfc3339
from adtap_sandbox.tables import table

from .values import Record, local, to_json

XML: Final = "text/xml"
JSON: Final = "application/vnd.mediamath.v1+json"
WALL_TIME: Final = "%Y-%m-%dT%H:%M:%S"

WORDS: Final = table(__package__, "legacy")
"""Names of fields and relations; `legacy.json` says what they are."""


@dataclass
class Node:
    """An entity on its way out: its record, whether all of it, and what is embedded in it."""

    record: Record
    fields: tuple[str, ...]
    full: bool = False
    rel: str = ""
    single: bool = True
    nameless: bool = False
    embedded: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True)
class Style:
    """What an answer looks like: format, moment, and the switchable oddities of JSON."""

    json: bool
    now: datetime
    success: str = "ok"
    string_numbers: bool = False


def wants_json(request: Request) -> bool:
    """Whether the request asks for JSON; `*/*` gets XML."""
    accept = request.headers.get("accept", "")
    return JSON in accept or "application/json" in accept


def money(record: Record, name: str) -> list[tuple[str, Decimal]]:
    """Amounts of a money field by currency; empty for a field that is no money here."""
    value = record.get(name)
    if not isinstance(value, Decimal):
        return []
    monetary = name == "goal_value" and record.get("goal_type") in WORDS["monetary_goals"]
    if name not in WORDS["money"] and not monetary:
        return []
    amounts = [(str(record.get("currency_code") or "USD"), value)]
    if name in WORDS["two_currencies"]:
        amounts.append(("EUR", (value * Decimal("0.92")).quantize(Decimal("0.0001"))))
    return amounts


# --- XML --------------------------------------------------------------------------------------


def xml_attributes(attributes: Mapping[str, str]) -> str:
    """Write attributes as they follow a tag's name."""
    return "".join(f" {name}={quoteattr(text)}" for name, text in attributes.items())


def xml_result(inner: str, style: Style, *, status: str = "ok") -> str:
    called = style.now.strftime("%Y-%m-%d %H:%M:%S.%f+00")
    code = f"<status code={quoteattr(status)} />"
    return f"<?xml version='1.0' ?>\n<result called_on={quoteattr(called)}>{inner}{code}</result>"


def xml_entity(node: Node) -> str:
    record = node.record
    attributes = {"id": str(record["id"]), "type": str(record["entity_type"])}
    if not node.nameless:
        attributes = {"name": str(record.get("name", "")), **attributes}
    if node.rel:
        attributes["rel"] = node.rel
    if node.full:
        attributes["version"] = str(record["version"])
    inner = "".join(xml_entity(other) for other in node.embedded)
    if node.full:
        inner += "".join(_xml_prop(record, name) for name in node.fields)
    start = xml_attributes(attributes)
    return f"<entity{start}>{inner}</entity>\n" if inner else f"<entity{start} />\n"


def _xml_prop(record: Record, name: str) -> str:
    value = record.get(name)
    if value is None or isinstance(value, (dict, list)):
        return ""
    inner, extra = "", ""
    if isinstance(value, datetime):
        text = value.strftime(WALL_TIME)
        zone = record.get("zone_name")
        if zone and name in WORDS["local_times"]:
            there = local(value, str(zone)).strftime(WALL_TIME)
            inner = f"<local_time value={quoteattr(there)} zone_name={quoteattr(str(zone))}/>"
    elif isinstance(value, bool):
        text = str(int(value))
    else:
        text = str(value)
    for currency, amount in money(record, name):
        extra = extra or f" currency_code={quoteattr(currency)}"
        inner += f"<amount currency_code={quoteattr(currency)} value={quoteattr(str(amount))}/>"
    start = f"<prop name={quoteattr(name)}{extra} value={quoteattr(text)}"
    return f"{start}>{inner}</prop>\n" if inner else f"{start}/>\n"


# --- JSON -------------------------------------------------------------------------------------


def json_entity(node: Node, style: Style) -> Record:
    record = node.record
    made: Record = {"entity_type": record["entity_type"], "id": record["id"]}
    if not node.nameless:
        made["name"] = record.get("name", "")
    if node.rel:
        made["rel"] = node.rel
    if node.full:
        made["version"] = record["version"]
        for name in node.fields:
            if record.get(name) is not None:
                made[name] = _json_value(record, name, style)
    for other in node.embedded:
        name = other.rel or f"{other.record['entity_type']}s"
        if other.single:
            made[name] = json_entity(other, style)
        else:
            rows = made.setdefault(name, [])
            if isinstance(rows, list):
                rows.append(json_entity(other, style))
    return made


def _json_value(record: Record, name: str, style: Style) -> object:
    value = record[name]
    if amounts := money(record, name):
        written = str if style.string_numbers else Decimal
        return [{"currency_code": code, "value": written(amount)} for code, amount in amounts]
    if isinstance(value, datetime):
        return value.strftime(f"{WALL_TIME}+0000")
    if name == "org_type":
        return [value]
    if isinstance(value, Decimal) and (style.string_numbers or name in WORDS["text_numbers"]):
        return str(value)
    return value


def json_meta(style: Style, seed: str, **more: object) -> Record:
    called = style.now.strftime(f"{WALL_TIME}+0000")
    etag = hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
    return {"status": style.success, "called_on": called, "etag": etag, **more}


def reply(body: str | Mapping[str, object], status: int = 200) -> Response:
    if isinstance(body, str):
        return Response(body, status, media_type=XML)
    return Response(to_json(body), status, media_type=JSON)


def data_reply(data: object, style: Style, seed: str, **more: object) -> Response:
    """Return a good answer in JSON; see `json_meta`."""
    return reply({"data": data, "meta": json_meta(style, seed, **more)})


def one_reply(node: Node, style: Style, seed: str = "") -> Response:
    """Return an answer with one entity; the seed of its etag is its id if there is no other."""
    if style.json:
        return data_reply(json_entity(node, style), style, seed or str(node.record["id"]))
    return reply(xml_result(xml_entity(node), style))


def list_reply(nodes: list[Node], style: Style, meta: Record, total: object) -> Response:
    """Return an answer with entities; XML tells the `offset` of `meta`, and `total` if there is one."""
    if style.json:
        return reply({"data": [json_entity(node, style) for node in nodes], "meta": meta})
    inner = "".join(xml_entity(node) for node in nodes)
    count = "" if total is None else f' count="{total}"'
    return reply(xml_result(f'<entities{count} start="{meta["offset"]}">{inner}</entities>', style))


# --- errors -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """An error of the legacy generation; `field` makes it a validation error of that field."""

    http: int
    code: str
    text: str
    field: str = ""
    entity: tuple[int, str] | None = None
    reason: str = ""


class LegacyError(Exception):
    """Carries a problem to where it is answered."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def refuse(http: int, code: str, text: str, field: str = "") -> LegacyError:
    return LegacyError(Problem(http, code, text, field))


def xml_problem(problem: Problem) -> str:
    inner = ""
    if problem.field:
        named = f"name={quoteattr(problem.field)} error={quoteattr(problem.text)}"
        inner = f"<error>Validation errors</error><errors><field-error {named}/></errors>"
    if problem.entity:
        number, kind = problem.entity
        inner += f'<entity id="{number}" type={quoteattr(kind)}/>'
    reason = f" reason={quoteattr(problem.reason)}" if problem.reason else ""
    status = f"<status code={quoteattr(problem.code)}{reason}>{escape(problem.text)}</status>"
    return f"<?xml version='1.0' ?>\n<result>{inner}{status}</result>"


def problem_reply(problem: Problem, style: Style, *, bare: bool = False) -> Response:
    """Answer with an error; a bare one has no `errors`, as a recorded JSON answer to an ended session."""
    if not style.json:
        return reply(xml_problem(problem), problem.http)
    if bare:
        return reply({"meta": {"status": problem.code}}, problem.http)
    error: Record = {"message": problem.text}
    if problem.field:
        error = {"type": "field-error", "field": problem.field, "message": problem.text}
    meta = {"called_on": rfc3339(style.now), "status": problem.code}
    return reply({"errors": [error], "meta": meta}, problem.http)
