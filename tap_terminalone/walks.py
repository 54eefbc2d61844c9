"""What the lists of both generations have in common: ids that never change, totals that may be missing."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import Final

from adtap_core.errors import BadRequest, MalformedResponse
from adtap_core.http.completeness import number
from adtap_core.http.listing import (
    Page,
    Pages,
    Record,
    TooDeep,
    Unordered,
    agreeing,
    check_end,
    check_order,
    key_of,
    number_of,
)
from adtap_core.http.workers import Workers
from adtap_core.redact import redact

Range = tuple[int, int | None]
"""Ids greater than the first, up to and with the second; None: to the end."""
SMALL_PAGE: Final = 10
"""Of the lists below one parent that have no total: shorter pages end them, as every page more costs three requests for
each parent, and no server is known that lets fewer rows through."""
_FILL: Final = 0.9
"""How full a range's page should be: ids are not spread evenly."""


def deeper(ask: Callable[[Record], Page], offset: int) -> Page:
    """Return the page at an offset behind an id.

    Args:
        ask: Gives the page, with these parameters on top of its own.
        offset: How many rows are skipped.

    Raises:
        TooDeep: If the server does not let the offset through: how far it reaches is not certain.
    """
    if not offset:
        return ask({})
    try:
        return ask({"page_offset": offset})
    except BadRequest as error:
        if error.status != HTTPStatus.BAD_REQUEST:
            raise
        raise TooDeep(str(error)) from error


def records_of(document: object, what: str, *, null_is_empty: bool = True) -> list[Record]:
    """Return the records of a list's answer.

    Args:
        document: The answer.
        what: The list, in a user's words.
        null_is_empty: Whether an empty page may be null, as V3's OpenAPI says. V2 always has a list there: the
            vendor's own client ends in an error at a null.

    Raises:
        MalformedResponse: If it is no list: an error with a success status must not pass for an empty one.
    """
    found = document.get("data", document) if isinstance(document, Mapping) else document
    rows = [] if found is None and null_is_empty else found
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise MalformedResponse(
            f"{what}: the answer holds no list of records: {redact.beginning(document, 200)}"
        )
    return rows


def says_total(document: object) -> bool:
    """Check whether a list says how many rows it holds; 0 stands where it does not know."""
    meta = document.get("meta") if isinstance(document, Mapping) else None
    return isinstance(meta, Mapping) and bool(number(meta.get("total_count")))


