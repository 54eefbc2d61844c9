"""A response body on its way to the parser: memory first, disk past a few MB, checked to be whole."""

import contextlib
import re
import tempfile
import weakref
import zlib
from collections.abc import Iterable, Iterator
from mmap import ACCESS_READ, mmap
from typing import IO, Final, Self, cast

import msgspec
import requests
import urllib3

from adtap_core.bodies import encodings
from adtap_core.bodies.characters import cleaned, may_be_odd, signs, spelling
from adtap_core.errors import FULL

MEMORY_BYTES: Final = 4 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
_EXCERPT_BYTES: Final = 2000
_COMPRESSED: Final = frozenset({"gzip", "x-gzip", "deflate"})
"""Other words stand for nothing: some servers put the name of a character set there."""
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_JSON_ENDS: Final = (b"}", b"]")
_MARK: Final = b"\xef\xbb\xbf"
_HEAD_BYTES: Final = 64
_SHOWN_BYTES: Final = 12
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_skim: Final = msgspec.json.Decoder(msgspec.Raw).decode


class CutBody(Exception):  # noqa: N818 - becomes a retry, never shown by this name
    """The body is not whole: fewer bytes than declared, an open gzip stream, an open JSON value."""


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Return what was compressed: gzip and zlib, members one after the other, and the raw deflate that some servers send.

    Raises:
        CutBody: If it can't be read, or is not closed.
    """
    inflate, begun = zlib.decompressobj(_GZIP_OR_ZLIB), False
    for chunk in chunks:
        rest = chunk
        while rest:
            try:
                piece = inflate.decompress(rest)
            except zlib.error as error:
                if begun:
                    msg = f"compressed body can't be read: {error}"
                    raise CutBody(msg) from error
                inflate, begun = zlib.decompressobj(-zlib.MAX_WBITS), True
                continue
            yield piece
            begun = True
            rest = inflate.unused_data.lstrip(b"\x00") if inflate.eof else b""
            if rest:
                inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
    if begun and not inflate.eof:
        msg = "compressed body ends before its trailer"
        raise CutBody(msg)
    yield inflate.flush()


def _decoded(response: requests.Response) -> Iterator[bytes]:
    """Return a body's bytes as they come, without compression and without the mark that some put before UTF-8."""
    pieces: Iterator[bytes] = response.raw.stream(CHUNK_BYTES, decode_content=False)
    words = re.split(r"[,\s]+", response.headers.get("Content-Encoding", "").lower())
    if not _COMPRESSED.isdisjoint(words):
        pieces = _inflated(pieces)
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= len(_MARK):
            break
    yield first.removeprefix(_MARK)
    yield from pieces


def _stored(pieces: Iterable[bytes]) -> tuple[IO[bytes], int, frozenset[bytes]]:
    """Write a body down.

    Returns:
        The open file, its length in bytes, and those of `characters.signs` that are in it.

    Raises:
        CutBody: If there is no room for it.
    """
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - a spool closes it
    seen: frozenset[bytes] = frozenset()
    try:
        for piece in pieces:
            file.write(piece)
            seen |= signs(piece)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in FULL:
            msg = f"no room for the answer: {error}; set TMPDIR to a folder with more"
            raise CutBody(msg) from error
        raise
    return cast("IO[bytes]", file), file.tell(), seen


@contextlib.contextmanager
def _whole(file: IO[bytes], size: int) -> Iterator[bytes | mmap]:
    """Return a file's content: read, or mapped if it is long."""
    file.seek(0)
    if size <= MEMORY_BYTES:
        yield file.read()
        return
    with mmap(file.fileno(), 0, access=ACCESS_READ) as body:
        yield body


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        file.close()


