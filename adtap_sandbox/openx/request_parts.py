"""Reads what a request brought: query, form, JSON, cookie, whatever its Content-Type says."""

import email
import email.policy
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

TOKEN_COOKIE = "openx3_access_token"


def query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.url.query, keep_blank_values=True)


async def form(request: Request) -> list[tuple[str, str]]:
    """The pairs of a form body, url-encoded or multipart; empty for any other body."""
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        parsed = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        pairs = []
        for part in parsed.iter_parts():
            name = part.get_param("name", header="content-disposition")
            pairs.append((str(name), str(part.get_payload()).rstrip("\r\n")))
        return pairs
    if kind and not kind.startswith("application/x-www-form-urlencoded"):
        return []
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


async def body(request: Request) -> object:
    """The JSON of a body, a missing Content-Type notwithstanding; a `ValueError` if it is none."""
    raw = await request.body()
    parsed: object = json.loads(raw)
    return parsed


async def json_object(request: Request) -> dict[str, Any] | None:
    """The JSON object of a body; None for any other body."""
    try:
        given = await body(request)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def cookie(request: Request) -> str | None:
    return request.cookies.get(TOKEN_COOKIE)


def bearer(request: Request) -> str:
    """The bearer token, or an empty text."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
