"""The SDK's own suite of tests, on this tap against the sandbox."""

from collections.abc import Iterator

import pytest

from adtap_sandbox.server import shared_server
from tap_terminalone.client import TerminalOne
from tap_terminalone.tap import TapTerminalOne
from tests import logins
from tests.sdk_suite import sdk_suite

CONFIG = logins.TERMINALONE.config(shared_server().url, start_date="2026-03-15")
Suite = sdk_suite(TapTerminalOne, CONFIG)


@pytest.fixture(scope="class")
def at_any_rate() -> Iterator[None]:
    """How fast the platform may be asked has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TerminalOne, "per_second", None)
        yield


# A column may be null in the few rows that the SDK reads; that none stays empty is tested in test_loaded.
@pytest.mark.filterwarnings("ignore:No records were available to test")
@pytest.mark.usefixtures("at_any_rate")
class TestTapTerminalOne(Suite):
    """All of it, current generation."""