class Spool:
    """The whole body of one answer, decoded, readable as often as wanted.

    Args:
        source: An open file of decoded bytes; the spool owns it from now on.
        size: Its length in bytes.
        seen: Those of `characters.signs` that are in it.
        framed: Whether its length was declared, at once or piece by piece: a cut would have been noticed.
    """

    def __init__(
        self,
        source: IO[bytes],
        size: int,
        seen: frozenset[bytes] = frozenset(),
        *,
        framed: bool = True,
    ) -> None:
        self.framed = framed
        self.replaced = 0
        """How many characters that no database holds became U+FFFD."""
        self._hold(source, size, seen)

    def _hold(self, source: IO[bytes], size: int, seen: frozenset[bytes] | None) -> None:
        self._file, self.size, self._seen = source, size, seen
        # A judged and dropped answer gives its room back too, even when it ends in a cycle with the
        # error that it caused: there a file's own destructor may come first, and warn.
        weakref.finalize(self, _close, source).atexit = False

    @classmethod
    def of(cls, body: bytes) -> "Spool":
        """Return a spool of bytes that are at hand."""
        return cls(*_stored([body.removeprefix(_MARK)]))

    @classmethod
    def drain(cls, response: requests.Response) -> "Spool":
        """Read a streamed answer to its end.

        Raises:
            CutBody: If it is shorter than declared or its compression is not closed.
        """
        framed = "Content-Length" in response.headers or bool(response.raw.chunked)
        try:
            found = cls(*_stored(_decoded(response)), framed=framed)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            msg = f"body cut off ({type(error).__name__})"
            raise CutBody(msg) from error
        found.recode(response.headers.get("Content-Type", ""))
        return found

    def recode(self, content_type: str) -> None:
        """Write the body anew in UTF-8 if it declares another encoding, and is in it.

        Args:
            content_type: The header.
        """
        self._file.seek(0)
        encoding = encodings.declared(content_type, self._file.read(_HEAD_BYTES))
        # Latin-1 is declared by many servers that send UTF-8.
        if encoding is None or (not encodings.is_wide(encoding) and encodings.is_utf8(self._raw())):
            return
        try:
            stored = _stored(encodings.recoded(self._raw(), encoding))
        except UnicodeDecodeError:
            return
        self._file.close()
        self._hold(*stored)

    def _raw(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Return the body as it stands there, piece by piece."""
        self._file.seek(0)
        while piece := self._file.read(size):
            yield piece

    def encoding_error(self) -> str | None:
        """Return what is wrong with the encoding of a text; None if nothing is.

        Of a long one, whoever reads it says so. XML says itself how it is encoded.
        """
        if self.size > MEMORY_BYTES or self.excerpt(_HEAD_BYTES).lstrip()[:1] == b"<":
            return None
        return encodings.fault(self.read())

    def open(self) -> IO[bytes]:
        """Return the body from its beginning. One reader at a time."""
        self.clean()
        self._file.seek(0)
        return self._file

    def clean(self) -> None:
        """Replace the characters that no database holds and some readers refuse; looked for once.

        Nearly always there are none: then nothing is copied.
        """
        seen, self._seen = self._seen, None
        if seen is None:
            return
        self._file.seek(0)
        spelt = spelling(self._file.read(_HEAD_BYTES))
        if spelt is None or (spelt.probes and not seen):
            return
        with _whole(self._file, self.size) as body:
            if not may_be_odd(body, seen, spelt):
                return
            pieces, count = cleaned(body, spelt)
            file, size, _ = _stored(pieces)
        self.replaced = count()
        self._file.close()
        self._hold(file, size, None)

    def read(self) -> bytes:
        """Return the whole body; for bodies known to be small."""
        return self.open().read()

    def excerpt(self, length: int = _EXCERPT_BYTES) -> bytes:
        """Return the body's beginning."""
        return self.open().read(length)

    def chunks(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the body piece by piece."""
        self.clean()
        yield from self._raw(size)

    def line_blocks(self, size: int) -> Iterator[bytes]:
        """Yield the body in blocks of whole lines; the last line may lack its break.

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
        """Return the body's end."""
        file = self.open()
        file.seek(max(0, self.size - length))
        return file.read()

    def last_line(self) -> str | None:
        """Return the last line that is not empty; None if it is very long."""
        _, broken, last = self.tail(CHUNK_BYTES).rstrip(b"\r\n").rpartition(b"\n")
        return last.decode("utf-8", "replace") if broken or self.size <= CHUNK_BYTES else None

    def check_json_whole(self) -> None:
        """Check that a JSON document is whole: cheaply, nothing of it is built.

        A long one whose length was declared, so that a cut would have been noticed, is only looked at where
        it ends: as objects and arrays do.

        Raises:
            CutBody: If it is not.
        """
        if self.size > MEMORY_BYTES and self.framed:
            if not self.tail(256).rstrip().endswith(_JSON_ENDS):
                msg = "JSON body ends in the middle"
                raise CutBody(msg)
            return
        try:
            with _whole(self.open(), self.size) as document:
                _skim(document)
        except msgspec.DecodeError as error:
            msg = f"JSON body can't be read to its end ({error}{self._near(str(error))})"
            raise CutBody(msg) from error

    def _near(self, message: str) -> str:
        """Return what stands where a decoder stopped: `NaN`, say, which is no JSON."""
        found = _BYTE.search(message)
        if found is None:
            return ""
        file = self.open()
        file.seek(int(found[1]))
        return f": {file.read(_SHOWN_BYTES)!r}"

    def close(self) -> None:
        """Release the memory or the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use as a context: closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
