"""The streaming answer: a cut is noticed wherever it falls, and every row comes out as it went in."""

import json
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adtap_core.bodies.characters import REPLACEMENT
from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse
from adtap_core.rows.records import ConversionError, decimal_text, kept
from adtap_core.windows import Grain
from tap_terminalone import lines
from tap_terminalone.lines import stream_error, table

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "agg_timestamp": st.just("2026-03-01T00:00:00Z"),
            "name": st.text(
                st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6
            )
            | st.sampled_from(['{"meta":', "a\nb", "\u2028", "}"]),
            "spend": st.integers(0, 10**20).map(lambda n: f"{n}.{n}"),
        }
    ),
    max_size=20,
)

FIELDS = ("agg_timestamp", "spend", "name")


def body(found, *, sign_every=3):
    """The answer that holds these rows."""
    text = [json.dumps({"fields": [{"name": f} for f in FIELDS], "total_items_count": len(found)})]
    for at, row in enumerate(found):
        text.append(json.dumps(row, ensure_ascii=False))
        if at % sign_every == 0:
            text.append('{"meta": {}}')
    return "".join(f"{line}\n" for line in text).encode()


@example(
    found=[{"agg_timestamp": "2026-03-01T00:00:00Z", "name": "a\0b\\u0000", "spend": "1.0"}],
    block=7,
)
@given(found=ROWS, block=st.sampled_from([7, 64, 10**6]))
def test_every_row_comes_out_as_it_went_in(found, block):
    """Whatever stands in the names, and wherever the blocks are cut; U+0000, which no database holds, is replaced."""
    with pytest.MonkeyPatch.context() as patch, Spool.of(body(found)) as spool:
        patch.setattr(lines, "_BLOCK_BYTES", block)
        assert stream_error(spool) is None
        expected = [(*(r[f].replace("\0", REPLACEMENT) for f in FIELDS), None) for r in found]
        assert list(map(tuple, table(spool, FIELDS).rows)) == expected


@given(found=ROWS.filter(bool), data=st.data())
def test_a_cut_is_noticed_wherever_it_falls(found, data):
    """Only the last row's end may be missing, its line break, or a sign of life behind it."""
    whole = body(found)
    at = data.draw(st.integers(0, len(whole) - 1))
    with Spool.of(whole[:at]) as spool:
        rest = whole[at:].decode("utf-8", "replace")
        harmless = "".join(rest.split()) in {"", '{"meta":{}}'}
        assert (stream_error(spool) is None) == harmless


def test_the_head_is_no_sign_of_life():
    """Whatever stands first in it: the rows behind it are counted all the same."""
    with Spool.of(
        b'{"meta": {"status": "ok"}, "fields": ["spend"], "total_items_count": 1}\n{"spend": 1}\n'
    ) as spool:
        assert stream_error(spool) is None
        assert [row[0] for row in table(spool, ("spend",)).rows] == [1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ('{"results": []}\n', "does not begin"),
        ('{"fields": [], "total_items_count": 1}\n', "0 rows of 1"),
        ('{"fields": [], "error_code": "Internal", "message": "oh"}\n', "Internal: oh"),
        ('{"fields": [], "meta": {"status": "failed"}}\n', "failed"),
        ('{"fields": []}\n{"meta": {"status": "ERROR", "message": "oh"}}\n', "oh"),
        ('{"fields": []}\n{"meta": {"error_code": "Internal"}}\n', "Internal"),
        ('{"fields": []}\n{"meta": {\n', "can't be read"),
        ('{"fields": []}\n{"spend": NaN}\n', "can't be read: b'{\"spend\": NaN}'"),
        ('{"fields": []}\n{"spend": 1', "ends in the middle of a row"),
    ],
)
def test_a_fault_is_told_in_words(text, words):
    """Each way to be no good answer has its own words."""
    with Spool.of(text.encode()) as spool:
        error = stream_error(spool)
    assert error is not None
    assert words in error.words


@pytest.mark.parametrize(
    "meta",
    [
        {"status": "running"},
        {"status": "In Progress", "message": "still at it"},
        {"status": "OK", "error": None, "errors": []},
        {"progress": 0.5},
        None,
    ],
)
def test_a_sign_of_life_is_no_fault(meta):
    """As long as it holds no error; how many rows there are is held against the head all the same."""
    lines = [{"fields": [], "total_items_count": 2}, {"spend": 1}, {"meta": meta}, {"spend": 2}]
    text = "\n".join(map(json.dumps, lines))
    with Spool.of(text.encode()) as spool:
        assert stream_error(spool) is None


AMOUNTS = (
    st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.integers(-(10**25), 10**25).map(str)
    | st.sampled_from(
        ["null", "0", "0.10", "-0.0", "1e-7", "2.5E3", "true", '"12.50"', '"N/A"', '""', "[1.5]"]
    )
)
PARTS = st.lists(
    st.fixed_dictionaries(
        {"spend": AMOUNTS, "clicks": st.sampled_from(["0", "7", "7.0", "null", '"7"', "1e2"])},
        optional={"more": AMOUNTS, "spen": AMOUNTS, '"clicks': st.just("1")},
    ),
    min_size=1,
    max_size=6,
)


def as_column(value):
    """A value of a column of decimals, or why it is none and what is kept of it."""
    try:
        return None if value is None else decimal_text(value)
    except ConversionError as error:
        return ("unfit", error.instead, kept(value))


