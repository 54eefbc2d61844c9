"""The four taps as they are loaded: settings for the sandbox, the streams, a report of one's own."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from adtap_cli.taps import tap_class
from tests import logins, programs
from tests.logins import Login
from tests.running import Messages, command, parse, select, signal_handlers_kept

NOW: Final = "2026-03-18T12:00:00Z"
START: Final = "2026-03-16"
LONG: Final = "a_report_whose_name_is_as_long_as_a_table_name_may_be_63_chars_"
assert len(LONG) == 63


@dataclass(frozen=True)
class Platform:
    """A tap as the tests load it.

    Args:
        tap: Its name.
        login: Its credentials and addresses.
        report: A report of one's own, without its name.
        metric: Another metric of that report.
        daily: A built-in report whose past is restated.
        few: Streams that are enough where only the way counts.
    """

    tap: str
    login: Login
    report: Mapping[str, Any]
    metric: str
    dimension: str
    daily: str
    few: tuple[str, ...] = field(default=())

    @property
    def schema(self) -> str:
        """The schema that its tables go to."""
        return self.tap.replace("-", "_")

    def config(self, url: str, **more: object) -> dict[str, Any]:
        """Settings against a sandbox."""
        return self.login.config(url, **{"start_date": START, **more})


PLATFORMS: Final = {
    p.tap: p
    for p in (
        Platform(
            tap="tap-openx",
            login=logins.OPENX,
            report={
                "dimensions": ["publisherSiteName", "publisherCurrency"],
                "metrics": ["marketImpressions", "marketPublisherRevenue"],
            },
            metric="clicks",
            dimension="publisherAdUnitName",
            daily="inventory_daily",
            few=("sites", "inventory_daily"),
        ),
        Platform(
            tap="tap-adjust",
            login=logins.ADJUST,
            report={"dimensions": ["app_token", "country"], "metrics": ["installs", "revenue"]},
            metric="clicks",
            dimension="network",
            daily="campaign_daily",
            few=("apps", "campaign_daily"),
        ),
        Platform(
            tap="tap-atomx",
            login=logins.ATOMX,
            report={
                "scope": "advertiser",
                "dimensions": ["advertiser_id", "campaign_id"],
                "metrics": ["impressions", "campaign_cost"],
            },
            metric="clicks",
            dimension="country_id",
            daily="advertiser_delivery_daily",
            few=("campaigns", "advertiser_delivery_daily"),
        ),
        Platform(
            tap="tap-terminalone",
            login=logins.TERMINALONE,
            report={
                "report": "performance",
                "dimensions": ["campaign_id", "campaign_name"],
                "metrics": ["impressions", "total_spend"],
            },
            metric="clicks",
            dimension="strategy_id",
            daily="performance_daily",
            few=("campaigns", "performance_daily"),
        ),
    )
}


def run(
    platform: Platform,
    folder: Path,
    config: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    streams: tuple[str, ...] | None = None,
    now: str = NOW,
) -> tuple[str, Messages]:
    """Run the tap in a process of its own; gives its output as text and as messages."""
    folder.mkdir(parents=True, exist_ok=True)
    _, *given = arguments(platform, folder, config, state=state, streams=streams)
    done = programs.run(platform.tap, given, environment={"ADTAPS_NOW": now})
    return done.stdout, parse(done.stdout, code=done.returncode, stderr=done.stderr)


def arguments(
    platform: Platform,
    folder: Path,
    config: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    streams: tuple[str, ...] | None = None,
) -> list[str]:
    """The tap's command line, its files written below a folder."""
    given = [command(platform.tap)]
    documents: dict[str, Any] = {"config": config}
    if state:
        documents["state"] = state
    if streams is not None:
        documents["catalog"] = json.loads(_catalog(platform.tap, json.dumps(config), streams))
    for name, document in documents.items():
        path = folder / f"{platform.tap}.{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        given += [f"--{name}", str(path)]
    return given


@functools.cache
def _catalog(tap: str, config: str, streams: tuple[str, ...]) -> str:
    with signal_handlers_kept():
        return json.dumps(select(tap_class(tap), json.loads(config), set(streams)))


def decode(line: str) -> dict[str, Any]:
    """A message, numbers exact."""
    message: dict[str, Any] = json.loads(line, parse_float=Decimal)
    return message
