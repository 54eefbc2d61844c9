"""How many requests each stream of a tap makes: a first load, and the day after.

`python -m benchmarks.asked NAME` prints one JSON document. The tap and the sandbox live in this process,
one run for each stream alone and one for the default selection, because what is counted is what the
sandbox was asked, not how long it took.
"""

import contextlib
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adtap_core.sync.reports import ReportStream
from adtap_core.sync.streams import EntityStream
from adtap_sandbox.sandbox import find_rooms
from adtap_sandbox.server import Server
from benchmarks.sandbox import MOMENT, SUBJECTS, Subject
from tests.running import Messages, parse, select

DAYS: Final = 90
ROW_CAP: Final = 400
"""Rows after which the sandbox's Data Service cuts an answer: less than a month of the report below, and
more than a week."""
CUT_SUBJECT: Final = "openx, legacy"
CUT_STREAM: Final = "inventory_daily"
_PARTIAL: Final = 206
_NOW: Final = datetime.fromisoformat(MOMENT)


@dataclass(frozen=True)
class Load:
    """One run.

    Attributes:
        requests: All of its requests, login included.
        data: Those for a report's data; 0 for other streams.
        windows: Windows of a report that were read, partitions bundled in one request counted once.
        least_windows: The fewest windows that the report's span allows for the days that were read.
        days: Days of a report that were read.
        addresses: How many different addresses were asked, the login's left out.
        cut: Answers that were cut off and asked for again in parts.
    """

    requests: int
    data: int
    windows: int
    least_windows: int
    days: float
    addresses: int
    cut: int


@dataclass(frozen=True)
class Stream:
    """A stream alone.

    Attributes:
        name: Its name.
        kind: `report`, `entity`, or `all` for the default selection.
        selected: Whether it is read when nobody chose streams.
        parent: The stream whose records it is asked for, one by one.
        span_days: Most days of a report that one request may cover; 0 for other streams.
        first: A first load.
        following: The run on the next day.
    """

    name: str
    kind: str
    selected: bool
    parent: str | None
    span_days: int
    first: Load
    following: Load


class _Bench:
    """A tap and its sandbox in this process."""

    def __init__(self, subject: Subject, server: Server) -> None:
        self._subject, self._server = subject, server
        start = (_NOW - timedelta(days=DAYS)).date().isoformat()
        self._config = subject.config(server.url, start_date=start, concurrency=1)
        self.tap = subject.case.tap(config=self._config)

    def stream(self, name: str | None) -> Stream:
        """Run a stream alone, or the default selection; on the next day once more."""
        first = self._run(name, _NOW, None)
        load = self._load(name, first)
        following = self._run(name, _NOW + timedelta(days=1), first.last_state)
        after = self._load(name, following)
        found = self.tap.streams.get(name or "")
        report = found.report if isinstance(found, ReportStream) else None
        entity = found.entity if isinstance(found, EntityStream) else None
        return Stream(
            name=name or "the default selection",
            kind="report" if report else "entity" if entity else "all",
            selected=report.selected if report else entity.selected if entity else True,
            parent=entity.parent if entity else None,
            span_days=report.span_days if report else 0,
            first=load,
            following=after,
        )

    def cut(self) -> dict[str, Load]:
        """A first load of a report as it is, and with answers cut off after some rows."""
        whole = self._load(CUT_STREAM, self._run(CUT_STREAM, _NOW, None))
        self._server.environment.switches["openx"]["row_cap"] = ROW_CAP
        return {"whole": whole, "cut": self._load(CUT_STREAM, self._run(CUT_STREAM, _NOW, None))}

    def _run(self, name: str | None, now: datetime, state: Mapping[str, Any] | None) -> Messages:
        self._server.environment.clock.set(now)
        self._server.sandbox.journal.clear()
        os.environ["ADTAPS_NOW"] = now.isoformat()
        tap_class = self._subject.case.tap
        catalog = None if name is None else select(tap_class, self._config, {name})
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
            with contextlib.redirect_stdout(out):
                tap = tap_class(config=self._config, state=state, catalog=catalog)
                try:
                    tap.run()
                finally:
                    tap.workers.close()
            out.seek(0)
            # The rows are not looked at: those of a year of reports would fill the memory.
            kept = [line for line in out if '"sync_windows"' in line[:200] or "STATE" in line[:20]]
        return parse("".join(kept))

    def _load(self, name: str | None, messages: Messages) -> Load:
        entries = self._server.sandbox.journal.entries(self._subject.case.platform)
        login = self._subject.case.login_path or "^$"
        ledger = messages.windows(name) if name else messages.records["sync_windows"]
        spans = {(w["stream"], w["window_start"], w["window_end"]) for w in ledger}
        found = self.tap.streams.get(name or "")
        asked = [
            (datetime.fromisoformat(start), datetime.fromisoformat(end)) for _, start, end in spans
        ]
        span = found.report.span_days if isinstance(found, ReportStream) else 0
        return Load(
            requests=len(entries),
            data=sum(w["requests"] for w in ledger),
            windows=len(spans),
            least_windows=least_windows(asked, span) if span else 0,
            days=sum((end - start) / timedelta(days=1) for start, end in asked),
            addresses=len({e["path"] for e in entries if not re.search(login, e["path"])}),
            cut=sum(e["status"] == _PARTIAL for e in entries),
        )


def least_windows(asked: list[tuple[datetime, datetime]], span_days: int) -> int:
    """The fewest windows that cover what was asked for."""
    count, covered = 0, None
    length = timedelta(days=span_days)
    for start, end in sorted(asked):
        at = start if covered is None else max(start, covered)
        while at < end:
            count, at = count + 1, at + length
            covered = at
    return count


def main(name: str) -> None:
    """Count the requests of every stream of a subject."""
    logging.disable(logging.CRITICAL)
    subject = next(s for s in SUBJECTS if s.name == name)
    with Server(rooms=find_rooms([subject.case.platform])) as server:
        bench = _Bench(subject, server)
        names = [
            *(s.name for s in bench.tap.entity_streams()),
            *(s.name for s in bench.tap.report_streams()),
        ]
        counted = [bench.stream(n) for n in [*names, None]]
        # A stream of the API's other generation asks for nothing.
        found: dict[str, Any] = {"streams": [asdict(s) for s in counted if s.first.requests]}
        if subject.name == CUT_SUBJECT:
            found["cut"] = {kind: asdict(load) for kind, load in bench.cut().items()}
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
