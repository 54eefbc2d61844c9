"""Rows out of a body, straight from the spool: memory stays flat however large the report is.

Decimals are exact everywhere: JSON numbers with a point become `Decimal`, CSV cells stay text until
the column's type says what they are.
"""

import codecs
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final

import msgspec
from typing_extensions import override

from adtap_core.bodies import exact_json
from adtap_core.bodies.delimited import Columns, Splitter
from adtap_core.bodies.doubles import check_columns, check_count, check_once, doubled, once
from adtap_core.bodies.spool import MEMORY_BYTES, Spool
from adtap_core.errors import MalformedResponse
from adtap_core.names import respelt
from adtap_core.redact import redact


def _refuse(word: str) -> None:
    msg = f"{word} is not valid JSON"
    raise ValueError(msg)


_BLOCK_BYTES: Final = 128 * 1024
_TEXT_BYTES: Final = 128 * 1024
_ROWS: Final = 1000
_CUT_TRIES: Final = 64
_plain_decoder: Final = msgspec.json.Decoder(list[Any], float_hook=Decimal)
_raw_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_one_by_one: Final = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=once
)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},:]')
"""A text that is not read to its end yet is one, too: brackets in it are none."""
UNNAMEABLE: Final = re.compile(r'["\\\x00-\x1f]')
"""What a field of a typed decoder can't be called."""
_WHITE: Final = b" \t\r\n"

OTHERS: Final = "\ue000others"
"""Column of a table for what its rows hold under names that were not asked for: an object each, or null. No field is
called so: the character belongs to no script."""

Row = Mapping[str, Any] | Sequence[Any]


def decode_rows(text: bytes) -> list[Any]:
    """Decode a list.

    Raises:
        DecodeError: If it is none.
        MalformedResponse: If an object in it has a name twice.
    """
    found: list[Any] = _plain_decoder.decode(text)
    check_once(text, found)
    return found


@dataclass
class Table:
    """Rows as they came, and how to find a value in them.

    Args:
        rows: Objects, or value lists in the order of `columns`.
        columns: The names of the values of a list; None when rows are objects.
        empty_is_null: Whether an empty text means null, as in CSV and TSV, which know no null.
        seen: Those of the columns that stood in some row by now, be it as null; None: all of them do.
        beside: Tells how many rows were left out by now because they are of the bucket that begins where the
            stretch that was asked for ends: some platforms do not say whether that end belongs to it.
    """

    rows: Iterator[Row]
    columns: Sequence[str] | None = None
    empty_is_null: bool = False
    seen: Collection[str] | None = None
    beside: Callable[[], int] = lambda: 0


class ByColumn(Iterator[Row]):
    """Rows that were read as whole columns: to be taken one by one, or block by block as they are.

    Args:
        blocks: The columns of some rows each, in the order of the table's, no block without a row.
    """

    def __init__(self, blocks: Iterator[Sequence[Sequence[Any]]]) -> None:
        self.blocks = blocks
        self._rows = chain.from_iterable(
            map(list, zip(*columns, strict=True)) for columns in blocks
        )

    @override
    def __next__(self) -> Row:
        """Return a row."""
        return next(self._rows)


def blocks_of(rows: Iterator[Row]) -> Iterator[Sequence[Any]]:
    """Return the columns of rows that were read by column, block by block; else the rows, a thousand or so at a time."""
    return rows.blocks if isinstance(rows, ByColumn) else batches(rows)


def batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield rows a thousand or so at a time."""
    line = iter(rows)
    while batch := list(islice(line, _ROWS)):
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
    count: int = field(default=0, init=False)
    """How many elements `read_envelope` has passed over."""

    def __iter__(self) -> Iterator[Any]:
        """Return the elements in order.

        Raises:
            MalformedResponse: If the document or the path in it can't be read.
        """
        # Blocks, chained: a generator that gave row after row would cost a tenth of a report.
        if self.fields is not None:
            return self._picked(Picker(self.fields, self.whole))
        at_once = self.spool.size <= MEMORY_BYTES
        return chain.from_iterable(self._at_once() if at_once else self.blocks(decode_rows))

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """Return the rows as a table of value lists, with all that they hold besides. Only with `fields`.

        Args:
            columns: What the fields are called there, if not as here.
        """
        assert self.fields is not None  # noqa: S101 - as said above
        picker = Picker(tuple(columns or self.fields), self.whole, self.fields, others=True)
        return Table(self._picked(picker), picker.columns, seen=picker.seen)

    def _picked(self, picker: "Picker") -> Iterator[Any]:
        return chain.from_iterable(self.blocks(picker.decode, picker.pick))

    def read_envelope(self) -> Any:
        """Return the envelope alone: elements are passed over, not built.

        Raises:
            MalformedResponse: If the document or the path in it can't be read.
        """
        self.count = sum(1 for block in self.blocks(_raw_decoder.decode) for _ in block)
        return self.envelope

    def _at_once(self) -> Iterator[Iterable[Any]]:
        text = self.spool.read()
        try:
            document = exact_json.decode(text)
        except _UNREADABLE as error:
            msg = f"the answer is not JSON: {error}"
            raise MalformedResponse(msg) from error
        check_once(text, document)
        self.envelope = document
        holder, rows = None, document
        for key in self.path:
            holder, rows = rows, rows.get(key) if isinstance(rows, dict) else None
        if rows is None:
            return  # the envelope says whether that is an answer at all
        if not isinstance(rows, list):
            msg = f"the answer holds no list under {'.'.join(self.path) or 'its top'}"
            raise MalformedResponse(msg)
        if isinstance(holder, dict):
            holder[self.path[-1]] = []
        yield rows

    def blocks(
        self,
        decode: Callable[[bytes], list[Any]],
        pick: Callable[[object], object] = lambda element: element,
    ) -> Iterator[Iterable[Any]]:
        """Yield the elements, block by block.

        Args:
            decode: Decodes a list of some elements.
            pick: Makes the same of one that is decoded already.
        """
        file = self.spool.open()
        head, buffer = self._find_array(file)
        ended = False
        while True:
            while (cut := _last_element_end(buffer, decode)) is not None:
                elements, size = cut
                yield elements
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
                raise MalformedResponse(msg) from error
            yield [pick(element)]
        around = head + rest[at:].encode()
        try:
            self.envelope = exact_json.decode(around)
        except _UNREADABLE as error:
            msg = f"the answer's end can't be read: {error}"
            raise MalformedResponse(msg) from error
        check_once(around, self.envelope)

    def _find_array(self, file: io.BufferedIOBase | Any) -> tuple[bytes, bytes]:
        """Return the document up to and with the array's `[`, and what has been read behind it."""
        seen = file.read(_BLOCK_BYTES)
        while True:
            where = _array_start(seen, self.path)
            if where is not None:
                return seen[: where + 1], seen[where + 1 :]
            piece = file.read(_BLOCK_BYTES)
            if not piece:
                msg = f"the answer holds no list under {'.'.join(self.path) or 'its top'}"
                raise MalformedResponse(msg)
            seen += piece


def _array_start(text: bytes, path: tuple[str, ...]) -> int | None:
    """Return where the array under `path` opens, or None if it does not within `text`."""
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
            if not keys:
                return None
            keys.pop()
        elif word not in {b":", b","}:
            last = word
        after_colon = word == b":"
    return None


