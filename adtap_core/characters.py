"""Characters that no database holds, out of bodies before they are read: U+0000 and half a surrogate pair.

Postgres refuses a whole batch for one of them, and a JSON decoder a whole list. They are replaced by U+FFFD, the
row is kept, and the log says once how many there were.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import Final

log = logging.getLogger("adtaps.characters")

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_RAW: Final = REPLACEMENT.encode()
_ESCAPED: Final = rb"\ufffd"
# An escape counts if an even number of backslashes stands before it; a whole pair is left alone.
_ODD_ESCAPE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)(?:"
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
# Half a pair as UTF-8 would spell it, if it could.
_ODD_BYTES: Final = re.compile(rb"\x00|\xed[\xa0-\xbf][\x80-\xbf]")
_ODD_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
LONGEST_ODD: Final = 64
"""Bytes that must be looked at together, so that nothing odd is cut in two."""
_said: Final = threading.Event()


def may_be_odd(data: bytes) -> bool:
    """Check quickly whether JSON text may hold such a character; nearly always it does not."""
    return b"\\u0000" in data or b"\\ud" in data or b"\\uD" in data or has_odd_bytes(data)


def has_odd_bytes(data: bytes) -> bool:
    """Check quickly whether text may hold such a character as it is."""
    return b"\x00" in data or (b"\xed" in data and _ODD_BYTES.search(data) is not None)


def clean_json(data: bytes) -> tuple[bytes, int]:
    """Return JSON text without such characters, and how many there were."""
    count = 0

    def replaced(match: re.Match[bytes]) -> bytes:
        nonlocal count
        if match[2] is not None:
            return match[0]
        count += 1
        return match[1] + _ESCAPED

    data = _ODD_ESCAPE.sub(replaced, data)
    data, raw = _ODD_BYTES.subn(_RAW, data)
    return data, count + raw


def clean_bytes(data: bytes) -> tuple[bytes, int]:
    """Return separated text without such characters, and how many there were."""
    return _ODD_BYTES.subn(_RAW, data)


def clean_text(text: str) -> str:
    """Return decoded text without such characters."""
    if "\x00" not in text and text.isprintable():
        return text
    made, count = _ODD_TEXT.subn(REPLACEMENT, text)
    if count:
        say(count)
    return made


def say(count: int) -> None:
    """Log that characters were replaced: the first time as a warning, later ones as information."""
    level = logging.INFO if _said.is_set() else logging.WARNING
    _said.set()
    log.log(
        level,
        "%d character%s that no database holds (U+0000, half a surrogate pair) replaced by U+FFFD",
        count,
        "" if count == 1 else "s",
    )
