"""Every shape in which OpenX says no, per API."""

import json
import uuid

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from adtap_sandbox.environment import Environment

LOGIN_PAGE = """<!DOCTYPE html>
<html><head><title>OpenX | Log in</title></head>
<body><form action="/login/process" method="post"><p class="error">{reason}</p>
<input name="email"><input name="password" type="password"></form></body></html>
"""

BAD_TOKEN = "Bad oauth_token, or connection is not using an internal IP, SSO check returned 401"
NOT_AUTHORIZED = "access_token not authorized by SSO"
NO_ACCESS = "You do not have access to one or many of the fields you have requested!"
DATE_RANGE_NOT_VALID = "Date Range not valid"
TOO_MANY_ACCOUNTS = "Number of accounts requested is too large. Please contact OpenX support"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """Stops a handler with a finished answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status_code))
        self.response = response


def login_page(reason: str, status: int = 200) -> HTMLResponse:
    """The login form: what a wrong password gets, under a status of success."""
    return HTMLResponse(LOGIN_PAGE.format(reason=reason), status_code=status)


def oauth_problem(problem: str, status: int = 401) -> PlainTextResponse:
    """A refusal of the single sign-on, form-encoded.

    Status and body of the real host are not known; this is the OAuth problem-reporting convention.
    """
    headers, kind = {"WWW-Authenticate": 'OAuth realm=""'}, "application/x-www-form-urlencoded"
    return PlainTextResponse(f"oauth_problem={problem}", status, headers, kind)


def data_error(
    environment: Environment, status: int, message: str, *, shape: str = "string"
) -> Response:
    """The Data Service's error object; several messages are told apart by a line break.

    `shape` is what the vendor's sample shows for this case, unless a switch says otherwise.
    """
    asked = str(environment.switch("message_shape"))
    shape = shape if asked == "sample" else asked
    parts = message.split("\n")
    words: object = {
        "string": ", ".join(parts),
        "list": parts,
        # A fragment of JSON schema that leaked into the vendor's sample of the 401 of /date-range.
        "object": {"type": "string", "enum": parts},
    }[shape]
    code: object = status if environment.switch("code_as_int") else str(status)
    return JSONResponse({"code": code, "message": words, "traceId": uuid.uuid4().hex}, status)


def platform_error(status: int, kind: str, message: str, **more: object) -> Response:
    """The Platform API's error object; `kind` without the word "Error" that its samples add."""
    suffix = "" if kind in {"Object Not Found", "Too Many Requests"} else " Error"
    body = {"http_status": status, "type": f"{kind}{suffix}", "message": message, **more}
    return JSONResponse(body, status_code=status)


def not_found(kind: str, uid: str) -> Response:
    return platform_error(404, "Object Not Found", f"{kind} {uid} not found", uid=uid, object=kind)


def unknown_field(name: str, value: str) -> Response:
    message = f"Unknown field {name}"
    return platform_error(400, "Unknown Field", message, attribute=name, value=value)


def forbidden(what: str) -> Response:
    return platform_error(403, "Permission", f"You do not have permission to access {what}.")


def value_error(attribute: str, value: object, choices: list[str]) -> Response:
    """A field with a value out of its choices, as `available_fields` answers a missing type."""
    message = f"Field {attribute} value must be one of {', '.join(choices)}"
    more = {"attribute": attribute, "value": value, "choices": choices, "field": {}}
    return platform_error(400, "Value", message, **more)


def identity_error(message: str) -> Response:
    """An error of the identity toolkit in front of the current login."""
    reason = {"message": message, "domain": "global", "reason": "invalid"}
    error = {"code": 400, "message": message, "errors": [reason]}
    return JSONResponse({"error": error}, status_code=400)


def oauth2_error(error: str, description: str, status: int = 400) -> Response:
    """An error of the OAuth 2 endpoints (RFC 6749, section 5.2)."""
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


def reporting_error(status: int, message: str) -> Response:
    """An error of the current reporting API; its real shape is not known."""
    return JSONResponse({"message": message}, status_code=status)


def plain_json(body: object, status: int = 200) -> Response:
    """JSON that keeps other scripts readable in a log."""
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")
