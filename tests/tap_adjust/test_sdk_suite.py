"""The SDK's own suite."""

from __future__ import annotations

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from adtap_sandbox.credentials import ADJUST_API_TOKEN
from adtap_sandbox.server import shared_server
from tap_adjust.tap import TapAdjust
from tests.running import select

URL = shared_server(None).url
CONFIG = {
    "api_url": f"{URL}/adjust/reports-service",
    "kpi_api_url": f"{URL}/adjust/kpis/v1",
    "api_token": ADJUST_API_TOKEN,
    "start_date": "2026-03-16",
    "end_date": "2026-03-17",
}
NAMES = {e.name for e in TapAdjust.entities} | {r.name for r in TapAdjust.reports}

TestTapAdjust = get_tap_test_class(
    TapAdjust,
    config=CONFIG,
    parse_env_config=False,  # the suite runs at import: nothing of the developer's own may reach it
    # With every stream selected: the suite also reads those that nobody selects by default.
    catalog=select(TapAdjust, CONFIG, NAMES),
    suite_config=SuiteConfig(max_records_limit=100, ignore_no_records=True),
)
