"""A small platform whose numbers move: rows are restated, vanish and come late, as functions of the time alone.

What it says of a bucket depends on how long ago the bucket ended, in whole days: until `RESTATED` days have
passed, values grow; then they are final. Some rows go away after a day, others come a day late.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from unittest.mock import patch

from typing_extensions import override

from adtap_core import settings as s
from adtap_core.bodies.parsing import JsonRows, Table
from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.http.auth import BearerToken
from adtap_core.http.client import Auth, Call
from adtap_core.platform import EntityQuery, Fetched, Partition, Platform, RowContext, WindowJob
from adtap_core.tap import AdTap
from adtap_core.testing import Messages, StandIn, run_tap, select
from adtap_core.windows import ONE_DAY, Grain, Zone

RESTATED: Final = 3
"""Days in which a bucket's rows still move."""
MINE = {"name": "mine", "dimensions": ["thing"], "metrics": ["value"]}
NOON = "2026-03-20T12:00:00+00:00"


def buckets(grain: Grain, zone: Zone, since: datetime, until: datetime) -> Iterator[datetime]:
    """The buckets between two naive local moments; no hour that a clock change skips."""
    bucket = grain.ceil(since)
    while bucket < until:
        if zone.local(zone.instant(bucket)) == bucket:
            yield bucket
        bucket = grain.after(bucket)


def text_of(grain: Grain, zone: Zone, bucket: datetime) -> str:
    """A bucket as rows have it."""
    if grain is Grain.HOUR:
        return zone.instant(bucket).strftime("%Y-%m-%dT%H:%M:%SZ")
    return bucket.date().isoformat()


