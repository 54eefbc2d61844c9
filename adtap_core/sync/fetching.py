"""A window fetched whole: cut into pieces for as long as it is too much, and the next ones from the start."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from adtap_core.bodies.parsing import Table
from adtap_core.errors import MalformedResponse, RequestError, ResponseTooLarge, RowsMissing
from adtap_core.platform import Fetched, Platform, RowContext, WindowJob
from adtap_core.rows.totals import joined
from adtap_core.windows import ONE_DAY, Grain, Interval, cut

log = logging.getLogger("adtaps.fetching")

NEARLY_CUT: Final = 0.9
"""From this share of the platform's limit on, the next windows are asked for in shorter pieces."""
_DAMAGED: Final = 2
"""How often an answer that makes no sense is fetched again."""
_PATIENCE: Final = 16
"""Whole pieces after which a longer one is tried; twice as many after each try in vain."""


class AdaptiveWindow:
    """How long a stretch of a report the platform answers whole; learned from what came back.

    Without it each window of a busy account would first be asked for in vain.
    """

    def __init__(self) -> None:
        self._longest: timedelta | None = None
        self._whole = 0
        self._patience = _PATIENCE
        self._trying = False
        self._lock = threading.Lock()

    def pieces(self, window: Interval, grain: Grain) -> list[Interval]:
        """Return a window in the pieces to ask for."""
        longest = self._longest
        if longest is None or window.end - window.start <= longest:
            return [window]
        if grain is not Grain.HOUR or longest >= ONE_DAY:
            days = max(1, longest // ONE_DAY)
            return list(cut([window], grain=grain, span_days=days))
        return list(_cut_short(window, grain, longest))

    def shrink(self, window: Interval, grain: Grain) -> None:
        """Note that a window was too much, or nearly so."""
        halves = window.halves(grain)
        if halves is None:
            return
        half = max(h.end - h.start for h in halves)
        with self._lock:
            if self._longest is None or half < self._longest:
                self._longest = half
            if self._trying:
                self._patience *= 2
            self._whole, self._trying = 0, False

    def grow(self, window: Interval) -> None:
        """Note that a piece came whole: after some of them a longer one is tried.

        The platform may have been busy when it refused, or the account quieter since.
        """
        with self._lock:
            if self._longest is None or window.end - window.start < self._longest:
                return
            self._whole += 1
            if self._whole >= self._patience:
                self._longest, self._whole, self._trying = self._longest * 2, 0, True


def _cut_short(window: Interval, grain: Grain, longest: timedelta) -> Iterator[Interval]:
    start = window.start
    while start < window.end:
        end = min(max(grain.floor(start + longest), grain.after(start)), window.end)
        yield Interval(start, end)
        start = end


class Fetcher:
    """Fetches the windows of one report."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._reach = AdaptiveWindow()

    def forget(self) -> None:
        """Ask for whole windows again: not their length was too much, but one account."""
        self._reach = AdaptiveWindow()

    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch a window whole. Runs in a worker.

        Raises:
            ResponseTooLarge: If the smallest piece is too much.
            AdtapError: If a piece can't be had.
        """
        pieces = self._reach.pieces(job.window, self._platform.requested_grain(job.report))
        if len(pieces) == 1:
            return self._fetch(job)
        job.stats.splits += len(pieces) - 1
        return self._joined([replace(job, window=piece) for piece in pieces])

    def _fetch(self, job: WindowJob) -> Fetched:
        """Fetch a piece; halve it, then its bundle, for as long as it is too much."""
        grain = self._platform.requested_grain(job.report)
        halves = job.window.halves(grain)
        job.can_split = halves is not None or len(job.partitions) > 1
        try:
            fetched = self._understood(job)
        except ResponseTooLarge as error:
            # A request that is too large names too many accounts: a shorter window names as many.
            too_many_accounts = (
                error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(job.partitions) > 1
            )
            if not too_many_accounts:
                self._reach.shrink(job.window, grain)
            pieces = _smaller(job, None if too_many_accounts else halves)
            if not pieces:
                msg = f"{error} (and the window can't be split any further)"
                # Still too much: a bundle is then broken up, so that one account does not stop the others.
                failed = ResponseTooLarge(msg, status=error.status)
                self._note_whose(failed, job)
                raise failed from error
            job.stats.splits += 1
            log.info("%s: too much for one request, split in two: %s", job.what, error)
            return self._joined(pieces)
        except RequestError as error:
            self._note_whose(error, job)
            raise
        if fetched.fill_ratio >= NEARLY_CUT:
            self._reach.shrink(job.window, grain)
        else:
            self._reach.grow(job.window)
        return fetched

    @staticmethod
    def _note_whose(error: RequestError, job: WindowJob) -> None:
        """Note on the error of a piece whose it is, if a bundle was cut down to one of its accounts."""
        if job.of_several and len(job.partitions) == 1:
            error.accounts = job.partitions

    def _understood(self, job: WindowJob) -> Fetched:
        """Fetch a piece; once more, and again, if what came makes no sense: it may have been cut or damaged.

        Rows that are missing are looked for in smaller pieces; of the smallest, once more in the same.
        """
        missing = False
        for _ in range(min(_DAMAGED, self._platform.http.limits.max_retries)):
            try:
                return self._platform.fetch(job)
            except (MalformedResponse, RowsMissing) as error:
                if isinstance(error, RowsMissing):
                    if job.can_split or missing:
                        raise
                    missing = True
                job.stats.retries += 1
                log.info("%s: fetched again: %s", job.what, error)
        return self._platform.fetch(job)

    def _joined(self, jobs: Iterable[WindowJob]) -> Fetched:
        """Fetch pieces, one after the other; give them as one."""
        parts: list[Fetched] = []
        try:
            parts.extend(self.fetch(job) for job in jobs)
        except BaseException:
            _close_all(parts)
            raise
        opens: list[Callable[[], Table]] = [open_ for part in parts for open_ in part.tables]
        said = list(dict.fromkeys(message for part in parts for message in part.warnings))
        lost = list(dict.fromkeys(message for part in parts for message in part.left_out))
        return Fetched(
            opens,
            _joined_context(parts),
            lambda: _close_all(parts),
            warnings=said,
            not_asked=frozenset().union(*(part.not_asked for part in parts)),
            left_out=lost,
            totals=joined(part.totals for part in parts),
            held_from=max((p.held_from for p in parts if p.held_from is not None), default=None),
        )


def _smaller(job: WindowJob, halves: tuple[Interval, Interval] | None) -> list[WindowJob]:
    """Return a job in two: by time, or by accounts where the time can't be cut; nothing if neither can."""
    if halves is not None:
        return [replace(job, window=half) for half in halves]
    if len(job.partitions) == 1:
        return []
    middle = len(job.partitions) // 2
    return [
        replace(job, partitions=part) for part in (job.partitions[:middle], job.partitions[middle:])
    ]


def _joined_context(parts: Sequence[Fetched]) -> RowContext:
    """Return the pieces' facts as one: rows of a bundle cut in two belong to either half's accounts."""
    # A piece of which nothing is held any more has no rows, and may not know what they would be in.
    context = next((part.context for part in parts if part.tables), parts[0].context)
    if context.partition is None:
        return context
    name = context.partition[0]
    both = {
        k: v
        for part in parts
        if part.context.partition
        for k, v in part.context.partition[1].items()
    }
    return replace(context, partition=(name, both))


def _close_all(parts: Iterable[Fetched]) -> None:
    for part in parts:
        part.close()
