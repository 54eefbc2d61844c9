"""What TerminalOne's services say when something is wrong, each in its own shape."""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adtap_core.http import outcomes
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.redact import redact

REDIRECTS, ERRORS = 300, 400
FORBIDDEN: Final = 403
GOOD: Final = frozenset({"ok", "success"})
"""What answers of both generations say of themselves; newer ones of the legacy generation say `success`."""
_QUOTA_HEADER: Final = "X-Mashery-Error-Code"
_QUOTA_CODE: Final = "OVER_QPS"


def error_message(response: Response) -> str:
    """Return the platform's own words of an error, its request id with them; empty if it has none."""
    document = response.json_or_none()
    if not isinstance(document, Mapping):
        return ""
    if "error_code" in document:  # Reporting V2
        return _joined(document, "error_code", "message", "request_id")
    found = errors_of(document)
    meta = document.get("meta")
    if isinstance(meta, Mapping):
        if not found and meta.get("status"):
            found.append(str(meta["status"]))
        if meta.get("uuid"):
            found.append(f"request id {meta['uuid']}")
    return "; ".join(found)


def errors_of(document: Mapping[str, Any]) -> list[str]:
    """Return what each of an answer's errors says; of one in another shape than is documented, all of it."""
    errors = document.get("errors") or []
    listed = errors if isinstance(errors, list) else [errors]
    names = ("field", "code", "message")
    said = [_joined(error, *names) if isinstance(error, Mapping) else "" for error in listed]
    return [w or redact.beginning(error, 200) for w, error in zip(said, listed, strict=True)]


def _joined(source: Mapping[str, Any], *names: str) -> str:
    return ": ".join(
        f"request id {source[n]}" if n == "request_id" else str(source[n])
        for n in names
        if source.get(n)
    )


def over_quota(response: Response) -> Outcome | None:
    """Return the outcome on a gateway's 403 that only says: too fast. None for any other answer."""
    if response.status != FORBIDDEN or _QUOTA_CODE not in str(
        response.headers.get(_QUOTA_HEADER, "")
    ):
        return None
    seconds = outcomes.retry_after(response)
    # How many a key may send is published nowhere, and a matter of its plan.
    said = "over the API key's queries per second"
    return Outcome(Action.RETRY, said, seconds, too_fast=True)


def key_refused(response: Response) -> bool:
    """Return whether the gateway before the legacy services refuses the API key itself."""
    return response.status == FORBIDDEN and "DEVELOPER_INACTIVE" in (
        f"{response.headers.get(_QUOTA_HEADER, '')} {response.text(200).upper().replace(' ', '_')}"
    )


def xml_root(response: Response) -> Element | None:
    """Return the root of an answer that is XML, whole and harmless; None for any other."""
    if not response.body.excerpt(64).lstrip().startswith(b"<"):
        return None
    try:
        root: Element = fromstring(response.body.read(), forbid_dtd=True)
    except (ParseError, DefusedXmlException):
        return None
    return root
