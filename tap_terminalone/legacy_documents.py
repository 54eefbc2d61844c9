"""The legacy API's answers: JSON as it comes, XML read into the same shape.

JSON is asked for and usually comes; XML is the API's own first language and comes when nobody asks, from
some of its older corners too. No entity of an XML document is ever resolved.
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adtap_core.bodies.parsing import check_names
from adtap_core.errors import MalformedResponse
from adtap_core.http.response import Response
from tap_terminalone import responses

Document = Mapping[str, Any]

_TAGS: Final = frozenset(
    {
        "result",
        "status",
        "entities",
        "entity",
        "prop",
        "amount",
        "permissions",
        "flags",
        "access",
        "user",
        "enabled",
        "include",
        "exclude",
        "log_entries",
        "entry",
        "field",
        "field-error",
    }
)
_ATTRIBUTES: Final = {
    "entities": ("count", "start"),
    "entity": ("id", "type", "rel"),
    "prop": ("value", "currency_code"),
    "amount": ("value", "currency_code"),
    "field": ("field_name", "name", "old_value", "new_value"),
}
"""What is read by name; one that is not there may be missing, but not misspelt."""


class Unreadable(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """The answer is neither JSON nor XML, or ends in the middle."""


class Refusing(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """The answer is XML that nobody needs and that can do harm: entities, external or nested."""


def document_of(response: Response) -> Document:
    """Return an answer as the JSON document it is, or would be.

    Raises:
        Unreadable: If it can't be read.
        Refusing: If it is XML with a document type or entities.
    """
    return response.made_once(_document)


def _document(response: Response) -> Document:
    if response.body.excerpt(64).lstrip()[:1] == b"<":
        return xml_document(response.body.read())
    found = response.json_or_none()
    if not isinstance(found, Mapping):
        raise Unreadable(response.excerpt(120))
    return found


def xml_document(text: bytes) -> Document:
    """Read an XML answer into the shape of its JSON twin.

    Raises:
        Unreadable: If it is not XML.
        Refusing: If it has a document type or entities.
    """
    try:
        root = fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        msg = f"XML with {type(error).__name__}"
        raise Refusing(msg) from error
    except ParseError as error:
        raise Unreadable(str(error)) from error
    _check_whole(root)
    status = root.find("status")
    meta: dict[str, Any] = {"status": "" if status is None else status.get("code", "")}
    made: dict[str, Any] = {"meta": meta}
    errors = [
        {"field": e.get("name"), "message": e.get("error")} for e in root.iterfind(".//field-error")
    ]
    if not errors and status is not None and meta["status"].lower() not in responses.GOOD:
        message = " ".join(w for w in (status.get("reason"), (status.text or "").strip()) if w)
        errors = [{"message": message or meta["status"]}]
    if errors:
        made["errors"] = errors
    made["data"] = _data(root, meta)
    return made


def _check_whole(root: Element) -> None:
    """Check that no element or attribute bears a name that was damaged on its way: it would be passed over.

    Raises:
        Unreadable: If one does.
    """
    try:
        for element in root.iter():
            if element.tag not in _TAGS:
                check_names({element.tag}, _TAGS)
            if element.tag == "prop" and "name" not in element.attrib:
                raise Unreadable("a property without a name")
            for name in _ATTRIBUTES.get(element.tag, ()):
                check_names(element.attrib, (name,))
    except MalformedResponse as error:
        raise Unreadable(str(error)) from error
    for name in ("entities", "entity", "log_entries", "permissions"):
        if len(root.findall(name)) > 1:
            raise Unreadable(f"{name} comes twice")
    for holder, held in (("entities", "entity"), ("log_entries", "entry")):
        found = root.find(holder)
        if found is not None and any(child.tag != held for child in found):
            raise Unreadable(f"{holder} that hold something else than {held}")


def _data(root: Element, meta: dict[str, Any]) -> Any:
    if (found := root.find("permissions")) is not None:
        return {"permissions": _permissions(found), "user": dict(_attributes(root.find("user")))}
    if root.find("enabled") is not None:
        return _dimension(root)
    if (found := root.find("log_entries")) is not None:
        return {"log_entries": [_log_entry(e) for e in found.iterfind("entry")]}
    if (found := root.find("entities")) is not None:
        meta |= {"total_count": found.get("count"), "offset": found.get("start")}
        return [_entity(e) for e in found.iterfind("entity")]
    if (found := root.find("entity")) is not None:
        return _entity(found)
    return None


def _attributes(element: Element | None) -> Mapping[str, str]:
    return {} if element is None else element.attrib


def _entity(element: Element) -> dict[str, Any]:
    """Read one entity: attributes, properties, and what is embedded; of any other element its text and attributes.

    Raises:
        Unreadable: If a field comes twice, with different values.
    """
    made: dict[str, Any] = {k: v for k, v in element.attrib.items() if k != "type"}
    kind = element.get("type", "")
    made["entity_type"] = kind
    for child in element:
        if child.tag == "prop":
            _put(made, child.get("name", ""), _property(child))
        elif child.tag == "entity":
            _embed(made, _entity(child))
        else:
            made.setdefault(child.tag, []).append(_any(child))
    return made


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    if name in into and into[name] != value:
        msg = f"an entity has {name!r} twice: it is not clear which value is meant"
        raise Unreadable(msg)
    into[name] = value


def _any(element: Element) -> Any:
    """Return an element that the API does not document, whole."""
    text = (element.text or "").strip()
    made: dict[str, Any] = {**element.attrib, **({"text": text} if text else {})}
    for child in element:
        made.setdefault(child.tag, []).append(_any(child))
    return made


def _property(element: Element) -> Any:
    """Read one property; money is a list of amounts by currency, as JSON has it."""
    amounts = [dict(a.attrib) for a in element.iterfind("amount")]
    if amounts:
        return amounts
    if element.get("currency_code"):
        return [{"currency_code": element.get("currency_code"), "value": element.get("value")}]
    return element.get("value", (element.text or "").strip() or None)


def _embed(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Put an embedded entity where JSON has it: alone under a singular name, else in a list."""
    name = other.get("rel") or f"{other['entity_type']}s"
    if name == other["entity_type"]:
        _put(into, name, other)
    else:
        into.setdefault(name, []).append(other)


