"""The streaming answer of Reporting V2: a head, one row a line, and lines about the stream itself.

The first line is `{"fields": […], "total_items_count": n}`; `{"meta": {…}}` may stand between rows, empty
as a sign of life or with an error. A connection that ends early looks like a good answer, so the rows are
counted against the head before any is used. Source: the vendor's guide to Reporting V2, read 2026-11-20.
"""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import compress
from typing import Any, Final, NamedTuple

import msgspec

from adtap_core.bodies import exact_json
from adtap_core.bodies.amounts import LineColumns
from adtap_core.bodies.parsing import ByColumn, Picker, Table
from adtap_core.bodies.spool import Spool
from adtap_core.http.completeness import says_more
from adtap_core.redact import redact
from adtap_core.rows.report_rows import read_bucket
from adtap_core.rows.schemas import SCALE, WHOLE
from adtap_core.rows.totals import as_decimal
from adtap_core.windows import Grain, Zone
from tap_terminalone import responses

_BLOCK_BYTES: Final = 256 * 1024
_META: Final = b'"meta"'
_ABOUT: Final = re.compile(rb'^[ \t]*\{[ \t]*"meta"[ \t]*:.*$', re.MULTILINE)

_GOING_ON: Final = responses.GOOD | {
    "running",
    "processing",
    "in_progress",
    "pending",
    "streaming",
    "complete",
    "completed",
    "done",
}
"""What a line about the stream may call it while nothing is wrong; any other word is taken for a fault."""

Columns = Sequence[Sequence[Any]]


class StreamError(NamedTuple):
    """What is wrong with a streaming answer.

    Args:
        words: It, in a user's words.
        is_cut: Whether rows are missing at its end: of a smaller question they may all come.
    """

    words: str
    is_cut: bool = False


def stream_error(spool: Spool) -> StreamError | None:
    """Return what is wrong with a streaming answer, or None if it is whole."""
    total: object = None
    lines = 0
    last = b""
    for block in spool.line_blocks(_BLOCK_BYTES):
        rest = block
        if not lines:
            first, _, rest = block.partition(b"\n")
            head = _decoded(first)
            if (fault := _odd_head(head, block)) is not None:
                return StreamError(fault)
            total = head.get("total_items_count")
        for about in _ABOUT.findall(rest) if _META in rest else ():
            fault = _told(_decoded(about))
            if fault is not None:
                return StreamError(f"the platform stopped in the middle of its answer: {fault}")
            lines -= 1
        lines += _count(block)
        last = block.rstrip().rpartition(b"\n")[2] or last
    if not lines:
        return StreamError("the answer is empty")
    if not isinstance(_decoded(last), Mapping):
        # A line with a bare NaN ends as it should: JSON does not know the word.
        ended = last.endswith(b"}")
        shown = redact(last[-2000:].decode(errors="surrogateescape"))[-200:]
        unread = f"the last line can't be read: {shown.encode(errors='surrogateescape')!r}"
        words = unread if ended else "the answer ends in the middle of a row"
        return StreamError(words, is_cut=not ended)
    rows = lines - 1
    told = as_decimal(total)
    if total is not None and told != rows:
        words = f"the answer holds {rows} rows of {redact.beginning(total, 80)}"
        return StreamError(words, is_cut=told is not None and told > rows)
    return None


def _odd_head(head: object, block: bytes) -> str | None:
    """Return what is wrong with the first line of an answer's first block, or None if nothing is."""
    if not isinstance(head, Mapping) or "fields" not in head:
        return f"the answer does not begin with its fields: {redact.beginning(block[:2000], 120)}"
    # What a status of the head would be called is documented nowhere: only an error counts.
    fault = _fault({**head, "status": None}) or _told(head)
    return None if fault is None else f"the platform answers with an error: {fault}"


def _count(block: bytes) -> int:
    """Return how many lines are not empty."""
    ends = block.count(b"\n")
    if block.count(b"}\n") == ends and block.endswith(b"}\n"):  # to look at each costs more
        return ends
    return sum(map(bool, map(bytes.strip, block.split(b"\n"))))


