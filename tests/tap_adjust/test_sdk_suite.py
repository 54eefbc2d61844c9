"""The SDK's own suite of tests, on this tap against the sandbox."""

from __future__ import annotations

from adtap_sandbox.credentials import ADJUST_API_TOKEN
from adtap_sandbox.server import shared_server
from tap_adjust.tap import TapAdjust
from tests.sdk_suite import sdk_suite

URL = shared_server(None).url
CONFIG = {
    "api_url": f"{URL}/adjust/reports-service",
    "kpi_api_url": f"{URL}/adjust/kpis/v1",
    "api_token": ADJUST_API_TOKEN,
    "start_date": "2026-03-16",
    "end_date": "2026-03-17",
}
TestTapAdjust = sdk_suite(TapAdjust, CONFIG, max_records_limit=100, ignore_no_records=True)
