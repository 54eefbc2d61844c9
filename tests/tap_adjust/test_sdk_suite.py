"""The SDK's own suite of tests, on this tap against the sandbox."""

import pytest

from adtap_sandbox.server import shared_server
from tap_adjust.tap import TapAdjust
from tests import logins
from tests.sdk_suite import sdk_suite

CONFIG = logins.ADJUST.config(shared_server().url, start_date="2026-03-16", end_date="2026-03-17")
Suite = sdk_suite(TapAdjust, CONFIG, max_records_limit=100)


# A column may be null in the few rows that the SDK reads.
@pytest.mark.filterwarnings("ignore:No records were available to test")
class TestTapAdjust(Suite):
    """All of it."""
