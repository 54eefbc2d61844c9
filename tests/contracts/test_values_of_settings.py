"""What each tap says of values that a setting can't have: one line for each fault, no traceback."""

import pytest

from adtap_core.errors import SettingsError
from adtap_core.settings import setting_of
from tap_adjust.tap import TapAdjust
from tap_atomx.tap import TapAtomx
from tap_openx.tap import TapOpenx
from tap_terminalone.tap import TapTerminalOne
from tests import logins

ADDRESS = "http://127.0.0.1:1"
TAPS = [
    pytest.param(tap, login.config(ADDRESS), id=name)
    for name, tap, login in (
        ("adjust", TapAdjust, logins.ADJUST),
        ("atomx", TapAtomx, logins.ATOMX),
        ("openx", TapOpenx, logins.OPENX),
        ("openx current", TapOpenx, logins.OPENX_CURRENT),
        ("terminalone", TapTerminalOne, logins.TERMINALONE),
        ("terminalone legacy", TapTerminalOne, logins.TERMINALONE_LEGACY),
    )
]


def lines_of(tap, config):
    """The lines that the settings are refused with."""
    try:
        tap(config=config, parse_env_config=False, validate_config=True)
    except SettingsError as error:
        return error.errors
    return []


@pytest.mark.parametrize(("tap", "config"), TAPS)
@pytest.mark.parametrize("value", ["", " ", "abc", -1, 1.5, True, [], [""]], ids=repr)
def test_any_value_of_any_setting_is_refused_in_one_line(tap, config, value):
    """Whatever a setting is given, it is taken or refused, once."""
    for setting in list(tap.config_jsonschema["properties"]):
        lines = lines_of(tap, {**config, setting: value})
        own = [line for line in lines if setting_of(line) == setting]
        assert len(own) <= 1, own


@pytest.mark.parametrize(("tap", "config"), [t for t in TAPS if "atomx" not in str(t.id)])
@pytest.mark.parametrize("value", ["", "abc"])
def test_of_a_time_zone_the_platforms_word_comes_first(tap, config, value):
    """That Berlin would be a time zone helps nobody where none, or only an offset, is taken."""
    (line,) = lines_of(tap, {**config, "time_zone": value})
    assert line.startswith(f"time_zone: {value!r} is not ")
    assert "Berlin" not in line


def test_an_empty_address_is_missing():
    """One line, which says that it is needed and for what."""
    config = logins.OPENX.config(ADDRESS, api_url="")
    assert lines_of(TapOpenx, config) == [
        "api_url is missing; it is required for `api_generation` legacy"
    ]
