"""Rows that a platform repeats with the same grain are told apart, and none is lost."""

import hashlib
from collections import Counter
from itertools import chain, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.rows import repeats as repeats_module
from adtap_core.rows.repeats import KEY_BYTES, Repeats


@given(
    blocks=st.lists(st.lists(st.integers(0, 400), max_size=30), max_size=12),
    in_order=st.booleans(),
    rows=st.sampled_from([1, 20, 100]),
    stretches=st.sampled_from([1, 2, 5]),
)
def test_repeats_are_counted_over_all_blocks(
    blocks: list[list[int]], in_order: bool, rows: int, stretches: int
) -> None:
    """As a plain counter does, within a block and from block to block, whether buckets come in their order or not."""
    repeats, plain = Repeats(), Counter[int]()
    if in_order:
        line = iter(sorted(chain.from_iterable(blocks)))
        blocks = [list(islice(line, len(block))) for block in blocks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats_module, "_STRETCH_ROWS", rows)
        patch.setattr(repeats_module, "_STRETCHES", stretches)
        _count_all(repeats, plain, blocks)


def _count_all(repeats: Repeats, plain: Counter[int], blocks: list[list[int]]) -> None:
    for block in blocks:
        expected = {}
        for place, number in enumerate(block):
            if plain[number]:
                expected[place] = plain[number]
            plain[number] += 1
        buckets = {str(n // 7) for n in block}
        assert repeats.among([_digest(b"%d" % n) for n in block], buckets) == expected


def _digest(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=16).digest()


def test_two_rows_that_share_half_a_digest_are_told_apart():
    """The first half of each counts: two that share it are told apart once more than needed, never taken for one."""
    repeats = Repeats()
    half = bytes(KEY_BYTES // 2)
    assert repeats.among([half + b"a" * 8, half + b"b" * 8], {"2026-03-01"}) == {1: 1}
