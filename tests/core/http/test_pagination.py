"""Four ways to page: every record once, whatever the list says of its own length."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse
from adtap_core.http.pagination import (
    Cursor,
    Link,
    Listing,
    Offset,
    PageNumber,
    Paginator,
    value_at,
)
from adtap_core.http.response import Response
from adtap_core.http.workers import Workers

URL = "https://api.example.com/list"
COUNTS = st.integers(0, 40)
SIZES = st.integers(1, 9)
WORKERS = st.integers(1, 3)


def read(
    paginator: Paginator, answer: Callable[[Mapping[str, Any], str | None], Any], count: int = 1
) -> list[int]:
    """The ids that a paginator gives, in order."""

    def ask(params: Mapping[str, Any], address: str | None) -> Response:
        document = answer(params, address)
        headers = document.pop("headers", {})
        body = Spool.of(json.dumps(document).encode())
        return Response(200, headers, body, address or URL, datetime.now(UTC))

    workers = Workers(count)
    listing = Listing(
        what="things", ask=ask, records=lambda d: d["data"], key=lambda r: r["id"], prefetch=workers
    )
    try:
        return [r["id"] for page in paginator.pages(listing) for r in page]
    finally:
        workers.close()


def cut(ids: list[int], start: int, size: int) -> list[dict[str, int]]:
    return [{"id": i} for i in ids[start : start + size]]


@given(
    count=COUNTS,
    size=SIZES,
    first=st.integers(0, 1),
    said=st.sampled_from(["right", "none", "own length", "zero", "text"]),
    workers=WORKERS,
)
def test_page_numbers_give_every_record_once(count, size, first, said, workers):
    """Whether the number of pages is right, missing, a text, zero, or one for each page."""
    ids = list(range(count))
    pages = max(1, -(-count // size))
    told = {"right": pages, "none": None, "own length": 1, "zero": 0, "text": str(pages)}[said]

    def answer(params: Mapping[str, Any], _address: str | None) -> Any:
        number = params["page"] - first
        return {"data": cut(ids, number * params["per_page"], params["per_page"]), "meta": {"pages": told}}  # fmt: skip

    assert read(PageNumber(first=first, size=size, pages_at="meta.pages"), answer, workers) == ids


@given(count=COUNTS, size=SIZES, first=st.integers(0, 1), capped=st.booleans(), workers=WORKERS)
def test_an_answer_may_repeat_which_page_it_is(count, size, first, capped, workers):
    """Counted from 0 or from 1, beside the total; behind the end some servers say the last page's number."""
    ids = list(range(count))

    def answer(params: Mapping[str, Any], _address: str | None) -> Any:
        number = params["page"]
        last = first + max(0, -(-count // size) - 1)
        said = {"page": min(number, last) if capped else number, "per_page": size, "total": count}
        return {"data": cut(ids, (number - first) * size, size), "meta": said}

    assert read(PageNumber(first=first, size=size), answer, workers) == ids


@given(count=COUNTS, size=SIZES, served=SIZES, told=st.booleans(), workers=WORKERS)
def test_offsets_give_every_record_once(count, size, served, told, workers):
    """Also where the server cuts the limit that was asked for, if it says how many there are."""
    ids = list(range(count))
    width = min(size, served) if told else size

    def answer(params: Mapping[str, Any], _address: str | None) -> Any:
        return {"data": cut(ids, params["offset"], width), **({"total": count} if told else {})}

    assert read(Offset(size=size, total_at="total"), answer, workers) == ids


@given(
    count=COUNTS,
    size=SIZES,
    served=SIZES,
    word=st.sampled_from(["flag", "total", "total in meta", "pages"]),
    workers=WORKERS,
)
def test_a_server_that_cuts_pages_is_read_to_its_end_if_it_says_more(
    count, size, served, word, workers
):
    """Also where nobody has declared the word in which it says so."""
    ids = list(range(count))
    width = min(size, served)

    def answer(start: int) -> Any:
        told = {
            "flag": {"has_more": start + width < count},
            "total": {"total": count},
            "total in meta": {"meta": {"total_count": str(count)}},
            "pages": {"page": start // width + 1, "total_pages": max(1, -(-count // width))},
        }
        return {"data": cut(ids, start, width), **told[word]}

    def by_number(params: Mapping[str, Any], _address: str | None) -> Any:
        return answer((params["page"] - 1) * width)

    def by_offset(params: Mapping[str, Any], _address: str | None) -> Any:
        return answer(params["offset"])

    assert read(PageNumber(size=size), by_number, workers) == ids
    assert read(Offset(size=size), by_offset, workers) == ids


@given(count=COUNTS, size=SIZES, relation=st.sampled_from(['"next"', "Next", '"last next"']))
def test_cursors_and_links_are_followed_to_the_end(count, size, relation):
    """Empty pages on the way included."""
    ids = list(range(count))

    def by_cursor(params: Mapping[str, Any], _address: str | None) -> Any:
        at = int(params.get("cursor", 0))
        return {"data": cut(ids, at, size), "next": at + size if at < count else None}

    def by_link(_params: Mapping[str, Any], address: str | None) -> Any:
        at = int(address.partition("at=")[2]) if address else 0
        more = {"Link": f'<{URL}?at={at + size}>; rel={relation}, <{URL}>; rel="first"'}
        return {"data": cut(ids, at, size), "headers": more if at < count else {}}

    def by_body(_params: Mapping[str, Any], address: str | None) -> Any:
        at = int(address.partition("at=")[2]) if address else 0
        return {"data": cut(ids, at, size), "links": {"next": f"?at={at + size}" if at < count else ""}}  # fmt: skip

    assert read(Cursor(next_at="next"), by_cursor) == ids
    assert read(Link(), by_link) == ids
    assert read(Link(next_at="links.next"), by_body) == ids


@pytest.mark.parametrize(
    ("paginator", "answer", "words"),
    [
        (PageNumber(pages_at="pages"), lambda p, _a: {"data": [{"id": 1}] if p["page"] == 1 else [], "pages": 3}, "there is more"),
        (Offset(total_at="total"), lambda p, _a: {"data": [] if p["offset"] else [{"id": 1}], "total": 9}, "there is more"),
        (PageNumber(), lambda p, _a: {"data": [{"id": 1}] if p["page"] == 1 else [], "has_more": True}, "there is more"),
        (PageNumber(), lambda p, _a: {"data": [{"id": 1}] if p["page"] == 1 else [], "total": 9}, "there is more"),
        (Offset(), lambda p, _a: {"data": [] if p["offset"] else [{"id": 1}], "meta": {"total": 9}}, "there is more"),
        (Cursor(next_at="next"), lambda _p, _a: {"data": [{"id": 1}], "has_more": True}, "there is more"),
        (Link(), lambda _p, _a: {"data": [{"id": 1}], "meta": {"total": 9}}, "there is more"),
        (Cursor(next_at="next"), lambda _p, _a: {"data": [{"id": 1}], "next": "same"}, "repeats itself"),
        (Link(next_at="next"), lambda _p, _a: {"data": [{"id": 1}], "next": "https://elsewhere.example.com/list"}, "another host"),
        (Link(next_at="next"), lambda _p, _a: {"data": [{"id": 1}], "next": URL.replace("https", "http")}, "another host.*http:"),
    ],
    ids=[
        "empty page", "empty offset", "flag of pages", "total of pages", "total of offsets", "flag without a cursor",
        "total without a link", "same cursor", "other host", "unencrypted",
    ],
)  # fmt: skip
def test_a_list_that_breaks_its_word_is_no_shorter_list(paginator, answer, words):
    """Never fewer records without an error."""
    with pytest.raises(MalformedResponse, match=words):
        read(paginator, answer)


def test_dotted_keys_lead_into_a_document_or_nowhere():
    """What is not there is None, not an error."""
    assert value_at({"a": {"b": 1}}, "a.b") == 1
    assert value_at({"a": [1]}, "a.b") is None
    assert value_at([1], "") == [1]
