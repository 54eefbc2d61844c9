"""The floor: decode the same body, encode the same messages with the fastest codec, nothing else.

    python -m benchmarks.floor KIND URL

The codec itself turns text into whole numbers; decimals, which are exact, leave as text. The messages have our columns, with a
constant where ours are computed. Nothing is checked, no key is made, no state is kept, nothing can be
left out or asked again, and the whole body is in memory.
"""

import csv
import sys
import urllib.request
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from benchmarks.bodies import ADJUST, ATOMX, TERMINALONE_V1, TERMINALONE_V2, Report


class Source(NamedTuple):
    """Where the replay has a kind of body, and how it is read."""

    path: str
    report: Report
    posted: bool = False
    has_numbers: bool = False  # money without quotes


SOURCES: Final = {
    "adjust.json": Source("/reports-service/report", ADJUST),
    "atomx.json": Source("/v3/report", ATOMX, posted=True, has_numbers=True),
    "atomx.tsv": Source("/v3/report?download", ATOMX, posted=True),
    "terminalone.csv": Source("/reporting/v1/std/performance", TERMINALONE_V1),
    "terminalone.jsonl": Source(
        "/reporting/v2/performance", TERMINALONE_V2, posted=True, has_numbers=True
    ),
}
"""The bodies that can be read here."""

_COMPUTED: Final = ("_row_key", "_time_zone", "_currency", "_data_state", "_account", "_synced_at")
_CHOICES: Final = (
    "_attribution_types",
    "_attribution_source",
    "_reattributed",
    "_ad_spend_mode",
    "_cohort_maturity",
    "_sandbox",
)
_CONSTANT: Final = "0123456789abcdef0123456789abcdef"
_BATCH_BYTES: Final = 1024 * 1024


class Message(msgspec.Struct, tag_field="type", tag="RECORD"):
    """A RECORD message."""

    stream: str
    record: Any
    time_extracted: str


def main(kind: str, url: str) -> None:
    """Fetch a body and write its rows as RECORD messages."""
    source = SOURCES[kind]
    asked = urllib.request.Request(  # noqa: S310 - loopback
        url + source.path, data=b"{}" if source.posted else None
    )
    with urllib.request.urlopen(asked) as response:  # noqa: S310 - as above
        body = response.read()
    encode = msgspec.json.Encoder().encode_into
    out, buffer = sys.stdout.buffer, bytearray()
    message = Message("bench", None, _CONSTANT)
    for row in _rows(kind, body):
        message.record = row
        encode(message, buffer, -1)  # behind what is there already
        buffer += b"\n"
        if len(buffer) > _BATCH_BYTES:
            out.write(buffer)
            buffer.clear()
    out.write(buffer)


def _row(source: Source) -> Any:
    """The type of a row, with what we compute as constants."""
    # A decimal is written as text: one that came as text need not be read.
    report, money = source.report, Decimal if source.has_numbers else str
    types: dict[str, Any] = {
        **dict.fromkeys(report.dimensions, str | int),
        **dict.fromkeys(report.counts, int),
        **dict.fromkeys(report.money, money),
    }
    computed = (*_COMPUTED, *(_CHOICES if report is ADJUST else ()))
    fields: list[Any] = [*types.items(), *((name, str, _CONSTANT) for name in computed)]
    return msgspec.defstruct("Row", fields, gc=False)


def _rows(kind: str, body: bytes) -> Iterable[Any]:
    report = SOURCES[kind].report
    row = _row(SOURCES[kind])
    match kind:
        case "adjust.json":
            answer = msgspec.defstruct("Answer", [("rows", list[row])])  # type: ignore[valid-type]
            found = msgspec.json.Decoder(answer, strict=False).decode(body)
            return found.rows  # type: ignore[attr-defined, no-any-return]
        case "terminalone.jsonl":
            rest = body.partition(b"\n")[2]
            return msgspec.json.Decoder(row, strict=False).decode_lines(rest)
        case "atomx.json":
            document = msgspec.json.Decoder(float_hook=Decimal).decode(body)
            lists: Iterable[Any] = document["report"]["data"]
        case _:
            mark = "\t" if kind.endswith("tsv") else ","
            lists = csv.reader(body.decode().splitlines()[1:], delimiter=mark)
    return (
        msgspec.convert(dict(zip(report.columns, values, strict=True)), row, strict=False)
        for values in lists
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
