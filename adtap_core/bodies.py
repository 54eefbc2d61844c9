"""Rows out of a body, straight from the spool: memory stays flat however large the report is.

Decimals are exact everywhere: JSON numbers with a point become `Decimal`, CSV cells stay text until
the column's type says what they are.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain, islice
from typing import Any, Final

import msgspec

from adtap_core.errors import Broken
from adtap_core.quoting import Splitter
from adtap_core.spool import MEMORY_BYTES, Spool


def _refuse(word: str) -> None:
    msg = f"{word} is no JSON"
    raise ValueError(msg)


_BLOCK_BYTES: Final = 256 * 1024
_TEXT_BYTES: Final = 256 * 1024
_ROWS: Final = 1000
_CUT_TRIES: Final = 64
_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_raw_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_one_by_one: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]')
_UNNAMEABLE: Final = re.compile(r'["\\\x00-\x1f]')
"""What a field of a typed decoder can't be called."""
_WHITE: Final = b" \t\r\n"

Row = Mapping[str, Any] | Sequence[Any]


@dataclass
class Table:
    """Rows as they came, and how to find a value in them.

    Args:
        rows: Objects, or value lists in the order of `columns`.
        columns: The names of the values of a list; None when rows are objects.
        empty_is_null: Whether an empty text means null, as in CSV and TSV, which know no null.
    """

    rows: Iterator[Row]
    columns: Sequence[str] | None = None
    empty_is_null: bool = False


def batches(rows: Iterable[Any], size: int = _ROWS) -> Iterator[list[Any]]:
    """Give rows a thousand or so at a time."""
    line = iter(rows)
    while batch := list(islice(line, size)):
        yield batch


