"""From the input to the warehouse: which line goes where, when to commit, when to write STATE.

    Loader (messages, when to commit)
      ├─ Stream     (one per stream: lines to rows, kept on disk)
      └─ Warehouse  (tables and transactions)

STATE goes out only when every row received before it is committed, for all streams. A load killed at
any moment is therefore repeated from the last STATE: rows with a key replace themselves, and a stream
without a key may get rows twice. ACTIVATE_VERSION is ignored: report history is never truncated.
"""

import copy
import gzip
import io
import json
import logging
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from adtap_loader.columns import json_text
from adtap_loader.errors import RUN_AGAIN, LoadError, NoSchemaError, not_a_message
from adtap_loader.rows import read_json, read_message
from adtap_loader.stream import Stream
from adtap_loader.warehouse import Warehouse
from adtap_plugin.pipes import silence_stdout

MAX_BYTES_HELD: Final = 64_000_000
"""Of rows on disk: a bound for wide rows, whatever batch_size_rows says."""
STATE_AGE_SECONDS: Final = 30.0  # a STATE waits no longer than this for a batch to fill
READ_BYTES: Final = 1 << 18
SDC_COLUMNS: Final = frozenset(
    f"_sdc_{name}"
    for name in (
        "extracted_at", "received_at", "batched_at", "deleted_at", "sequence", "table_version", "sync_started_at",
    )
)  # fmt: skip
"""What targets of the SDK add and take away themselves."""

# How nearly all taps begin a RECORD message. What a line begins with says what it is, whatever follows.
_HEAD: Final = re.compile(
    rb'\{"type": ?"RECORD", ?"stream": ?"(?:[^"\\]|\\.)*", ?"record": ?(?=\{)'
)
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_NO_HEAD: Final = b"\0"  # no line of JSON begins with it


class _Head(msgspec.Struct, gc=False):
    type: str = ""
    stream: str = ""


_head: Final = msgspec.json.Decoder(_Head).decode

Message = dict[str, Any]


