"""What OpenX says when it says no, in every shape it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from adtap_core.http.response import Response

_FIELDS: Final = ("attribute", "field_errors", "item_errors", "dependency", "referencing_objects")


def error_message(response: Response) -> str:
    """Return an error body's words on one line; empty if it is none of the known shapes.

    Data Service: `code`, `message` (text, list or object) and `traceId`. Platform API: `type`, `message`
    and what they are about, one object or a list of them. OAuth 2: `error` and `error_description`.
    """
    document = response.json_or_none()
    if isinstance(document, list):
        return "; ".join(said for item in document if (said := _of_object(item)))
    return _of_object(document)


def _of_object(document: Any) -> str:
    if not isinstance(document, Mapping):
        return ""
    if isinstance(document.get("error"), Mapping):
        return _of_object(document["error"])
    parts = [
        _text(document[name])
        for name in ("type", "error", "message", "error_description")
        if document.get(name)
    ]
    if not parts:
        return ""
    about = [f"{name} {_text(document[name])}" for name in _FIELDS if document.get(name)]
    if document.get("traceId"):
        about.append(f"traceId {document['traceId']}")
    return ": ".join(parts) + (f" ({', '.join(about)})" if about else "")


def _text(value: Any) -> str:
    """Return a message as text: a string, a list of strings, or a piece of JSON schema that leaked."""
    if isinstance(value, Mapping):
        return (
            _text(value["enum"])
            if "enum" in value
            else ", ".join(f"{k} {_text(v)}" for k, v in value.items())
        )
    if isinstance(value, list):
        return ", ".join(_text(v) for v in value)
    return str(value)
