"""When a token ends, if it or its answer says so."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_PARTS: Final = 3


def ends_at(token: str, answer: Mapping[str, Any] | None = None) -> datetime | None:
    """Return the moment a token ends: as its answer says (`expires_in`), else as it says itself (JWT `exp`).

    Args:
        token: The token; read, never checked: that is the platform's to do.
        answer: What came with it.
    """
    seconds = None if answer is None else answer.get("expires_in")
    try:
        if seconds is not None:
            return datetime.now(UTC) + timedelta(seconds=float(seconds))
        return _said_by_itself(token)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _said_by_itself(token: str) -> datetime | None:
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, UnicodeDecodeError):
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    return None if end is None else datetime.fromtimestamp(float(end), UTC)
