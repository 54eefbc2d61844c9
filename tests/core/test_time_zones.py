"""Time zones: the newer of the machine's database and the package's decides."""

import os
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adtap_core import time_zones
from adtap_core.time_zones import machine_version, time_zone
from adtap_core.windows import Interval, Zone, _zone_info, midnight
from tap_terminalone.hours import instant

BERLIN, VANCOUVER = "Europe/Berlin", "America/Vancouver"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""13:00 in Berlin, 4:00 in Vancouver."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine whose database takes Vancouver's clocks for Berlin's, so it shows whose rules are used."""
    monkeypatch.delenv("PYTHONTZPATH", raising=False)
    (tmp_path / "America").mkdir()
    rules = files("tzdata").joinpath("zoneinfo", *BERLIN.split("/")).read_bytes()
    (tmp_path / VANCOUVER).write_bytes(rules)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path])
    forget()
    yield tmp_path
    zoneinfo.reset_tzpath(before)
    forget()


def forget() -> None:
    ZoneInfo.clear_cache()
    _zone_info.cache_clear()
    time_zones._package_is_newer.cache_clear()


@pytest.mark.parametrize(
    ("name", "text", "version", "hour"),
    [
        ("tzdata.zi", "# version 2024b\n# redo\n", "2024b", 4),
        ("+VERSION", "2024b\n", "2024b", 4),
        ("tzdata.zi", "# version 2999a\n", "2999a", 13),
        ("other", "", "", 4),
    ],
)
def test_the_newer_database_counts(
    machine: Path, name: str, text: str, version: str, hour: int
) -> None:
    (machine / name).write_text(text)

    assert machine_version() == version
    assert Zone(VANCOUVER).local(NOON).hour == hour


def test_campaigns_of_terminalone_are_read_by_the_same_rules(machine: Path) -> None:
    (machine / "tzdata.zi").write_text("# version 2024b\n")

    day = Interval(midnight(date(2026, 3, 2)), midnight(date(2026, 3, 3)))

    assert instant("2026-03-02T04:00:00", VANCOUVER, day, day) == "2026-03-02T12:00:00Z"


def test_a_database_that_the_user_names_counts(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "tzdata.zi").write_text("# version 2024b\n")
    monkeypatch.setenv("PYTHONTZPATH", os.fspath(machine))

    assert Zone(VANCOUVER).local(NOON).hour == 13  # as the user wants it


@pytest.mark.parametrize(
    "name", ["America", "Nowhere/Land", "../Europe/Berlin", "/etc/localtime", ""]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        Zone(name)


def test_a_zone_has_the_rules_of_this_year() -> None:
    """British Columbia keeps its summer clocks from 2026 on (tzdata 2026a and newer)."""
    assert time_zone(VANCOUVER).utcoffset(datetime(2026, 12, 15)) == -timedelta(hours=7)
