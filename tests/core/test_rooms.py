"""Each room of the core has a file of tests of its own name, in folders that mirror it."""

from pathlib import Path

import adtap_core

ROOMS = Path(adtap_core.__file__).parent
TESTS = Path(__file__).parent
WITHOUT: dict[str, str] = {}
"""Rooms that have none, by path, each with its reason. Files by subject, beside those of rooms, need no entry."""


def test_each_room_has_a_file_of_tests():
    """Who changes one knows where its claims stand, and where a new one belongs."""
    rooms = {
        path.relative_to(ROOMS) for path in ROOMS.rglob("*.py") if not path.stem.startswith("__")
    }
    missing = [
        f"adtap_core/{room} has no tests/core/{room.with_name(f'test_{room.name}')}"
        for room in sorted(rooms)
        if not (TESTS / room.with_name(f"test_{room.name}")).exists() and str(room) not in WITHOUT
    ]
    assert missing == []
    assert {*WITHOUT} <= {str(room) for room in rooms}


def test_folders_are_those_of_the_core():
    """And no other."""
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert [f for f in sorted(folders) if not (ROOMS / f).is_dir()] == []
