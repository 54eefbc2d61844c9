"""The SDK's own suite of tests, on this tap against the sandbox."""

from __future__ import annotations

import json

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from adtap_sandbox import credentials
from adtap_sandbox.server import shared_server
from tap_atomx.tap import TapAtomx

CONFIG = {
    "api_url": f"{shared_server().url}/atomx/v3",
    "email": credentials.EMAIL,
    "password": credentials.ATOMX_PASSWORD,
    "start_date": "2026-03-17",
}


def everything():
    """A catalog with every stream selected, those that are off by default too."""
    tap = TapAtomx(config=CONFIG, validate_config=False, setup_mapper=False)
    catalog = json.loads(tap.catalog_json_text)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    return catalog


Suite = get_tap_test_class(
    TapAtomx,
    config=CONFIG,
    parse_env_config=False,  # the suite runs at import: nothing of the developer's own may reach it
    catalog=everything(),
    # Nobody has stored or scheduled a report in the sandbox's account.
    suite_config=SuiteConfig(ignore_no_records_for_streams=["reports", "scheduled_reports"]),
)


# `_extra` is null where the schema names all; that no other column stays empty is tested in test_lists.
@pytest.mark.filterwarnings("ignore:No records were available to test")
@pytest.mark.usefixtures("clock")
class TestTapAtomx(Suite):
    """All of it."""

    @pytest.fixture(scope="class")
    @classmethod
    def clock(cls):
        """The tap lives on the sandbox's day."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ADTAPS_NOW", "2026-03-18T12:00:00+00:00")
            yield
