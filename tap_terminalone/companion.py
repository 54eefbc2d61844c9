"""What `adtap check` and `adtap explain` say of TerminalOne."""

from collections.abc import Iterator, Mapping
from typing import Any

from adtap_core.declare import Report
from adtap_core.formatting import count
from adtap_core.platform import ProbeResult
from adtap_core.windows import Grain
from tap_terminalone.accounts import SETTINGS, Accounts


def probe(settings: Mapping[str, Any], accounts: Accounts) -> Iterator[ProbeResult]:
    """Say which organizations the login sees, and which of the accounts that the settings name it does not.

    Args:
        settings: The tap's settings.
        accounts: Asks for the organizations that the login sees: one call; for advertisers if the settings name some.
    """
    seen = accounts.organizations()
    who = settings.get("username") or "the token or session given"
    yield ProbeResult(
        subject=f"user {who}" if settings.get("username") else who,
        message=f"sees {count(len(seen), 'organization')}" if seen else "sees no organization",
        good=bool(seen),
        advice="ask the platform to give the user access to an organization",
    )
    for key, setting in SETTINGS.items():
        for wanted in accounts.wanted(setting):
            fault = accounts.fault(setting, wanted)
            yield ProbeResult(
                subject=f"{key.removesuffix('_id')} {wanted}",
                message=fault or "visible",
                good=fault is None,
                advice=f"correct the setting `{setting}`, or ask for access to it",
            )


def notes(report: Report, zone_of_days: str) -> Mapping[str, str]:
    """Return what is to be known of a report; the published report documentation, read 2026-11-20.

    Args:
        report: The report.
        zone_of_days: What its days are in, in a user's words.
    """
    made = {
        "currency": "the campaign's own, part of the row's key where the report has it; never add two",
        "ui": "in the interface's reporting, choose the report of the same name, the same dimensions and days; "
        "it shows each campaign's own days and currency",
    }
    if report.grain is not Grain.HOUR:
        made["time_zone"] = zone_of_days
        made["settled"] = (
            "conversions are credited to the day of the impression or click, for 30 days or longer"
        )
    return made
