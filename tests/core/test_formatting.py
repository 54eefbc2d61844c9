"""Numbers with their nouns."""

import pytest

from adtap_core.formatting import count, spelt


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (1_234_567, "row", "1,234,567 rows"),
        (1, "retry", "1 retry"),
        (2, "retry", "2 retries"),
        (2, "entity", "2 entities"),
        (2, "query", "2 queries"),
        (3, "child", "3 children"),
        (2, "try", "2 tries"),
        (2, "day", "2 days"),
    ],
)
def test_a_number_stands_with_its_noun(number, noun, said):
    """As a person reads it: no `1 row(s)`, no `retrys`."""
    assert count(number, noun) == said
    assert spelt(number, noun) == said.split()[1]
