"""Whether an answer says that it is not all: in any of the usual words, not only those that a platform documents.

An API that never had pages may get some; a list that answered whole may be cut one day. Then an answer that was
taken for the whole would be a loss in silence. What follows is followed where the platform says how, and else it
is an error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from adtap_core.errors import MalformedResponse
from adtap_core.redact import redact

_OTHER: Final = re.compile(r"[^a-z]")
_HOLDERS: Final = frozenset(
    {
        "pagination",
        "paging",
        "pageinfo",
        "page",
        "meta",
        "metadata",
        "reportmetadata",
        "links",
        "cursor",
    }
)
"""What an answer keeps such words in."""
_PAGING: Final = frozenset({"pagination", "paging"})
_NEXT: Final = frozenset(
    {
        "next",
        "nextpage",
        "nexturl",
        "nextlink",
        "nextcursor",
        "nextpagetoken",
        "nexttoken",
        "nextoffset",
    }
)
_MORE: Final = frozenset(
    {
        "hasmore",
        "hasmoredata",
        "hasmorepages",
        "hasmoreresults",
        "hasmorerows",
        "hasnext",
        "hasnextpage",
        "moreavailable",
        "moredata",
        "morerows",
    }
)
_CUT: Final = frozenset(
    {
        "incomplete",
        "isincomplete",
        "ispartial",
        "istruncated",
        "limitreached",
        "partial",
        "partialdata",
        "partialreportbody",
        "partialresult",
        "partialresults",
        "resultstruncated",
        "rowlimitreached",
        "truncated",
    }
)
"""That rows are missing, and no word of how to get them."""
_ALL: Final = frozenset({"complete", "iscomplete", "islast", "islastpage"})
"""That they are all, or with a no that they are not."""
_FALSE: Final = frozenset({"false", "no", "0"})
_PROMISES: Final = _NEXT | _MORE | _CUT
_PAGE: Final = ("page", "currentpage", "pagenumber", "pageindex")
_PAGES: Final = ("pages", "totalpages", "pagecount", "lastpage")
_TOTALS: Final = (
    "total",
    "totalcount",
    "totalrows",
    "totalitems",
    "totalresults",
    "totalitemscount",
)
_OFFSETS: Final = ("offset", "pageoffset", "start", "skip")
_LIMITS: Final = ("limit", "perpage", "pagesize", "pagelimit")
_NO: Final = frozenset({"", "0", "false", "no", "none", "null"})


def says_more(document: object, shown: int, before: int = 0) -> str | None:
    """Return the words in which an answer says that more follows; None if it does not.

    A total that equals what was shown proves nothing: it may be the page's own length.

    Args:
        document: The answer, or what it holds beside its rows.
        shown: How many rows this answer shows.
        before: How many the answers before it showed.
    """
    for place, part in _parts(document):
        if (said := _said(part, shown, before)) is not None:
            return f"{place}{said}"
    return None


def next_address(document: object, url: str, what: str) -> str | None:
    """Return the address that an answer names as its next page's; None if it names none.

    Args:
        document: The answer, or what it holds beside its rows.
        url: Where it came from.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If the address lies on another host.
    """
    for _, part in _parts(document):
        for key, value in part.items():
            address = value.get("href") if isinstance(value, Mapping) else value
            if _plain(key) in _NEXT and isinstance(address, str) and "/" in address:
                return on_same_host(address, url, what)
    return None


def on_same_host(address: str, url: str, what: str) -> str:
    """Return the whole of an address that an answer gives for its next page.

    Args:
        address: As the answer gives it.
        url: Where the answer came from.
        what: What was asked, in a user's words.

    Raises:
        MalformedResponse: If it is none, lies on another host, or the way there is another one (`http` after `https`): it would
            carry the credentials there.
    """
    try:
        whole = urljoin(url, address)
        scheme, host = urlsplit(whole)[:2]
    except ValueError as error:
        msg = f"{what}: what stands for the next page's address is none ({error})"
        raise MalformedResponse(msg) from error
    if (scheme, host) != urlsplit(url)[:2]:
        msg = f"{what}: the next page lies on another host ({scheme}://{host}); it is not followed"
        raise MalformedResponse(msg)
    return whole


def check_whole(document: object, shown: int, what: str, before: int = 0) -> None:
    """Check that an answer does not say that more follows, where nobody knows how to ask for it.

    Args:
        document: The answer, or what it holds beside its rows.
        shown: How many rows it shows.
        what: What was asked, in a user's words.
        before: How many the answers before it showed.

    Raises:
        MalformedResponse: If it does.
    """
    if (said := says_more(document, shown, before)) is not None:
        msg = f"{what}: the answer says that there is more ({said}), and not how to get it; {before + shown} rows came"
        raise MalformedResponse(msg)


def total(document: object) -> int | None:
    """Return how many rows a list says that it holds; None if it does not say so.

    Where it says several numbers, the greatest counts: a smaller one may be the page's own length.

    Args:
        document: The answer, or what it holds beside its rows.
    """
    said = (_greatest(part) for _, part in _parts(document))
    return max((found[1] for found in said if found is not None), default=None)


def truth(value: object) -> bool:
    """Return whether a flag says yes, in whatever type it comes: `"0"` and `"false"` do not."""
    return str(value).strip().lower() not in _NO if isinstance(value, str) else bool(value)


def number(value: object) -> int | None:
    """Return a whole number that may come as a text; None if it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _parts(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(document, Mapping):
        return
    yield "", document
    for key, value in document.items():
        if _plain(key) in _HOLDERS and isinstance(value, Mapping):
            yield f"{key}.", value
        elif _plain(key) in _PAGING and isinstance(value, str | bool):
            yield f"{key}.", {"next": value}


def _said(part: Mapping[str, Any], shown: int, before: int) -> str | None:
    plain = {_plain(key): (key, value) for key, value in part.items()}
    for name, (key, value) in plain.items():
        is_no = value is False or (isinstance(value, str) and value.strip().lower() in _FALSE)
        if (name in _PROMISES and truth(value)) or (name in _ALL and is_no):
            # An address may carry a key.
            return key if "/" in str(value) else f"{key}: {redact.beginning(value, 80)}"
    page, pages = _first(plain, _PAGE), _first(plain, _PAGES)
    if page is not None and pages is not None:
        # Counted from 0 or from 1: page 0 is the first one in any case.
        is_last = page[1] >= pages[1] - (1 if _plain(page[0]) == "pageindex" or page[1] == 0 else 0)
        if not is_last:
            return f"{page[0]}: {page[1]}, {pages[0]}: {pages[1]}"
    total = _greatest(part)
    if total is not None and total[1] > _offset(plain, before) + shown:
        return f"{total[0]}: {total[1]}"
    return None


def _offset(plain: Mapping[str, tuple[str, Any]], before: int) -> int:
    """Return how many rows lie before those of an answer: as it says, else as many as came.

    The number of a page may count from 0, and may be the last one's behind the end: no fewer than came lie before it.
    """
    offset = _first(plain, _OFFSETS)
    if offset is not None:
        return offset[1]
    page, limit = _first(plain, _PAGE), _first(plain, _LIMITS)
    said = max(0, page[1] - 1) * limit[1] if page and limit else 0
    return max(said, before)


def _first(plain: Mapping[str, tuple[str, Any]], names: tuple[str, ...]) -> tuple[str, int] | None:
    for name in names:
        if name in plain and (found := number(plain[name][1])) is not None:
            return plain[name][0], found
    return None


def _greatest(part: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return the greatest of the totals that a part of an answer names, by its own word for it."""
    found = [
        (str(key), said)
        for key, value in part.items()
        if _plain(key) in _TOTALS and (said := number(value)) is not None
    ]
    return max(found, key=lambda pair: pair[1], default=None)


def _plain(key: object) -> str:
    return _OTHER.sub("", str(key).lower())
