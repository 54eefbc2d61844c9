"""What `adtap check` and `adtap explain` say of Adjust."""

from collections.abc import Iterator, Mapping
from typing import Any

from adtap_core.declare import Report
from adtap_core.formatting import count
from adtap_core.names import did_you_mean
from adtap_core.platform import ProbeResult
from adtap_core.windows import Grain
from tap_adjust.report_service import ReportService
from tap_adjust.streams import KpiReport


def probe(service: ReportService, settings: Mapping[str, Any]) -> Iterator[ProbeResult]:
    """Ask for the list of apps: one call tells what the token sees, and whether it is good."""
    named = settings.get("app_tokens") or ()
    listed = service.seen_apps() if named else service.apps()
    apps = {str(app["id"]): str(app.get("name") or "") for app in listed or ()}
    account = settings.get("account_id")
    of = f" of account {account}" if account else ""
    seen = f"sees {count(len(apps), 'app')}" if apps else "sees no app"
    yield ProbeResult(
        subject=f"API token{of}",
        message="may not list apps" if listed is None else seen,
        good=bool(apps) or listed is None,
        advice="take the token of a user who may see apps, or correct the setting `account_id`",
    )
    for token in () if listed is None else named:
        yield ProbeResult(
            subject=f"app {token}",
            message=apps.get(token) or f"no app that the API token sees{did_you_mean(token, apps)}",
            good=token in apps,
            advice="correct the setting `app_tokens`, or let the token's user see the app",
        )


def notes(report: Report) -> Mapping[str, str]:
    """Return what is to be known of a report; the help centre and developer pages, read 2026-11-20."""
    legacy = isinstance(report, KpiReport)
    made = {
        "time_zone": "a fixed offset, setting `time_zone`; Datascape shows the view's own",
        "currency": "each app's reporting currency unless the setting `currency` asks for another",
        "ui": "in Datascape, open a view with the same apps; set attribution type, attribution source, "
        "reattributed installs, ad spend source and cohort maturity as the columns of the row's key say",
    }
    if legacy:
        made["retention"] = "the KPI service was sunset; where it is gone, nothing can be read"
    if report.grain is Grain.HOUR:
        made["settled"] = "hourly rows have no spend: it comes by day"
    return made
