"""An answer that says that it is not all is never taken for the whole."""

import pytest

from adtap_core.errors import MalformedResponse
from adtap_core.http.completeness import check_whole, next_address, says_more

URL = "http://api.example/v1/report?page=1"
MORE = [
    ({"pagination": {"next": "/v1/report?page=2"}}, 1),
    ({"pagination": {"page": 1, "pages": 3}}, 1),
    ({"paging": {"current_page": "1", "total_pages": "2"}}, 1),
    ({"page": {"pageIndex": 0, "pageCount": 2}}, 1),
    ({"pagination": True}, 1),
    ({"has_more": "1"}, 1),
    ({"meta": {"hasNextPage": True}}, 1),
    ({"meta": {"count": 3, "total_count": "100", "offset": 0}}, 3),
    ({"total": 100, "limit": 3}, 3),
    ({"page": 2, "per_page": 50, "total": 120}, 50),
    ({"links": {"next": {"href": "/v1/report?page=2"}}}, 1),
    ({"next_cursor": "abc"}, 1),
]
ALL = [
    (None, 1), ([], 0), ({}, 1), ({"pagination": None}, 1), ({"pagination": {}}, 1), ({"pagination": []}, 1),
    ({"pagination": {"next": None}}, 1), ({"pagination": {"next": ""}}, 1), ({"pagination": {"page": 1, "pages": 1}}, 1),
    ({"pagination": {"page": 0, "pages": 1}}, 1), ({"page": {"pageIndex": 1, "pageCount": 2}}, 1),
    ({"has_more": "false"}, 1), ({"has_more": "0"}, 1), ({"meta": {"count": 3, "total_count": 3}}, 3),
    ({"total": 0}, 5), ({"total": "many"}, 5), ({"totals": {"cost": 100}}, 1), ({"page": 3, "per_page": 50, "total": 120}, 20),
    ({"offset": 100, "total": 150}, 50),
]  # fmt: skip


@pytest.mark.parametrize(("document", "shown"), MORE, ids=str)
def test_an_answer_that_says_that_there_is_more_is_heard(document: object, shown: int) -> None:
    """In the usual words, of whatever type."""
    assert says_more(document, shown)
    with pytest.raises(MalformedResponse, match="list of x: the answer says that there is more"):
        check_whole(document, shown, "list of x")


@pytest.mark.parametrize(("document", "shown"), ALL, ids=str)
def test_an_answer_that_is_all_needs_no_word(document: object, shown: int) -> None:
    """Null, empty, a last page, a total that may be the page's own length."""
    assert says_more(document, shown) is None


def test_what_came_before_counts() -> None:
    """Where the answer says no offset of its own."""
    assert says_more({"total": 150}, 50, before=50)
    assert says_more({"total": 150}, 50, before=100) is None
    assert says_more({"total": 150, "offset": 50}, 50, before=50)


def test_an_address_of_the_same_host_is_given_whole() -> None:
    """Relative ones too."""
    found = next_address({"pagination": {"next": "?page=2"}}, URL, "x") or next_address(
        {"pagination": {"next": "/v1/report?page=2"}}, URL, "x"
    )
    assert found == "http://api.example/v1/report?page=2"
    assert next_address({"pagination": {"next": 2}}, URL, "x") is None


@pytest.mark.parametrize("address", ["https://api.example/v1", "http://other.example/v1", "//x/y"])
def test_an_address_elsewhere_is_refused(address: str) -> None:
    """Another host, or another scheme: it would carry the credentials there."""
    with pytest.raises(MalformedResponse, match="another host"):
        next_address({"pagination": {"next": address}}, URL, "x")


def test_what_is_no_address_is_no_next_page() -> None:
    """It fails the list by its name, and is no defect of the tap."""
    with pytest.raises(
        MalformedResponse, match="list of x: what stands for the next page's address is none"
    ):
        next_address({"pagination": {"next": "//[x/y"}}, URL, "list of x")