@dataclass
class Picker:
    """Decodes objects as tuples of some of their fields: half as dear as whole objects.

    A field that an object lacks is null. Whether any does is known for nothing as long as none does, and so is
    whether any holds a field of another name; else the objects are looked at: a name that was damaged on its way is
    an error, not a null.

    Args:
        fields: What of each object.
        whole: Those of the fields that hold whole numbers, see `JsonRows`; as objects spell them.
        spelt: How objects spell the fields, if otherwise.
        others: Whether what objects hold under other names is wanted too: an object, or null, behind the fields.
            Then an object that has a name twice is an error.
        ignored: Names that are not wanted even so.
    """

    fields: tuple[str, ...]
    whole: frozenset[str] = frozenset()
    spelt: tuple[str, ...] = ()
    others: bool = False
    ignored: frozenset[str] = frozenset()
    seen: set[str] = field(default_factory=set, init=False)
    """The fields that some object had by now."""
    _lacking: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.spelt = self.spelt or self.fields

    @property
    def columns(self) -> tuple[str, ...]:
        """Return what the values of a tuple are called."""
        return (*self.fields, OTHERS) if self.others else self.fields

    def decode(self, text: bytes) -> list[tuple[Any, ...]]:
        """Decode a list of objects.

        Returns:
            A tuple of values for each object, in the order of `columns`.

        Raises:
            DecodeError: If it is none.
            MalformedResponse: If a name is damaged.
        """
        return self._decode(text, _in_list)

    def pick(self, element: object) -> tuple[Any, ...]:
        """Return the fields of an object that is decoded already; errors as of `pick_all`."""
        return self.pick_all([element])[0]

    def pick_all(self, elements: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return the fields of objects that are decoded already.

        Raises:
            MalformedResponse: If one is none, a name is damaged, or a field stands there in two spellings.
        """
        objects = [element for element in elements if isinstance(element, Mapping)]
        if len(objects) < len(elements):
            odd = next(element for element in elements if not isinstance(element, Mapping))
            msg = f"a row is not an object: {redact.beginning(odd, 80)}"
            raise MalformedResponse(msg)
        # The case of a name's letters may differ from row to row.
        shapes = {shape: respelt(shape, self.spelt) for shape in dict.fromkeys(map(tuple, objects))}
        for names in shapes.values():
            check_columns(names, "a row")  # `Day` and `DAY` are one, if `day` was asked for
            self._note(names)
        if any(names != list(shape) for shape, names in shapes.items()):
            objects = [dict(zip(shapes[*row], row.values(), strict=True)) for row in objects]
        if self._lacking or len(self.spelt) < 2:  # noqa: PLR2004 - of one it would give no tuple
            found = [tuple(map(row.get, self.spelt)) for row in objects]
        else:
            found = list(map(itemgetter(*self.spelt), objects))
        if not self.others:
            return found
        passed = self.ignored.union(self.spelt)
        more = [n for n in dict.fromkeys(chain(*shapes.values())) if n not in passed]
        if not more:
            return [(*values, None) for values in found]
        beside = ({n: row[n] for n in more if n in row} or None for row in objects)
        return [(*values, held) for values, held in zip(found, beside, strict=True)]

    def _note(self, names: Collection[str]) -> None:
        check_names(names, self.spelt)
        pairs = zip(self.fields, self.spelt, strict=True)
        there = [field for field, spelt in pairs if spelt in names]
        self.seen.update(there)
        self._lacking = self._lacking or len(there) < len(self.fields)

    def decode_lines(self, text: bytes) -> list[tuple[Any, ...]]:
        """Decode objects that stand one a line; errors as of `decode`."""
        return self._decode(text, _in_lines)

    def _decode(self, text: bytes, decoding: "_Decoding") -> list[tuple[Any, ...]]:
        # Where fields are lacking, nothing but a look tells whether a name stands twice.
        if any(map(UNNAMEABLE.search, self.spelt)) or (self.others and self._lacking):
            return self._looked_at(text, decoding)
        for whole in dict.fromkeys((self.whole, frozenset())):
            kind = _element(self.spelt, whole, not self._lacking, self.others)
            try:
                found = decoding(kind, bool(whole))(text)
            except msgspec.ValidationError:
                continue
            if not self._lacking:
                self.seen.update(self.fields)
            if self.others:
                check_count(text, len(found) * len(self.spelt))
            return list(map(msgspec.structs.astuple, found))
        return self._looked_at(text, decoding)

    def _looked_at(self, text: bytes, decoding: "_Decoding") -> list[tuple[Any, ...]]:
        found = decoding(dict[str, Any], False)(text)  # noqa: FBT003 - a decoder's own word
        if self.others:
            check_once(text, found)
        return self.pick_all(found)


_Decoding = Callable[[Any, bool], Callable[[bytes], list[Any]]]


@lru_cache(maxsize=256)
def _in_list(kind: Any, loose: bool) -> Callable[[bytes], list[Any]]:  # noqa: FBT001 - msgspec's own word
    return msgspec.json.Decoder(list[kind], float_hook=Decimal, strict=not loose).decode


@lru_cache(maxsize=256)
def _in_lines(kind: Any, loose: bool) -> Callable[[bytes], list[Any]]:  # noqa: FBT001 - msgspec's own word
    return msgspec.json.Decoder(kind, float_hook=Decimal, strict=not loose).decode_lines


@lru_cache(maxsize=256)
def _element(fields: tuple[str, ...], whole: frozenset[str], required: bool, others: bool) -> Any:  # noqa: FBT001 - a key of the cache
    """Return the type as which an element is decoded; `others`: it ends in a null, and other names are refused."""
    places = [f"f{n}" for n in range(len(fields))]
    kinds = [int if name in whole else Any for name in fields]
    made: list[Any] = (
        list(zip(places, kinds, strict=True))
        if required
        else [(place, kind, None) for place, kind in zip(places, kinds, strict=True)]
    )
    spelt = dict(zip(places, fields, strict=True))
    if others:
        made.append(("others", Any, None))
        spelt["others"] = OTHERS
    return msgspec.defstruct("Element", made, rename=spelt, gc=False, forbid_unknown_fields=others)


def check_names(there: Collection[str], wanted: Iterable[str]) -> None:
    """Check that an object which lacks a field does not hold it under a name that was damaged on its way.

    Args:
        there: The object's names.
        wanted: The fields.

    Raises:
        MalformedResponse: If it does.
    """
    lacking = [name for name in wanted if name not in there]
    if not lacking:
        return
    strays = set(there).difference(wanted)
    for name in lacking:
        if (
            damaged := next((stray for stray in strays if _one_slip(name, stray)), None)
        ) is not None:
            msg = f"a row has no {name} but {damaged!r}: the answer is damaged"
            raise MalformedResponse(msg)


def _one_slip(name: str, other: str) -> bool:
    """Check whether a letter was lost, came twice or changed places with its neighbour."""
    if abs(len(name) - len(other)) > 1:
        return False
    alike = (a == b for a, b in zip(name, other, strict=False))
    start = next((n for n, same in enumerate(alike) if not same), min(len(name), len(other)))
    rest, others = name[start:], other[start:]
    if len(rest) == len(others):
        return rest[:2] == others[1::-1] and rest[2:] == others[2:] and rest != others
    longer, shorter = (rest, others) if len(rest) > len(others) else (others, rest)
    return longer[1:] == shorter


def _last_element_end(
    buffer: bytes, decode: Callable[[bytes], list[Any]]
) -> tuple[list[Any], int] | None:
    """Return the elements that stand whole at the buffer's beginning, and their size; None if none do."""
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
        raise MalformedResponse(msg) from error


def _skip_white(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def separated(spool: Spool, *, delimiter: str = ",") -> Table:
    """Return the rows of a CSV or TSV document with a header line, in UTF-8 with or without its mark.

    Args:
        spool: The document.
        delimiter: Between the values.

    Returns:
        Lists of text in the header's order; empty lines are none. An empty document has no columns.
        Reading the rows raises `MalformedResponse` at one that is longer or shorter than the header.
    """
    splitter = Splitter(_texts(spool), delimiter)
    first = splitter.first()
    header = first[0] if first else []
    if doubles := doubled(header):
        msg = f"the header names {', '.join(map(repr, doubles))} twice: their values can't be told apart"
        raise MalformedResponse(msg)

    def checked() -> Iterator[Sequence[Sequence[str]]]:
        width, above = len(header), 0
        for block in chain([first[1:]], splitter.blocks()):
            if isinstance(block, Columns):
                above += len(block[0])
                yield block
                continue
            if set(map(len, block)) - {width}:
                at = next(n for n, row in enumerate(block) if len(row) != width)
                msg = (
                    f"row {above + at + 1} has {len(block[at])} values, the header {width}: "
                    "the answer is cut or damaged"
                )
                raise MalformedResponse(msg)
            above += len(block)
            if block:
                yield list(zip(*block, strict=True))

    return Table(ByColumn(checked()), header, empty_is_null=True)


def torn_row(spool: Spool, width: int, *, delimiter: str = ",") -> str | None:
    """Return the last line of a separated text if it holds too few or too many values; None if not.

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
        MalformedResponse: If it is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for block in spool.line_blocks(_TEXT_BYTES):
        try:
            yield decoder.decode(block)
        except UnicodeDecodeError as error:
            msg = f"the answer is not UTF-8 text ({error.reason} at byte {error.start} of a line block)"
            raise MalformedResponse(msg) from error


def json_lines(block: bytes, picker: Picker) -> list[tuple[Any, ...]]:
    """Return some fields of each object of a text with one object a line; one that is missing is null.

    Args:
        block: Whole lines.
        picker: Knows the fields.

    Returns:
        A tuple of values for each line, in the order of the picker's `columns`.

    Raises:
        MalformedResponse: If a line can't be read, or a name in it is damaged.
    """
    try:
        return picker.decode_lines(block)
    except _UNREADABLE as error:
        msg = f"a line of the answer can't be read: {error}"
        raise MalformedResponse(msg) from error
