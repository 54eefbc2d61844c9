"""Lists that shift while they are read, walked by any number of workers."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adtap_core.errors import MalformedResponse, RetriesExhausted
from adtap_core.http.listing import Page, TooDeep, by_offset, in_order, number_of, page_of
from adtap_core.http.workers import Workers


class Server:
    """A list of ids that loses and gains rows at given requests.

    Args:
        ids: What it holds.
        size: Rows a page.
        gone: How many rows go away before a request, from the front, by the request's number.
        tells: Whether answers say how many rows there are.
        reach: The deepest offset that it lets through.
    """

    def __init__(
        self,
        ids: list[int],
        size: int,
        *,
        gone: dict[int, int] | None = None,
        tells: bool = False,
        reach: int | None = None,
    ) -> None:
        self.ids, self.size, self.gone = list(ids), size, gone or {}
        self.tells, self.reach = tells, reach
        self.asked: list[tuple[int | None, int]] = []
        self.lost: set[int] = set()
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()

    def page(self, behind: int | None, offset: int) -> Page:
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            leaving = self.gone.get(len(self.asked), 0)
            self.asked.append((behind, offset))
            self.lost |= set(self.ids[:leaving])
            del self.ids[:leaving]
            rows = [i for i in self.ids if behind is None or i > behind]
        try:
            if self.reach is not None and offset > self.reach:
                raise TooDeep(str(offset))
            found = rows[offset : offset + self.size]
            records = [{"id": i} for i in found]
            total = len(rows) if self.tells else None
            return Page(records, len(found) == self.size, total=total)
        finally:
            with self.lock:
                self.in_flight -= 1


def ident(row):
    return row["id"]


def walk(server: Server, count: int, reach: int | None) -> list[int]:
    prefetch = Workers(count)
    try:
        pages = in_order(server.page, key=ident, what="things", prefetch=prefetch, reach=reach)
        return [row["id"] for page in pages for row in page]
    finally:
        prefetch.close()


IDS = st.lists(st.integers(1, 10_000), unique=True, max_size=60).map(sorted)


@settings(deadline=None, max_examples=300)
@example(ids=[*range(1, 11)], size=3, count=1, reach=None, tells=False, gone={4: 4})
@given(
    ids=IDS,
    size=st.integers(2, 9),
    count=st.sampled_from([1, 2, 3, 8]),
    reach=st.sampled_from([None, 0, 5, 20, 1000]),
    tells=st.booleans(),
    gone=st.dictionaries(st.integers(1, 12), st.integers(1, 7), max_size=4),
)
def test_no_row_that_stays_is_lost_and_none_comes_twice(ids, size, count, reach, tells, gone):
    """Whatever goes away between pages, however many are asked for at once, with and without a filter."""
    server = Server(ids, size, gone=gone, tells=tells)
    found = walk(server, count, reach)
    assert found == sorted(set(found))
    assert set(ids) - server.lost <= set(found) <= set(ids)


@settings(deadline=None, max_examples=60)
@given(ids=IDS, size=st.integers(1, 9), count=st.sampled_from([1, 2, 8]), tells=st.booleans())
def test_a_list_that_rests_is_given_in_its_own_order(ids, size, count, tells):
    """Also one that is in no order: walked by offset then, as often as it takes."""
    backwards = ids[::-1]
    server = Server(backwards, size, tells=tells)
    assert sorted(set(walk(server, count, None))) == ids
    prefetch = Workers(count)
    ask = Server(backwards, size, tells=tells)
    pages = by_offset(lambda at: ask.page(None, at), key=ident, what="things", prefetch=prefetch)
    assert [row["id"] for page in pages for row in page] == backwards
    prefetch.close()


def test_one_worker_walks_behind_keys_and_asks_for_nothing_twice():
    """Where the API filters by the key, a page begins behind the last one: no overlap to pay for."""
    server = Server(list(range(1, 31)), 10)
    assert walk(server, 1, 1000) == list(range(1, 31))
    assert server.asked == [(None, 0), (10, 0), (20, 0), (30, 0)]


def test_pages_overlap_by_one_row_where_only_offsets_are_known():
    """The row that both pages show proves that none slipped through between them."""
    server = Server(list(range(1, 26)), 10)
    assert walk(server, 1, None) == list(range(1, 26))
    assert server.asked == [(None, 0), (None, 9), (None, 18)]


def test_a_total_says_how_many_pages_to_ask_for():
    """No request goes beyond the end that the first answer told."""
    server = Server(list(range(1, 101)), 10, tells=True)
    assert walk(server, 8, None) == list(range(1, 101))
    assert sorted(at for _, at in server.asked) == [9 * n for n in range(12)]


def test_a_list_that_waits_for_its_turn_is_asked_for_one_page_only():
    """Others may be read for an hour before it; its pages would only lie in memory."""
    server = Server(list(range(1, 101)), 10, tells=True)
    prefetch = Workers(8)
    pages = in_order(server.page, key=ident, what="things", prefetch=prefetch)
    next(pages)
    assert len(server.asked) == 1
    prefetch.close()


def test_guesses_beyond_an_unknown_end_grow_with_the_list():
    """A list of one page costs one request; a longer one at most as many too many as it has pages."""
    short = Server(list(range(5)), 10)
    assert walk(short, 8, None) == list(range(5))
    assert len(short.asked) == 1
    longer = Server(list(range(25)), 10)
    assert walk(longer, 8, None) == list(range(25))
    assert len(longer.asked) <= 6


def test_a_server_that_does_not_reach_so_far_is_asked_behind_keys():
    """The ceiling that a platform publishes need not be the one it has."""
    server = Server(list(range(1, 101)), 10, reach=2)
    assert walk(server, 4, 1000) == list(range(1, 101))


def test_a_list_that_knows_no_offset_is_whole_on_its_first_page():
    """It would be read for ever otherwise."""
    server = Server([1, 2, 3], 3)
    whole = server.page(None, 0)
    prefetch = Workers(1)
    assert list(in_order(lambda _b, _o: whole, key=ident, what="things", prefetch=prefetch)) == [
        whole.records
    ]
    assert list(by_offset(lambda _o: whole, key=ident, what="things", prefetch=prefetch)) == [
        whole.records
    ]


@pytest.mark.parametrize("place", [0, 1, -1])
@pytest.mark.parametrize("count", [1, 3])
def test_a_record_that_comes_twice_in_a_page_hides_no_other(place, count):
    """The page is longer by it than the list went on: the next one begins behind the others."""
    ids = list(range(1, 12))

    def twice(offset: int) -> Page:
        found = ids[offset : offset + 4]
        records = [{"id": i} for i in [*found, *found[place:][:1]]]
        return Page(records, len(found) == 4)

    prefetch = Workers(count)
    try:
        pages = by_offset(twice, key=ident, what="things", prefetch=prefetch)
        assert [row["id"] for page in pages for row in page] == ids
    finally:
        prefetch.close()


def test_a_list_that_never_rests_is_given_up():
    """The message says what to do."""
    numbers: Iterator[int] = iter(range(10**6))

    def ask(offset: int) -> Page:
        return Page([{"id": next(numbers)} for _ in range(3)], offset < 9)

    with pytest.raises(RetriesExhausted, match="quieter time"):
        list(by_offset(ask, key=ident, what="things", prefetch=Workers(1)))


@pytest.mark.parametrize("count", [1, 2, 8])
def test_never_more_requests_than_workers_are_ahead(count):
    """And one more, that the walk itself waits for, is the tap's ceiling to hold back."""
    server = Server(list(range(1, 500)), 10)
    walk(server, count, None)
    assert server.most_in_flight <= count + 1


