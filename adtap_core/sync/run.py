"""One run of a tap: what its streams share while they read.

Settings, clock, platform, threads, output, state and what failed. Streams get this, never the tap: a stream needs
no command line and no discovery.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import msgspec
from singer_sdk import Stream, Tap

from adtap_core.clock import Clock
from adtap_core.declare import Entity
from adtap_core.errors import REFUSED_EXIT, AdtapError, BadRequest, Forbidden
from adtap_core.http.client import MAX_QUOTA_WAITS, Http, HttpOptions
from adtap_core.http.workers import Workers
from adtap_core.names import snake_case
from adtap_core.platform import Platform
from adtap_core.state.compaction import compacted
from adtap_core.sync.failures import FailedParts, Failure
from adtap_core.sync.output import LineWriter
from adtap_core.sync.progress import Progress

log = logging.getLogger("adtaps")


class RunFailed(AdtapError):  # noqa: N818 - a state, not a fault
    """Parts of the run failed; each was named when it happened.

    Args:
        message: Which.
        failures: All of them. If the platform refused every one for good, the exit code says so: a scheduler
            need not try again.
    """

    def __init__(self, message: str, failures: Sequence[Failure]) -> None:
        super().__init__(message)
        if all(isinstance(f.error, BadRequest) for f in failures):
            self.exit_code = REFUSED_EXIT


class Run:
    """What the streams of one run share.

    Args:
        tap: The SDK's side of it: name, settings, state, streams, the writer of messages.
        clock: What time it is.
        platform_class: The platform.
        origin: Returns what to add to an error about credentials: where the settings that it names came from.
    """

    def __init__(
        self,
        tap: Tap,
        clock: Clock,
        platform_class: type[Platform],
        origin: Callable[[str], str] = lambda _message: "",
    ) -> None:
        self._origin = origin
        self.tap, self.clock, self.platform_class = tap, clock, platform_class
        self.failures: list[Failure] = []
        self.refused: list[Failure] = []
        self.failed_parts = FailedParts()
        self.progress = Progress()
        self._spelt: dict[str, msgspec.Raw] = {}

    @property
    def name(self) -> str:
        """Return the tap's name."""
        return self.tap.name

    @property
    def config(self) -> Mapping[str, Any]:
        """Return the settings."""
        return self.tap.config

    @property
    def state(self) -> dict[str, Any]:
        """Return the state, as it is by now."""
        return cast("dict[str, Any]", self.tap.state)

    @property
    def streams(self) -> Mapping[str, Stream]:
        """Return all streams by name."""
        return self.tap.streams

    def parent_fields(self, parent: Entity, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a parent that its children need."""
        wanted = {*parent.keys, parent.replication_key or ""}
        return {k: v for k, v in raw.items() if k in wanted or snake_case(k) in wanted}

    @cached_property
    def platform(self) -> Platform:
        """Return the platform, with its connection."""
        platform = self.platform_class(self.config, self.clock)
        limits = self._limits(platform)
        http = Http(
            classify=platform.classify,
            auth=platform.auth,
            limits=limits,
            addresses={k: v for k, v in self.config.items() if k.endswith("_url") and v},
            origin=self._origin,
        )
        # Two more than may be in flight: while one decodes its page, another's request is on its way.
        many = limits.concurrency > 1
        platform.connect(http, Workers(limits.concurrency + 2 if many else 1))
        return platform

    def _limits(self, platform: Platform) -> HttpOptions:
        config = self.config
        return HttpOptions(
            concurrency=self.whole_concurrency,
            timeout_seconds=float(
                config.get("request_timeout_seconds") or platform.timeout_seconds
            ),
            max_retries=int(config.get("max_retries", 6)),
            user_agent=str(config.get("user_agent") or "adtaps"),
            per_second=platform.per_second,
            burst=platform.burst,
            max_quota_waits=int(config.get("quota_waits", MAX_QUOTA_WAITS)),
        ).shared(float(config.get("rate_share") or 1))

    @property
    def asks_in_parts(self) -> bool:
        """Check whether the accounts of a request that met a fault that may pass are asked for in parts.

        Not while the platform seems to be down: that would be in vain. Nor where the first failure ends the run.
        """
        is_down = self.platform.http.is_out or self.failed_parts.seem_an_outage
        return not is_down and not self._fails_fast

    @property
    def _fails_fast(self) -> bool:
        return bool(self.config.get("on_partition_error") == "fail_fast")

    @property
    def whole_concurrency(self) -> int:
        """Return most requests in flight at once, of all processes that share the platform."""
        return int(self.config.get("concurrency") or self.platform_class.concurrency)

    @cached_property
    def workers(self) -> Workers:
        """Return the worker threads."""
        return Workers(self.platform.http.limits.concurrency)

    @property
    def out(self) -> LineWriter:
        """Return the message writer."""
        return cast("LineWriter", self.tap.message_writer)

    def write_state(self, changed: str | None = None) -> None:
        """Hand over what was written, and the state as it is now; a backfill leaves that as it was.

        Args:
            changed: The only stream whose state is another since the last time; None: any may be.
        """
        if self.config.get("backfill"):
            self.out.flush()
            return
        state = self.state
        marks: dict[str, Any] = state.get("bookmarks", {})
        for name, mark in marks.items():
            if changed in (None, name) or name not in self._spelt:
                self._spelt[name] = msgspec.Raw(msgspec.json.encode(compacted(mark)))
        if marks:
            state = {**state, "bookmarks": {name: self._spelt[name] for name in marks}}
        self.out.write_state(state)

    def note_failure(self, failure: Failure) -> None:
        """Note what could not be read.

        Raises:
            RunFailed: At once, if the settings say so.
        """
        if isinstance(failure.error, Forbidden) and self.tap.input_catalog is None:
            log.warning("%s; nobody selected it, so the run goes on without it", failure.line())
            self.refused.append(failure)
            return
        log.error("%s%s", failure.line(), self.advice(failure))
        self.failures.append(failure)
        if self._fails_fast:
            raise RunFailed(
                f"stopped at the first failure (setting `on_partition_error`): {failure.stream}",
                self.failures,
            )

    def advice(self, failure: Failure) -> str:
        """Return what to do about a failure, as the end of its line; empty if nothing is known."""
        if isinstance(failure.error, Forbidden):
            return f"; deselect the stream {failure.stream!r}, or ask the platform for access"
        return ""
