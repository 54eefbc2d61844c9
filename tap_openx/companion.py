"""What `adtap check` and `adtap explain` say of OpenX."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adtap_core.declare import Report
from adtap_core.errors import Forbidden
from adtap_core.formatting import count
from adtap_core.platform import ProbeResult
from adtap_core.windows import Grain
from tap_openx.streams import CURRENT


def probe(
    settings: Mapping[str, Any],
    session: Mapping[str, Any],
    accounts: Callable[[], Iterator[Mapping[str, Any]]],
) -> Iterator[ProbeResult]:
    """Say who is logged in, and which of the accounts that the settings name the login sees.

    Args:
        settings: The tap's settings.
        session: The session's record: one call.
        accounts: Lists the accounts; called only where the settings name some.
    """
    instance = session.get("instance_uid") or "an instance without a name"
    yield ProbeResult(
        subject=f"user {settings['email']}",
        message=f"logged in to instance {instance}, account {session.get('account_uid')}, "
        f"time zone {session.get('time_zone')}, currency {session.get('currency')}",
    )
    wanted = [str(a) for a in settings.get("account_ids") or ()]
    if not wanted:
        return
    try:
        known = {str(o.get("id")): str(o.get("name")) for o in accounts()}
    except Forbidden as error:
        yield ProbeResult(
            subject="accounts",
            message=str(error),
            good=False,
            advice="give the user the permission to list accounts",
        )
        return
    for account in wanted:
        yield ProbeResult(
            subject=f"account {account}",
            message=known.get(account)
            or f"none of the {count(len(known), 'account')} that the login sees",
            good=account in known,
            advice="correct the setting `account_ids`, or give the user access to the account",
        )


def notes(report: Report, generation: str) -> Mapping[str, str]:
    """Return what is to be known of a report; docs.openx.com, read 2026-11-20.

    Args:
        report: The report.
        generation: The API generation, `current` or `legacy`.
    """
    hourly = report.grain is Grain.HOUR
    held = "about three months of hours" if hourly else "about two years of days"
    closing = (
        "the platform finalises a day four to six hours after midnight in the instance's time zone"
    )
    made = {
        "time_zone": "OpenX reports in UTC only; its interface shows the instance's own time zone, so daily "
        "totals differ there unless hours are added up",
        "currency": "the publisher's; never add it up over publishers of different currencies",
        "settled": closing,
        "retention": f"{held}; the service's own date range counts"
        if generation != CURRENT
        else held,
        "ui": "in the interface's Reports, choose the same attributes and metrics, and hours; add up the "
        "hours that make a day in UTC",
    }
    if hourly:
        made["lookback"] = (
            "recent hours are near-real-time numbers, replaced when the platform finalises the day"
        )
    return made
