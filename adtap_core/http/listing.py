"""Ways to walk a list that at least two platforms share. Each gives pages; none loses a row.

A list that is walked by offset may shift while it is read: a row that goes away pulls the rest forward,
and one is never shown. Two ways round that, by what the API can do:

    in_order     the list can be had in the order of a key that never changes: each page begins with the
                 last row of the page before it, which proves that nothing slipped through; or, where the
                 API can filter by the key, behind that row. One pass.
    by_offset    nothing is known of the order: the list is looked at again until a whole pass brings
                 nothing new.

Pages leave in the list's order whatever the number of workers; the ones that follow are asked for meanwhile.
"""

import logging
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, takewhile
from typing import Any, Final, Generic, TypeVarTuple

import msgspec

from adtap_core.errors import MalformedResponse, RequestError, RetriesExhausted
from adtap_core.formatting import count
from adtap_core.http.completeness import says_more
from adtap_core.http.completeness import total as promised_total
from adtap_core.http.workers import Workers
from adtap_core.redact import redact

log = logging.getLogger("adtaps.paging")

Record = Mapping[str, Any]
Place = TypeVarTuple("Place")
MOST_LOOKS: Final = 10
"""A list that still shows new rows after so many passes moves faster than it can be read."""
_MOST_STEPS: Final = 20
"""A walk that steps back so often, each time further, without finding its place again gives up."""
_SAME_PAGES: Final = 3
"""A list that gives the same page so often, at offsets further and further on, knows no offsets."""


class Unordered(Exception):  # noqa: N818 - a finding, not a fault
    """The list can't be walked in the order of its keys."""


class Keyless(RequestError):  # noqa: N818 - named for what it is
    """A record has no key by which its list could be walked; the others have."""


class Unfinished(MalformedResponse):
    """A list says that it holds more than it gives."""


