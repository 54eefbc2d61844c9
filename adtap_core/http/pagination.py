"""Four ways to page through a list, by their usual names.

    PageNumber   ?page=3&per_page=100
    Offset       ?offset=200&limit=100
    Cursor       ?cursor=… as the page before said
    Link         the next page's address, in the body or in the header `Link`

All of them distrust what a list says of its own length. A total, a number of pages or a flag that says «the end»
is believed only where the page is not full, and one that says «more», in any of the usual words, is never ignored:
a list that promises more and gives nothing is an error, never a shorter list. Page numbers and offsets shift when records come or go
meanwhile, so such a list is read again until a whole pass brings nothing new (`adtap_core.http.listing`). The core
asks for the next pages in advance, in as many threads as `concurrency` allows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import requests
from typing_extensions import override

from adtap_core.errors import MalformedResponse
from adtap_core.http.completeness import check_whole, on_same_host
from adtap_core.http.listing import Page, Record, by_offset, page_of
from adtap_core.http.response import Response
from adtap_core.http.workers import Workers

MOST_PAGES: Final = 1_000_000
"""A list with more pages than this goes round in circles."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list to page through.

    Args:
        what: The list, in a user's words; named in errors.
        ask: Sends the request for one page, given its query parameters, or its whole address.
        records: Takes the records out of an answer.
        key: Returns what tells a record from all others.
        prefetch: The threads in which further pages are asked for.
    """

    what: str
    ask: Callable[[Mapping[str, Any], str | None], Response]
    records: Callable[[Any], Sequence[Record]]
    key: Callable[[Record], object]
    prefetch: Workers


class Paginator(ABC):
    """How one API spreads a list over pages."""

    @abstractmethod
    def pages(self, listing: Listing) -> Iterator[Sequence[Record]]:
        """Return a list's records, page by page.

        Raises:
            MalformedResponse: If the list promises more and gives nothing, or goes round in circles.
            RequestError: If a page can't be had.
        """


def value_at(document: Any, path: str) -> Any:
    """Return what stands in a document under dotted keys, None if nothing does.

    Args:
        document: The decoded body.
        path: Keys joined by dots; empty: the document itself.

    >>> value_at({"meta": {"pages": 3}}, "meta.pages")
    3
    """
    for key in path.split(".") if path else ():
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


@dataclass(frozen=True, kw_only=True)
class PageNumber(Paginator):
    """Pages by number.

    Args:
        parameter: The query parameter of the number.
        first: The first page's number.
        size_parameter: The query parameter of the records per page; None: the API takes none.
        size: Records per page that are asked for; a shorter page is the last one, unless the answer says more.
        pages_at: Where an answer says how many pages there are.

    >>> PageNumber(pages_at="meta.pages", size=60).size
    60
    """

    parameter: str = "page"
    first: int = 1
    size_parameter: str | None = "per_page"
    size: int = 100
    pages_at: str | None = None

    @override
    def pages(self, listing: Listing) -> Iterator[Sequence[Record]]:
        widest = 0

        def ask(place: int) -> Page:
            nonlocal widest
            number = self.first + place
            sizes = {self.size_parameter: self.size} if self.size_parameter else {}
            document, records = _read(listing, {self.parameter: number, **sizes})
            # A server may cut the size: how many records lie before a page, the widest one says.
            widest = max(widest, len(records))
            full = len(records) >= self.size
            page = page_of(records, document, offset=place * widest, full=full)
            pages = None if self.pages_at is None else _whole(value_at(document, self.pages_at))
            if pages is not None and number < pages - 1 + self.first:
                page = replace(page, more=True, promise=f"{self.pages_at}: {pages}")
            elif page.more and not records:
                page = replace(page, promise=page.promised(0))
            return replace(page, step=1, total=None)  # places are pages, totals are records

        return by_offset(ask, key=listing.key, what=listing.what, prefetch=listing.prefetch)


@dataclass(frozen=True, kw_only=True)
class Offset(Paginator):
    """Pages by the number of records to skip.

    Args:
        parameter: The query parameter of the offset.
        size_parameter: The query parameter of the records per page.
        size: Records per page that are asked for. A server may cut it: the next page begins behind the
            records that came.
        total_at: Where an answer says how many records the list holds.

    >>> Offset(size=500, total_at="meta.total").parameter
    'offset'
    """

    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = 100
    total_at: str | None = None

    @override
    def pages(self, listing: Listing) -> Iterator[Sequence[Record]]:
        def ask(offset: int) -> Page:
            asked = {self.parameter: offset, self.size_parameter: self.size}
            document, records = _read(listing, asked)
            total = None if self.total_at is None else _whole(value_at(document, self.total_at))
            full = len(records) >= self.size
            return page_of(records, document, offset=offset, full=full, total=total)

        return by_offset(ask, key=listing.key, what=listing.what, prefetch=listing.prefetch)


@dataclass(frozen=True, kw_only=True)
class Cursor(Paginator):
    """Pages by a mark that each answer gives for the next one; the list ends where it gives none.

    Args:
        next_at: Where an answer holds the mark.
        parameter: The query parameter that carries it.
        size_parameter: The query parameter of the records per page; None: the API takes none.
        size: Records per page that are asked for.

    >>> Cursor(next_at="paging.cursors.after", parameter="after").size
    100
    """

    next_at: str
    parameter: str = "cursor"
    size_parameter: str | None = None
    size: int = 100

    @override
    def pages(self, listing: Listing) -> Iterator[Sequence[Record]]:
        sizes = {self.size_parameter: self.size} if self.size_parameter else {}
        cursor: Any = None
        seen: set[str] = set()
        shown = 0
        for _ in range(MOST_PAGES):
            mark = {} if cursor is None else {self.parameter: cursor}
            document, records = _read(listing, {**sizes, **mark})
            yield records
            cursor = value_at(document, self.next_at)
            if cursor in (None, "", False):
                check_whole(document, len(records), listing.what, shown)
                return
            shown += len(records)
            _check_new(listing.what, str(cursor), seen)


@dataclass(frozen=True, kw_only=True)
class Link(Paginator):
    """Pages by the address that each answer gives for the next one; the list ends where it gives none.

    An address on another host is refused: it would carry the credentials there.

    Args:
        next_at: Where an answer's body holds the address; None: its header `Link` with `rel="next"` (RFC 8288).

    >>> Link(next_at="paging.next").next_at
    'paging.next'
    """

    next_at: str | None = None

    @override
    def pages(self, listing: Listing) -> Iterator[Sequence[Record]]:
        address: str | None = None
        seen: set[str] = set()
        shown = 0
        for _ in range(MOST_PAGES):
            response = listing.ask({}, address)
            with response.body:
                document = response.json()
            records = listing.records(document)
            yield records
            given = self._next(response, document)
            if not given:
                check_whole(document, len(records), listing.what, shown)
                return
            shown += len(records)
            address = on_same_host(given, response.url, listing.what)
            _check_new(listing.what, address, seen)

    def _next(self, response: Response, document: Any) -> str:
        if self.next_at is not None:
            return str(value_at(document, self.next_at) or "")
        links = requests.utils.parse_header_links(response.headers.get("Link", ""))
        for link in links:
            # It may have several relations, in letters of any case.
            if "next" in link.get("rel", "").lower().split():
                return str(link["url"])
        return ""


def _read(listing: Listing, params: Mapping[str, Any]) -> tuple[Any, Sequence[Record]]:
    response = listing.ask(params, None)
    with response.body:
        document = response.json()
    return document, listing.records(document)


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _check_new(what: str, mark: str, seen: set[str]) -> None:
    if mark in seen:
        msg = f"{what}: the list repeats itself: its next page's cursor was used before"
        raise MalformedResponse(msg)
    seen.add(mark)
