"""An answer of a platform: what it says, in the shapes that a platform asks for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adtap_core.bodies.spool import Spool
from adtap_core.errors import RequestError
from adtap_core.http.response import Response

AT = datetime(2026, 3, 18, tzinfo=UTC)


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, Spool.of(body), "https://api.example/x", AT)


@pytest.mark.parametrize(
    ("status", "success", "redirect"),
    [(200, True, False), (204, True, False), (299, True, False), (300, False, True), (302, False, True), (399, False, True), (400, False, False), (503, False, False)],
)  # fmt: skip
def test_a_status_is_of_one_kind(status, success, redirect):
    """A 204 is an answer, and a redirect is none."""
    reply = answer(status=status)
    assert (reply.is_success, reply.is_redirect) == (success, redirect)


@pytest.mark.parametrize(
    ("status", "location", "leads"),
    [
        (302, "https://sso.example/Login?next=/report", True),
        (302, "/v2/report?next=/login", False),
        (200, "/login", False),
        (302, "", False),
    ],
)
def test_a_redirect_to_the_page_where_people_log_in_is_an_ended_session(status, location, leads):
    """Not one whose query merely names it."""
    assert answer(status=status, Location=location).leads_to_login is leads


@pytest.mark.parametrize(
    ("header", "kind"),
    [("Text/CSV; charset=utf-8", "text/csv"), (" application/json ", "application/json"), ("", "")],
)
def test_a_media_type_is_told_without_its_parameters(header, kind):
    """In lower case."""
    assert answer(Content_Type=header).content_type == kind
    assert answer().content_type == ""


def test_numbers_of_an_answer_keep_their_digits():
    """They are decimals, not floats."""
    assert answer(b'{"spend": 0.1000000000000000000001}').json() == {
        "spend": Decimal("0.1000000000000000000001")
    }


def test_a_name_that_is_there_twice_is_refused():
    """Which of the two values is meant nobody can say; for judging an error's body it does not matter."""
    twice = b'{"rows": [{"clicks": 1, "clicks": 2}]}'
    with pytest.raises(RequestError, match="clicks"):
        answer(twice).json()
    assert answer(twice).json_or_none() == {"rows": [{"clicks": 2}]}


@pytest.mark.parametrize("body", [b"<html>down</html>", b"", b'{"rows": [', b'{"a": "\xff"}'])
def test_what_is_no_json_is_said_with_its_beginning(body):
    """Or is nothing, for whoever only wants to know."""
    reply = answer(body, status=502)
    with pytest.raises(RequestError, match="the answer is not JSON") as error:
        reply.json()
    assert error.value.status == 502
    assert reply.json_or_none() is None


def test_what_was_made_to_judge_an_answer_is_not_made_again():
    """Megabytes would be parsed twice; what two functions make are two things, and None is one, too."""
    reply, calls = answer(b"1"), []

    def first(given: Response) -> Any:
        calls.append(given)

    def second(given: Response) -> Any:
        return given.text()

    assert [reply.made_once(first), reply.made_once(first), reply.made_once(second)] == [
        None,
        None,
        "1",
    ]
    assert calls == [reply]


def test_an_excerpt_is_one_line_of_its_beginning():
    """Whatever bytes it is made of."""
    assert answer(b"  one\n\ttwo \xff" + b"x" * 500).excerpt(12) == "one two \ufffdxxx"


@pytest.mark.parametrize(
    ("body", "is_page"),
    [
        (b"<!DOCTYPE html><p>", True),
        (b"\n  <HTML lang=en>", True),
        (b'<?xml version="1.0"?><result/>', False),
        (b"{}", False),
        (b"a,b\n<html>", False),
    ],
)
def test_a_page_for_people_is_known_by_its_beginning(body, is_page):
    """A proxy or a login form answered in the platform's place."""
    assert answer(body).looks_like_html() is is_page
