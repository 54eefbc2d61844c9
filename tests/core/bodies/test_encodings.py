"""Answers in other encodings than UTF-8: read where they declare it, named where they don't."""

import json
from typing import Any

import pytest
import requests

from adtap_core.bodies.encodings import declared, fault
from adtap_core.bodies.parsing import separated
from adtap_core.bodies.spool import Spool
from adtap_core.tap import RunFailed
from tests.core.conftest import Tiny
from tests.core.tiny import Answer


def answers(tiny: Tiny, encoding: str, kind: str) -> None:
    """Let the platform answer in an encoding."""

    def answer(_path: str, query: dict[str, list[str]]) -> Answer:
        day = query["from"][0]
        row = {"day": day, "account": "x", "campaignId": "café", "clicks": 1, "spend": "1.10"}
        body = json.dumps({"rows": [row], "total": 1}, ensure_ascii=False)
        return 200, {"Content-Type": kind}, body.encode(encoding)

    tiny.server.before.append(answer)


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        ("latin-1", "application/json; charset=iso-8859-1"),
        ("utf-8", "application/json; charset=ISO-8859-1"),
        ("cp1252", 'application/json; charset="windows-1252"'),
        ("utf-16", "application/json"),
        ("utf-16-le", "application/json;charset=utf-16le"),
        ("utf-8-sig", "application/json"),
    ],
)
def test_what_an_answer_declares_is_read(tiny: Tiny, encoding: str, kind: str) -> None:
    """By `charset` or by its mark; UTF-8 that is declared as Latin-1, as many servers do, stays what it is."""
    answers(tiny, encoding, kind)
    got = tiny.run(accounts=["x"])
    assert {r["campaign_id"] for r in got.records["spend_daily"]} == {"café"}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
def test_what_an_answer_does_not_declare_is_named(tiny: Tiny, encoding: str, caplog: Any) -> None:
    """Not «no JSON», not «a column is missing»: the encoding is what is wrong."""
    answers(tiny, encoding, "application/json")
    with pytest.raises(RunFailed):
        tiny.run(accounts=["x"])
    assert "the answer is not UTF-8" in caplog.text


def test_a_table_in_utf_16_is_read(tiny: Tiny) -> None:
    """As some exports come; line by line, like any other."""
    text = "day,site\n2026-03-01,café\n"
    tiny.server.before.append(lambda *_: (200, {"Content-Type": "text/csv"}, text.encode("utf-16")))
    response = requests.get(f"{tiny.config['api_url']}/csv", stream=True, timeout=60)
    with Spool.drain(response) as body:
        table = separated(body)
        assert table.columns == ["day", "site"]
        assert list(table.rows) == [["2026-03-01", "café"]]


def test_what_is_no_other_encoding_is_left_alone() -> None:
    """XML says it itself; an encoding that nobody knows, or that is none of texts, is none."""
    assert declared("text/xml; charset=iso-8859-1", b"<a/>") is None
    assert declared("text/csv; charset=nosuch", b"a") is None
    assert declared("text/csv; charset=hex", b"a") is None
    assert fault("a,b\né,ü\n".encode()) is None
