"""The SDK's own suite of tests, on this tap against the sandbox."""

import pytest

from adtap_sandbox.server import shared_server
from tap_terminalone.tap import TapTerminalOne
from tests import logins
from tests.sdk_suite import sdk_suite

CONFIG = logins.TERMINALONE.config(shared_server().url, start_date="2026-03-15")
Suite = sdk_suite(TapTerminalOne, CONFIG)


# A column may be null in the few rows that the SDK reads; that none stays empty is tested in test_loaded.
@pytest.mark.filterwarnings("ignore:No records were available to test")
class TestTapTerminalOne(Suite):
    """All of it, current generation."""