class TooDeep(Exception):  # noqa: N818 - a finding, not a fault
    """The server does not let a page through that lies so far behind a key."""


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Args:
        records: What it holds.
        more: Whether another page follows.
        step: How far the next offset lies ahead, if not by the number of records.
        total: How many records the list holds, if the answer tells: a hint how many pages may be asked for at
            once, as totals are missing, 0 or a page's own length on some platforms; but a list that ends before
            its total is not whole.
        promise: The words in which the answer says that another page follows, total or not; empty if it does not.
    """

    records: Sequence[Record]
    more: bool
    step: int | None = None
    total: int | None = None
    promise: str = ""

    def promised(self, shown: int) -> str:
        """Return the words in which the list says that it holds more than was shown by now; empty if it does not."""
        return self.promise or (f"total: {self.total}" if (self.total or 0) > shown else "")

    @property
    def width(self) -> int:
        """Return how far the next offset lies ahead."""
        return len(self.records) if self.step is None else self.step


class Pages(Generic[*Place]):
    """Asks for pages, the likely next ones in advance.

    Args:
        ask: Gives the page at a place.
        prefetch: Where pages are asked for in advance; one worker means never.
        lasting: Whether a page that was begun will be taken sooner or later, whatever comes before it.
    """

    def __init__(
        self, ask: Callable[[*Place], Page], prefetch: Workers, *, lasting: bool = False
    ) -> None:
        self._ask, self._prefetch, self._lasting = ask, prefetch, lasting
        self._begun: dict[tuple[*Place], Future[Page]] = {}
        self._depth = 1

    def take(self, *place: *Place) -> Page:
        """Return the page at a place."""
        begun = self._begun.pop(place, None)
        if begun is None:
            if not self._lasting:
                self.close()  # the guess was wrong: what it began is of no use
            return self._ask(*place)
        return begun.result()

    def expect(self, places: Iterator[tuple[*Place]], *, sure: bool) -> None:
        """Begin the pages that probably come next.

        Args:
            places: Where they lie, nearest first.
            sure: Whether they are known to exist; else the guess grows with each page that did.
        """
        most = self._prefetch.count
        self._depth = most if sure else min(most, self._depth * 2)
        if most == 1:
            return
        for place in places:
            if place not in self._begun:
                if len(self._begun) >= self._depth:
                    return
                self._begun[place] = self._prefetch.submit(partial(self._ask, *place))

    def close(self) -> None:
        """Ask for nothing more in advance."""
        for future in self._begun.values():
            future.cancel()
        self._begun.clear()


def page_of(
    records: Sequence[Record],
    envelope: object,
    *,
    offset: int,
    full: bool,
    total: int | None = None,
) -> Page:
    """Return a page of a list whose answer may say in any of the usual words that more follows.

    Args:
        records: What the page holds.
        envelope: The answer, or what it holds beside the records.
        offset: How many records lie before the page, as it was asked for.
        full: Whether it holds as many records as were asked for: then more may follow, whatever is said.
        total: How many records the list says that it holds, if in a word of its own; another word that says more
            is believed.
    """
    promise = says_more(envelope, len(records), offset) or ""
    said = [n for n in (total, promised_total(envelope)) if n is not None]
    total = max(said, default=None)
    more = full or bool(promise) or (total or 0) > offset + len(records)
    # A total is held against all that was shown, at the list's end: behind an id it may be of the whole list.
    is_flag = promise and says_more(envelope, sys.maxsize, 0) is not None
    return Page(records, more, total=total, promise=promise if is_flag else "")


def check_end(page: Page, shown: int, what: str) -> None:
    """Check that a list which ends with this page does not say that it holds more.

    Args:
        page: The last page.
        shown: How many records the list has shown by now.
        what: The list, in a user's words.

    Raises:
        Unfinished: If it does.
    """
    if not page.records and (said := page.promised(shown)):
        raise _empty(said, shown, what)


def _empty(said: str, shown: int, what: str) -> Unfinished:
    msg = f"{what}: the list says that there is more ({said}), and gives an empty page after {count(shown, 'record')}"
    return Unfinished(msg)


def is_at_odds(page: Page, shown: int, first: int | None) -> bool:
    """Check whether an empty page says that records are left behind those that were shown.

    Behind a key a total may be of the whole list, as on the first page, or of what is left of it. One that is no
    greater than what is left can't be of the whole.

    Args:
        page: A page that was asked for behind the key of the last record shown.
        shown: How many records the list has shown by now.
        first: The total on the list's first page, if that told one.

    >>> [is_at_odds(Page((), more=True, total=n), shown=7, first=8) for n in (0, 1, 2, 8)]
    [False, True, False, False]
    """
    return not page.records and 0 < (page.total or 0) <= (first or 0) - shown


def agreeing(take: Callable[[], Page], shown: int, first: int | None, what: str) -> Page:
    """Return a page that is not at odds with its own total; taken once more if it is.

    A record may have gone between the server's count and its page.

    Args:
        take: Gives the page.
        shown: How many records the list has shown by now.
        first: The total on the list's first page; None: the page is not asked for behind the last record shown.
        what: The list, in a user's words.

    Raises:
        MalformedResponse: If it still is.
    """
    page = take()
    if is_at_odds(page, shown, first):
        page = take()
        if is_at_odds(page, shown, first):
            raise _empty(f"total: {page.total}", shown, what)
    return page


def number_of(record: Record, field: str = "id") -> int:
    """Return a record's number, by which its list is walked.

    Args:
        record: As the platform sent it.
        field: Which field holds the number.

    Raises:
        Keyless: If it holds none: null, an empty text, or no whole number.
    """
    value = record.get(field)
    try:
        return int(value)  # type: ignore[arg-type] # what it can't read is told below
    except (TypeError, ValueError) as error:
        msg = f"a record has no whole number as its `{field}` ({redact.beginning(repr(value), 40)})"
        raise Keyless(msg) from error


def key_of(record: Record, key: Callable[[Record], int]) -> int | None:
    """Return a record's key; None if it has none: whoever writes the records leaves such a one out and says so."""
    try:
        return key(record)
    except Keyless:
        return None


def _offsets(first: int, width: int, end: int | None) -> Iterator[int]:
    while width > 0 and (end is None or first < end):
        yield first
        first += width


def by_offset(
    ask: Callable[[int], Page], *, key: Callable[[Record], object], what: str, prefetch: Workers
) -> Iterator[Sequence[Record]]:
    """Walk by offset, again and again until a pass shows nothing new.

    Args:
        ask: Gives the page that begins at an offset; called from several threads.
        key: What tells a record from all others.
        what: The list, in a user's words.
        prefetch: Where pages are asked for in advance.

    Raises:
        RetriesExhausted: If the list does not come to rest.
    """
    seen: dict[object, bytes] = {}
    width, end = 0, 0
    for _look in range(MOST_LOOKS):
        fresh = pages = 0
        last = Page((), more=False)
        walk = _one_pass(ask, key, prefetch, what=what, width=width, end=end)
        with closing(walk):
            for offset, page, identities in walk:
                pages += 1
                known = len(seen)
                found = zip(page.records, identities, strict=True)
                new = [record for record, identity in found if _is_new(record, identity, seen)]
                # A record that merely changed is given again but does not call for another look: some
                # lists hold a counter that never rests.
                fresh += len(seen) - known
                width, end = max(width, page.width), offset + page.width
                last = page
                if new:
                    yield new
        if pages == 1 or not fresh:
            check_end(last, len(seen), what)
            return
    msg = f"{what}: the list still changes after {MOST_LOOKS} passes; run again at a quieter time"
    raise RetriesExhausted(msg)