class Loader:
    """Reads messages and loads them.

    Args:
        warehouse: Where rows go.
        batch_rows: Rows of all streams together that are held before they are committed.
        log: Where its words go.

    Attributes:
        streams: The streams by the names of their tables.
        direct: Those whose records are taken as they stand on the line, by their names in the messages.
    """

    def __init__(self, warehouse: Warehouse, *, batch_rows: int, log: logging.Logger) -> None:
        self.warehouse = warehouse
        self.streams: dict[str, Stream] = {}
        self._batch_rows, self._log = batch_rows, log
        self._schemas: dict[str, tuple[object, object]] = {}
        self.direct: dict[str, Stream] = {}
        self._head = _NO_HEAD
        self._taker: Stream | None = None
        self._number = 0
        self._rows_held, self._sized_at, self._mended = 0, 0, 0
        self._committed_at = time.monotonic()
        self._state: Message | None = None
        self._written: Message | None = None
        self.handlers: dict[str, Callable[[Message], None]] = {
            "SCHEMA": self.take_schema,
            "RECORD": self.take_record,
            "STATE": self.take_state,
            "ACTIVATE_VERSION": self.ignore_version,
            "BATCH": self.take_files,
        }

    # -- lines

    def read(self, source: IO[Any] | None) -> Counter[str]:
        """Take every message of an input.

        Args:
            source: Opened for bytes or for text; standard input if None.

        Returns:
            How many messages of each type there were.

        Raises:
            LoadError: If the load cannot go on.
        """
        self._counts: Counter[str] = Counter()
        source = source or sys.stdin
        if source is None or sys.stdout is None:  # `<&-`, `>&-`
            raise LoadError(
                "Standard input or output is closed; the tap's messages come by the one, and STATE goes out by the other."
            )
        raw = getattr(source, "buffer", source)
        more = raw.read if isinstance(raw, io.TextIOBase) else getattr(raw, "read1", raw.read)
        parts: list[bytes] = []
        while chunk := more(READ_BYTES):
            data = chunk.encode() if isinstance(chunk, str) else chunk
            whole = data.rfind(b"\n") + 1
            if not whole:
                parts.append(data)
                continue
            self._take(b"".join((*parts, data[:whole])))
            parts = [data[whole:]] if whole < len(data) else []
        if parts:
            self._take(b"".join((*parts, b"\n")))
        return self._counts

    def _take(self, block: bytes) -> None:
        """Take whole lines: all at once if they are records of the stream at hand, as most are."""
        head, count = self._head, block.count(b"\n")
        if (
            self._taker is not None
            and block.startswith(head)
            and self._rows_held + count < self._batch_rows
            and block.count(b"\n" + head) == count - 1
        ):
            self._take_records(block, count)
            return
        rows: list[bytes] = []
        for line in block.removesuffix(b"\n").split(b"\n"):
            if self._taker is not None and line.startswith(self._head):
                rows.append(line)
                if self._rows_held + len(rows) < self._batch_rows:
                    continue
                self._take_records(b"\n".join((*rows, b"")), len(rows))
                rows = []
                continue
            if rows:
                self._take_records(b"\n".join((*rows, b"")), len(rows))
                rows = []
            self._take_other(line)
        if rows:
            self._take_records(b"\n".join((*rows, b"")), len(rows))

    def _take_records(self, block: bytes, count: int) -> None:
        if self._taker is not None:
            self._taker.take_lines(block, self._number + 1, count)
        self._number += count
        self._counts["RECORD"] += count
        self.count_rows(count)

    def _take_other(self, line: bytes) -> None:
        """Take a line that does not begin as the one before."""
        self._head, self._taker = self._whose(line)
        if self._taker is not None:
            self._take_records(line + b"\n", 1)
            return
        self._number += 1
        message, mended = read_message(line, self._number)
        self._mended += mended
        kind = message["type"]
        handle = self.handlers.get(kind)
        if handle is None:
            raise LoadError(f"Line {self._number} of the input has the unknown type '{kind}'.")
        handle(message)
        self._counts[kind] += 1

    def _whose(self, line: bytes) -> tuple[bytes, Stream | None]:
        """Return what lines begin with that are records of this line's stream, and the stream.

        Without a beginning that can be relied on, the whole line says what it is.
        """
        begin = _HEAD.match(line)
        if begin is None and b'"RECORD"' not in line:
            return _NO_HEAD, None
        try:
            head = _head(begin[0] + b"null}" if begin else line)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return _NO_HEAD, None
        stream = self.direct.get(head.stream) if head.type == "RECORD" else None
        return (begin[0] if begin and stream else _NO_HEAD), stream

    # -- messages

    def take_schema(self, message: Message) -> None:
        """Take a SCHEMA message: the stream's table is made ready."""
        if self.is_new(message):
            name = message["stream"]
            given = message["schema"].get("properties")
            properties = {
                column: spec
                for column, spec in (given.items() if isinstance(given, dict) else ())
                if column not in SDC_COLUMNS
            }
            self.direct[name] = self.open(
                name,
                {**message["schema"], "properties": properties},
                message.get("key_properties") or (),
                bucket=bucket_of(message),
            )

    def is_new(self, message: Message) -> bool:
        """Check whether a SCHEMA message says something new; if so, what is held is committed first.

        Taps repeat it, child streams once per parent.
        """
        self.require(message, "stream", "schema")
        stream = message["stream"]
        if not _are_names(message.get("key_properties") or []):
            raise not_a_message(self._number, "its key_properties are no list of names.")
        described = (message["schema"], message.get("key_properties"))
        known = self._schemas.get(stream)
        if known == described:
            return False
        if known is not None:
            # Rows of the old schema must not land after newer ones of the same key.
            self.commit()
        self._schemas[stream] = copy.deepcopy(described)
        self.direct.pop(stream, None)
        self._head, self._taker = _NO_HEAD, None
        return True

    def open(
        self, name: str, schema: Mapping[str, Any], keys: Sequence[str], *, bucket: str
    ) -> Stream:
        """Return a stream whose table is ready.

        Args:
            name: The table's name.
            schema: The stream's JSON schema.
            keys: Its key properties.
            bucket: Its replication key; empty if it has none.
        """
        old = self.streams.get(name)
        if old:
            # Two streams of the tap that a stream map brings into one table.
            self.commit()
            old.close()
        stream = Stream(
            name,
            schema,
            keys,
            bucket=bucket,
            warehouse=self.warehouse,
            log=self._log.getChild(name),
        )
        if old:
            stream.rows_taken = old.rows_taken
        self.streams[name] = stream
        for source, taker in self.direct.items():
            if taker is old:
                self.direct[source] = stream
        self._head, self._taker = _NO_HEAD, None
        return stream

    def take_record(self, message: Message) -> None:
        """Take a RECORD message that could not be taken as it stands on the line."""
        self.require(message, "stream", "record")
        stream = self.direct.get(message["stream"])
        if stream is None:
            raise NoSchemaError(message["stream"])
        stream.take_record(message["record"])
        self.count_rows(1)

    def take_state(self, message: Message) -> None:
        """Take a STATE message: it is written on when all rows before it are committed."""
        self.require(message, "value")
        self._state = message["value"]
        if time.monotonic() - self._committed_at >= STATE_AGE_SECONDS:
            self.commit()

    def ignore_version(self, _message: Message) -> None:
        """Ignore an ACTIVATE_VERSION message."""
        self._log.debug("ACTIVATE_VERSION is ignored: history is kept.")

    def take_files(self, message: Message) -> None:
        """Take a BATCH message: records in files of JSON lines on this machine."""
        self.require(message, "stream", "encoding", "manifest")
        take = self.taker_of_files(message["stream"])
        for address in message["manifest"]:
            for record in _records_of(address, message["encoding"]):
                take(record)
                self.count_rows(1)

    def taker_of_files(self, name: str) -> Callable[[Message], None]:
        """Return what takes the records of a stream that stand in files.

        Args:
            name: The stream's name in the messages.

        Raises:
            NoSchemaError: If there was no SCHEMA message of it.
        """
        stream = self.direct.get(name)
        if stream is None:
            raise NoSchemaError(name)
        return stream.take_record

    def require(self, message: Message, *parts: str) -> None:
        """Check that a message has its parts.

        Raises:
            LoadError: If one is missing, or is not what `_PARTS` says.
        """
        for part in parts:
            if part not in message:
                raise not_a_message(self._number, f"a {message['type']} without '{part}'.")
            fits, why = _PARTS[part]
            if not fits(message[part]):
                raise not_a_message(self._number, why)

    # -- the commit rule

    def count_rows(self, count: int) -> None:
        """Take note of rows, and commit if enough are held."""
        self._rows_held += count
        if self._rows_held >= self._batch_rows:
            self.commit()
        elif self._rows_held - self._sized_at >= 256:  # noqa: PLR2004 - not worth a look at each row
            self._sized_at = self._rows_held
            if sum(stream.bytes_held for stream in self.streams.values()) >= MAX_BYTES_HELD:
                self.commit()

    def commit(self) -> None:
        """Commit what every stream holds, and only then write the last STATE that came.

        Raises:
            LoadError: If a value is not what its column can hold.
        """
        batches = [batch for stream in self.streams.values() if (batch := stream.batch())]
        if batches:
            self.warehouse.load(batches)
        for stream in self.streams.values():
            stream.committed()
        self._rows_held = self._sized_at = 0
        self._committed_at = time.monotonic()
        if self._state and self._state != self._written:
            # Whatever encoding standard output has, it has these letters.
            text = _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], json_text(self._state))
            try:
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()
            except OSError as error:
                silence_stdout()
                raise LoadError(
                    f"STATE can't be written to standard output ({error.strerror}); its rows are loaded. "
                    f"If that is mended, {RUN_AGAIN}."
                ) from None
            self._written = self._state

    def finish(self) -> None:
        """Commit what is left, and let go of the warehouse."""
        self.commit()
        self.warehouse.finish([*self.streams])
        for name, stream in self.streams.items():
            stream.close()
            self._log.info("Stream '%s': %d rows loaded", name, stream.rows_taken)
        if self._mended:
            self._log.warning(
                "In %d messages a character that no warehouse can hold was replaced by U+FFFD.",
                self._mended,
            )
        self.warehouse.close()


