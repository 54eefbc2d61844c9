r"""Lines of RECORD messages to rows: the values in the order of a stream's columns, as CSV.

    lines ── decoded in one call, a typed struct each ──┐ whatever is not as its column usually is
      │                                                 ▼
      │                               record by record, each value by its column's `shape`
      ▼                                                 │
    rows, one a line  ◄─────────────────────────────────┘

The first way does nothing for each value but look whether it may pass: its type by msgspec, its form by
one regular expression over a column of a block. The second is exact, says what is wrong with a value, and
costs some thirty times as much. Both give the same rows.

The CSV is one that both warehouses read with the escape `\`: every text in quotes, null as the word `null`
without them. That is nearly how JSON has a list, and msgspec writes JSON faster than anything writes CSV.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from adtap_loader import columns as cols
from adtap_loader.columns import JSON, REPLACEMENT, Column
from adtap_loader.errors import LoadError, NoKeyError, not_a_message, unfit

_encode: Final = msgspec.json.Encoder(decimal_format="string").encode
_encode_lines: Final = msgspec.json.Encoder(decimal_format="string").encode_lines
_NULL: Final = msgspec.Raw(b"null")
# msgspec takes no other names for the fields of a struct.
_UNNAMEABLE: Final = re.compile(r'[\x00-\x1f"\\]')
_PLAIN_ESCAPE: Final = re.compile(rb'\\[^"\\]')
_ESCAPE: Final = re.compile(rb"\\(?:([bfnrt])|u00([0-9a-fA-F]{2})|.)", re.DOTALL)
_RAW: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def as_csv(block: bytes) -> bytes:
    r"""Return rows that are JSON arrays as CSV.

    Without its brackets such a line is that CSV already, but for line ends and control characters in a
    text: JSON escapes these, CSV has them as they are.

    Args:
        block: JSON arrays without spaces between the values, a line each.
    """
    # In two steps, as to replace takes half as long again.
    rows = b"\n".join((*block[1:-2].split(b"]\n["), b""))
    return _ESCAPE.sub(_raw, rows) if _PLAIN_ESCAPE.search(rows) else rows


def _raw(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return _RAW[match[1]]
    return bytes((int(match[2], 16),)) if match[2] else match[0]


class RowMaker:
    """Makes a stream's rows.

    Args:
        stream: The stream's name, for messages.
        columns: Its columns.
        keys: Its key columns, which are among them.
        warn: Takes a line about a field that the schema does not have.
        zeros: Whether the warehouse can hold the character U+0000.

    Attributes:
        mended: Records in which a character that the warehouse can't hold was replaced by U+FFFD.
    """

    def __init__(
        self,
        stream: str,
        columns: Sequence[Column],
        keys: Sequence[str],
        *,
        warn: Callable[[str], None],
        zeros: bool,
    ) -> None:
        self._stream, self._columns, self._keys = stream, columns, tuple(keys)
        self._warn, self._zeros = warn, zeros
        self._names = [column.name for column in columns]
        self._known = set(self._names)
        self._shapes = list(enumerate(column.shape for column in columns))
        self._unknown: list[str] = []
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._checks: list[tuple[int, _Check]] = []
        self.mended = 0
        self._learn()

    def from_lines(self, block: bytes, numbers: Sequence[int]) -> tuple[bytes, int]:
        """Return the rows of RECORD messages, and a bound on the bytes of the longest one.

        Args:
            block: The messages, a line each.
            numbers: The numbers of these lines in the input, for messages.

        Raises:
            LoadError: If one is no JSON, if a key property is absent or null, or if a value is not what
                the schema says.
        """
        rows = self._by_column(block, len(numbers))
        if rows is None:
            rows = self._one_by_one(block, numbers)
        made = _encode_lines(rows)
        if not self._zeros and rb"\u0000" in made:
            made = self._without_zeros(rows)
        # A row is hardly longer than its message; but each quote of a value's JSON text gets a backslash.
        return as_csv(made), 2 * len(block) + 64 * len(self._columns)

    def from_record(self, record: Mapping[str, Any]) -> bytes:
        """Return the row of a decoded record, its line end included.

        Raises:
            LoadError: If a value is not what the schema says.
        """
        row = self._shaped(record)
        line = _encode(row)
        if not self._zeros and rb"\u0000" in line:
            return as_csv(self._without_zeros([row]))
        return as_csv(line + b"\n")

    def check_keys(self, record: Mapping[str, Any]) -> None:
        """Check that a record has a value for each key property.

        Raises:
            LoadError: If one is absent or null: two such rows could not be told apart.
        """
        for key in self._keys:
            if record.get(key) is None:
                raise NoKeyError(self._stream, key)

    # -- a block at a time

    def _learn(self) -> None:
        """Make the decoder of whole messages, in which every field that was ever met has its place."""
        fields: list[tuple[str, Any, Any] | tuple[str, Any]] = []
        names = {}
        for place, column in enumerate(self._columns):
            names[f"c{place}"] = column.name
            wire = column.wire.type
            if wire is msgspec.Raw:
                fields.append((f"c{place}", wire, _NULL))
            elif column.name in self._keys:
                fields.append((f"c{place}", wire))
            else:
                fields.append((f"c{place}", wire | None, None))
        for place, name in enumerate(self._unknown):
            names[f"u{place}"] = name
            fields.append((f"u{place}", msgspec.Raw, _NULL))
        if any(_UNNAMEABLE.search(name) for name in names.values()):
            return
        record = msgspec.defstruct(
            "Record", fields, rename=names, kw_only=True, forbid_unknown_fields=True, gc=False
        )
        message = msgspec.defstruct("Message", [("record", record)], gc=False)
        self._decoder = msgspec.json.Decoder(message)
        self._checks = [
            (place, check)
            for place, column in enumerate(self._columns)
            if (check := _Check.of(column))
        ]
        # A key in `Raw` may be null, which only the other way refuses.
        self._raw_keys = [
            place
            for place, column in enumerate(self._columns)
            if column.name in self._keys and column.wire.type is msgspec.Raw
        ]

    def _by_column(self, block: bytes, count: int) -> list[Any] | None:
        """Return the rows of a block in which every value is as its column usually is; else None."""
        if self._decoder is None:
            return None
        try:
            messages = self._decoder.decode_lines(block)
            return self._passed([message.record for message in messages], count)
        except (ValueError, RecursionError):  # msgspec's own are of the former kind, too
            return None

    def _passed(self, records: list[Any], count: int) -> list[Any]:
        if len(records) != count:
            raise ValueError("a message on two lines")
        rows = list(map(astuple, records))
        if self._unknown:
            rows = [row[: len(self._columns)] for row in rows]
        by_column: list[Sequence[object]] = list(zip(*rows, strict=True))
        changed = False
        for place, check in self._checks:
            made = check(by_column[place])
            if made is not None:
                by_column[place], changed = made, True
        if changed:
            rows = list(zip(*by_column, strict=True))
        if any(None in by_column[place] for place in self._raw_keys):
            raise ValueError("a key without a value")
        return rows

    def _one_by_one(self, block: bytes, numbers: Sequence[int]) -> list[Any]:
        rows: list[Any] = []
        for line, number in zip(block.removesuffix(b"\n").split(b"\n"), numbers, strict=True):
            row = self._by_column(line, 1)
            rows += row if row is not None else [self._from_line(line, number)]
        return rows

    # -- a record at a time

    def _from_line(self, line: bytes, number: int) -> list[object]:
        message, mended = read_message(line, number)
        self.mended += mended
        record = message.get("record")
        if not isinstance(record, dict):
            raise not_a_message(number, "its record is no object.")
        self.check_keys(record)
        return self._shaped(record)

    def _shaped(self, record: Mapping[str, Any]) -> list[object]:
        if not record.keys() <= self._known:
            self._note_unknown(record)
        row = [record.get(name) for name in self._names]
        place = 0
        try:
            for place, shape in self._shapes:
                value = row[place]
                if value is not None:
                    row[place] = shape(value)
        except RecursionError:
            raise unfit(self._stream, self._names[place], "…", "it is nested too deeply") from None
        except ValueError as error:
            raise unfit(self._stream, self._names[place], row[place], str(error)) from None
        return row

    def _note_unknown(self, record: Mapping[str, Any]) -> None:
        fresh = [name for name in record if name not in self._known and name not in self._unknown]
        if not fresh:
            return
        for name in fresh:
            if not name.startswith("_sdc_"):
                self._warn(name)
        self._unknown += fresh
        self._learn()

    def _without_zeros(self, rows: Sequence[Sequence[object]]) -> bytes:
        clean = []
        for row in rows:
            tidy = [
                value.replace("\0", REPLACEMENT) if isinstance(value, str) else value
                for value in row
            ]
            for place, column in enumerate(self._columns):
                value = tidy[place]
                if column.sql_type == JSON and isinstance(value, str) and r"\u0000" in value:
                    tidy[place] = cols.json_text(cols.without_zeros(cols.decode(value.encode())))
            self.mended += tidy != list(row)
            clean.append(tidy)
        return _encode_lines(clean)


class _Check:
    """Looks whether the values of a column may pass, and makes those ready that may not.

    Args:
        column: The column.
    """

    def __init__(self, column: Column) -> None:
        self._shape = column.shape
        self._raw = column.wire.type is msgspec.Raw
        self._distinct = column.wire.repeats
        plain = column.wire.plain
        self._plain = re.compile(plain) if plain else None
        self._all_plain = re.compile(rf"(?:(?:{plain})\n)*+") if plain else None

    @classmethod
    def of(cls, column: Column) -> "_Check | None":
        """Return the check of a column, or None if every value of the right type may pass."""
        needed = column.wire.plain is not None or column.wire.type is msgspec.Raw
        return cls(column) if needed else None

    def __call__(self, values: Sequence[Any]) -> list[object] | None:
        """Return the values made ready, or None if they may pass as they are.

        Args:
            values: Those of the column in a block, as the decoder gives them.

        Raises:
            ValueError: If the other way must find out what a value is.
        """
        if self._raw:
            return [value if value is None else self._from_raw(value) for value in values]
        if self._all_plain is None:
            return None
        texts = set(values) if self._distinct else values
        try:
            joined = "\n".join(texts)
        except TypeError:  # null among them
            texts = [text for text in texts if text is not None]
            joined = "\n".join(texts)
        if not texts or self._all_plain.fullmatch(f"{joined}\n"):
            return None
        return [value if value is None else self._from_text(value) for value in values]

    def _from_text(self, text: str) -> object:
        return text if self._plain and self._plain.fullmatch(text) else self._shape(text)

    def _from_raw(self, raw: msgspec.Raw) -> object:
        text = bytes(raw)
        if text == b"null":
            return None
        if self._plain and self._plain.fullmatch(found := text.decode()):
            return found
        # JSON too, which could pass as it stands: the other way would spell 1E5 and 0.0000001 otherwise.
        return self._shape(cols.decode(text))


def read_message(line: bytes, number: int) -> tuple[dict[str, Any], bool]:
    """Return the message of a line, numbers with every digit, and whether a character had to be replaced.

    Args:
        line: The line.
        number: Its number in the input, from 1.

    Raises:
        LoadError: If it is no JSON object with a type.
    """
    message, mended = read_json(line, lambda why: not_a_message(number, why))
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise not_a_message(number, "it has no type.")
    return message, mended


def read_json(line: bytes, fault: Callable[[str], LoadError]) -> tuple[Any, bool]:
    """Return the value of JSON, numbers with every digit, and whether a character had to be replaced.

    Args:
        line: The JSON.
        fault: Returns the error to be raised for a reason.

    Raises:
        LoadError: If it is none.
    """
    try:
        try:
            return cols.decode(line), False
        except (msgspec.DecodeError, UnicodeError) as error:
            why = str(error)
        try:
            return cols.mend(line)
        except ValueError:
            raise fault(
                f"{why}. The tap may have been cut off, or a number in it is too long; nothing after the last STATE "
                "written is claimed."
            ) from None
    except RecursionError:
        raise fault("a value in it is nested too deeply.") from None
