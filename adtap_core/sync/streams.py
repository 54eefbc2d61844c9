"""Streams on the SDK's frame: entities through its usual path, reports window by window.

AdStream
├── EntityStream    things that exist
├── ReportStream    things that are counted: windows, ledger, state
└── LedgerStream    `sync_windows` and `sync_days`, written by the report streams: adtap_core/sync/ledger.py
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from itertools import chain, compress
from operator import itemgetter
from typing import Any, Final, cast

import msgspec
from singer_sdk.exceptions import AbortedSyncFailedException
from singer_sdk.helpers.types import Context, Record
from singer_sdk.mapper import SameRecordTransform, StreamMap
from singer_sdk.streams import Stream
from typing_extensions import override

from adtap_core.bodies import characters
from adtap_core.bodies.parsing import batches
from adtap_core.declare import Entity
from adtap_core.errors import (
    AdtapError,
    BadRequest,
    CredentialsError,
    Forbidden,
    Interrupted,
    MalformedResponse,
    RequestError,
    TargetGone,
)
from adtap_core.formatting import count
from adtap_core.http.client import RequestStats
from adtap_core.names import snake_case
from adtap_core.platform import EntityQuery
from adtap_core.rows.records import RecordShaper, to_moment
from adtap_core.rows.schemas import entity_schema, restored
from adtap_core.state.fingerprints import future_lines
from adtap_core.sync.failures import Failure
from adtap_core.sync.run import Run
from adtap_core.sync.selection import Selected, StreamDefinition
from adtap_core.sync.stream_maps import map_failure
from adtap_core.sync.summary import stream_line

log = logging.getLogger("adtaps.streams")
_PARENTS: Final = "parents_until"
_UNDATED: Final = "undated"
_GREATEST: Final = "greatest_ids"
_GREATEST_BEFORE: Final = "greatest_ids_before"
_GREATEST_AT: Final = "greatest_ids_at"
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True)
class _Begun:
    """A list whose first page is on its way.

    Args:
        query: What was asked; its pages raise the ids behind which new objects are asked for.
        started: When it was asked.
        pages: Its pages.
    """

    query: EntityQuery
    started: datetime
    pages: Iterator[Iterable[Mapping[str, Any]]]


class AdStream(Selected):
    """What all our streams share."""

    def __init__(self, run: Run, definition: StreamDefinition) -> None:
        super().__init__(run.tap, definition)
        self.run = run
        self.records_written = 0
        self.done = False
        """Whether its turn is over."""

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        mapper = self.run.tap.mapper
        if self.name not in mapper.stream_maps:
            # It was off when the run was set up, and is written all the same: the SDK's own tests select it.
            schema = restored(self.effective_schema, self.schema)
            mapper.register_raw_stream_schema(self.name, schema, list(self._own_keys))
        return super().stream_maps

    @override  # type: ignore[misc] # final in the SDK, whose loop keeps state by record (design §4)
    def sync(self, context: Context | None = None) -> None:
        """Read the stream and write its messages.

        Raises:
            AdtapError: If the whole run must end.
        """
        if self.selected:
            with self.turn():
                self.read()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Announce the stream, count and time what is written meanwhile, and say in one line what came."""
        self.write_schema()
        with self.get_record_counter() as counter, self.get_sync_timer():
            before = self.records_written
            try:
                yield
            finally:
                counter.increment(self.records_written - before)
        self.done = True
        log.info("%s", self.summary())

    def summary(self) -> str:
        """Return one line about what was read: rows, days, what it cost, and whether parts failed."""
        parts = (*self.run.failures, *self.run.refused)
        failures = sum(failure.stream == self.name for failure in parts)
        return stream_line(
            self.name, self.records_written, self.range_text(), self.cost(), failures
        )

    def cost(self) -> RequestStats:
        """Return what this stream's reading cost by now."""
        return RequestStats()

    def range_text(self) -> list[str]:
        """Return what of the stream was read, in words."""
        return []

    def write_schema(self) -> None:
        """Write the SCHEMA message."""
        self._write_schema_message()

    def read(self) -> None:
        """Read the stream; failures of parts are noted on the run."""
        raise NotImplementedError

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Return nothing: `read` writes the messages itself."""
        return ()

    def note_records(self, count: int) -> None:
        """Count written records; ends a dry run that has enough.

        Raises:
            AbortedSyncFailedException: If the dry run's limit is reached.
        """
        self.records_written += count
        if (
            self.ABORT_AT_RECORD_COUNT is not None
            and self.records_written >= self.ABORT_AT_RECORD_COUNT
        ):
            # No STATE follows that would hand over what waits in the buffer.
            self.run.out.flush()
            raise AbortedSyncFailedException

    def within_limit(self, count: int) -> int:
        """Return how many of `count` records may still be written in a dry run; else all."""
        if self.ABORT_AT_RECORD_COUNT is None:
            return count
        return min(count, self.ABORT_AT_RECORD_COUNT - self.records_written)

    @cached_property
    def _short(self) -> tuple[str, ...] | None:
        """The columns that go out as they are, if nobody asked more of the SDK than to leave columns out."""
        chosen = tuple(c for c in self.schema["properties"] if self.mask["properties", c])
        whole = all(
            selected or crumb[:2] not in {("properties", c) for c in chosen}
            for crumb, selected in self.mask.items()
            if len(crumb) > len(("properties", "column"))
        )
        return chosen if whole and goes_straight(self) else None

    def write_rows(self, rows: list[tuple[Any, ...]]) -> None:
        """Write records: their values in the order of the schema's columns."""
        columns, chosen = tuple(self.schema["properties"]), self._short
        if chosen is None:
            for row in rows:
                self.write_mapped(dict(zip(columns, row, strict=True)))
            return
        if len(chosen) < len(columns):
            wanted = [column in chosen for column in columns]
            rows = [tuple(compress(row, wanted)) for row in rows]
        alias = self.stream_maps[0].stream_alias
        self.run.out.write_records(alias, chosen, rows, self.run.clock.read_at().isoformat())

    def write_mapped(self, record: dict[str, Any]) -> None:
        """Write a record the SDK's way, through the user's stream maps.

        Raises:
            RequestError: If an expression of a map fails on it; it says which, and the cure.
        """
        try:
            self._write_record_message(record)
        except (AdtapError, OSError):
            raise
        except Exception as error:
            if goes_straight(self):
                raise
            raise map_failure(self.config, self.name, record, error) from error

    @property
    def bookmarks(self) -> dict[str, Any]:
        """Return this stream's state, made if it is not there."""
        marks: dict[str, Any] = self.run.state.setdefault("bookmarks", {})
        found: dict[str, Any] = marks.setdefault(self.name, {})
        return found

    def fail(self, error: BaseException, *, partition: str = "", window: str = "") -> None:
        """Note a failure; ends the run if it must.

        Args:
            error: What happened.
            partition: Whose, as JSON text; empty: all accounts'.
            window: Which window; empty: none in particular.

        Raises:
            AdtapError: The error itself, if no other stream should be read after it.
        """
        if isinstance(error, CredentialsError | Interrupted | TargetGone):
            raise error
        if isinstance(error, AdtapError):
            message = str(error)
        else:
            log.debug("Unexpected error in %s", self.name, exc_info=error)
            message = f"unexpected {type(error).__name__}: {error}"
        self.run.note_failure(Failure(self.name, message, partition, window, error))


