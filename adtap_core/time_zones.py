"""Time zones by the newer of two databases: the machine's, and the package tzdata.

Governments change clocks, and a database knows what was decided before it was made. `zoneinfo` takes the
machine's whenever there is one, however old: with Debian 12's of 2025 an account in Vancouver is an hour off
from November 2026 on.
"""

import os
import zoneinfo
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import tzdata

_VERSION_FILES = ("tzdata.zi", "+VERSION")
"""Where a machine's database tells its version: `# version 2025b` on Linux, `2025b` on macOS."""


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Where the user names a database by `PYTHONTZPATH`, that one counts.

    Args:
        name: Such as `Europe/Berlin`.

    Raises:
        ZoneInfoNotFoundError: If there is no such zone.
        ValueError: If it is no name of a zone.
        OSError: If the name is that of a folder of zones.
    """
    known = ZoneInfo(name)  # refuses what is no zone
    if not _package_is_newer():
        return known
    rules = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not rules.is_file():
        return known
    with rules.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def _package_is_newer() -> bool:
    return "PYTHONTZPATH" not in os.environ and machine_version() < tzdata.IANA_VERSION


def machine_version() -> str:
    """Return the version of the machine's database, such as `2025b`; empty if it tells none."""
    for folder in map(Path, zoneinfo.TZPATH):
        for name in _VERSION_FILES:
            try:
                with (folder / name).open(encoding="ascii") as file:
                    return file.readline().removeprefix("# version").strip()
            except (OSError, UnicodeDecodeError):
                continue
    return ""
