"""Rows of a separated text, whether its writer quotes values or not: never fewer than the text has records.

A quotation mark may open a value, even one with line breaks in it, or belong to a name that nobody quoted. The csv
module believes each one that stands at a value's beginning, and then takes two rows for one without a word. Here

    a text without any     is split at its delimiters
    a block of lines       goes through the csv module, strictly; where each line is a row, that is all
    all else               is read line by line: what could be one row or several is looked at more closely
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from adtap_core.errors import MalformedResponse
from adtap_core.redact import redact

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_DIGIT: Final = re.compile(r"[0-9]")
_MOST_LINES: Final = 1000
"""Lines of one quoted value; more are taken for a mark that opens none."""
_SHOWN: Final = 120

csv.field_size_limit(16 * 1024 * 1024)

Rows = list[list[str]]


class Columns(list[list[str]]):
    """Rows of one width, at least one, column by column."""


class Splitter:
    """Splits a text that comes in blocks of whole lines.

    Args:
        texts: The blocks.
        delimiter: Between the values.
    """

    def __init__(self, texts: Iterator[str], delimiter: str) -> None:
        self._texts, self._delimiter = texts, delimiter
        self._width = 0
        self._ahead: deque[str] = deque()
        self._quotes = False
        mark = re.escape(delimiter)
        self._quoted = re.compile(rf'(?:^|{mark})"[^"\r\n]*"(?={mark}|$)', re.MULTILINE)

    def first(self) -> Rows:
        """Return the rows of the first block; none of an empty text."""
        text = next(self._texts, None)
        return [] if text is None else self._rows(text)

    def blocks(self) -> Iterator[Columns | Rows]:
        """Return the rows that follow, block by block; empty lines are none.

        Raises:
            MalformedResponse: If nobody can tell whose value a quotation mark is.
        """
        for text in self._texts:
            yield self._columns(text) or self._rows(text)

    def _columns(self, text: str) -> Columns | None:
        """Return a block column by column, if each of its lines is a row as wide as the first, and nothing is quoted.

        All values are cut at once, and a column is each so-manieth of them: half as dear as line after line.
        """
        plain = text.replace("\r\n", "\n").removesuffix("\n")
        width = self._width
        # With one column an empty line would be a value.
        if not plain or width < 2 or '"' in plain or "\r" in plain:  # noqa: PLR2004 - as said above
            return None
        mark = self._delimiter
        values = plain.replace("\n", f"{mark}\n{mark}").split(mark)
        ends = values[width :: width + 1]
        if len(ends) != plain.count("\n") or ends.count("\n") != len(ends):
            return None
        columns = [values[n :: width + 1] for n in range(width)]
        return Columns(columns) if len(columns[-1]) == len(columns[0]) else None

    def _rows(self, text: str) -> Rows:
        rows = iter(self._split(text))
        head = list(islice(rows, 1))
        if head and not self._width:
            # The text's first row: known before the lines below it are read.
            self._width = len(head[0])
        return [*head, *rows]

    def _split(self, text: str) -> Iterable[list[str]]:
        plain = text.replace("\r\n", "\n")
        if '"' in plain or "\r" in plain:
            rows = self._at_once(text)
            return self._line_by_line(text) if rows is None else rows
        # Twice as fast as csv.reader; the same result for lines without quotes.
        return [line.split(self._delimiter) for line in plain.split("\n") if line]

    def _at_once(self, text: str) -> Rows | None:
        """Return the rows of a block in which each line is a row; None if one is not, or can't be read."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        try:
            rows = list(reader)
        except csv.Error:
            return None
        if reader.line_num != len(rows):
            return None
        return list(filter(None, rows))

    def _line_by_line(self, text: str) -> Iterator[list[str]]:
        self._take(text)
        while self._ahead:
            line = self._ahead.popleft()
            if not line.strip("\r\n"):
                continue
            yield self._record(line) if '"' in line else self._literal(line)

    def _take(self, text: str) -> None:
        self._ahead.extend(filter(None, _LINE.findall(text)))
        self._quotes = self._quotes or self._quoted.search(text) is not None

    def _next_line(self) -> str:
        """Return the line that follows, of the next block if need be; empty at the text's end."""
        if not self._ahead:
            self._take(next(self._texts, ""))
        return self._ahead.popleft() if self._ahead else ""

    def _literal(self, line: str) -> list[str]:
        return line.rstrip("\r\n").split(self._delimiter)

    def _record(self, line: str) -> list[str]:
        """Return the row that begins with a line; lines that are no part of it go back."""
        taken = [line]
        row, is_open = self._parsed(taken)
        while is_open and len(taken) < _MOST_LINES and (following := self._next_line()):
            taken.append(following)
            if '"' in following:
                row, is_open = self._parsed(taken)
        literal = list(map(self._literal, taken))
        if row is not None and not self._may_be_rows(literal, self._width or len(row)):
            return row
        if (bare := _bare(literal[0])) is not None and len(bare) == self._width:
            # Quoted, by a writer that does not double the marks inside.
            self._ahead.extendleft(reversed(taken[1:]))
            return bare
        if self._is_unquoted(literal, one=row is None):
            self._ahead.extendleft(reversed(taken[1:]))
            return literal[0]
        if row is None:
            msg = f"a quotation mark is not closed, or opens no value, the answer is cut or damaged: {redact.beginning(line, _SHOWN)!r}"
        else:
            msg = (
                f"one row of {len(taken)} lines, or {len(taken)} rows? A quotation mark leaves both open: "
                f"{redact.beginning(line, _SHOWN)!r}"
            )
        raise MalformedResponse(msg)

    def _parsed(self, taken: Sequence[str]) -> tuple[list[str] | None, bool]:
        """Return the one row that some lines are, None if they are none; and whether a quoted value is open."""
        try:
            rows = list(csv.reader(taken, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            return None, "unexpected end" in str(error)
        return (rows[0] if len(rows) == 1 else None), False

    def _may_be_rows(self, literal: Rows, width: int) -> bool:
        """Check whether the lines of one row might as well be rows of their own.

        A line that holds as many values as the header, and begins as the first one does (most rows begin with
        their day), is not believed to be the rest of a name. Where beginnings tell nothing, all lines must be
        as wide as the header.
        """
        if len(literal) == 1:
            return False
        begins = _shape(literal[0])
        if _DIGIT.search(begins):
            return any(len(values) == width and _shape(values) == begins for values in literal[1:])
        return all(len(values) == width for values in literal)

    def _is_unquoted(self, literal: Rows, *, one: bool) -> bool:
        """Check whether a line is a row as it stands, its quotation marks a part of its values.

        Not where the writer is seen to quote: then a mark was lost, or one too many.

        Args:
            literal: The lines, split.
            one: Whether only the first one must be a row; else all of them.
        """
        rows = literal[:1] if one else literal
        begins = _shape(literal[0])
        return not self._quotes and all(
            len(values) == self._width and _shape(values) == begins for values in rows
        )


def _shape(values: Sequence[str]) -> str:
    """Return how a row begins, one digit as good as another."""
    return _DIGIT.sub("9", values[0].strip('"'))


def _bare(values: Sequence[str]) -> list[str] | None:
    """Return values without the marks around them; None if one has a mark at its beginning only."""
    made = []
    for value in values:
        if value[:1] != '"':
            made.append(value)
        elif len(value) > 1 and value[-1] == '"':
            made.append(value[1:-1].replace('""', '"'))
        else:
            return None
    return made
