"""Lists cut into ranges of ids: every row once, in order, whatever the ids and the totals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_core.errors import MalformedResponse
from adtap_core.http.listing import Page, TooDeep, Unordered
from adtap_core.http.workers import Workers
from tap_terminalone.walks import SMALL_PAGE, PageLengths, in_ranges, records_of


class Server:
    """A list that is filtered by id from one side, or both."""

    def __init__(self, ids: list[int], size: int, *, tells: bool = True) -> None:
        self.ids, self.size, self.tells = ids, size, tells
        self.both_sides = True
        self.refuses = False
        self.whole = False
        """Whether totals are those of the whole list, whatever is filtered."""
        self.asked: list[tuple[int, int | None]] = []

    def page(self, behind: int, upto: int | None) -> Page:
        self.asked.append((behind, upto))
        if upto is not None and self.refuses:
            raise TooDeep("q")
        high = upto if self.both_sides else None
        rows = [i for i in self.ids if i > behind and (high is None or i <= high)]
        return self.made(rows[: self.size], len(self.ids) if self.whole else len(rows))

    def made(self, ids: list[int], total: int) -> Page:
        total = total if self.tells else 0
        return Page(
            [{"id": i} for i in ids], len(ids) == self.size or total > len(ids), total=total
        )

    def walk(self, count: int) -> list[int]:
        prefetch = Workers(count)
        try:
            pages = in_ranges(self.page, what="things", size=self.size, prefetch=prefetch)
            return [row["id"] for page in pages for row in page]
        finally:
            prefetch.close()


IDS = st.one_of(
    st.lists(st.integers(1, 10**6), unique=True, max_size=80).map(sorted),
    st.integers(0, 90).map(lambda n: list(range(1, n + 1))),
    # Two clusters, far apart: most ranges between them are empty.
    st.integers(0, 40).map(lambda n: [*range(1, n + 1), *range(10**9, 10**9 + n)]),
)


@settings(deadline=None, max_examples=150)
@given(
    ids=IDS,
    size=st.integers(1, 9),
    count=st.sampled_from([1, 2, 4, 8]),
    tells=st.booleans(),
    whole=st.booleans(),
)
def test_every_row_comes_once_and_in_order(ids, size, count, tells, whole):
    """However the ids lie, whatever the list says of its length: of what is left, of the whole, nothing."""
    server = Server(ids, size, tells=tells)
    server.whole = whole
    assert server.walk(count) == ids


class Dropping(Server):
    """A server that loses the second half of each page, and counts it all the same."""

    def made(self, ids: list[int], total: int) -> Page:
        return super().made(ids[: len(ids) // 2], total)


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("rows", [1, 7, 8, 40])
def test_an_empty_page_that_counts_what_it_does_not_show_is_no_end(rows, count):
    """Behind the last row it says that one is left: all but that one were given, and the list is not whole."""
    with pytest.raises(MalformedResponse, match=r"total: 1\), and gives an empty page"):
        Dropping(list(range(1, rows + 1)), 10).walk(count)


class Losing(Server):
    """A server whose last row goes between the count and the page that should show it."""

    def made(self, ids: list[int], total: int) -> Page:
        if ids and ids == self.ids[-1:]:
            self.ids.pop()
            return super().made([], total)
        return super().made(ids, total)


def test_a_row_that_goes_between_the_count_and_the_page_is_no_fault():
    """The page is asked for once more."""
    server = Losing(list(range(1, 32)), 10)
    assert server.walk(1) == list(range(1, 31))
    assert server.asked[-2:] == [(30, None)] * 2


@settings(deadline=None, max_examples=60)
@given(ids=IDS, count=st.sampled_from([2, 4, 8]), refuses=st.booleans())
def test_a_list_that_is_not_filtered_from_above_is_walked_behind_ids(ids, count, refuses):
    """Refused or ignored: the rows are the same."""
    server = Server(ids, 7)
    server.both_sides, server.refuses = False, refuses
    assert list(dict.fromkeys(server.walk(count))) == ids


def test_one_worker_asks_page_by_page():
    """As few requests as there are pages."""
    server = Server(list(range(1, 31)), 10)
    assert server.walk(1) == server.ids
    assert server.asked == [(0, None), (10, None), (20, None), (30, None)]


def test_ids_that_lie_dense_cost_few_requests_more_than_pages():
    """A range should fill nine tenths of a page."""
    server = Server(list(range(1, 10_001)), 100)
    assert server.walk(8) == server.ids
    assert len(server.asked) <= 100 / 0.9 * 1.05 + 8


def test_ids_in_clusters_cost_at_most_twice_as_many_requests_as_pages():
    """Empty ranges are the price of asking side by side."""
    ids = [start + n for start in range(0, 10**9, 10**8) for n in range(1, 501)]
    server = Server(ids, 100)
    assert server.walk(4) == ids
    assert len(server.asked) <= 2.5 * len(ids) / 100 + 8


def test_rows_out_of_order_are_noticed():
    """The caller then walks by offset."""
    prefetch = Workers(1)
    with pytest.raises(Unordered):
        list(
            in_ranges(
                lambda _b, _u: Page([{"id": 2}, {"id": 1}], more=False),
                what="things",
                size=2,
                prefetch=prefetch,
            )
        )


def test_a_null_is_an_empty_page_only_where_the_api_says_so():
    """V3's OpenAPI has lists that are null; V2 never had one: there it is no answer, and no empty list."""
    document = {"data": None, "meta": {"status": "success"}}
    assert records_of(document, "campaigns") == []
    with pytest.raises(MalformedResponse, match="campaigns: the answer holds no list"):
        records_of(document, "campaigns", null_is_empty=False)


@settings(deadline=None, max_examples=200)
@given(
    cap=st.integers(SMALL_PAGE, 120),
    lists=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300)), max_size=6),
    least=st.sampled_from([1, SMALL_PAGE]),
)
def test_no_page_that_was_cut_is_taken_for_the_last(cap, lists, least):
    """Whatever the server lets through, and whichever lists of the kind were read before; totals come and go."""
    lengths = PageLengths(100)
    for kind, rows in lists:
        seen, full, silent = 0, True, {"data": [], "meta": {"total_count": 0}}
        while full:
            page = min(cap, 100, rows - seen)
            full, seen = lengths.is_full(silent, page, kind=kind, least=least), seen + page
        assert seen == rows


def test_a_page_of_a_list_with_a_total_is_full_at_the_limit_alone():
    """What a total says of the rest is another one's to hold; and its pages say nothing of those without one."""
    lengths, told, silent = PageLengths(100), {"meta": {"total_count": "250"}}, {"meta": {}}
    assert [lengths.is_full(told, rows) for rows in (99, 100, 101)] == [False, True, True]
    assert [lengths.is_full(silent, rows) for rows in (9, 10, 40, 39)] == [False, True, True, False]
