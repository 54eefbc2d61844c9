"""What the models are built on: four taps, read twice on the sandbox, two days apart, and what the platforms say of it."""

import fcntl
import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from adtap_cli.taps import tap_class
from tests import programs
from tests.conftest import SandboxHandle
from tests.running import Messages, run_tap
from tests.warehouses.platforms import PLATFORMS

START: Final = "2026-03-06"
FIRST: Final = "2026-03-18T12:00:00+00:00"
SECOND: Final = "2026-03-20T12:00:00+00:00"
STREAMS: Final[Mapping[str, set[str]]] = {
    "tap-atomx": {
        "advertisers", "campaigns", "countries", "advertiser_delivery_daily", "publisher_delivery_daily", "sync_days",
    },
    "tap-adjust": {"apps", "campaign_daily", "cohorts_daily", "sync_days"},
    "tap-terminalone": {"advertisers", "campaigns", "strategies", "performance_daily", "geo_daily", "sync_days"},
    "tap-openx": {"accounts", "sites", "ad_units", "orders", "line_items", "inventory_daily", "sync_days"},
}  # fmt: skip
MILLION: Final = Decimal(1_000_000)


@dataclass(frozen=True)
class World:
    """What was read, in a folder that all processes of a test run share.

    Args:
        folder: `first.duckdb` and `second.duckdb`, loaded after each run; `<tap>.singer` with both runs' lines;
            `truth.json`.
    """

    folder: Path

    @property
    def first(self) -> Path:
        """The warehouse after the first run."""
        return self.folder / "first.duckdb"

    @property
    def second(self) -> Path:
        """The warehouse after the second run, in which days were restated."""
        return self.folder / "second.duckdb"

    def lines(self, tap: str) -> str:
        """Both runs as their tap wrote them."""
        return (self.folder / f"{tap}.singer").read_text(encoding="utf-8")

    @property
    def truth(self) -> dict[str, Any]:
        """The sandbox's own sums at the second run, by platform."""
        found: dict[str, Any] = json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))
        return found


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Return whether a folder must be filled: one process does, the others wait for it.

    Args:
        folder: The folder; it counts as filled once the block ends without an error.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = folder / "complete"
        if marker.exists():
            yield False
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield True
        marker.touch()


def make_world(sandbox: SandboxHandle, folder: Path) -> None:
    """Read, load, and ask the sandbox for its sums."""
    before: dict[str, Messages] = {}
    sandbox.reset(now=FIRST)
    with pytest.MonkeyPatch.context() as patch:
        for moment, name in ((FIRST, "first"), (SECOND, "second")):
            sandbox.clock(moment)
            patch.setenv("ADTAPS_NOW", moment)
            file = folder / f"{name}.duckdb"
            if before:
                shutil.copy(folder / "first.duckdb", file)
            for tap, streams in STREAMS.items():
                state = before[tap].last_state if name == "second" else None
                config = PLATFORMS[tap].config(sandbox.url, start_date=START)
                before[tap] = run_tap(tap_class(tap), config, streams=streams, state=state)
                text = "".join(json.dumps(m, default=float) + "\n" for m in before[tap].lines)
                with (folder / f"{tap}.singer").open("a", encoding="utf-8") as kept:
                    kept.write(text)
                into_duckdb(file, tap, text)
    (folder / "truth.json").write_text(json.dumps(_truth(sandbox.url)), encoding="utf-8")
    sandbox.reset()


def into_duckdb(file: Path, tap: str, text: str) -> None:
    """Load a run with the project's loader."""
    config = file.with_name(f"{tap}.json")
    settings = {"path": str(file), "default_target_schema": tap.replace("-", "_")}
    config.write_text(json.dumps(settings), encoding="utf-8")
    done = programs.run("target-adtap-duckdb", ["--config", str(config)], given=text)
    assert done.returncode == 0, done.stderr


def _truth(url: str) -> dict[str, Any]:
    asked = {
        # The last day that is whole in every zone of a campaign.
        "terminalone": {
            "start": START, "end": "2026-03-18", "metrics": "impressions,clicks,total_spend,total_revenue",
        },
        "openx": {
            "attributes": "day,publisherAccountId,publisherAccountName,publisherSiteId,"
            "publisherSiteName,publisherAdUnitId,publisherAdUnitName,publisherCurrency",
            "metrics": "marketImpressions,marketPublisherRevenue,clicks,allRequests,exchangeFills",
            "start": f"{START}T00:00:00Z",
            "end": "2026-03-20T00:00:00Z",
        },
        "adjust": {
            "metrics": "impressions,clicks,installs,cost,revenue",
            "attribution_types": "click,impression,engaged_ad",
            "date_period": f"{START}:2026-03-19",
        },
        "atomx": {
            "scope": "advertiser",
            "groups": "day,advertiser_id,campaign_id,creative_id,country_id",
            "metrics": "impressions,clicks,conversions,campaign_cost",
            "from": f"{START} 00:00:00",
            "to": "2026-03-20 00:00:00",
            "timezone": "UTC",
        },
    }  # fmt: skip
    asked["atomx sell"] = {
        **asked["atomx"], "scope": "publisher", "groups": "day", "metrics": "impressions,clicks",
    }  # fmt: skip
    found = {}
    for name, params in asked.items():
        reply = requests.get(f"{url}/{name.partition(' ')[0]}/_truth", params=params, timeout=60)
        assert reply.status_code == 200, (name, reply.text)
        found[name] = reply.json()
    return found


def as_atomx_sends(exact: str) -> Decimal:
    """What atomx makes of an exact amount: the nearest 32-bit float, written with the digits of a 64-bit one."""
    (sent,) = struct.unpack("f", struct.pack("f", float(exact)))
    return Decimal(repr(sent)).quantize(Decimal("1e-18"))