class PageLengths:
    """How long pages have been: whether more may follow one. Asked from several threads.

    How many rows the server lets through is not said. In a list without a total, a page that is shorter than another
    one of the same kind of list ends it, whoever's that was: no cut page is shorter than another one. Before there is
    another one, only a page shorter than `least` does.

    Args:
        limit: Most rows that are asked for.

    >>> lengths = PageLengths(100)
    >>> [lengths.is_full({"data": []}, rows) for rows in (40, 40, 39)]
    [True, True, False]
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._longest: dict[str, int] = {}

    def is_full(
        self, document: object, rows: int, *, kind: str = "", least: int = SMALL_PAGE
    ) -> bool:
        """Check whether a page may have been cut, so that more may follow it.

        Args:
            document: The answer; by a total it is told how much follows.
            rows: How many rows it holds.
            kind: The kind of list.
            least: The fewest rows of a cut page, as long as none of the kind was seen.
        """
        if says_total(document):
            return rows >= self._limit
        with self._lock:
            longest = self._longest.get(kind, least)
            self._longest[kind] = max(longest, rows)
        return rows >= min(longest, self._limit)


def id_of(record: Record, what: str) -> int:
    """Return a record's id as a number.

    Args:
        record: The record as the platform sent it.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If it has none.
    """
    try:
        return int(str(record["id"]).removesuffix(".0"))
    except (KeyError, ValueError) as error:
        msg = f"{what}: a record without a number for an id: {redact.beginning(dict(record), 120)}"
        raise MalformedResponse(msg) from error


def in_ranges(
    ask: Callable[[int, int | None], Page], *, what: str, size: int, prefetch: Workers
) -> Iterator[Sequence[Record]]:
    """Walk a list that can be filtered by id from both sides, in the order of ids.

    What follows a full page is cut into ranges that should fill a page each, as dense as ids lay so far,
    and asked for side by side; the last one is open, and what it does not show is cut again. With a single
    worker each page begins behind the last one's end.

    Args:
        ask: Gives the first page of a range, in the order of ids; may raise TooDeep if the list can't be
            filtered from above. Called from several threads.
        what: The list, in a user's words.
        size: Most rows a page.
        prefetch: Where ranges are asked for in advance.

    Raises:
        MalformedResponse: If the list says that it holds more than it gives.
        Unordered: If rows are not in the order of their ids.
    """
    walk = _Ranges(ask, what, size, prefetch)
    with closing(walk.pages):
        while walk.left:
            if records := walk.step():
                yield records
            # Only now: of a list that waits for its turn no more than the first page is asked for.
            walk.pages.expect(iter(walk.left), sure=True)
    check_end(walk.last, walk.shown, what)


class _Ranges:
    """Where a walk by ranges is."""

    def __init__(
        self, ask: Callable[[int, int | None], Page], what: str, size: int, prefetch: Workers
    ) -> None:
        self.pages = Pages(ask, prefetch, lasting=True)
        self.left: deque[Range] = deque([(0, None)])
        self.shown = 0
        self.last = Page((), more=False)
        self._what, self._size = what, size
        self._first: int | None = None
        self._rows_wanted = max(1, int(size * _FILL))
        self._most = prefetch.count
        self._seen = 0
        self._lately: deque[tuple[int, int]] = deque(maxlen=2 * prefetch.count)
        """Ids and rows of the last ranges, empty ones too."""

    def step(self) -> Sequence[Record]:
        """Take the first range's page; give its rows."""
        behind, upto = self.left.popleft()
        try:
            take = partial(self.pages.take, behind, upto)
            page = agreeing(take, self.shown, self._first, self._what)
        except TooDeep:
            self._go_on_open(behind)
            return ()
        found = (key_of(row, number_of) for row in page.records)
        keys = [key for key in found if key is not None]
        if page.more and page.records and not keys:
            msg = "a page holds no record with an id"
            raise Unordered(msg)
        check_order(keys, behind)
        if not self._seen:
            self._first = page.total
        self.last, self.shown = page, self.shown + len(page.records)
        self._seen += 1
        going_on = page.more and bool(keys)
        if keys and upto is not None and keys[-1] > upto:
            self._go_on_open(keys[-1])  # the list is not filtered from above
            return page.records
        if keys or upto is not None:
            # The first id of all may lie anywhere; from there on, gaps count.
            first = behind if self._lately else keys[0] - 1
            last = keys[-1] if going_on or upto is None else upto
            self._lately.append((last - first, len(keys)))
        if going_on:
            self.left.extendleft(reversed(self._rest(page, keys[-1], upto)))
        return page.records

    def _go_on_open(self, behind: int) -> None:
        self._most = 1
        self.left = deque([(behind, None)])

    def _rest(self, page: Page, last: int, upto: int | None) -> list[Range]:
        """Return what is left of a range, cut."""
        # Totals are sometimes 0 or missing: then the list may be as long again as what was seen of it.
        left = (page.total or 0) - len(page.records)
        known = left > 0
        if not known and len(page.records) < self._size:
            return [(last, upto)]  # most probably the end
        wanted = -(-left // self._rows_wanted) if known else self._seen + 1
        ids, rows = (sum(column) for column in zip(*self._lately, strict=True))
        step = max(1, ids * self._rows_wanted // rows)
        # Behind the open range at the end all workers wait for its answer: a list that is known to be long
        # has few such ends.
        most = 2 * max(self._most, self._seen) if known and self._most > 1 else self._most
        edges = [last + step * n for n in range(min(wanted, most))]
        edges = [e for e in edges if e == last or upto is None or e < upto]
        return list(zip(edges, [*edges[1:], upto], strict=True))