@dataclass
class JsonRows:
    """The objects (or arrays) of one array inside a JSON document.

    Args:
        spool: The document.
        path: The keys that lead to the array; empty when the document is the array.
        fields: Give only these fields of each object, as a tuple; one that is missing is null. Half
            as dear as whole objects: what nobody asked for is skipped, not built.
        whole: Those of the fields that hold whole numbers: where a block of rows has only such, they are
            read as numbers even if they are written as texts.
    """

    spool: Spool
    path: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    whole: frozenset[str] = frozenset()
    envelope: Any = field(default=None, init=False)
    """The document without the array's elements; there once all rows were read."""

    def __iter__(self) -> Iterator[Any]:
        """Give the elements in order.

        Raises:
            Broken: If the document or the path in it can't be read.
        """
        at_once = self.fields is None and self.spool.size <= MEMORY_BYTES
        # Blocks, chained: a generator that gave row after row would cost a tenth of a report.
        return chain.from_iterable(
            self._at_once() if at_once else self._in_blocks(*self._decoding())
        )

    def table(self) -> Table:
        """Give the rows as a table of value lists. Only with `fields`."""
        return Table(iter(self), self.fields)

    def read_envelope(self) -> Any:
        """Give the envelope alone: elements are passed over, not built.

        Raises:
            Broken: If the document or the path in it can't be read.
        """
        for _block in self._in_blocks(_raw_decoder.decode):
            pass
        return self.envelope

    def _at_once(self) -> Iterator[Iterable[Any]]:
        try:
            document = _decoder.decode(self.spool.read())
        except _UNREADABLE as error:
            msg = f"the answer is not JSON: {error}"
            raise Broken(msg) from error
        self.envelope = document
        holder, rows = None, document
        for key in self.path:
            holder, rows = rows, rows.get(key) if isinstance(rows, dict) else None
        if rows is None:
            rows = []
        if not isinstance(rows, list):
            msg = f"the answer holds no list under {'.'.join(self.path) or 'its top'}"
            raise Broken(msg)
        if isinstance(holder, dict):
            holder[self.path[-1]] = []
        yield rows

    def _in_blocks(
        self,
        decode: Callable[[bytes], list[Any]],
        plain: Callable[[Any], tuple[Any, ...]] | None = None,
    ) -> Iterator[Iterable[Any]]:
        """Give the elements, block by block.

        Args:
            decode: Decodes a list of some elements.
            plain: Makes a tuple of one.
        """
        file = self.spool.open()
        head, buffer = self._find_array(file)
        ended = False
        while True:
            while (cut := _last_element_end(buffer, decode)) is not None:
                elements, size = cut
                yield elements if plain is None else map(plain, elements)
                buffer = buffer[size:].lstrip(_WHITE).removeprefix(b",")
                if len(buffer) < _BLOCK_BYTES:
                    break
            if ended:
                break
            piece = file.read(_BLOCK_BYTES)
            ended = not piece
            buffer += piece
        rest = _text(buffer.lstrip(_WHITE).removeprefix(b","))
        at = 0
        while True:
            at = _skip_white(rest, at)
            if rest[at : at + 1] == ",":
                at = _skip_white(rest, at + 1)
            if rest[at : at + 1] == "]":
                break
            try:
                element, at = _one_by_one.raw_decode(rest, at)
            except ValueError as error:
                msg = f"the answer's rows can't be read: {error}"
                raise Broken(msg) from error
            yield [element if self.fields is None else _picked(element, self.fields)]
        try:
            self.envelope = _decoder.decode(head + rest[at:].encode())
        except _UNREADABLE as error:
            msg = f"the answer's end can't be read: {error}"
            raise Broken(msg) from error

    def _decoding(
        self,
    ) -> tuple[Callable[[bytes], list[Any]], Callable[[Any], tuple[Any, ...]] | None]:
        """Give what decodes a list of elements, and what makes a tuple of one."""
        kind, plain = _element(self.fields)
        decode = msgspec.json.Decoder(list[kind], float_hook=Decimal).decode  # type: ignore[valid-type]
        if not self.whole:
            return decode, plain
        kind, plain = _element(self.fields, self.whole)
        typed = msgspec.json.Decoder(list[kind], float_hook=Decimal, strict=False).decode  # type: ignore[valid-type]

        def either(text: bytes) -> list[Any]:
            try:
                return typed(text)
            except msgspec.ValidationError:
                return decode(text)

        return either, plain

    def _find_array(self, file: io.BufferedIOBase | Any) -> tuple[bytes, bytes]:
        """Give the document up to and with the array's `[`, and what has been read behind it."""
        seen = file.read(_BLOCK_BYTES)
        while True:
            where = _array_start(seen, self.path)
            if where is not None:
                return seen[: where + 1], seen[where + 1 :]
            piece = file.read(_BLOCK_BYTES)
            if not piece:
                msg = f"the answer holds no list under {'.'.join(self.path) or 'its top'}"
                raise Broken(msg)
            seen += piece


def _array_start(text: bytes, path: tuple[str, ...]) -> int | None:
    """Give where the array under `path` opens, or None if it does not within `text`."""
    wanted = [msgspec.json.encode(key) for key in path]
    keys: list[bytes] = []  # the key under which each open bracket stands
    last = b""
    after_colon = False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word in {b"{", b"["}:
            keys.append(last if after_colon else b"")
            if word == b"[" and keys[1:] == wanted:
                return token.start()
        elif word in {b"}", b"]"}:
            keys.pop()
        elif word not in {b":", b","}:
            last = word
        after_colon = word == b":"
    return None


@lru_cache(maxsize=256)
def _element(
    fields: tuple[str, ...] | None, whole: frozenset[str] = frozenset()
) -> tuple[Any, Callable[[Any], tuple[Any, ...]] | None]:
    """Give the type as which an element is decoded, and what makes a tuple of one."""
    if fields is None:
        return Any, None
    if any(_UNNAMEABLE.search(field) for field in fields):
        return Any, partial(_picked, fields=fields)
    places = [f"f{n}" for n in range(len(fields))]
    element = msgspec.defstruct(
        "Element",
        [
            (place, int if field in whole else Any, None)
            for place, field in zip(places, fields, strict=True)
        ],
        rename=dict(zip(places, fields, strict=True)),
        gc=False,
    )
    return element, msgspec.structs.astuple


