"""Rows out of a body, straight from the spool: memory stays flat however large the report is.

Decimals are exact everywhere: JSON numbers with a point become `Decimal`, CSV cells stay text until
the column's type says what they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Final

import msgspec

from adtap_core.errors import Broken
from adtap_core.spool import MEMORY_BYTES, Spool

_BLOCK_BYTES: Final = 1024 * 1024
_CUT_TRIES: Final = 64
_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_one_by_one: Final = json.JSONDecoder(parse_float=Decimal)
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]')
_UNNAMEABLE: Final = re.compile(r'["\\\x00-\x1f]')
"""What a field of a typed decoder can't be called."""
_WHITE: Final = b" \t\r\n"

csv.field_size_limit(16 * 1024 * 1024)

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


@dataclass
class JsonRows:
    """The objects (or arrays) of one array inside a JSON document.

    Args:
        spool: The document.
        path: The keys that lead to the array; empty when the document is the array.
        fields: Give only these fields of each object, as a tuple; one that is missing is null. Half
            as dear as whole objects: what nobody asked for is skipped, not built.
    """

    spool: Spool
    path: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    envelope: Any = field(default=None, init=False)
    """The document without the array's elements; there once all rows were read."""

    def __iter__(self) -> Iterator[Any]:
        """Give the elements in order.

        Raises:
            Broken: If the document or the path in it can't be read.
        """
        if self.fields is None and self.spool.size <= MEMORY_BYTES:
            yield from self._at_once()
        else:
            yield from self._in_blocks()

    def table(self) -> Table:
        """Give the rows as a table of value lists. Only with `fields`."""
        return Table(iter(self), self.fields)

    def _at_once(self) -> Iterator[Any]:
        try:
            document = _decoder.decode(self.spool.read())
        except msgspec.DecodeError as error:
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
        yield from rows

    def _in_blocks(self) -> Iterator[Any]:
        file = self.spool.open()
        decode, plain = _element_decoder(self.fields)
        head, buffer = self._find_array(file)
        ended = False
        while True:
            while (cut := _last_element_end(buffer, decode)) is not None:
                elements, size = cut
                yield from elements if plain is None else map(plain, elements)
                buffer = buffer[size:].lstrip(_WHITE).removeprefix(b",")
                if len(buffer) < _BLOCK_BYTES:
                    break
            if ended:
                break
            piece = file.read(_BLOCK_BYTES)
            ended = not piece
            buffer += piece
        rest = buffer.lstrip(_WHITE).removeprefix(b",").decode()
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
            yield element if self.fields is None else _picked(element, self.fields)
        try:
            self.envelope = _decoder.decode(head + rest[at:].encode())
        except msgspec.DecodeError as error:
            msg = f"the answer's end can't be read: {error}"
            raise Broken(msg) from error

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
def _element_decoder(
    fields: tuple[str, ...] | None,
) -> tuple[Callable[[bytes], list[Any]], Callable[[Any], tuple[Any, ...]] | None]:
    """Give what decodes a list of elements, and what makes a tuple of one."""
    if fields is None:
        return _decoder.decode, None
    if any(_UNNAMEABLE.search(field) for field in fields):
        return _decoder.decode, partial(_picked, fields=fields)
    places = [f"f{n}" for n in range(len(fields))]
    element = msgspec.defstruct(
        "Element",
        [(place, Any, None) for place in places],
        rename=dict(zip(places, fields, strict=True)),
        gc=False,
    )
    typed = msgspec.json.Decoder(list[element], float_hook=Decimal)  # type: ignore[valid-type]
    return typed.decode, msgspec.structs.astuple


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
        at = max(buffer.rfind(b"},", 0, at), buffer.rfind(b"],", 0, at))
        if at < 0:
            return None
        try:
            return decode(b"[" + buffer[: at + 1] + b"]"), at + 1
        except msgspec.DecodeError:
            continue
    return None


def _skip_white(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def separated(spool: Spool, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> Table:
    """Give the rows of a CSV or TSV document with a header line.

    Args:
        spool: The document.
        delimiter: Between the values.
        encoding: Of the text; a byte order mark is skipped.

    Returns:
        Lists of text in the header's order. An empty document has no columns.
    """
    text = io.TextIOWrapper(spool.open(), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter)
    header = next(reader, [])

    def rows(_alive: Spool = spool) -> Iterator[list[str]]:
        width = len(header)
        for row in reader:
            if len(row) == width:
                yield row
            elif row:
                msg = (
                    f"line {reader.line_num} has {len(row)} values, the header {width}: "
                    "the answer is cut or damaged"
                )
                raise Broken(msg)
        text.detach()

    return Table(rows(), header, empty_is_null=True)


def json_lines(spool: Spool) -> Iterator[Any]:
    """Give the values of a document with one JSON value a line.

    Raises:
        Broken: If a line can't be read.
    """
    for line in spool.open():
        if line.strip():
            try:
                yield _decoder.decode(line)
            except msgspec.DecodeError as error:
                msg = f"a line of the answer can't be read: {error}"
                raise Broken(msg) from error
