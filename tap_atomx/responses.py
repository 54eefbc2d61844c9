"""The envelope of atomx responses: what it says, and where its payload stands.

One flat object; `resource` names the key of the payload. A failure may come under status 200, so the
body is judged first; the vendor's own clients (Go, PHP) check `success` for the same reason.
"""

import csv
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from adtap_core.bodies.parsing import torn_row
from adtap_core.errors import MalformedResponse
from adtap_core.http import outcomes
from adtap_core.http.client import Call
from adtap_core.http.outcomes import SUCCESS, Action, Outcome
from adtap_core.http.response import Response
from adtap_core.redact import redact

UNAUTHORIZED: Final = 1
"""`errno` of a missing or dead token; the meaning of other numbers is not published."""
_LARGEST_ERROR_BYTES: Final = 64 * 1024
_OBJECTS: Final = frozenset({dict})
_RANGE: Final = re.compile(
    r"\b((date|time)[ _]?(range|span|frame)|range|period|interval|(many|\d+) (day|hour|month))s?\b",
    re.IGNORECASE,
)
_TOO_LONG: Final = re.compile(
    r"\btoo (long|large|big|wide|many|great)\b|\bexceed|\bmax(imum|imal)?\b|\bat most\b|"
    r"\b(longer|larger|greater|more) than\b|\blimit(ed)?( is| of| to|:)",
    re.IGNORECASE,
)
"""Words of a refusal by which a window may be too long; nobody has published the platform's own. `day` and `hour`
alone are names of groups: too many of those are too many in a short window, too."""
_LOGIN_REFUSED: Final = (400, 401, 403)
"""401 is the platform's answer to a wrong login; the others, with a login, can mean nothing else."""


def classify(call: Call, response: Response) -> Outcome:
    """Classify an answer: what it asks of us.

    Args:
        call: What was asked.
        response: The answer.
    """
    if not call.login and _refuses_login(response):
        # Asking again could lock the account.
        message = (
            error_message(_small_document(response)) or response.excerpt(120) or "no reason given"
        )
        settings = "`email`, `password` and `totp`"
        if response.status == HTTPStatus.BAD_REQUEST:
            # The greatest life of a token is not published: asking for a longer one may be what is wrong.
            settings = "`email`, `password`, `totp` and `token_expiration_seconds`"
        return Outcome(Action.CREDENTIALS, f"{message}; check the settings {settings}")
    if not response.is_success or response.status == HTTPStatus.PARTIAL_CONTENT:
        return _judge_failure(call, response)
    if not response.body.size:
        return Outcome(Action.RETRY, "an empty answer")
    if call.expects == "text":
        return _judge_table(call, response)
    # An error is short; a report of many megabytes need not be parsed twice to see that it is none.
    return SUCCESS if response.body.size > _LARGEST_ERROR_BYTES else _judge_small(response)


def _judge_failure(call: Call, response: Response) -> Outcome:
    message = error_message(_small_document(response))
    if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Outcome(Action.SPLIT_WINDOW, message or response.excerpt(120))
    refused = response.status == HTTPStatus.BAD_REQUEST and call.splittable
    if refused and _RANGE.search(message) and _TOO_LONG.search(message):
        # No longest range is published; a window is not asked again, but shorter ones are.
        return Outcome(Action.SPLIT_WINDOW, message)
    return outcomes.by_status(response, message)


def _refuses_login(response: Response) -> bool:
    document = _small_document(response)
    said = isinstance(document, Mapping) and document.get("success") is False
    return response.status in _LOGIN_REFUSED or (response.is_success and said)


def _small_document(response: Response) -> Any:
    return response.json_or_none() if response.body.size <= _LARGEST_ERROR_BYTES else None


def _judge_small(response: Response) -> Outcome:
    document = _small_document(response)
    if isinstance(document, Mapping):
        return _judge_envelope(document)
    return Outcome(Action.RETRY, f"not a JSON object: {response.excerpt(120)}")