def _picked(element: object, fields: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(element, Mapping):
        msg = f"a row is not an object: {str(element)[:80]}"
        raise Broken(msg)
    return tuple(element.get(field) for field in fields)


def _last_element_end(
    buffer: bytes, decode: Callable[[bytes], list[Any]]
) -> tuple[list[Any], int] | None:
    """Give the elements that stand whole at the buffer's beginning, and their size; None if none do."""
    at = len(buffer)
    for _ in range(_CUT_TRIES):
        # An element's end is a closing bracket and a comma. Inside strings and nested values that pair
        # occurs too, but a cut there does not decode.
        before = buffer.rfind(b"},", 0, at)
        at = max(before, buffer.rfind(b"],", before + 1, at))
        if at < 0:
            return None
        try:
            return decode(b"".join((b"[", memoryview(buffer)[: at + 1], b"]"))), at + 1
        except _UNREADABLE:
            continue
    return None


def _text(rest: bytes) -> str:
    try:
        return rest.decode()
    except UnicodeDecodeError as error:
        msg = f"the answer is not UTF-8 text: {error}"
        raise Broken(msg) from error


def _skip_white(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def separated(spool: Spool, *, delimiter: str = ",") -> Table:
    """Give the rows of a CSV or TSV document with a header line, in UTF-8 with or without its mark.

    Args:
        spool: The document.
        delimiter: Between the values.

    Returns:
        Lists of text in the header's order; empty lines are none. An empty document has no columns.
        Reading the rows raises `Broken` at one that is longer or shorter than the header.
    """
    blocks = Splitter(_texts(spool), delimiter).blocks()
    first = next(blocks, [])
    header = first[0] if first else []
    doubles = sorted({name for name in header if header.count(name) > 1})
    if doubles:
        msg = f"the header names {', '.join(map(repr, doubles))} twice: whose values are whose can't be told"
        raise Broken(msg)

    def checked() -> Iterator[list[list[str]]]:
        width, above = len(header), 0
        for block in chain([first[1:]], blocks):
            if set(map(len, block)) - {width}:
                at = next(n for n, row in enumerate(block) if len(row) != width)
                msg = (
                    f"row {above + at + 1} has {len(block[at])} values, the header {width}: "
                    "the answer is cut or damaged"
                )
                raise Broken(msg)
            above += len(block)
            yield block

    return Table(chain.from_iterable(checked()), header, empty_is_null=True)


def torn_row(spool: Spool, width: int, *, delimiter: str = ",") -> str | None:
    """Give the last line of a separated text if it holds too few or too many values; None if not.

    Nothing else tells that a text was cut whose length nobody declared. A line with quotes is not judged: a
    quoted value may begin on an earlier one.

    Args:
        spool: The document.
        width: How many values each row has.
        delimiter: Between the values.
    """
    last = spool.last_line()
    if last is None or '"' in last or last.count(delimiter) == width - 1:
        return None
    return last


def _texts(spool: Spool) -> Iterator[str]:
    """Return a separated text in blocks of whole lines, decoded.

    Raises:
        Broken: If it is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for block in spool.line_blocks(_TEXT_BYTES):
        try:
            yield decoder.decode(block)
        except UnicodeDecodeError as error:
            msg = f"the answer is not UTF-8 text ({error.reason} at byte {error.start} of a line block)"
            raise Broken(msg) from error


def json_lines(block: bytes, fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Give some fields of each object of a text with one object a line; one that is missing is null.

    Raises:
        Broken: If a line can't be read.
    """
    kind, plain = _element(fields)
    try:
        found = msgspec.json.Decoder(kind, float_hook=Decimal).decode_lines(block)
    except _UNREADABLE as error:
        msg = f"a line of the answer can't be read: {error}"
        raise Broken(msg) from error
    return list(map(plain, found))  # type: ignore[arg-type] # there are fields, so it is no None
