"""The taps against a sandbox of their own: six of them, a tap once for each generation of its API.

The sandbox is a process of its own; the tap is the installed script. Both live on the same day
(`MOMENT`), so that two runs ask for the same and give the same.
"""

import contextlib
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import requests

from benchmarks.measure import (
    Contender,
    ContenderError,
    Run,
    once,
    select,
    server,
    tap_command,
    workspace,
)
from tests import logins
from tests.contracts.platforms import ADJUST, ATOMX, OPENX, TERMINALONE, Case

MOMENT: Final = "2026-03-18T12:00:00+00:00"
"""Noon of the day that is played."""

# What two runs of the same may differ in: when something was read, and how often a report that the
# platform prepares was looked after meanwhile.
VARYING: Final = r'"(?:time_extracted|_?synced_at)": ?"[^"]*"|"requests": ?\d+'
_VARYING: Final = re.compile(VARYING.encode())


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A tap and one generation of its platform's API.

    Attributes:
        name: As shown.
        case: Where the tap is and how it finds the sandbox.
        narrow: Definitions of a report by day and by the hour whose rows are few, by name.
        report_path: Regular expression of the requests that bring the reports' rows.
        listed: An entity stream whose list comes in pages and is as long as the world has
            creatives; None where the platform gives its lists whole.
        list_path: Regular expression of the requests for its pages.
        per_second: The most requests that the platform lets begin in a second in the long run.
        burst: How many of them it lets begin at once.
    """

    name: str
    case: Case
    narrow: tuple[Mapping[str, Any], ...]
    report_path: str
    listed: str | None = None
    list_path: str = "^$"
    per_second: float | None = None
    burst: int = 1

    def config(self, url: str, **more: Any) -> dict[str, Any]:
        """Settings of the tap for the sandbox at `url`; a value of None takes a setting out."""
        return self.case.config(url, **more)


def _narrow(dimensions: list[str], metrics: list[str], **extras: Any) -> dict[str, Any]:
    return {"dimensions": dimensions, "metrics": metrics, **extras}


def _by_day_and_hour(day: Mapping[str, Any], **hour: Any) -> tuple[Mapping[str, Any], ...]:
    return (
        {"name": "narrow_daily", **day},
        {"name": "narrow_hourly", **day, "grain": "hour", **hour},
    )


_OPENX: Final = Subject(
    name="openx, legacy",
    case=OPENX,
    narrow=_by_day_and_hour(_narrow(["publisherAccountId"], ["marketImpressions"])),
    report_path="/report$",
    listed="creatives",
    list_path="/creative$",
)
SUBJECTS: Final = (
    Subject(
        name="adjust",
        case=ADJUST,
        narrow=_by_day_and_hour(_narrow(["app_token"], ["installs"])),
        report_path="/report$",
        per_second=50,
        burst=50,
    ),
    Subject(
        name="atomx",
        case=ATOMX,
        narrow=_by_day_and_hour(_narrow(["advertiser_id"], ["impressions"], scope="advertiser")),
        report_path="/report$",
        listed="creatives",
        list_path="/creatives?$",
    ),
    _OPENX,
    replace(
        _OPENX,
        name="openx, current",
        case=replace(OPENX, login=logins.OPENX_CURRENT),
        narrow=_by_day_and_hour(_narrow(["publisherPlatformId"], ["impressions"])),
        report_path="report",
    ),
    Subject(
        name="terminalone, current",
        case=TERMINALONE,
        narrow=_by_day_and_hour(
            _narrow(["advertiser_id"], ["impressions"], report="performance"),
            report="performance_hourly",
        ),
        report_path="^/reporting/v2/",
        listed="atomic_creatives",
        list_path="^/api/v3.0/atomic_creatives$",
        per_second=10,
        burst=50,
    ),
    Subject(
        name="terminalone, legacy",
        case=replace(TERMINALONE, login=logins.TERMINALONE_LEGACY),
        narrow=_by_day_and_hour(
            _narrow(["advertiser_id"], ["impressions"], report="performance"), report="pulse"
        ),
        report_path="^/reporting/v1/std/(performance|pulse)$",
        listed="atomic_creatives",
        list_path="^/api/v2.0/atomic_creatives$",
        per_second=10,
    ),
)


@dataclass(frozen=True)
class Asked:
    """A run of a tap, and what the sandbox saw of it.

    Attributes:
        run: Of the tap's process.
        requests: The sandbox's log, oldest first.
        most_in_flight: Requests in flight at once.
        messages: Digests of the messages, without the moments at which they were read and the
            ledger's count of requests: those of each stream's records in order, and the last STATE.
        rows: Records by stream.
        state: The last STATE's value.
        state_bytes: Length of its line.
    """

    run: Run
    requests: list[dict[str, Any]]
    most_in_flight: int
    messages: Mapping[str, str]
    rows: Mapping[str, int]
    state: Any
    state_bytes: int

    @property
    def wall(self) -> float:
        """Seconds from the first request's arrival to the end of the last answer."""
        starts = [datetime.fromisoformat(r["started_at"]).timestamp() for r in self.requests]
        ends = [s + r["seconds"] for s, r in zip(starts, self.requests, strict=True)]
        return max(ends) - min(starts) if ends else 0.0

    def count(self, path: str) -> int:
        """How many requests' paths a regular expression is found in."""
        return sum(re.search(path, r["path"]) is not None for r in self.requests)


