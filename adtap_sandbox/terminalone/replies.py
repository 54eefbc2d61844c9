"""Answers of the current generation: JSON envelopes, error shapes, rate limit headers."""

import uuid
from collections.abc import Mapping

from starlette.responses import Response

from .values import to_json


class RefusedError(Exception):
    """A request that the platform answers with an error; `field` is the parameter at fault, if one is."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = dict(headers or {})
        self.details = details


def json_reply(
    value: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Return a JSON answer with exact numbers."""
    return Response(to_json(value), status, dict(headers or {}), media_type)


def identifier(number: int) -> str:
    """Return the request's id in the shape of a UUID; the n-th request has always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"terminalone/{number}"))


def v3_error(refused: RefusedError, number: int) -> Response:
    error: dict[str, object] = {"code": refused.code, "message": refused.message}
    if refused.field:
        error["field"] = refused.field
    if refused.details:
        error["details"] = refused.details
    body = {"errors": [error], "meta": {"status": "error", "uuid": identifier(number)}}
    return json_reply(body, refused.status, headers=refused.headers)


def reporting_error(refused: RefusedError, number: int) -> Response:
    """Return the error object of `/reporting/v2`."""
    if refused.status in (429, 503):
        # The limiter stands before both services and answers in one shape.
        return v3_error(refused, number)
    body = {"error_code": refused.code, "message": refused.message}
    body["request_id"] = identifier(number)
    return json_reply(body, refused.status, headers=refused.headers)
