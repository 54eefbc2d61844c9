"""Characters that no database holds, out of bodies before they are read: U+0000 and half a surrogate pair.

Postgres refuses a whole batch for one of them, a JSON decoder a whole list, and an XML parser a whole page. They
become U+FFFD and the row is kept. How they are spelt depends on what the body is:

    JSON        an escape with four hex digits (of a surrogate, without its other half), or the bytes themselves
    XML         a reference (`&#0;`, `&#xD83D;`), or the bytes; other control characters are no XML either
    all else    the bytes themselves
"""

import mmap
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from adtap_core.formatting import count

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_PARQUET: Final = b"PAR1"
_RAW: Final = REPLACEMENT.encode()
_ESCAPED: Final = rb"\ufffd"
# Half a pair, and a whole one, as UTF-8 would spell them, if it could.
_ODD_BYTES: Final = rb"\x00|(?:\xed[\xa0-\xbf][\x80-\xbf])+"
_IN_TABLE: Final = re.compile(_ODD_BYTES)
# An escape counts if an even number of backslashes stands before it; a whole pair is left alone.
_IN_JSON: Final = re.compile(
    rb"(?<!\\)(?P<before>(?:\\\\)*+)(?:"
    rb"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<odd>\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})))|" + _ODD_BYTES
)
_IN_XML: Final = re.compile(
    rb"(?:&#(?:[0-9]+|x[0-9a-fA-F]+);)+|[\x01-\x08\x0b\x0c\x0e-\x1f]|" + _ODD_BYTES
)
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_ODD_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
_SIGNS: Final = (b"\x00", b"\xed", b"\\")
_XML_WHITE: Final = frozenset({0x09, 0x0A, 0x0D})
_FIRST_ALLOWED, _LAST_ALLOWED = 0x20, 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
Body = bytes | mmap.mmap
Replacement = Callable[[re.Match[bytes]], tuple[bytes, int]]


class Spelling(NamedTuple):
    """How odd characters are spelt in one kind of body.

    Args:
        pattern: Finds them, and what looks like them.
        replacement: Returns what stands for a match, and how many characters that replaced.
        probes: One byte that must be there, and what it must be a part of; none: every body is looked through.
    """

    pattern: re.Pattern[bytes]
    replacement: Replacement
    probes: Mapping[bytes, re.Pattern[bytes]]


def signs(data: bytes) -> frozenset[bytes]:
    """Return the bytes of some data without which nothing in a JSON or separated text can be odd.

    One byte is looked for at the speed of memory: nearly every body is done with that.
    """
    return frozenset(sign for sign in _SIGNS if sign in data)


def spelling(head: bytes) -> Spelling | None:
    """Return how odd characters are spelt in a body; None if it is no text.

    Args:
        head: Its first 64 bytes or so.
    """
    if head.startswith(_PARQUET):
        return None
    first = head.lstrip()[:1]
    if first in {b"{", b"["}:
        return _JSON
    return _XML if first == b"<" else _TABLE


def may_be_odd(data: Body, seen: frozenset[bytes], spelt: Spelling) -> bool:
    """Check whether a body may hold such a character.

    Args:
        data: The whole body.
        seen: The signs in it.
        spelt: How they are spelt in it.
    """
    if not spelt.probes:
        return spelt.pattern.search(data) is not None
    return any(
        probe.search(data) is not None for sign, probe in spelt.probes.items() if sign in seen
    )


def cleaned(data: Body, spelt: Spelling) -> tuple[Iterator[bytes], Callable[[], int]]:
    """Return a body without such characters, piece by piece, and what then tells how many there were.

    Args:
        data: The body, in pieces.
        spelt: How its format spells characters.

    Returns:
        The pieces, to be read once, and a function that gives the count when all of them are.
    """
    found = 0

    def pieces() -> Iterator[bytes]:
        nonlocal found
        at = 0
        for match in spelt.pattern.finditer(data):
            made, odd = spelt.replacement(match)
            found += odd
            yield data[at : match.start()] + made
            at = match.end()
        yield data[at:]

    return pieces(), lambda: found


def _json_replacement(match: re.Match[bytes]) -> tuple[bytes, int]:
    if match["pair"] is not None:
        return match[0], 0
    if match["odd"] is not None:
        return match["before"] + _ESCAPED, 1
    return _raw_replacement(match[0])


def _raw_replacement(odd: bytes) -> tuple[bytes, int]:
    """Return what stands for odd bytes: surrogates side by side may be whole pairs, which some write like that."""
    if odd == b"\x00":
        return _RAW, 1
    text = odd.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    whole = text.decode("utf-16", "replace")
    return whole.encode(), whole.count(REPLACEMENT)


def _xml_replacement(match: re.Match[bytes]) -> tuple[bytes, int]:
    if match[0][:1] != b"&":
        return (_RAW, 1) if len(match[0]) == 1 else _raw_replacement(match[0])
    numbers = [int(h, 16) if h else int(d) for h, d in _REFERENCE.findall(match[0])]
    if all(map(_is_xml, numbers)):
        return match[0], 0
    units = b"".join(
        chr(n if n in _SURROGATES or _is_xml(n) else ord(REPLACEMENT)).encode(
            "utf-16-le", "surrogatepass"
        )
        for n in numbers
    )
    text = units.decode("utf-16-le", "replace")
    # What means something in XML stays a reference.
    return "".join(f"&#{ord(c)};" for c in text).encode(), text.count(REPLACEMENT)


def _is_xml(number: int) -> bool:
    """Check whether a number is a character that XML 1.0 allows."""
    if number in _SURROGATES or number in {0xFFFE, 0xFFFF}:
        return False
    return number in _XML_WHITE or _FIRST_ALLOWED <= number <= _LAST_ALLOWED


_RAW_PROBES: Final = {b"\x00": re.compile(rb"\x00"), b"\xed": re.compile(rb"\xed[\xa0-\xbf]")}
_TABLE: Final = Spelling(_IN_TABLE, lambda match: _raw_replacement(match[0]), _RAW_PROBES)
_JSON: Final = Spelling(
    _IN_JSON,
    _json_replacement,
    {**_RAW_PROBES, b"\\": re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")},
)
_XML: Final = Spelling(_IN_XML, _xml_replacement, {})


def clean_text(text: str | bytes) -> tuple[str, int]:
    """Return a text without such characters, and how many there were.

    Args:
        text: Decoded, or as UTF-8 with halves of surrogate pairs in it.

    Returns:
        The text, and the count.

    Raises:
        UnicodeDecodeError: If bytes are no UTF-8 even so.
    """
    if isinstance(text, bytes):
        pieces, count = cleaned(text, _TABLE)
        return b"".join(pieces).decode(), count()
    if "\x00" not in text and text.isprintable():
        return text, 0
    return _ODD_TEXT.subn(REPLACEMENT, text)


def said(number: int) -> str:
    """Return what is said of replaced characters, for the log and the ledger."""
    return f"{count(number, 'character')} that no database holds (U+0000, half a surrogate pair) became U+FFFD"