def promise(spool: Spool) -> str | None:
    """Return the words in which a streaming answer says that it is not all; None if it does not.

    How many rows there are is held against the head's total; what else says that more follows is told at any length.
    """
    begun = False
    for block in spool.line_blocks(_BLOCK_BYTES):
        abouts = [] if begun else [block.partition(b"\n")[0]]
        begun = True
        abouts += _ABOUT.findall(block) if _META in block else ()
        for about in abouts:
            if (said := says_more(_decoded(about), sys.maxsize)) is not None:
                return said
    return None


def table(
    spool: Spool,
    fields: tuple[str, ...],
    end: datetime | None = None,
    grain: Grain = Grain.HOUR,
    amounts: Collection[str] = (),
) -> Table:
    """Return the rows of a streaming answer.

    Args:
        spool: The answer.
        fields: What of each row to give, the bucket first; the answer may spell them with letters of the other
            case.
        end: The end that was asked for, naive, in UTC. Nothing tells whether it belongs to the answer: rows of
            the bucket that begins there are left out, and counted.
        grain: The bucket: what is spelt as a moment in a zone is that moment if it is an hour, and its date if not.
        amounts: Those of the fields that go into columns of decimals.

    Returns:
        A table of these fields, and of what rows hold besides. Reading its rows raises `MalformedResponse` at a line that can't be read.
    """
    picker = Picker(fields, spelt=_spelt(spool, fields), others=True)
    read = LineColumns(picker, amounts, whole=WHOLE, places=SCALE)
    beside: list[int] = []
    blocks = _blocks(spool, read, end, beside, grain)
    return Table(ByColumn(blocks), picker.columns, seen=picker.seen, beside=lambda: sum(beside))


def _spelt(spool: Spool, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return how an answer's head spells fields; as they were asked for where it does not name them."""
    head = _decoded(spool.open().readline())
    named = head.get("fields") if isinstance(head, Mapping) else None
    names = [str(f.get("name") if isinstance(f, Mapping) else f) for f in named or ()]
    lowered = {name.lower(): name for name in names}
    return tuple(f if f in names else lowered.get(f.lower(), f) for f in fields)


def _blocks(
    spool: Spool,
    read: Callable[[bytes], Columns],
    end: datetime | None,
    beside: list[int],
    grain: Grain,
) -> Iterator[Columns]:
    """Yield the rows' columns, block by block, without the rows of the bucket at the end; notes how many those are."""
    head = True
    for block in spool.line_blocks(_BLOCK_BYTES):
        text = block
        if head:
            text, head = text.partition(b"\n")[2], False
        if _META in text:
            text = _ABOUT.sub(b"", text)
        columns = read(text)
        if columns and end is not None:
            buckets = list(map(str, columns[0]))
            ends = {b for b in set(buckets) if _begins(b, grain) == end}
            if ends:
                inside = [b not in ends for b in buckets]
                beside.append(inside.count(False))
                columns = [list(compress(values, inside)) for values in columns]
        if columns and columns[0]:
            yield columns


def _begins(bucket: str, grain: Grain) -> datetime | None:
    """Return when a bucket begins; None if it is no time, which is told where its row is made."""
    try:
        return read_bucket(bucket, grain, Zone("UTC"))
    except ValueError:
        return None


def _decoded(line: bytes) -> Any:
    try:
        return exact_json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _told(about: object) -> str | None:
    """Return the fault that a line about the stream tells of, if it does."""
    if not isinstance(about, Mapping):
        return "a line about the stream can't be read"
    meta = about.get("meta")
    return _fault(meta) if isinstance(meta, Mapping) else None


def _fault(said: Mapping[str, Any]) -> str | None:
    """Return the fault that words about an answer tell of, if they do."""
    status = str(said.get("status") or "ok")
    going_on = status.lower().replace(" ", "_") in _GOING_ON
    if going_on and not any(map(said.get, ("error", "error_code", "errors"))):
        return None
    message = [str(said[k]) for k in ("error_code", "message", "error", "errors") if said.get(k)]
    return ": ".join(message) or status
