"""The SDK's own suite of tests, on this tap against the sandbox."""

import pytest

from adtap_sandbox.server import shared_server
from tap_atomx.tap import TapAtomx
from tests import logins
from tests.sdk_suite import sdk_suite

CONFIG = logins.ATOMX.config(shared_server().url, start_date="2026-03-17")
# Nobody has stored or scheduled a report in the sandbox's account.
Suite = sdk_suite(TapAtomx, CONFIG, ignore_no_records_for_streams=["reports", "scheduled_reports"])


# `_extra` is null where the schema names all; that no other column stays empty is tested in test_lists.
@pytest.mark.filterwarnings("ignore:No records were available to test")
class TestTapAtomx(Suite):
    """All of it."""
