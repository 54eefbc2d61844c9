"""Singer messages on standard output: whole lines, exact decimals, never half a line on a signal."""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from itertools import starmap
from types import FrameType
from typing import Any, BinaryIO, Final

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.messages import Message, RecordMessage, StateMessage
from typing_extensions import override

from adtap_core.errors import Interrupted, TargetGone
from adtap_core.rows.columns import Block, Same
from adtap_plugin.pipes import silence_stdout
from adtap_plugin.signals import comes_again

_FLUSH_BYTES: Final = 64 * 1024


_encoder: Final = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


@lru_cache(maxsize=256)
def _record_type(columns: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type whose instances are written as an object with these keys."""
    fields = [f"f{n}" for n in range(len(columns))]
    renamed = dict(zip(fields, columns, strict=True))
    return msgspec.defstruct("Record", [(f, Any) for f in fields], rename=renamed, gc=False)


def _with_one_end(block: Block) -> Mapping[str, Sequence[Any]]:
    """Return columns with those at their end that hold one value each as a single one: their text is made once."""
    columns = dict(block.columns)
    text, first = b"", ""
    while isinstance(end := next(reversed(columns.values()), None), Same):
        # What was there already follows as it stands: behind the value, a comma and its name.
        text = _encoder.encode(end.value) + (
            b",%b:%b" % (_encoder.encode(first), text) if first else b""
        )
        first, _ = columns.popitem()
    if first:
        columns[first] = Same(msgspec.Raw(text), block.count)
    return columns


class LineWriter(GenericSingerWriter[bytes, Message]):
    """Writes messages as JSON lines; records wait in a buffer until the next STATE or 64 kB.

    A signal that comes while bytes are on their way is held back until the line is out.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_state = b""
        self._writing = False
        self._signal: int | None = None

    @override
    def serialize_message(self, message: Message) -> bytes:
        """Return a message as a line."""
        if isinstance(message, RecordMessage):
            return _encoder.encode(message.to_dict()) + b"\n"
        # As the SDK has it, but without a copy of all that a schema or a state holds.
        said = {field.name: getattr(message, field.name) for field in fields(message)}
        return _encoder.encode({k: v for k, v in said.items() if v is not None}) + b"\n"

    @override
    def write_message(self, message: Message) -> None:
        """Write a message; all but records go out at once."""
        self._buffer += self.serialize_message(message)
        if not isinstance(message, RecordMessage) or len(self._buffer) > _FLUSH_BYTES:
            self.flush()

    def write_records(
        self, stream: str, columns: tuple[str, ...], records: list[tuple[Any, ...]], extracted: str
    ) -> None:
        """Write RECORD messages from bare values."""
        self._write_bare(stream, list(starmap(_record_type(columns), records)), extracted)

    def write_block(self, stream: str, block: Block, extracted: str) -> None:
        """Write RECORD messages from whole columns: the report path's short way."""
        columns = _with_one_end(block)
        made = map(_record_type(tuple(columns)), *columns.values())
        self._write_bare(stream, list(made), extracted)

    def _write_bare(self, stream: str, records: list[msgspec.Struct], extracted: str) -> None:
        if not records:
            return
        bare = _encoder.encode_lines(records)
        # What is around a record is the same for all; no line break can stand inside of one.
        head = b'{"type":"RECORD","stream":%b,"record":' % _encoder.encode(stream)
        tail = b',"time_extracted":%b}\n' % _encoder.encode(extracted)
        self._buffer += head
        self._buffer += bare[:-1].replace(b"\n", tail + head)
        self._buffer += tail
        if len(self._buffer) > _FLUSH_BYTES:
            self.flush()

    def write_state(self, state: dict[str, Any]) -> None:
        """Write a STATE message, and all that was written before it; the same state only once."""
        line = self.serialize_message(StateMessage(value=state))
        if line != self._last_state:
            self._last_state = line
            self._buffer += line
        self.flush()

    def flush(self) -> None:
        """Hand over what was written.

        Raises:
            TargetGone: If nobody reads it, or nothing more can be written there.
            Interrupted: If a signal came meanwhile.
        """
        data, self._buffer = self._buffer, bytearray()
        out = getattr(sys.stdout, "buffer", None)
        self._writing = True
        try:
            if out is None:  # a text-only stand-in for standard output
                sys.stdout.write(data.decode())
            else:
                _write_all(out, data)
            sys.stdout.flush()
        except OSError as error:
            raise gone(error) from error
        finally:
            self._writing = False
        if self._signal is not None:
            raise Interrupted(self._signal)

    def on_signal(self, signum: int, frame: FrameType | None = None) -> None:
        """Stop the run: now, or after the bytes or the log line that are on their way.

        Raises:
            Interrupted: If nothing is on its way.
        """
        if comes_again(signum, frame):
            return
        if self._writing and self._signal is None:
            self._signal = signum
            return
        if self._writing:  # asked twice, and the target still does not read
            os._exit(128 + signum)
        raise Interrupted(signum)


def _write_all(out: BinaryIO, data: bytearray) -> None:
    """Write all of some bytes: an unbuffered output (PYTHONUNBUFFERED) takes a part when a signal comes meanwhile.

    Raises:
        OSError: If nothing more can be written there.
    """
    left = memoryview(data)
    while left:
        taken = out.write(left)
        if taken is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[taken:]


def gone(error: OSError) -> TargetGone:
    """Return what ends a run whose standard output takes no more, which is not written to from here on."""
    silence_stdout()
    if isinstance(error, ConnectionError):
        return TargetGone("the target stopped reading (closed pipe); its own last line says why")
    return TargetGone(
        f"standard output can't be written to ({error.strerror}): the last complete STATE counts"
    )
