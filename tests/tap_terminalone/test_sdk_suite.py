"""The SDK's own suite of tests, on this tap against the sandbox."""

from __future__ import annotations

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from adtap_sandbox import credentials
from adtap_sandbox.server import shared_server
from tap_terminalone.tap import TapTerminalOne
from tests.running import select

URL = f"{shared_server().url}/terminalone"
CONFIG = {
    "api_url": URL,
    "auth_url": URL,
    "username": credentials.USERNAME,
    "password": credentials.T1_PASSWORD,
    "client_id": credentials.T1_CLIENT_ID,
    "client_secret": credentials.T1_CLIENT_SECRET,
    "start_date": "2026-03-15",
}
NAMES = {
    s.name
    for s in TapTerminalOne(
        config=CONFIG, validate_config=False, setup_mapper=False
    ).streams.values()
}
Suite = get_tap_test_class(
    TapTerminalOne,
    config=CONFIG,
    parse_env_config=False,  # the suite runs at import: nothing of the developer's own may reach it
    # With every stream selected: the suite also reads those that nobody selects by default.
    catalog=select(TapTerminalOne, CONFIG, NAMES),
    suite_config=SuiteConfig(ignore_no_records=True),
)


@pytest.mark.usefixtures("clock")
class TestTapTerminalOne(Suite):
    """All of it, current generation."""

    @pytest.fixture(scope="class")
    @classmethod
    def clock(cls):
        """The tap lives on the sandbox's day."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ADTAPS_NOW", "2026-03-18T12:00:00+00:00")
            yield