def _one_pass(
    ask: Callable[[int], Page],
    key: Callable[[Record], object],
    prefetch: Workers,
    *,
    what: str,
    width: int,
    end: int,
) -> Generator[tuple[int, Page, Sequence[object]], None, None]:
    """Yield a pass's pages with their offsets, and what tells each record of a page from all others.

    Args:
        ask: Gives the page that begins at an offset.
        key: What tells a record from all others, if it has it.
        prefetch: Where pages are asked for in advance.
        what: The list, in a user's words.
        width: Rows a page, as the pass before found; 0 if this is the first.
        end: Where the pass before ended.
    """
    offset = 0
    before: Sequence[Record] = ()
    with closing(Pages(ask, prefetch)) as pages:
        pages.expect(((at,) for at in _offsets(0, width, end)), sure=True)
        while True:
            page = pages.take(offset)
            if offset and page.records == before:
                _check_whole(page, what)
                return  # the list knows no offset: it was whole on its first page
            before = page.records
            identities = [_identity(record, key) for record in page.records]
            page = _of_distinct(page, identities)
            yield offset, page, identities
            if not page.more or not page.records:
                return
            # Only now: of a list that waits for its turn no more than the first page is asked for.
            upcoming = offset + page.width
            total = _total(page, offset) or (end if upcoming < end else None)
            guess = _offsets(upcoming, page.width, total)
            pages.expect(((at,) for at in guess), sure=total is not None)
            offset = upcoming


def _check_whole(page: Page, what: str) -> None:
    """Check that a list which knows no offsets does not say that it holds more than its one page.

    Raises:
        Unfinished: If it does.
    """
    shown = len(page.records)
    if said := page.promised(shown):
        msg = f"{what}: the list says that there is more ({said}), and gives the same {shown} at every offset"
        raise Unfinished(msg)


def _total(page: Page, offset: int) -> int | None:
    """Return how many records the list holds, if that can be true: more are to come, the page says."""
    shown = offset + len(page.records)
    # On the first page, a total as large as the page may as well be the page's own length.
    good = page.total is not None and (page.total > shown or page.total == shown > offset > 0)
    return page.total if good else None


def _of_distinct(page: Page, identities: Sequence[object]) -> Page:
    """Return a page that lies no further from the next one than it holds different records.

    One that came twice may stand for no row of the list: going on behind both would leave out the page's end.

    Args:
        page: As it came.
        identities: What tells each of its records from all others.
    """
    if page.step is not None or len(set(identities)) == len(identities):
        return page
    return replace(page, step=len(set(map(_digest, page.records))))


def _identity(record: Record, key: Callable[[Record], object]) -> object:
    """Return what tells a record from all others: its key, else all that it holds."""
    try:
        return key(record)
    except Keyless:
        return _digest(record)


def _is_new(record: Record, key: object, seen: dict[object, bytes]) -> bool:
    """Remember a record; tell whether it, or this version of it, was not seen before."""
    version = _digest(record)
    if seen.get(key) == version:
        return False
    seen[key] = version
    return True


def _digest(record: Record) -> bytes:
    return hash(msgspec.json.encode(record, order="deterministic")).to_bytes(9, "big", signed=True)


def in_order(
    ask: Callable[[int | None, int], Page],
    *,
    key: Callable[[Record], int],
    what: str,
    prefetch: Workers,
    reach: int | None = None,
) -> Iterator[Sequence[Record]]:
    """Walk a list that was asked for in the order of a key that never changes; no record is lost.

    A page must touch the one before it: its first key is not greater than that one's last. If rows went
    away meanwhile, it does not, and the walk steps back until it does. Read one page after the other, a
    list that can be filtered by its key needs no such proof: each page begins behind the last one's end.

    Args:
        ask: Gives the page at an offset among the records whose key is greater than the one given (None:
            all of them); called from several threads.
        key: A record's key.
        what: The list, in a user's words.
        prefetch: Where pages are asked for in advance.
        reach: The greatest offset behind a key; None if the API can't filter by the key, so that all
            offsets count from the list's beginning.

    A list that turns out not to be in that order is walked by offset. `ask` may raise TooDeep. Records without a
    key are given as they come, and the walk goes on by those that have one.

    Raises:
        RetriesExhausted: If the list does not come to rest.
    """
    walk = _InOrder(ask, key, what, prefetch, reach)
    try:
        with closing(walk.pages):
            while not walk.over:
                if records := walk.step():
                    yield records
                walk.look_ahead()
    except Unordered as finding:
        log.info("%s: read by offset, in at least two passes: %s", what, finding)
        yield from by_offset(partial(ask, None), key=key, what=what, prefetch=prefetch)