def read(rows, amounts):
    """The rows of lines that hold these numbers as they are spelt, or the error that they give."""
    lines_of = ("{" + ", ".join(f'"{n}": {v}' for n, v in row.items()) + "}" for row in rows)
    with Spool.of("\n".join(['{"fields": []}', *lines_of, ""]).encode()) as spool:
        found = table(spool, ("clicks", "spend"), amounts=amounts)
        try:
            made = [(c, type(c), as_column(a), others) for c, a, others in found.rows]
        except MalformedResponse as error:
            return str(error)
        return made, sorted(found.seen)


@example(rows=[{"clicks": "7", "spend": "1.50"}, {"clicks": "0", "spend": '"12.50"'}])
@example(rows=[{"clicks": "7", "spend": "0"}, {"clicks": "null", "spend": "12345678901234.123"}])
@example(rows=[{"clicks": "7", "spend": "1.5"}, {"spend": "2.5"}])
@given(rows=PARTS)
def test_an_amount_that_is_taken_as_it_stands_is_the_same_amount(rows):
    """Whatever else stands in the block: digits, what does not fit, other names, errors."""
    assert read(rows, {"spend"}) == read(rows, ())


def test_plain_amounts_become_no_decimals():
    """That is what it is for: they are texts from the start."""
    text = '{"fields": []}\n{"clicks": 7, "spend": 1.50}\n{"clicks": 8, "spend": 2}\n'
    with Spool.of(text.encode()) as spool:
        rows = table(spool, ("clicks", "spend"), amounts={"spend"}).rows
        assert list(map(tuple, rows)) == [(7, "1.50", None), (8, 2, None)]


def test_decimals_keep_their_digits():
    """Money never passes a float."""
    text = (
        '{"fields": [{"name": "agg_timestamp"}], "total_items_count": 1}\n'
        '{"agg_timestamp": "2026-03-01T00:00:00Z", "spend": 0.30000000000000000001}\n'
    )
    with Spool.of(text.encode()) as spool:
        (row,) = table(spool, ("agg_timestamp", "spend")).rows
    assert tuple(row) == ("2026-03-01T00:00:00Z", Decimal("0.30000000000000000001"), None)


def test_the_bucket_at_the_end_is_left_out_and_counted():
    """Nothing says whether the end that was asked for belongs to the answer; however it is spelt."""
    text = (
        '{"fields": [{"name": "agg_timestamp"}]}\n'
        '{"agg_timestamp": "2026-03-01T00:00:00Z", "spend": 1}\n'
        '{"agg_timestamp": "2026-03-02T00:00:00Z", "spend": 2}\n'
        '{"agg_timestamp": "2026-03-02T02:00:00+02:00", "spend": 3}\n'
        '{"agg_timestamp": "2026-03-03T00:00:00Z", "spend": 4}\n'
    )
    with Spool.of(text.encode()) as spool:
        found = table(spool, ("agg_timestamp", "spend"), datetime(2026, 3, 2))
        assert [row[1] for row in found.rows] == [1, 4]
    assert found.beside() == 2


def test_a_day_at_the_end_is_left_out_whatever_zone_it_is_spelt_in():
    """A day in a campaign's own zone is its date: midnight in Sydney is the same day's row as midnight in UTC."""
    text = (
        '{"fields": [{"name": "agg_timestamp"}]}\n'
        '{"agg_timestamp": "2026-03-01T00:00:00+11:00", "spend": 1}\n'
        '{"agg_timestamp": "2026-03-02T00:00:00+11:00", "spend": 2}\n'
        '{"agg_timestamp": "2026-03-02T00:00:00-10:00", "spend": 3}\n'
    )
    with Spool.of(text.encode()) as spool:
        found = table(spool, ("agg_timestamp", "spend"), datetime(2026, 3, 2), Grain.DAY)
        assert [row[1] for row in found.rows] == [1]
    assert found.beside() == 2


def test_names_in_other_letters_and_names_in_no_row():
    """The head says how fields are spelt; a field that stands in no row is known to."""
    text = '{"fields": [{"name": "Agg_Timestamp"}, {"name": "SPEND"}]}\n{"Agg_Timestamp": "x", "SPEND": 1}\n'
    with Spool.of(text.encode()) as spool:
        found = table(spool, ("agg_timestamp", "spend", "clicks"))
        assert list(map(tuple, found.rows)) == [("x", 1, None, None)]
    assert set(found.seen) == {"agg_timestamp", "spend"}


def test_a_damaged_name_is_no_null():
    """A letter lost, doubled or moved: the value must not vanish."""
    good = '{"fields": [{"name": "agg_timestamp"}]}\n{"agg_timestamp": "x", "spend": 1}\n'
    for bad in ("spnd", "spendd", "spedn", "agg_timestmap"):
        name = "spend" if bad.startswith("sp") else "agg_timestamp"
        text = good + '{"agg_timestamp": "y", "spend": 2}\n'.replace(name, bad)
        with Spool.of(text.encode()) as spool, pytest.raises(MalformedResponse, match=bad):
            list(table(spool, ("agg_timestamp", "spend")).rows)


@pytest.mark.parametrize("place", ["head", "last"])
def test_a_line_that_is_no_utf_8_is_an_answer_that_can_not_be_read(place):
    """A byte was damaged on the way: the answer is requested again, where a crash would end the stream."""
    head = (
        b'{"fields": ["na\xc3me"], "total_items_count": 1}'
        if place == "head"
        else b'{"fields": [], "total_items_count": 1}'
    )
    found = stream_error(Spool.of(head + b'\n{"name": "\xc3nder", "count": "0"}\n'))
    assert found is not None
    assert not found.is_cut
    assert ("does not begin with its fields" if place == "head" else "can't be read") in found.words