class Sandbox:
    """A sandbox in a process of its own, its clock standing at `MOMENT`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._catalogs: dict[str, dict[str, Any]] = {}
        self._http = requests.Session()
        # A proxy that the environment names must not come between.
        self._http.trust_env = False

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API, with a path below `/_control/`."""
        answer = self._http.request(method, f"{self.url}/_control/{path}", json=body, timeout=300)
        answer.raise_for_status()
        return answer.json()

    def reset(self, *, creatives: int = 0, apps: int = 0, now: str = MOMENT) -> None:
        """A new world whose clock stands still, with at least so many creatives and apps."""
        self.control("POST", "reset", {"creatives": creatives, "apps": apps, "now": now})
        self.control("POST", "clock", {"set": now})

    def run(
        self,
        subject: Subject,
        folder: Path,
        *streams: str,
        config: Mapping[str, Any],
        state: Mapping[str, Any] | None = None,
        now: str = MOMENT,
    ) -> Asked:
        """Run a tap as a process of its own.

        Args:
            subject: The tap.
            folder: Where its files are written.
            streams: Select only these, and the ledger; without, what is selected by default.
            config: Settings.
            state: The state to begin with.
            now: The moment that is played; the sandbox's clock is the caller's.

        Raises:
            ContenderError: The tap failed, or the sandbox did.
        """
        catalog = self._catalog(subject, folder, config, streams) if streams else None
        command = tap_command(
            subject.case.script,
            folder,
            config=config,
            state=state,
            catalog=catalog,
            env={"ADTAPS_NOW": now},
        )
        self.control("DELETE", "log")
        output = folder / "messages.jsonl"
        with output.open("w+b") as out:
            run = once(Contender(subject.name, (command,)), stdout=out)
            out.seek(0)
            digests, rows, last = _read(out)
        stats = self.control("GET", "stats")
        if stats["failed"]:
            raise ContenderError(
                f"{subject.name}: the sandbox failed on {stats['failed']} requests"
            )
        platform = subject.case.platform
        return Asked(
            run=run,
            requests=self.control("GET", f"log?platform={platform}")["requests"],
            most_in_flight=stats["max_in_flight"].get(platform, 0),
            messages=digests,
            rows=rows,
            state=json.loads(last)["value"] if last else {},
            state_bytes=len(last),
        )

    def _catalog(
        self, subject: Subject, folder: Path, config: Mapping[str, Any], streams: tuple[str, ...]
    ) -> dict[str, Any]:
        # Discovery depends on the definitions and the generation only, and is not what is measured.
        key = json.dumps([subject.name, config.get("reports"), streams])
        if key not in self._catalogs:
            self._catalogs[key] = select(subject.case.script, folder, config, *streams)
        return self._catalogs[key]


@contextlib.contextmanager
def sandbox(subject: Subject) -> Iterator[Sandbox]:
    """A sandbox that serves one platform, for as long as the block runs.

    Raises:
        ContenderError: It did not start.
    """
    platform = subject.case.platform
    program = (sys.executable, "-m", "adtap_sandbox")
    with server(*program, "--port", "0", "--platform", platform) as url:
        yield Sandbox(url)


def room(*names: str) -> Path:
    """A folder for the files of a section's runs."""
    return workspace(*(re.sub(r"\W+", "-", name) for name in names))


def _read(lines: Iterator[bytes]) -> tuple[dict[str, str], dict[str, int], bytes]:
    """Digests by stream, records by stream, and the last STATE's line."""
    digests: dict[str, Any] = {}
    rows: Counter[str] = Counter()
    last = b""
    for line in lines:
        if line.startswith(b'{"type":"STATE"'):
            last = line
            continue
        plain = _VARYING.sub(b"", line)
        message = json.loads(line) if line.startswith(b'{"type":"SCHEMA"') else None
        stream = message["stream"] if message else _stream(line)
        digests.setdefault(stream, hashlib.sha256()).update(plain)
        rows[stream] += message is None
    found = {stream: digest.hexdigest() for stream, digest in digests.items()}
    found["STATE"] = hashlib.sha256(_VARYING.sub(b"", last)).hexdigest()
    return found, dict(rows), last


_STREAM: Final = re.compile(rb'"stream":"([^"]+)"')


def _stream(line: bytes) -> str:
    found = _STREAM.search(line)
    return found[1].decode() if found else ""
