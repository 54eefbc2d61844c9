"""Records as whole columns."""

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.rows.columns import Block, Same, distinct


@given(value=st.none() | st.integers() | st.text(), count=st.integers(0, 9), cut=st.slices(9))
def test_a_column_of_one_value_is_the_list_of_it(value, count, cut):
    """Whoever reads one can't tell, but for the room that it takes."""
    same, plain = Same(value, count), [value] * count
    assert list(same) == plain
    assert len(same) == count
    assert list(same[cut]) == plain[cut]
    assert distinct(same) == {value}
    for place in range(-count, count):
        assert same[place] == value


@given(rows=st.lists(st.tuples(st.integers(), st.text(max_size=3)), min_size=1, max_size=9), cut=st.integers(0, 12))  # fmt: skip
def test_the_first_records_of_a_block_are_the_first(rows, cut):
    """As a list of records would be cut; a column of one value too."""
    block = Block(
        {
            "id": [r[0] for r in rows],
            "account": Same("x", len(rows)),
            "name": [r[1] for r in rows],
        },
        len(rows),
    )
    records = [{"id": i, "account": "x", "name": n} for i, n in rows]
    assert list(block.dictionaries()) == records
    first = block.first(cut)
    assert first.count == min(cut, len(rows))
    assert list(first.dictionaries()) == records[:cut]
    assert [list(r) for r in first.dictionaries()] == [["id", "account", "name"]] * first.count


def test_different_values_of_a_list():
    """Each once."""
    assert distinct(["a", None, "a"]) == {"a", None}
