"""Reports V1 may cut an answer after its default page: the row behind it is asked for."""

import pytest

from adtap_core.errors import ResponseTooLarge
from adtap_core.http import outcomes
from adtap_core.http.auth import Login
from adtap_core.http.client import Call, Http, HttpOptions, RequestStats
from tap_terminalone.default_page import check_not_cut
from tests.core.tiny import TinyServer


class Open(Login):
    """No login at all."""

    def apply(self, request):
        """Set nothing."""


def asked(held: int, default: int | None, *, pages: str = "pages"):
    """Ask a server that holds rows, and has a default page; return the rows that came and the queries."""
    server = TinyServer()

    def answer(_path, query):
        rows = [f'"2026-03-01","line\n{n}"' for n in range(held)]
        limit = int(query.get("page_limit", [default or held])[0])
        step = limit if pages == "pages" else 1
        start = int(query.get("page_offset", ["0"])[0]) * step
        if pages == "unknown":
            limit, start = default or held, 0
        text = "\n".join(["start_date,name", *rows[start : start + limit]]) + "\n"
        return 200, {"Content-Type": "text/csv"}, text.encode()

    server.before.append(answer)
    limits = HttpOptions(concurrency=1, timeout_seconds=60, max_retries=0, user_agent="adtaps/test")
    with server.running() as url:
        http = Http(
            classify=lambda _c, reply: outcomes.by_status(reply), auth=Open(), limits=limits
        )
        call = Call(
            url=f"{url}/performance",
            what="performance_daily",
            params={"dimensions": "name"},
            expects="text",
        )
        reply = http.send(call)
        check_not_cut(http, call, reply.body, RequestStats())
    return server.log


@pytest.mark.parametrize("pages", ["pages", "rows"])
def test_an_answer_that_was_cut_at_the_default_page_is_asked_for_in_pieces(pages):
    """Both readings of `page_offset` mean the same row where a page is one row long."""
    with pytest.raises(ResponseTooLarge, match="exactly 100 rows"):
        asked(101, 100, pages=pages)


@pytest.mark.parametrize(("held", "requests"), [(99, 1), (100, 2), (101, 1)])
def test_only_exactly_a_hundred_rows_cost_a_request_more(held, requests, caplog):
    """What is all there is stays as it came, line breaks in quotes or not; the log says that it was looked at."""
    log = asked(held, None)
    assert len(log) == requests
    assert ("row 101 was asked for, and there is none" in caplog.text) == (requests == 2)
    if requests == 2:
        assert log[1] == {"dimensions": ["name"], "page_limit": ["1"], "page_offset": ["100"]}


def test_where_no_pages_are_known_the_log_says_what_was_seen(caplog):
    """All rows come again: nothing proves that there are more, or that there are none."""
    asked(100, None, pages="unknown")
    assert (
        "exactly 100 rows, the default page of this API: check whether some are missing"
        in caplog.text
    )