@pytest.mark.parametrize("reach", [None, 1000])
@pytest.mark.parametrize("nothing", [None, "", "x"])
def test_a_record_without_a_key_hides_no_other(nothing, reach):
    """Wherever it stands, all others are given once; it is given too, for its stream to say that it is left out."""
    for at in range(7):
        held: list[dict[str, object]] = [{"id": i} for i in range(1, 7)]
        held.insert(at, {"id": nothing})

        def page(behind: int | None, offset: int, held: list[dict[str, object]] = held) -> Page:
            rows = [
                r for r in held if behind is None or (isinstance(r["id"], int) and r["id"] > behind)
            ]
            found = rows[offset : offset + 3]
            return Page(found, len(found) == 3)

        prefetch = Workers(1)
        pages = in_order(page, key=number_of, what="things", prefetch=prefetch, reach=reach)
        got = [row["id"] for page_ in pages for row in page_]
        prefetch.close()
        assert [i for i in got if isinstance(i, int)] == [1, 2, 3, 4, 5, 6]
        assert got.count(nothing) <= 1


@pytest.mark.parametrize("rows", [7, 8, 40])
def test_an_empty_page_that_counts_what_it_does_not_show_is_no_end(rows):
    """A server that loses half of each page and counts all: behind the last row one is left, it says."""

    def page(behind: int | None, offset: int) -> Page:
        left = range((behind or 0) + 1 + offset, rows + 1)
        found = left[:10][: len(left[:10]) // 2]
        return Page([{"id": i} for i in found], more=True, total=len(left) + offset)

    prefetch = Workers(1)
    with pytest.raises(MalformedResponse, match=r"total: 1\), and gives an empty page"):
        list(in_order(page, key=number_of, what="things", prefetch=prefetch, reach=1000))
    prefetch.close()


@pytest.mark.parametrize("count", [1, 3])
def test_totals_behind_a_key_may_be_of_the_whole_list(count):
    """The page behind the last row is empty, and says how many there are."""
    prefetch = Workers(count)

    def page(behind: int | None, offset: int) -> Page:
        found = range((behind or 0) + 1 + offset, 31)[:10]
        return Page([{"id": i} for i in found], more=True, total=30)

    pages = in_order(page, key=number_of, what="things", prefetch=prefetch, reach=1000)
    assert [row["id"] for page_ in pages for row in page_] == list(range(1, 31))
    prefetch.close()


@pytest.mark.parametrize("word", ["total", "total_count", "totalRows"])
@pytest.mark.parametrize("said", [100, "100"], ids=["number", "text"])
def test_the_greatest_total_counts(word, said):
    """A `count` of the page's own length hides no greater total in another usual word."""
    page = page_of([{"id": 1}], {"count": 1, word: said}, offset=0, full=False, total=1)
    assert (page.more, page.total) == (True, 100)
