"""A response body on its way to the parser: memory first, disk past a few MB, checked to be whole."""

from __future__ import annotations

import contextlib
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from typing import IO, Final, Protocol, Self, cast

import msgspec
import requests
import urllib3

from adtap_core.characters import LONGEST_ODD, clean_json, may_be_odd, say

MEMORY_BYTES: Final = 4 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
_EXCERPT_BYTES: Final = 2000
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_JSON_ENDS: Final = (b"}", b"]")
_skim: Final = msgspec.json.Decoder(msgspec.Raw).decode


class CutBody(Exception):  # noqa: N818 - becomes a retry, never shown by this name
    """The body is not whole: fewer bytes than declared, an open gzip stream, an open JSON value."""


class Decoder(Protocol):
    """Turns the bytes of the wire into the bytes of the document."""

    def feed(self, chunk: bytes) -> bytes:
        """Give what can be decoded by now."""

    def finish(self) -> bytes:
        """Give the rest; raises CutBody if the stream is not complete."""


class _Plain:
    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""


class _Inflate:
    """Gzip and zlib, members one after the other, and the raw deflate that some servers send."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def feed(self, chunk: bytes) -> bytes:
        out = b""
        while chunk:
            try:
                out += self._inflate.decompress(chunk)
            except zlib.error as error:
                if self._begun:
                    msg = f"compressed body can't be read: {error}"
                    raise CutBody(msg) from error
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
                self._begun = True
                continue
            self._begun = True
            chunk = self._inflate.unused_data if self._inflate.eof else b""
            if chunk.strip(b"\x00"):
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            else:
                chunk = b""
        return out

    def finish(self) -> bytes:
        if self._begun and not self._inflate.eof:
            msg = "compressed body ends before its trailer"
            raise CutBody(msg)
        return self._inflate.flush()


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        file.close()


class Spool:
    """The whole body of one answer, decoded, readable as often as wanted.

    Args:
        source: An open file of decoded bytes; the spool owns it from now on.
        size: Its length in bytes.
        framed: Whether its length was declared, at once or piece by piece: a cut would have been noticed.
    """

    def __init__(self, source: IO[bytes], size: int, *, framed: bool = True) -> None:
        self._file = source
        self.size = size
        self.framed = framed
        self._clean = False
        # A judged and dropped answer gives its room back too, even when it ends in a cycle with the
        # error that it caused: there a file's own destructor may come first, and warn.
        weakref.finalize(self, _close, source).atexit = False

    @classmethod
    def of(cls, body: bytes) -> Spool:
        """Give a spool of bytes that are at hand."""
        file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - outlives us
        file.write(body)
        return cls(cast("IO[bytes]", file), len(body))

    @classmethod
    def drain(cls, response: requests.Response) -> Spool:
        """Read a streamed answer to its end.

        Raises:
            CutBody: If it is shorter than declared or its compression is not closed.
        """
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        decoder: Decoder = _Plain() if encoding in {"", "identity"} else _Inflate()
        file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - outlives us
        size = 0
        try:
            for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                piece = decoder.feed(chunk)
                size += len(piece)
                file.write(piece)
            tail = decoder.finish()
            file.write(tail)
        except CutBody:
            file.close()
            raise
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.HTTPError, OSError) as error:
            file.close()
            msg = f"body cut off ({type(error).__name__})"
            raise CutBody(msg) from error
        framed = "Content-Length" in response.headers or bool(response.raw.chunked)
        return cls(cast("IO[bytes]", file), size + len(tail), framed=framed)

    def open(self) -> IO[bytes]:
        """Give the body from its beginning. One reader at a time."""
        self._file.seek(0)
        return self._file

    def clean_json(self) -> None:
        """Replace the characters of a JSON body that no database holds; looked for once.

        Nearly always there are none: then nothing is copied.
        """
        if self._clean:
            return
        self._clean = True
        if not any(map(may_be_odd, self._overlapping())):
            return
        file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - outlives us
        size = found = 0
        rest = b""
        for piece in self.chunks():
            text = rest + piece
            # Kept back: a line of escapes must not be cut where a pair begins.
            cut = max(0, len(text) - LONGEST_ODD)
            while cut and text[cut - 1 : cut] == b"\\":
                cut -= 1
            if b"\\" in text[max(0, cut - LONGEST_ODD) : cut]:
                cut = text.rfind(b'"', 0, cut) + 1  # a quote never stands inside an escape
            ready, rest = text[:cut], text[cut:]
            ready, count = clean_json(ready)
            size, found = size + len(ready), found + count
            file.write(ready)
        ready, count = clean_json(rest)
        file.write(ready)
        if found + count:
            say(found + count)
        self._file.close()
        self._file, self.size = cast("IO[bytes]", file), size + len(ready)
        weakref.finalize(self, _close, self._file).atexit = False

    def _overlapping(self) -> Iterator[bytes]:
        """Return the body in pieces that each begin with the end of the one before."""
        end = b""
        for piece in self.chunks(1024 * 1024):
            yield end + piece
            end = piece[-LONGEST_ODD:]

    def read(self) -> bytes:
        """Give the whole body; for bodies known to be small."""
        return self.open().read()

    def excerpt(self, length: int = _EXCERPT_BYTES) -> bytes:
        """Give the body's beginning."""
        return self.open().read(length)

    def chunks(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Give the body piece by piece."""
        file = self.open()
        while piece := file.read(size):
            yield piece

    def line_blocks(self, size: int) -> Iterator[bytes]:
        """Give the body in blocks of whole lines; the last line may lack its break.

        Args:
            size: Bytes to read at once.
        """
        rest = b""
        for piece in self.chunks(size):
            block, cut, rest = (rest + piece).rpartition(b"\n")
            if cut:
                yield block + cut
        if rest:
            yield rest

    def tail(self, length: int) -> bytes:
        """Give the body's end."""
        file = self.open()
        file.seek(max(0, self.size - length))
        return file.read()

    def last_line(self) -> str | None:
        """Give the last line that is not empty; None if it is very long."""
        _, broken, last = self.tail(CHUNK_BYTES).rstrip(b"\r\n").rpartition(b"\n")
        return last.decode("utf-8", "replace") if broken or self.size <= CHUNK_BYTES else None

    def check_json_whole(self) -> None:
        """Check that a JSON document is whole: cheaply, nothing of it is built.

        A long one whose length was declared, so that a cut would have been noticed, is only looked at where
        it ends: as objects and arrays do. Characters that no database holds are replaced on the way.

        Raises:
            CutBody: If it is not.
        """
        self.clean_json()
        if self.size > MEMORY_BYTES and self.framed:
            if not self.tail(256).rstrip().endswith(_JSON_ENDS):
                msg = "JSON body ends in the middle"
                raise CutBody(msg)
            return
        file = self.open()
        try:
            if self.size > MEMORY_BYTES:
                with mmap(file.fileno(), 0, access=ACCESS_READ) as document:
                    _skim(document)
            else:
                _skim(file.read())
        except msgspec.DecodeError as error:
            msg = f"JSON body can't be read to its end ({error})"
            raise CutBody(msg) from error

    def close(self) -> None:
        """Give the memory or the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use as a context: closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
