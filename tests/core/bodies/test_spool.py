"""A response body on its way to the parser: whole, or known to be cut."""

import errno
import gzip
import io
import json
import zlib
from collections.abc import Iterator

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies import spool
from adtap_core.bodies.spool import CutBody, Spool

JSON_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps({"rows": value}).encode())


def answer(body: bytes, **headers: str) -> requests.Response:
    """Return a streamed answer with this body on the wire."""
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(body), headers, preload_content=False)
    response.headers.update({k.replace("_", "-"): v for k, v in headers.items()})
    return response


def raw_deflate(body: bytes) -> bytes:
    """Compress without a head, as some servers do under the name `deflate`."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, zlib.compress, raw_deflate, lambda b: gzip.compress(b[:9]) + gzip.compress(b[9:])],
    ids=["gzip", "zlib", "raw deflate", "two members"],
)  # fmt: skip
@given(body=st.text("abcxyz0123456789,;\n", min_size=20, max_size=300).map(str.encode))
def test_what_was_compressed_comes_back_and_a_cut_shows_wherever_it_falls(pack, body):
    """The trailer tells; a body that merely stopped would be fewer rows under exit 0."""
    packed = pack(body)
    assert Spool.drain(answer(packed, Content_Encoding="gzip")).read() == body
    ends = {len(gzip.compress(body[:9]))} if packed.count(b"\x1f\x8b\x08\x00") > 1 else set()
    for cut in {1, 2, 3, len(packed) // 2, len(packed) - 1} - ends:
        with pytest.raises(CutBody):
            Spool.drain(answer(packed[:cut], Content_Encoding="gzip"))


@pytest.mark.parametrize("words", ["GZIP", "aws-chunked,gzip", "gzip, UTF-8", "identity , x-gzip"])
def test_compression_is_heard_among_other_words(words):
    """Stores of files say how a file came to them, too."""
    assert (
        Spool.drain(answer(gzip.compress(b"day,clicks\n"), Content_Encoding=words)).read()
        == b"day,clicks\n"
    )


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_the_mark_before_utf_8_is_no_part_of_the_first_field(monkeypatch, size):
    """Even if it comes in pieces."""
    monkeypatch.setattr(spool, "CHUNK_BYTES", size)
    assert Spool.drain(answer(b"\xef\xbb\xbfday,clicks\n")).read() == b"day,clicks\n"
    assert Spool.drain(answer(b"\xef\xbb")).read() == b"\xef\xbb"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "set TMPDIR to a folder with more"),
        (OSError(errno.ECONNRESET, "Connection reset"), "body cut off (ConnectionResetError)"),
        (urllib3.exceptions.IncompleteRead(5, 7), "body cut off (IncompleteRead)"),
    ],
    ids=["disk full", "reset", "too short"],
)
def test_a_body_that_does_not_come_is_said(error, words):
    """A full disk is ours to mend, all else the connection's."""

    def stream(*_: object, **__: object) -> Iterator[bytes]:
        yield b"day,"
        raise error

    response = answer(b"")
    response.raw.stream = stream
    with pytest.raises(CutBody) as cut:
        Spool.drain(response)
    assert words in str(cut.value)


@given(body=JSON_BODIES, data=st.data())
def test_a_json_document_is_whole_only_to_its_last_byte(body, data):
    """Wherever it is cut."""
    Spool.of(body).check_json_whole()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(CutBody, match="can't be read to its end"):
        Spool.of(body[:cut]).check_json_whole()


def test_a_long_document_whose_length_was_declared_is_looked_at_where_it_ends(monkeypatch):
    """A cut in its length would have been noticed; one whose length nobody declared is read through."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 10)
    Spool.of(b'{"rows": [1 2 3]}\n').check_json_whole()
    with pytest.raises(CutBody, match="ends in the middle"):
        Spool.of(b'{"rows": [1, 2, 3').check_json_whole()
    unframed = Spool.of(b'{"rows": [1 2 3]}')
    unframed.framed = False
    with pytest.raises(CutBody):
        unframed.check_json_whole()


def test_where_json_can_not_be_read_on_is_shown():
    """`NaN` is no JSON, and people would look for a cut."""
    with pytest.raises(CutBody, match=r"b'NaN\}"):
        Spool.of(b'{"spend": NaN}').check_json_whole()


@given(
    lines=st.lists(st.text("ab,\r ", max_size=9).map(str.encode), max_size=9),
    broken=st.booleans(),
    size=st.integers(1, 20),
)
def test_blocks_of_lines_are_the_body_cut_at_line_breaks(lines, broken, size):
    """Nothing is lost between two blocks, and no line is torn."""
    body = b"x" + b"\n".join(lines) + (b"\n" if broken else b"")
    blocks = list(Spool.of(body).line_blocks(size))
    assert b"".join(blocks) == body
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert all(blocks)


@pytest.mark.parametrize(
    ("body", "last"),
    [(b"a\nb\n\r\n", "b"), (b"a", "a"), (b"a\nb\xff", "b\ufffd"), (b"", "")],
)
def test_the_last_line_is_the_last_that_is_not_empty(body, last):
    """Where a footer says how many rows there were."""
    assert Spool.of(body).last_line() == last


def test_a_very_long_last_line_is_not_searched_for(monkeypatch):
    """A document in one line has none."""
    monkeypatch.setattr(spool, "CHUNK_BYTES", 10)
    assert Spool.of(b"x" * 11).last_line() is None
    assert Spool.of(b"x" * 11 + b"\nend").last_line() == "end"


def test_a_body_can_be_read_as_often_as_wanted():
    """To be judged first, and for its rows then."""
    with Spool.of(b"one two") as body:
        assert [body.excerpt(3), body.tail(3), body.read(), b"".join(body.chunks(2))] == [
            b"one",
            b"two",
            b"one two",
            b"one two",
        ]