def bucket_of(message: Message) -> str:
    """Return the replication key that a SCHEMA message names; empty if it names none."""
    names = message.get("bookmark_properties")
    return names[0] if names and _are_names(names) else ""


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_NO_FILES: Final = "its encoding is no object, or its manifest no list of files."
_PARTS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "stream": (lambda value: isinstance(value, str) and bool(value), "its stream has no name."),
    "schema": (_is_object, "its schema is no object."),
    "record": (_is_object, "its record is no object."),
    "encoding": (_is_object, _NO_FILES),
    "manifest": (_are_names, _NO_FILES),
    "value": (lambda _: True, ""),
}
"""What a part of a message must be, and what is said if it is not."""


def _records_of(address: str, encoding: Mapping[str, Any]) -> Iterator[Message]:
    """Yield the records of a BATCH message's file."""
    parts = urlsplit(address)
    if encoding.get("format") != "jsonl" or parts.scheme not in {"", "file"}:
        raise LoadError(
            f"A BATCH message names {address} ({encoding.get('format')}); only files of JSON lines on this "
            "machine can be loaded."
        )

    def fault(why: str) -> LoadError:
        return LoadError(f"Line {number} of {path} is no record: {why}")

    path, number = Path(unquote(parts.path)), 0
    try:
        with gzip.open(path) if encoding.get("compression") == "gzip" else path.open("rb") as lines:
            for line in lines:
                number += 1
                record, _ = read_json(line, fault)
                if not isinstance(record, dict):
                    raise fault("it is no object.")
                yield record
    except (EOFError, zlib.error) as error:
        raise LoadError(f"{path} is not whole: {error}") from None
    except OSError as error:
        raise LoadError(
            f"A BATCH message names {path}, which can't be read: {error.strerror or error}."
        ) from None
