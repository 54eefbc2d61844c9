"""One list of secret names: what is masked in messages is dropped from records too, and the other way round."""

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

import tap_adjust.client
from adtap_core.accounts import id_of
from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse
from adtap_core.http.completeness import says_more
from adtap_core.http.response import Response
from adtap_core.redact import Redactor, redact
from adtap_core.rows.records import RecordShaper
from tap_adjust.kpi_answers import flatten
from tap_adjust.listed import currencies
from tap_openx.responses import error_beside
from tap_openx.splits import check_report
from tap_terminalone.lines import _odd_head

CHECKOUT = Path(__file__).parents[2]

NAMES = [
    "password",
    "passwords",
    "passwd",
    "secret",
    "api_key",
    "apikey",
    "api_token",
    "user_token",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "bearer_token",
    "session_token",
    "client_secret",
    "consumer_key",
    "consumer_secret",
    "private_key",
    "session_id",
    "sessionid",
    "totp",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_secrets_name_is_one_in_messages_and_in_records(name):
    """Under its own name, and as a part of a longer one."""
    hide = Redactor()
    for spelling in (name, name.upper(), f"smtp_{name}"):
        assert "hunter22" not in hide(f"{spelling}=hunter22&x=1")
        assert "hunter22" not in hide(f'{{"{spelling}": "hunter22"}}')
    schema = {"properties": {"id": {"type": "integer"}, "_extra": {"type": ["object", "null"]}}}
    shaper = RecordShaper("things", schema, frozenset())
    records = [{"id": 1, name: "hunter22", f"smtp_{name}": "hunter22", "deep": {name: "hunter22"}}]
    assert "hunter22" not in str(shaper.shape(records))


def test_a_platform_adds_names_of_its_own():
    """A cookie's name, in any letter case; others stay as they are."""
    hide = Redactor()
    assert hide("wanderer=abc") == "wanderer=abc"
    hide.learn_names({"wanderer"})
    assert hide("Cookie: Wanderer=abc; x=1") == "Cookie: Wanderer=***; x=1"
    assert hide.names_secret("wanderer")
    assert not hide.names_secret("wanderer_id")
    assert hide("the_wanderer=abc") == "the_wanderer=abc"


def test_ordinary_names_are_shown():
    """A token of an app or of an event is an id, not a secret."""
    hide = Redactor()
    for text in ("app_token=abc", "event_token=abc", "tokens=3", "keyword=abc", "secretary=abc"):
        assert hide(text) == text


@pytest.mark.parametrize(
    "spell",
    [
        str,
        html.escape,
        lambda text: html.escape(text, quote=False),
        lambda text: html.escape(text).replace("&#x27;", "&#39;"),
        quote,
        lambda text: quote(text, safe=""),
        lambda text: quote(text).replace("%C3%A9", "%c3%a9").replace("%3C", "%3c"),
    ],
    ids=[
        "plain",
        "HTML",
        "HTML, quotes left",
        "HTML, short apostrophe",
        "address",
        "address, slash too",
        "address, small letters",
    ],
)
def test_a_secret_is_masked_as_an_answer_may_repeat_it(spell):
    """On a page that shows the form again, and in an address, however its letters are escaped there."""
    hide = Redactor()
    secret = "né<&'\"/w0rd"
    hide.learn(secret)
    assert hide(f"value: {spell(secret)}!") == "value: ***!"


@pytest.mark.parametrize("before", [0, 60, 110, 180, 230, 3000])
def test_half_a_secret_at_the_end_of_an_excerpt_is_none(before):
    """A page's spaces are taken out of an excerpt: what is cut off may be in the middle of a password."""
    secret = "open  sesame and close again"
    redact.learn(secret)
    for filling in (" ", "x"):
        body = f"<html>{filling * before}{secret}</html>".encode()
        reply = Response(500, {}, Spool.of(body), "http://service.example", datetime.now(UTC))
        assert "sesame" not in reply.excerpt(120)
        assert "open" not in reply.excerpt(120)


def _answer(document: object) -> Response:
    return Response(400, {}, Spool.of(json.dumps(document).encode()), "", datetime.now(UTC))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (300, lambda text: tap_adjust.client._message(_answer({"error_desc_details": text}))),
        (370, lambda text: error_beside({"error": text})),
        (370, lambda text: error_beside({"http_status": 403, "message": text})),
        (80, lambda text: says_more({"next": text}, 1) or ""),
        (120, lambda text: _raised(lambda: id_of({"name": text}, "accounts: one"))),
        (80, lambda text: _raised(lambda: currencies([{"id": "a", "currency": [text]}]))),
        (200, lambda text: _raised(lambda: [*flatten({"error": text})])),
        (200, lambda text: _raised(lambda: check_report({"error": text}, "a part"))),
        (120, lambda text: _odd_head(None, text.encode()) or ""),
    ],
    ids=[
        "Adjust",
        "OpenX",
        "OpenX, a status",
        "a cursor",
        "an account",
        "a currency",
        "KPIs",
        "a report",
        "lines",
    ],
)
def test_words_that_are_cut_show_no_half_of_a_secret(length, said):
    """An error may repeat the token that it was asked with, just where its words are cut."""
    redact.learn("canary-token-0123456789")
    for before in range(length - 40, length):
        text = said("x" * before + " canary-token-0123456789")
        assert "x" * 20 in text
        assert "canary" not in text, before


def test_what_others_sent_is_cut_in_one_way():
    """By `beginning`, which masks first: a cut in the message itself shows half a secret where it falls into one."""
    cut = re.compile(
        r"\{[^{}]*\b(?:str|repr)\([^{}]*\)\[:\w+\]|\{[^{}]*![rs]:\.\d|\{\w+\[-?\w*:\w*\]!r"
    )
    folders = [f for name in ("adtap_core", "tap_*") for f in CHECKOUT.glob(name)]
    sources = [path for folder in folders for path in folder.rglob("*.py")]
    assert len(sources) > 100
    assert [str(p) for p in sources if cut.search(p.read_text(encoding="utf-8"))] == []


def _raised(call):
    with pytest.raises(MalformedResponse) as raised:
        call()
    return str(raised.value)