def check_order(keys: Sequence[int], behind: int | None) -> None:
    """Check that a page's keys rise, from behind the one that was asked for.

    Args:
        keys: The page's keys, in its order.
        behind: The key that the page was asked behind; None: the first page.

    Raises:
        Unordered: If they do not.
    """
    if any(a >= b for a, b in pairwise(keys)):
        msg = "records are not in the order of their keys"
        raise Unordered(msg)
    if keys and behind is not None and keys[0] <= behind:
        msg = "records came whose key lies before the one asked for"
        raise Unordered(msg)


class _InOrder:
    """Where a walk in the order of keys is."""

    def __init__(
        self,
        ask: Callable[[int | None, int], Page],
        key: Callable[[Record], int],
        what: str,
        prefetch: Workers,
        reach: int | None,
    ) -> None:
        self.pages = Pages(ask, prefetch)
        self.over = False
        self._key, self._what = key, what
        self._reach = 0 if prefetch.count == 1 and reach is not None else reach
        self._behind: int | None = None
        self._last: int | None = None
        self._offset = self._width = self._steps_back = self._alike = self._shown = 0
        self._end: int | None = None
        self._first: int | None = None
        self._before: list[int] = []
        self._strays: set[bytes] = set()

    def step(self) -> Sequence[Record]:
        """Take one page; give what it holds that was not given yet."""
        try:
            page = self._page()
        except TooDeep:
            if self._reach is None:
                raise
            self._do_without_offsets()
            return ()
        if self._last is None and not self._offset:
            self._first = page.total
        found = [key_of(r, self._key) for r in page.records]
        keys = [k for k in found if k is not None]
        if page.records and not keys:
            msg = "a page holds no record with a key"
            raise Unordered(msg)
        check_order(keys, self._behind)
        last = self._last
        if self._offset and last is not None and (not keys or keys[0] > last):
            self._step_back()
            return ()
        if self._ignores_offsets(keys):
            if self._reach is None:
                _check_whole(page, self._what)
            self._do_without_offsets()
            return ()
        new = [r for r, k in zip(page.records, found, strict=True) if self._is_new(r, k)]
        if keys and (last is None or keys[-1] > last):
            self._last, self._steps_back = keys[-1], 0
        self._before, self._width = keys, max(self._width, len(found))
        self._shown += len(new)
        if page.more and keys:
            # The next page begins with the last record that has a key.
            self._go_on(page, max(n for n, k in enumerate(found, 1) if k is not None))
        else:
            check_end(page, self._shown, self._what)
            self.over = True
        return new

    def _page(self) -> Page:
        first = None if self._behind is None or self._offset else self._first
        take = partial(self.pages.take, self._behind, self._offset)
        return agreeing(take, self._shown, first, self._what)

    def _is_new(self, record: Record, key: int | None) -> bool:
        """Return whether a record was not given yet."""
        if key is not None:
            return self._last is None or key > self._last
        stray = _digest(record)
        if stray in self._strays:
            return False
        self._strays.add(stray)
        return True

    def _ignores_offsets(self, keys: Sequence[int]) -> bool:
        """Return whether the list gives its first page whatever the offset."""
        self._alike = self._alike + 1 if self._offset and keys == self._before else 0
        # The same page at another offset may be chance: as many rows went away, or came back, as the walk
        # moved. Where the list can be filtered by its key, nothing is lost by thinking so at once.
        return self._alike >= (_SAME_PAGES if self._reach is None else 1)

    def _step_back(self) -> None:
        self._steps_back += 1
        if self._steps_back > _MOST_STEPS:
            msg = f"{self._what}: the list shrinks faster than it can be read; run again at a quieter time"
            raise RetriesExhausted(msg)
        self._offset = max(0, self._offset - max(1, self._width // 2) * self._steps_back)

    def _do_without_offsets(self) -> None:
        """Go on without offsets: the list does not let them through, or does not listen to them."""
        if self._reach is None:
            self.over = True  # the list was whole on its first page
        self._reach, self._behind, self._offset = 0, self._last, 0

    def _go_on(self, page: Page, length: int) -> None:
        reach = self._reach
        if reach is None and length == 1:
            msg = "a page of one record can't overlap the next"
            raise Unordered(msg)
        total = None
        if reach is not None and (length == 1 or self._offset + length - 1 > reach):
            self.pages.close()
            self._behind, self._offset = self._last, 0
        else:
            total = _total(page, self._offset)
            self._offset += length - 1
        self._end = total

    def look_ahead(self) -> None:
        """Ask for the pages that probably come next."""
        if self.over:
            return
        near = _offsets(self._offset, self._width - 1, self._end)
        places = ((self._behind, at) for at in near)
        within = takewhile(lambda place: self._reach is None or place[1] <= self._reach, places)
        self.pages.expect(within, sure=self._end is not None)
