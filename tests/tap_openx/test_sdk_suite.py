"""The SDK's own suite of tests, on this tap against the sandbox."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from adtap_sandbox import credentials
from adtap_sandbox.server import shared_server
from tap_openx.streams import REPORTS
from tap_openx.tap import TapOpenx

NOW = "2026-03-18T12:00:00+00:00"
URL = f"{shared_server(None).url}/openx"
CONFIG = {
    "api_url": URL,
    "sso_url": URL,
    "email": credentials.EMAIL,
    "password": credentials.OPENX_PASSWORD,
    "consumer_key": credentials.OPENX_CONSUMER_KEY,
    "consumer_secret": credentials.OPENX_CONSUMER_SECRET,
    "start_date": "2026-03-17",
}


def everything():
    """A catalog with every stream selected, those that are off by default too."""
    tap = TapOpenx(config=CONFIG, validate_config=False, setup_mapper=False)
    catalog = json.loads(tap.catalog_json_text)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    return catalog


Suite = get_tap_test_class(
    TapOpenx,
    config=CONFIG,
    parse_env_config=False,  # the suite runs at import: nothing of the developer's own may reach it
    catalog=everything(),
    # The presets of today's generation have no rows in this one.
    suite_config=SuiteConfig(
        ignore_no_records_for_streams=[r.name for r in REPORTS if r.generations == ("current",)],
    ),
)


@pytest.mark.filterwarnings("ignore:No records were available to test")
@pytest.mark.usefixtures("clock")
class TestTapOpenx(Suite):
    """All of it, legacy generation."""

    @pytest.fixture(scope="class")
    @classmethod
    def clock(cls, sandbox_server):
        """The tap and the sandbox live on one day: hours are held for three months only."""
        sandbox_server.stage.clock.set(datetime.fromisoformat(NOW))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ADTAPS_NOW", NOW)
            yield
