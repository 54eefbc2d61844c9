"""The envelope of atomx replies, and its error shapes.

One flat object; the payload stands under the key that `resource` names. Error numbers: 1 is the platform's own for a
missing or dead token; the others are not known and are made up here.
"""

import json
from datetime import datetime
from typing import Any

from starlette.responses import Response

_ERRNO = {401: 1, 400: 2, 404: 3, 403: 4}


class Refusal(Exception):  # noqa: N818 - the word says what the platform does
    """The platform says no, with an HTTP status and an `error` text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def body(payload: dict[str, Any], status: int = 200) -> Response:
    """Return `payload` as the API writes JSON: UTF-8, numbers with all their float digits."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, media_type="application/json; charset=UTF-8")


def stamp(moment: datetime) -> str:
    """Write `moment` as the `timestamp` of a reply: microseconds, no zone, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def success(now: datetime, resource: str, payload: object, **more: object) -> Response:
    """Return a successful reply with `payload` under the key `resource`."""
    head = {"success": True, "timestamp": stamp(now), "resource": resource}
    return body({**head, resource: payload, **more})


def refusal(no: Refusal, *, soft: bool = False) -> Response:
    """Return the reply to a refused request; `soft` under 200, as the vendor's Go and PHP clients expect it may."""
    errno = _ERRNO.get(no.status, 2)
    said = {"success": False, "error": no.message, "errno": errno}
    return body(said, 200 if soft else no.status)


def unauthorized() -> Refusal:
    return Refusal(401, "User unauthorized")