def _judge_envelope(document: Mapping[str, Any]) -> Outcome:
    if document.get("success") is True or ("success" not in document and "resource" in document):
        if (said := error_beside_data(document)) is not None:
            return Outcome(Action.RETRY, f"an error beside the data: {said}")
        return SUCCESS
    message = error_message(document) or "neither `success` nor a payload in the answer"
    if document.get("errno") == UNAUTHORIZED:
        return Outcome(Action.REFRESH_LOGIN, message)
    # Under status 200 nothing tells a passing fault from a wrong request: it is asked a few times.
    return Outcome(Action.RETRY, f"`success: false` under status 200: {message}")


def _judge_table(call: Call, response: Response) -> Outcome:
    """Judge a download: a table whose header is what was asked for, or an error as JSON."""
    head = response.text(_LARGEST_ERROR_BYTES)
    if head.startswith("{"):
        document = _small_document(response)
        if isinstance(document, Mapping):
            is_report = isinstance(document.get("report"), Mapping)
            return _judge_envelope(document if is_report else {**document, "success": False})
        if response.body.size > _LARGEST_ERROR_BYTES:
            return SUCCESS  # no error is as long: a report, as JSON
    asked = columns_asked(call)
    first = head.partition("\n")[0].rstrip("\r").lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    named = next(csv.reader([first], delimiter="\t"), [])
    if asked and not set(named).issuperset(asked):
        return Outcome(
            Action.RETRY, f"not the table that was asked for; it begins: {response.excerpt(120)}"
        )
    if asked and (torn := torn_row(response.body, len(named), delimiter="\t")) is not None:
        return Outcome(
            Action.RETRY, f"the table ends in the middle of a row: {redact(torn)[-80:]!r}"
        )
    return SUCCESS


def is_object(response: Response) -> bool:
    """Check whether an answer is a JSON object, whatever was asked for."""
    return response.body.excerpt(100).lstrip().startswith(b"{")


def columns_asked(call: Call) -> tuple[str, ...]:
    """Return the columns that a report call asks for: groups, then metrics."""
    body = call.json if isinstance(call.json, Mapping) else {}
    return (*body.get("groups", ()), *body.get("metrics", ()))


def error_message(document: object) -> str:
    """Return the platform's own words of a failure, empty if there are none."""
    if not isinstance(document, Mapping):
        return ""
    message = str(document.get("error") or document.get("message") or "")
    number = document.get("errno")
    return f"{message} (errno {number})" if message and number is not None else message


def error_beside_data(document: Mapping[str, Any]) -> str | None:
    """Return the error that an answer names though it calls itself a success; None if it names none.

    Reports of older versions say so in the report itself (`error`), beside what they have.
    """
    report = document.get("report")
    inner = report.get("error") if isinstance(report, Mapping) else None
    said = document.get("error") or inner
    return said if isinstance(said, str) and said else None


def payload(document: object, what: str) -> Any:
    """Return the payload of an envelope.

    Args:
        document: The decoded body.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If the envelope names none.
    """
    name = document.get("resource") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(name, str) or name not in document:
        raise MalformedResponse(f"{what}: the answer names no payload (key `resource`)")
    return document[name]


def envelope(document: object) -> Mapping[str, Any]:
    """Return what an answer holds beside its payload."""
    given = document if isinstance(document, Mapping) else {}
    return {key: value for key, value in given.items() if key != given.get("resource")}


def rows(document: object, what: str) -> list[Mapping[str, Any]]:
    """Return the payload as a list of objects: one object is a list of one, null is empty.

    Args:
        document: The decoded body.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If the payload is something else.
    """
    found = payload(document, what)
    found = [] if found is None else [found] if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not _OBJECTS.issuperset(map(type, found)):
        raise MalformedResponse(f"{what}: the answer holds no list of objects")
    return found
