"""When a token ends."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from adtap_core.http.tokens import ends_at


def token(claims) -> str:
    """A JWT that says these claims; nobody checks its signature here."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


@pytest.mark.parametrize("seconds", [3600, "3600", 0.5], ids=repr)
def test_what_came_with_a_token_says_when_it_ends(seconds):
    """Also where the token says something else of itself."""
    began = datetime.now(UTC)
    end = ends_at(token({"exp": 1}), {"expires_in": seconds})
    assert end is not None
    assert timedelta(0) <= end - began - timedelta(seconds=float(seconds)) < timedelta(seconds=60)


@pytest.mark.parametrize("end", [1_900_000_000, "1900000000", 1_900_000_000.0], ids=repr)
def test_a_token_says_by_itself_when_it_ends(end):
    """The claim `exp`, seconds since 1970."""
    assert ends_at(token({"exp": end})) == datetime.fromtimestamp(1_900_000_000, UTC)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("opaque", None),
        ("a.b", None),
        ("a.\u00e9.c", None),
        ("a.bm90IGpzb24.c", None),
        (token([1]), None),
        (token({}), {}),
        (token({"exp": "never"}), None),
        (token({"exp": 1e300}), None),
        ("opaque", {"expires_in": "soon"}),
        ("opaque", {"expires_in": [1]}),
        ("opaque", {"expires_in": 1e300}),
    ],
)
def test_what_nobody_says_is_not_known(given, answer):
    """A token that is none of ours to read ends when the platform says so: no guess, no error."""
    assert ends_at(given, answer) is None
