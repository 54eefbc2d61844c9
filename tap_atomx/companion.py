"""What `adtap check` and `adtap explain` say of atomx."""

from collections.abc import Iterator, Mapping
from typing import Any

from adtap_core.declare import Report
from adtap_core.http.client import Http
from adtap_core.platform import ProbeResult
from tap_atomx.auth import TokenLogin
from tap_atomx.streams import AtomxReport


def probe(http: Http, login: TokenLogin, settings: Mapping[str, Any]) -> Iterator[ProbeResult]:
    """Log in: the platform says by that who it is, and nothing else has to be asked."""
    http.relogin(0)
    yield ProbeResult(subject=f"user {settings.get('email')}", message=login.message)


def notes(report: Report) -> Mapping[str, str]:
    """Return what is to be known of a report; the vendor's clients and wiki, read 2026-11-20."""
    return {
        "time_zone": "the setting `time_zone`",
        "currency": "the exchange takes bids in US dollars only; its reports do not say so",
        "retention": "the platform publishes no limit",
        "ui": "in the platform's report page, choose the scope "
        f"{AtomxReport.of(report).scope!r}, the same groups and sums, and the same time zone",
    }
