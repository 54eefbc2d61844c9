"""What a report asks for, as its settings and its state leave it."""

import logging


def test_a_start_in_the_future_is_said(room, caplog):
    """Nothing is read, and a line says why."""
    with caplog.at_level(logging.WARNING):
        got = room.run(start_date="2030-01-01")
    assert got.windows("by_day") == []
    assert "`start_date` lies in the future (2030-01-01)" in caplog.text
