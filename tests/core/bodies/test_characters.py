"""Characters that no database holds, in every kind of body: U+FFFD, and the row is kept."""

import json
import logging
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adtap_core.bodies.characters import clean_text
from adtap_core.bodies.parsing import JsonRows
from adtap_core.bodies.spool import MEMORY_BYTES, Spool
from adtap_core.testing import run_tap
from tap_terminalone.legacy_documents import xml_document
from tap_terminalone.lines import stream_error, table
from tests.core.tiny import TapTiny, TinyServer

MARK = "\N{REPLACEMENT CHARACTER}"
BODIES = {
    "an escape": (rb'{"a": "x\u0000y"}', f'{{"a": "x{MARK}y"}}', 1),
    "half a pair": (rb'{"a": "\uD83D"}', f'{{"a": "{MARK}"}}', 1),
    "the other half": (rb'{"a": "\ude00"}', f'{{"a": "{MARK}"}}', 1),
    "halves in the wrong order": (rb'{"a": "\ude00\ud83d"}', f'{{"a": "{MARK}{MARK}"}}', 2),
    "in a name": (rb'{"x\u0000": {"\ud800": 1}}', f'{{"x{MARK}": {{"{MARK}": 1}}}}', 2),
    "a whole pair": (rb'{"a": "\ud83d\ude00"}', '{"a": "\N{GRINNING FACE}"}', 0),
    "a pair and a half": (rb'["\ud83d\ude00\ud83d"]', f'["\N{GRINNING FACE}{MARK}"]', 1),
    "a written backslash": (rb'{"a": "\\u0000 \\\u0000"}', f'{{"a": "\\\\u0000 \\\\{MARK}"}}', 1),
    "a bare zero": (b'{"a": "x\x00"}', f'{{"a": "x{MARK}"}}', 1),
    "bare halves": (b'{"a": "\xed\xa0\xbd \xed\xb8\x80"}', f'{{"a": "{MARK} {MARK}"}}', 2),
    "a bare pair": (b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}', '{"a": "\N{GRINNING FACE}"}', 0),
    "letters near them": ('{"a": "\ud7ff\ue000 한국"}'.encode(), '{"a": "\ud7ff\ue000 한국"}', 0),
    "a mark before the text": (b'\xef\xbb\xbf{"a": 1}', '{"a": 1}', 0),
}


@pytest.mark.parametrize(("body", "meant", "count"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("padding", [0, MEMORY_BYTES])
def test_a_json_body_is_clean_before_it_is_read(
    body: bytes, meant: str, count: int, padding: int
) -> None:
    """Escapes count only where they are some; what is whole stays; on disk as in memory."""
    spool = Spool.of(body + b" " * padding)
    assert json.loads(spool.read()) == json.loads(meant)
    assert spool.replaced == count


XML = {
    b"x&#0;y": (f"x{MARK}y", 1),
    b"&#xD83D;": (MARK, 1),
    b"&#55357;&#56832;": ("\N{GRINNING FACE}", 0),
    b"&#228;&#x41; &amp; &#38;": ("äA & &", 0),
    b"x\x00\x0b": (f"x{MARK}{MARK}", 2),
    b"\xed\xa0\xbd": (MARK, 1),
    b"&#60;&#1;": (f"<{MARK}", 1),
}


@pytest.mark.parametrize(("spelt", "found"), XML.items(), ids=map(repr, XML))
def test_an_xml_body_is_clean_before_it_is_read(spelt: bytes, found: tuple[str, int]) -> None:
    """References and bare characters; one that XML does not know cost the whole page."""
    body = b'<result><entities><entity id="1" name="%b"/></entities><status code="ok"/></result>'
    spool = Spool.of(body % spelt)
    document = xml_document(spool.read())
    assert ([e["name"] for e in document["data"]], spool.replaced) == ([found[0]], found[1])


def test_lines_of_json_are_clean_before_they_are_read() -> None:
    """A stream of rows, one a line: its count still holds, and no row is lost."""
    head = b'{"fields": [{"name": "day"}, {"name": "name"}], "total_items_count": 2}\n'
    spool = Spool.of(head + rb'{"day": "a", "name": "\ud83d"}' + b"\n" + rb'{"day": "\u0000b"}')
    assert stream_error(spool) is None
    rows = list(table(spool, ("day", "name")).rows)
    assert [tuple(row[:2]) for row in rows] == [("a", MARK), (f"{MARK}b", None)]


def test_a_table_may_hold_a_backslash() -> None:
    """What is an escape in JSON is six characters in CSV; a zero is one in both."""
    spool = Spool.of(b"a,b\n\\u0000,\x00\n\xed\xa0\x80,\\ud83d\n")
    assert spool.read().decode() == f"a,b\n\\u0000,{MARK}\n{MARK},\\ud83d\n"
    assert spool.replaced == 2


def test_a_parquet_file_is_left_as_it_is() -> None:
    """It is no text: its zeros are its own."""
    spool = Spool.of(b"PAR1\x00\x00\xed\xa0\x80PAR1")
    assert (spool.read(), spool.replaced) == (b"PAR1\x00\x00\xed\xa0\x80PAR1", 0)


@given(text=st.text(st.characters(categories=["L", "Cs", "So", "Cc"]), max_size=20))
@example(text="\ud83d\ude00")
@example(text='"\\\x00')
def test_any_text_comes_out_as_itself_but_for_halves_and_zeros(text: str) -> None:
    """Written as JSON with escapes by the standard library, and read back: nothing else changes."""
    spool = Spool.of(json.dumps({"rows": [{"a": text}]}).encode())
    (row,) = JsonRows(spool, ("rows",))
    # Two halves side by side are a character, in JSON as in UTF-16.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", MARK)
    assert row["a"] == whole
    assert clean_text(whole) == (whole, 0)


def served(report: bytes | None = None, things: bytes | None = None) -> TinyServer:
    """A platform with odd characters in what it says."""
    server = TinyServer()

    def answer(path: str, _query: Any) -> Any:
        body = things if path == "/things" else report
        return None if body is None else (200, {"Content-Type": "application/json"}, body)

    server.before.append(answer)
    return server


def test_the_ledger_counts_them_and_the_log_says_it_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for the stream; each window's row has its own number."""
    monkeypatch.setenv("ADTAPS_NOW", "2026-03-10T12:00:00Z")
    row = (
        rb'{"day": "%b", "account": "a", "campaignId": "\u0000\ud83d", "clicks": "1", "spend": "1"}'
    )

    def answer(path: str, query: Any) -> Any:
        body = b'{"rows": [' + row % query["from"][0].encode() + b"]}"
        return 200, {"Content-Type": "application/json"}, body

    server = TinyServer()
    server.before.append(answer)
    with server.running() as url, caplog.at_level(logging.WARNING):
        config = {"api_url": url, "token": "T", "accounts": ["a"], "start_date": "2026-03-01"}
        got = run_tap(TapTiny, config)
    assert {r["campaign_id"] for r in got.records["spend_daily"]} == {MARK + MARK}
    windows = got.windows("spend_daily")
    assert len(windows) > 1
    assert all("2 characters that no database holds" in w["warnings"] for w in windows)
    assert caplog.text.count("no database holds") == 1
