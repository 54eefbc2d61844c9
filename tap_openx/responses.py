"""What OpenX says when it says no, in every shape it has."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from adtap_core.http.completeness import number
from adtap_core.http.response import Response
from adtap_core.redact import redact

_FIELDS: Final = ("attribute", "field_errors", "item_errors", "dependency", "referencing_objects")
_SMALL_BYTES: Final = 64 * 1024
"""An error is short: larger answers are not parsed twice to see that they are none."""
_WANTED: Final[dict[str, tuple[set[str], ...]]] = {
    "/report/fields": ({"metrics", "dimensions"},),
    "/report": ({"reportData"}, {"reportMetadata"}),
    "/date-range": ({"dateRange"},),
    "/generateReport": ({"id"},),
}
"""What an answer holds, by the end of its address: all of one of these."""
_LIST: Final = "objects"
_OBJECTS_AT: Final = "/ox/4.0/"
_NO_LISTS: Final = frozenset({"session"})
_EVERY_ERROR: Final = frozenset({"message", "error", "errors", "traceId"})
_FIRST_ERROR: Final = 400


def oddity(url: str, response: Response) -> str:
    """Return why a good answer is none: an error with a success status, or nothing of what was asked for.

    Args:
        url: What was asked, without a query.
        response: The answer, of a good status.
    """
    if response.body.size > _SMALL_BYTES:
        return ""
    document = response.json_or_none()
    path, _, kind = url.rstrip("/").partition(_OBJECTS_AT)
    if kind and isinstance(document, list):
        return ""
    held = set(document) if isinstance(document, Mapping) else set()
    wanted = next((names for end, names in _WANTED.items() if path.endswith(end)), None)
    if kind in _NO_LISTS:
        good = bool(held) and not (held & _EVERY_ERROR)
    elif kind:
        good = _LIST in held
    else:
        good = wanted is None or any(names <= held for names in wanted)
    if good:
        return error_beside(document)
    said = error_message(response)
    return (
        f"an error with a success status: {said}"
        if said
        else f"not an answer: {response.excerpt(120)}"
    )


def header(response: Response) -> list[str]:
    """Return the names in the first line of a CSV."""
    first = response.body.open().readline().decode("utf-8-sig", "replace")
    return next(csv.reader(io.StringIO(first)), [])


def error_beside(document: object) -> str:
    """Return what an answer says of an error beside what was asked for; empty if it says nothing of one.

    What else it holds is then not all: an empty list, or the rows that came before the error.

    Args:
        document: The answer, or what it holds beside its rows.
    """
    if not isinstance(document, Mapping):
        return ""
    statuses = (number(document.get(name)) for name in ("http_status", "code"))
    if any(s is not None and s >= _FIRST_ERROR for s in statuses):
        return f"an error with a success status: {redact.beginning(_of_object(document) or document, 370)}"
    said = document.get("error") or document.get("errors")
    return f"an error with a success status: {redact.beginning(_text(said), 370)}" if said else ""


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
