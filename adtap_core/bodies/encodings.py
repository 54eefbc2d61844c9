"""The encoding of an answer: UTF-8, or what its mark or its `charset` declares; all that reads it reads UTF-8."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE: Final = ("utf-16", "utf-32")
_USUAL: Final = frozenset({"utf-8", "ascii"})
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LOOKED_AT: Final = 8
"""So many characters tell that every other byte of a text is null."""


def declared(content_type: str, head: bytes) -> str | None:
    """Return the encoding that a body declares; None if that is UTF-8, or nothing that is known.

    Args:
        content_type: The header. XML is left alone: it says itself how it is encoded.
        head: The body's first bytes.
    """
    if "xml" in content_type.lower():
        return None
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    found = _CHARSET.search(content_type)
    if found is None:
        return None
    try:
        "".encode(found[1])
        name = codecs.lookup(found[1]).name
    except (LookupError, UnicodeError):
        return None
    return None if name in _USUAL else name


def recoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Return a text of another encoding in UTF-8, piece by piece.

    Args:
        pieces: The body, in pieces.
        encoding: What it is written in.

    Raises:
        UnicodeDecodeError: If it is not in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def is_wide(encoding: str) -> bool:
    """Check whether an encoding takes two bytes or four for a letter: no text of it is UTF-8 as well."""
    return encoding.startswith(_WIDE)


def is_utf8(pieces: Iterable[bytes]) -> bool:
    """Check whether a text is UTF-8, whatever it declares."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def fault(body: bytes) -> str | None:
    """Return what is wrong with a text that should be UTF-8; None if nothing is.

    Args:
        body: All of it, without the characters that no database holds: U+FFFD stands for U+0000.
    """
    if not body.isascii():
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            before = body[max(0, error.start - 20) : error.start].decode("utf-8", "replace")
            return (
                f"the answer is not UTF-8, and declares no encoding in which it can be read (byte "
                f"0x{body[error.start]:02x} behind {before!r})"
            )
        halves = (text[:_LOOKED_AT:2], text[1:_LOOKED_AT:2])
        if len(text) >= _LOOKED_AT and any(
            set(half) == {"\N{REPLACEMENT CHARACTER}"} for half in halves
        ):
            return "the answer is not UTF-8 but UTF-16, and does not declare it"
    return None