def _permissions(element: Element) -> dict[str, Any]:
    flags = [dict(a.attrib) for a in element.iterfind("flags/access")]
    levels: dict[str, Any] = {}
    for level in element.iterfind("entities/*"):
        levels[level.tag] = [{"access": [dict(a.attrib) for a in level.iterfind("access")]}]
    return {"flags": [{"access": flags}], "entities": levels}


def _dimension(root: Element) -> dict[str, Any]:
    made: dict[str, Any] = {"enabled": dict(_attributes(root.find("enabled")))}
    for side in ("include", "exclude"):
        entities = root.find(f"{side}/entities")
        made[f"{side}_op"] = _attributes(entities).get("target_op")
        made[side] = [] if entities is None else [_entity(e) for e in entities.iterfind("entity")]
    return made


def _log_entry(element: Element) -> dict[str, Any]:
    fields = [
        {
            "field_name": f.get("field_name", f.get("name")),
            # XML has no null: an empty old value is none.
            "old_value": f.get("old_value") or None,
            "new_value": f.get("new_value") or None,
        }
        for f in element.iterfind("field")
    ]
    return {**element.attrib, "fields": fields}


# -- errors --------------------------------------------------------------------------------------


def status_of(document: Document) -> str:
    """Return the status code that a document bears, lower case; empty if it bears none."""
    meta = document.get("meta")
    return str(meta.get("status") or "").lower() if isinstance(meta, Mapping) else ""


def error_message(document: Document) -> str:
    """Return the platform's own words of an error."""
    return "; ".join(w for w in [status_of(document), *responses.errors_of(document)] if w)
