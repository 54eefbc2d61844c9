"""A session that has ended is told from one that is refused."""

import threading

from adtap_core.http.sessions import Sessions


def begun() -> Sessions:
    """Sessions of which one was got."""
    sessions = Sessions()
    sessions.newest = 1
    return sessions


def test_a_session_that_was_never_good_is_refused():
    """Nobody else is on the way with it: there is nothing to wait for."""
    assert not begun().has_ended(1, 60)


def test_a_session_that_was_good_has_ended():
    """Another request was answered with it."""
    sessions = begun()
    with sessions.using(1):
        sessions.was_good(1)
    assert sessions.has_ended(1, 60)


def test_a_session_that_was_replaced_has_ended():
    """Somebody has logged in anew: the refusal came late."""
    sessions = begun()
    sessions.newest = 2
    assert sessions.has_ended(1, 60)
    assert not sessions.has_ended(2, 60)


def test_the_answers_that_are_on_their_way_are_waited_for():
    """The refusal of one request may come before the good answer of another."""
    sessions = begun()
    found: list[bool] = []
    with sessions.using(1):
        asks = threading.Thread(target=lambda: found.append(sessions.has_ended(1, 60)))
        asks.start()
        sessions.was_good(1)
    asks.join(60)
    assert found == [True]