class EntityStream(AdStream):
    """An entity: full table, or incremental from its bookmark."""

    def __init__(self, run: Run, entity: Entity, package: str) -> None:
        self.entity = entity
        definition = StreamDefinition(
            name=entity.name,
            schema=entity_schema(
                package,
                entity,
                run.config.get("decimals_as", "singer_decimal"),
                lambda column: run.platform_class.has_column(column, run.config),
            ),
            keys=entity.keys,
            replication_key=entity.replication_key,
            selected=entity.selected,
        )
        super().__init__(run, definition)
        self._seen: dict[object, int] = {}
        self._latest: datetime | None = None
        self._keyless = 0
        self._has_undated = False
        self._begun: _Begun | None = None
        self._stats = RequestStats()
        self.asked_since: str | None = None
        """From which moment on what this run read had changed; None: it is all."""
        self.kept: list[Mapping[str, Any]] | None = None
        """The parent fields of the records that this run read, if it read them well and a child wants them."""

    @override
    def personal(self) -> Iterable[str]:
        if self.entity.people:
            return ()
        return [name for name, prop in self.schema["properties"].items() if prop.get("x-pii")]

    def begin(self) -> None:
        """Ask for the first page already: another stream is read meanwhile. Children wait for their turn."""
        if self._begun is None and self.entity.parent is None:
            query = EntityQuery(since=self.since(), stats=self._stats, greatest=self.greatest())
            self._begun = _Begun(query, self.run.clock.now(), self.pages(query))

    @override
    def read(self) -> None:
        self.begin()
        begun, self._begun = self._begun, None
        started = self.run.clock.now() if begun is None else begun.started
        greatest = {} if begun is None else begun.query.greatest
        secrets = self.run.platform.secret_fields
        shaper = RecordShaper(self.name, self.schema, secrets, self.entity.columns)
        try:
            if begun is not None:
                self.asked_since = begun.query.since
                self.kept = [] if self._is_wanted_by_children() else None
                self._write_pages(begun.pages, shaper, self.asked_since)
            elif self._read_children(shaper, self.since()):
                self._know_parents()
            if self._stats.replaced:
                log.warning("%s: %s", self.name, characters.said(self._stats.replaced))
            self._check_keys()
        except AbortedSyncFailedException:
            raise
        except Exception as error:  # noqa: BLE001 - one stream must not stop the others
            self.kept = None
            self.fail(error)
            return
        self._close(started, greatest)

    def state_errors(self) -> list[str]:
        """Return a line if the bookmark lies in the future."""
        marks = self.run.state.get("bookmarks", {}).get(self.name) or {}
        now = self.run.clock.now()
        return list(
            future_lines(self.run.name, self.name, marks, lambda text: _parsed(text) or now, now)
        )

    @override
    def cost(self) -> RequestStats:
        return self._stats

    @override
    def range_text(self) -> list[str]:
        return [] if self.asked_since is None else [f"changed since {self.asked_since}"]

    def since(self) -> str | None:
        """Return the moment from which changes are asked for; None: everything."""
        if self.entity.replication_key is None or self.replication_method != "INCREMENTAL":
            return None
        if self.entity.may_lack_date and self.bookmarks.get(_UNDATED):
            return None
        value = self.bookmarks.get("replication_key_value")
        return None if value is None else str(value)

    def greatest(self) -> dict[str, int]:
        """Return the ids behind which new objects are asked for, by list; none for a stream that is read whole.

        The greatest that the runs up to the one before the last saw: an id is handed out before its object is
        committed, so that one may appear below an id that was seen already. Every new object is shown to two runs, which
        lie at least as far apart as the platform's clock may be off.
        """
        if self.entity.replication_key is None or self.replication_method != "INCREMENTAL":
            return {}
        marks = self.bookmarks
        return {**(marks.get(_GREATEST) or {}), **(marks.get(_GREATEST_BEFORE) or {})}

    def _note_greatest(
        self, entry: dict[str, Any], started: datetime, greatest: Mapping[str, int]
    ) -> None:
        """Note the greatest ids that a run saw, unless it followed at once on the one that noted the last.

        A run that is killed or fails is repeated at once: an object that is being stored would be shown to neither.
        """
        at = _parsed(entry.get(_GREATEST_AT))
        margin = timedelta(seconds=self.run.platform_class.clock_margin_seconds)
        if at is not None and started - at < margin:
            return
        known = entry.get(_GREATEST) or {}
        # What this run saw may be less than what the last one did: that object is gone.
        newest = {name: max(seen, known.get(name, 0)) for name, seen in greatest.items()}
        entry[_GREATEST_BEFORE] = {**newest, **known}
        entry[_GREATEST] = newest
        entry[_GREATEST_AT] = to_moment(started.replace(microsecond=0))

    def pages(self, query: EntityQuery) -> Iterator[Iterable[Mapping[str, Any]]]:
        """Return pages of the entity's records, as the platform sends them; the first is asked for at once."""
        return self.run.workers.read_ahead(iter(self.run.platform.pages(self.entity, query)))

    def _write_pages(
        self, pages: Iterable[Iterable[Mapping[str, Any]]], shaper: RecordShaper, since: str | None
    ) -> None:
        normalize = self.run.platform.normalize
        for raws in chain.from_iterable(map(batches, pages)):
            if self.kept is not None:
                self.kept += [self.run.parent_fields(self.entity, raw) for raw in raws]
            rows = shaper.shape([normalize(self.entity, raw) for raw in raws])
            new = self._new(rows, shaper.columns, since)
            chosen = new[: self.within_limit(len(new))]
            self.write_rows(chosen)
            self.note_records(len(chosen))
            self.run.progress.records(self.name, self.records_written)

    def _new(
        self, rows: list[tuple[Any, ...]], columns: Sequence[str], since: str | None
    ) -> list[tuple[Any, ...]]:
        """Return the rows that were not given yet, as they are, and lie not before the bookmark."""
        keys = list(map(itemgetter(*map(columns.index, self.entity.keys)), rows))
        if _has_empty(keys):
            # One that can't be told from others would take their place: it is left out, and the stream fails.
            whole = [not _has_empty([key]) for key in keys]
            self._keyless += whole.count(False)
            rows, keys = list(compress(rows, whole)), list(compress(keys, whole))
        rows = self._unseen(rows, keys)
        if self.entity.replication_key is None:
            return rows
        place = columns.index(self.entity.replication_key)
        moments = [_parsed(row[place]) for row in rows]
        bound = None if self.entity.may_be_old else _parsed(since)
        if bound is not None:
            # The server ignored the bound: still right, only slower.
            inside = [moment is None or moment >= bound for moment in moments]
            rows, moments = list(compress(rows, inside)), list(compress(moments, inside))
        there = [moment for moment in moments if moment is not None]
        self._has_undated |= len(there) < len(moments)
        if there:
            self._latest = max(there if self._latest is None else [*there, self._latest])
        return rows

    def _unseen(self, rows: list[tuple[Any, ...]], keys: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows that this run did not give yet, or not as they are now; remembers them."""
        seen = self._seen
        versions = list(map(hash, map(_encode, rows)))
        if len(set(keys)) == len(keys) and seen.keys().isdisjoint(keys):  # nearly always
            seen.update(zip(keys, versions, strict=True))
            return rows
        new = []
        for row, key, version in zip(rows, keys, versions, strict=True):
            if seen.get(key) != version:
                seen[key] = version
                new.append(row)
        return new

    def _check_keys(self) -> None:
        """Check that every record had its key.

        Raises:
            RequestError: If not.
        """
        if self._keyless:
            names = " or no ".join(f"`{k}`" for k in self.entity.keys)
            a, have = (
                ("a record", "has") if self._keyless == 1 else (f"{self._keyless} records", "have")
            )
            msg = f"{a} {have} no {names} and can't be told apart: left out; the bookmark was not moved"
            raise RequestError(msg)

    @cached_property
    def _parent(self) -> "EntityStream":
        """The stream that this child's records hang below."""
        return cast("EntityStream", self.run.streams[self.entity.parent or ""])

    def _parents(self) -> Iterator[Mapping[str, Any]]:
        """Return the records of this child's parent, as the platform sends them (only the fields it needs).

        Those that this run read already, if they are all that the child lacks; else the platform is asked
        again. What a child lacks, its own state tells: the parent's bookmark may have moved in a run that
        did not come to the child.
        """
        parent = self._parent
        known = self.bookmarks.get(_PARENTS) if self.entity.parent_changed_only else None
        since = None if known is None else str(known)
        if parent.kept is not None and parent.asked_since in {None, since}:
            yield from parent.kept
            return
        for raw in chain.from_iterable(parent.pages(EntityQuery(since=since))):
            yield self.run.parent_fields(parent.entity, raw)

    def _know_parents(self) -> None:
        """Note that this child was read for all parents up to the parent's bookmark, if that is of this run."""
        mark = self._parent.since()
        if self.entity.parent_changed_only and self._parent.kept is not None and mark is not None:
            self.bookmarks[_PARENTS] = mark

    def _read_children(self, shaper: RecordShaper, since: str | None) -> bool:
        """Read this child for each of its parents; tell whether none was refused."""
        platform, workers = self.run.platform, self.run.workers

        def ask(parent: Mapping[str, Any]) -> list[Iterable[Mapping[str, Any]]]:
            query = EntityQuery(since=since, parent=parent, stats=self._stats)
            return list(platform.pages(self.entity, query))

        refused: dict[str, int] = {}
        nameless: list[Mapping[str, Any]] = []
        for parent, future in workers.in_order(self._named_parents(nameless), ask):
            pages = self._child_pages(parent, future, refused)
            self._write_pages(pages, shaper, since)
        for message, times in refused.items():
            more = f" (and {times - 1} more like it)" if times > 1 else ""
            self.fail(Forbidden(f"{message}{more}"))
        if nameless:
            # Its own stream says so, too, but may not be selected.
            found = f"{count(len(nameless), 'record')} of {self.entity.parent} without a key"
            msg = f"{found}: what belongs to it can't be asked for"
            self.fail(MalformedResponse(msg))
        return not refused and not nameless

    def _named_parents(self, nameless: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Return the parents that can be asked for by their key; the others go to `nameless`."""
        keys = self._parent.entity.keys
        for parent in self._parents():
            known = {snake_case(name): value for name, value in parent.items()}
            if _has_empty([tuple(known.get(key) for key in keys)]):
                nameless.append(parent)
            else:
                yield parent

    def _child_pages(
        self, parent: Mapping[str, Any], future: Future[Any], refused: dict[str, int]
    ) -> list[Iterable[Mapping[str, Any]]]:
        try:
            pages: list[Iterable[Mapping[str, Any]]] = future.result()
        except BadRequest as error:
            if error.status == HTTPStatus.NOT_FOUND:
                log.warning("%s: the parent %s no longer exists", self.name, dict(parent))
                return []
            if not isinstance(error, Forbidden):
                raise
            # The first refusal's words stand for all: five hundred equal lines help nobody.
            first = next(iter(refused), str(error))
            refused[first] = refused.get(first, 0) + 1
            return []
        return pages

    def _is_wanted_by_children(self) -> bool:
        return any(
            s.entity.parent == self.name and s.selected
            for s in self.run.streams.values()
            if isinstance(s, EntityStream)
        )

    def _close(self, started: datetime, greatest: Mapping[str, int]) -> None:
        """Move the bookmark: never past the read's own start, never back."""
        if self.entity.replication_key is not None and self.replication_method == "INCREMENTAL":
            entry = self.bookmarks
            if greatest:
                self._note_greatest(entry, started, greatest)
            if self.entity.may_lack_date and (self._has_undated or entry.get(_UNDATED)):
                # What a run removes is null: some runs' states are merged into the stored one.
                entry[_UNDATED] = self._has_undated or None
            old = _parsed(entry.get("replication_key_value"))
            # Something changed while the list was read may lie on a page already read: the next run
            # must ask for it again.
            # Whole seconds: platforms that cut to the second would seem to have changed before it.
            margin = timedelta(seconds=self.run.platform_class.clock_margin_seconds)
            before = started.replace(microsecond=0) - margin
            latest = None if self._latest is None else min(self._latest, before)
            if latest is not None and (old is None or latest > old):
                entry["replication_key"] = self.entity.replication_key
                entry["replication_key_value"] = to_moment(latest)
        self.run.write_state(self.name)


def _parsed(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _has_empty(keys: Sequence[Any]) -> bool:
    """Check whether a key, or a part of one, is null or an empty text, which tells nothing apart either."""
    if keys and isinstance(keys[0], tuple):
        return any(None in key or "" in key for key in keys)
    return None in keys or "" in keys


def goes_straight(stream: Stream) -> bool:
    """Return whether a stream's records reach the output as they are: no map, no flattening."""
    maps = stream.stream_maps
    return (
        len(maps) == 1
        and type(maps[0]) is SameRecordTransform
        and not (maps[0].flattening_options and maps[0].flattening_options.enabled)
        and stream.get_batch_config(stream.config) is None
    )