def truth(
    grain: Grain, zone: Zone, bucket: datetime, account: str, now: datetime
) -> dict[str, int]:
    """What the platform says at a moment of a bucket: the value of each thing that has a row."""
    start, end = (zone.instant(m) for m in (bucket, grain.after(bucket)))
    if start >= now:
        return {}
    base = sum(map(ord, f"{account}{bucket:%m%d%H}")) % 97
    if end > now:
        return {"steady": 1}
    age = min(RESTATED, (now - end) // ONE_DAY)
    made = {"steady": base + age}
    if base % 3 == 0 and age < 2:
        made["vanishing"] = base
    if base % 2 == 0 and age >= 1:
        made["late"] = 10 * base + age
    return made


class RestatingServer(StandIn):
    """Answers `/report?grain&zone&from&to&accounts`, from and to naive and local."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        """Accounts for which it answers with an error."""
        self.error = 403
        self.metrics = ("value",)

    @override
    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        accounts = [a for a in query["accounts"].split(",") if a]
        if self.refused.intersection(accounts):
            return self.error, {"error": f"not allowed: {sorted(self.refused)}"}
        grain, zone = Grain(query["grain"]), Zone(query["zone"])
        since, until = (datetime.fromisoformat(query[k]) for k in ("from", "to"))
        now = datetime.fromisoformat(self.now)
        rows = [
            {
                "bucket": text_of(grain, zone, bucket),
                "account": account,
                "thing": thing,
                **dict.fromkeys(query["metrics"].split(","), value),
            }
            for bucket in buckets(grain, zone, since, until)
            for account in accounts or [""]
            for thing, value in truth(grain, zone, bucket, account, now).items()
        ]
        return 200, {"rows": rows}


@dataclass(frozen=True, kw_only=True)
class FlavouredReport(Report):
    """A report of which a definition may say more."""

    flavour: str | None = None


class Restating(Platform):
    """Asks the restating server."""

    concurrency: ClassVar[int] = 1
    timeout_seconds: ClassVar[float] = 60
    lookback_days: ClassVar[int] = RESTATED
    report_type: ClassVar[type[Report]] = FlavouredReport
    account_settings: ClassVar[Mapping[str, str]] = {"account": "accounts"}

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        if role == "dimension":
            return {"type": ["string", "null"], "description": "Dimension."}
        return {"type": ["integer", "null"], "description": "Metric.", "x-additivity": "additive"}

    @override
    def account_keys(self, report: Report) -> Sequence[str] | None:
        return ("account",) if self.settings.get("accounts") else ()

    @override
    def zone(self, report: Report) -> Zone:
        return Zone(self.settings.get("time_zone") or "UTC")

    @override
    def make_login(self) -> Auth:
        return BearerToken("canary-restating-token")

    @override
    def partitions(self, report: Report) -> list[Partition]:
        accounts = self.settings.get("accounts") or []
        return [Partition({"account": a}) for a in accounts] or [Partition({})]

    @override
    def bundle_size(self, report: Report) -> int:
        return 3

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        accounts = {p.key["account"]: p for p in job.partitions if p.key}
        asked = {
            "grain": job.report.grain.value,
            "zone": job.zone.name,
            "from": job.window.start.isoformat(),
            "to": job.window.end.isoformat(),
            "accounts": ",".join(accounts),
            "metrics": ",".join(job.report.metrics),
        }
        url = f"{self.settings['api_url']}/report"
        reply = self.http.send(Call(url, job.what, params=asked), job.stats)
        return Fetched(
            [lambda: Table(iter(JsonRows(reply.body, ("rows",))))],
            RowContext(
                currency="EUR",
                bucket="bucket",
                partition=("account", accounts) if accounts else None,
            ),
            reply.body.close,
        )

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        return iter(())


class TapRestating(AdTap):
    """A tap for the restating platform, with a report a grain."""

    name = "tap-restating"
    platform_class = Restating
    config_jsonschema = s.config_schema(
        Restating,
        own={"accounts": s.texts("Accounts", "Whose rows.")},
        required=("api_url",),
        report_extras={"flavour": {"type": "string"}},
        lookback_source="made up",
        time_zone="UTC",
    )
    reports = tuple(
        Report(
            name=f"by_{grain.value}",
            dimensions=("thing",),
            metrics=("value", "worth"),
            grain=grain,
            span_days=5,
            selected=False,
        )
        for grain in Grain
    )


class Room:
    """The restating platform and its tap at a moment."""

    def __init__(self, server: RestatingServer) -> None:
        self.server = server

    def run(
        self, state: Any = None, *, now: str = NOON, stream: str = "by_day", **more: Any
    ) -> Messages:
        """Run the tap; a setting of None is taken out."""
        self.server.now = now
        self.server.log.clear()
        config = {"api_url": self.server.url, "start_date": "2026-03-02", "max_retries": 0, **more}
        config = {k: v for k, v in config.items() if v is not None}
        catalog = select(TapRestating, config, {stream})
        with patch.dict(os.environ, {"ADTAPS_NOW": now}):
            return run_tap(TapRestating, config, state=state, catalog=catalog)


def days(messages: Messages, stream: str = "by_day") -> tuple[str, str]:
    """First day and end of what was read."""
    windows = messages.windows(stream)
    return min(w["window_start"] for w in windows)[:10], max(w["window_end"] for w in windows)[:10]


def later(moment: datetime, **much: float) -> datetime:
    """A moment some time later, in UTC."""
    return (moment + timedelta(**much)).astimezone(UTC)


def copied(state: object) -> Any:
    """A state as it comes back from a store."""
    return json.loads(json.dumps(state))


class Played(Clock):
    """A machine's clock at a moment of the history, right or wrong; what is read is dated by it, too."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    @override
    def now(self) -> datetime:
        self._moment += timedelta(microseconds=1)
        return self._moment

    @override
    def read_at(self) -> datetime:
        return self.now()


class Warehouse:
    """What an upsert by key keeps: rows and ledger, and the ghosts among them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.ledger: dict[tuple[str, ...], dict[str, Any]] = {}

    def load(self, messages: Messages) -> None:
        """Take in what was written, in order; a column that does not come stays as it is."""
        for line in messages.lines:
            if line["type"] != "RECORD":
                continue
            record = line["record"]
            if line["stream"] == "sync_windows":
                key = tuple(record[k] for k in ("account", "window_start", "window_end"))
                self.ledger[key] = record
            else:
                self.rows[record["_row_key"]] = self.rows.get(record["_row_key"], {}) | record

    def live(self, grain: Grain) -> list[dict[str, Any]]:
        """The rows that no later reading of their window has left out."""
        column = grain.value
        return [row for row in self.rows.values() if not self._is_ghost(row, str(row[column]))]

    def _is_ghost(self, row: dict[str, Any], bucket: str) -> bool:
        moment = bucket if "T" in bucket else f"{bucket}T00:00:00Z"
        return any(
            w["account"] == row["_account"]
            and w["window_start"] <= moment < w["window_end"]
            and w["synced_at"] > row["_synced_at"]
            for w in self.ledger.values()
        )


def meltano_merged(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Two states as Meltano 4.4.1 merges them: objects key by key, all else from the newer one.

    Raises:
        TypeError: If the older one has null where the newer has an object, as Meltano itself breaks off.
    """
    made = copied(old)
    for key, value in new.items():
        if not isinstance(value, dict):
            made[key] = copied(value)
        elif made.setdefault(key, {}) is None:
            msg = f"{key}: an object can't be merged into null"
            raise TypeError(msg)
        else:
            made[key] = meltano_merged(value, made[key])
    return made


if __name__ == "__main__":
    TapRestating.cli()
