"""The tap: settings checked, streams made from the tables, one run, an exit code that tells the truth."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import FrameType
from typing import Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import PluginBase, SingerCommand, _ConfigInput
from singer_sdk.singerlib import Catalog, CatalogEntry, SelectionMask
from typing_extensions import override

from adtap_core.clock import NOW_VARIABLE, Clock
from adtap_core.declare import Entity, Report
from adtap_core.definitions import custom_reports, definition_errors
from adtap_core.errors import (
    FULL,
    AdtapError,
    BadRequest,
    CredentialsError,
    Interrupted,
    RequestError,
    SettingsError,
)
from adtap_core.http.workers import Workers, still_waiting
from adtap_core.names import did_you_mean
from adtap_core.platform import Platform
from adtap_core.redact import guard_logging, learn_settings, redact
from adtap_core.rows.schemas import DAYS, LEDGER, contradictions, restored
from adtap_core.settings import common_errors, schema_errors, setting_of, with_types
from adtap_core.state import catalogs, documents
from adtap_core.sync.failures import Failure, grouped_lines
from adtap_core.sync.garbage import seldom_collected
from adtap_core.sync.ledger import SYNC_DAYS, SYNC_WINDOWS, LedgerStream
from adtap_core.sync.output import LineWriter, gone
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.run import Run, RunFailed
from adtap_core.sync.schedule import read_reports
from adtap_core.sync.stream_maps import Mapped, arithmetic_errors, empty_filters, fitted, map_errors
from adtap_core.sync.streams import AdStream, EntityStream
from adtap_core.sync.summary import failed_message, log_end
from adtap_plugin.pipes import quiet_if_unread
from adtap_plugin.plugin import FromVariables
from adtap_plugin.variables import VariableError

log = logging.getLogger("adtaps")


class AdTap(FromVariables, Tap):
    """A tap made of declarations.

    A platform's tap sets `name`, `config_jsonschema`, `platform_class`, `entities` and `reports`, and nothing else;
    its schemas are looked for in the package that its class stands in.
    """

    package_name = "adtaps"
    message_writer_class = LineWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    platform_class: ClassVar[type[Platform]]
    entities: ClassVar[Sequence[Entity]] = ()
    reports: ClassVar[Sequence[Report]] = ()
    package: ClassVar[str]
    """The package that holds `schemas/`: that of the class, unless it says another."""

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "package"):  # a subclass of a tap has that tap's schemas
            cls.package = cls.__module__.rpartition(".")[0] or cls.__module__

    def __init__(self, *args: Any, state: Any = None, catalog: Any = None, **kwargs: Any) -> None:
        guard_logging()
        if isinstance(catalog, Mapping) and not isinstance(catalog, Catalog):
            catalog = catalogs.read(catalog)
        self.current = Run(self, _clock(), self.platform_class, origin=self.origin_words)
        self.given_state: dict[str, Any] | None = state if isinstance(state, dict) else None
        try:
            super().__init__(*args, state=documents.understood(state), catalog=catalog, **kwargs)
        except VariableError as error:
            raise SettingsError(error.errors) from error
        # What somebody else keeps in our state document is theirs: it goes out as it came in.
        foreign = {k: v for k, v in (self.given_state or {}).items() if k != "bookmarks"}
        cast("dict[str, Any]", self._state).update(foreign)

    # -- settings ----------------------------------------------------------------------------

    def _faults(self, config: Mapping[str, Any], schema: dict[str, Any]) -> list[str]:
        """Return a line for each fault of the settings; what is built on others is looked at if those are sound."""
        faulty = schema_errors(config, schema)
        own = [] if faulty else self.platform_class.setting_errors(config)
        # Of one setting the platform's word is the better one: it knows what is taken here.
        said = set(map(setting_of, faulty or own))
        errors = [*faulty, *(e for e in common_errors(config) if setting_of(e) not in said), *own]
        if faulty:
            return errors
        taken = [*(e.name for e in self.entities), *(r.name for r in self.reports), LEDGER, DAYS]
        reports = custom_reports(config, self.platform_class)
        return errors + definition_errors(reports, taken, self.platform_class, config)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        # An empty setting is no setting: Meltano hands on null for what was not set.
        config = {k: v for k, v in self._config.items() if v is not None}
        for name, prop in schema["properties"].items():
            if "default" in prop and prop["default"] is not None:
                config.setdefault(name, prop["default"])
        config = with_types(config, schema)
        self._config = config
        learn_settings(config, schema)
        redact.learn_names(self.platform_class.secret_fields)
        if not raise_errors:
            return []
        errors = self._faults(config, schema)
        # Before the faults: what is missing may stand there under a name that is misspelt.
        self.warn_of_settings(config)
        self.warn_of_variables()
        if errors:
            raise SettingsError(errors)
        for report in config.get("reports") or []:
            for place in empty_filters(report.get("filters"), "filters"):
                log.warning(
                    "report %r: %s is empty; is it a variable of meltano.yml that is not set? Without it the "
                    "filter matches more rows",
                    report["name"],
                    place,
                )
        return []

    # -- streams -----------------------------------------------------------------------------

    @override
    def discover_streams(self) -> Sequence[AdStream]:
        offers = self.platform_class.offers
        reports = (
            *(r for r in self.reports if offers(r, self.config)),
            *custom_reports(self.config, self.platform_class),
        )
        return [
            *(
                EntityStream(self.current, e, self.package)
                for e in self.entities
                if offers(e, self.config)
            ),
            *(ReportStream(self.current, r) for r in reports),
            LedgerStream(self.current, SYNC_WINDOWS),
            LedgerStream(self.current, SYNC_DAYS),
        ]

    @override
    def setup_mapper(self) -> None:
        # The SDK's catalog knows standard schema keys only: precision and scale would be lost, and
        # a decimal without scale becomes NUMBER(38,0) in Snowflake: whole currency units.
        try:
            self._map_streams()
        except (MapExpressionError, StreamMapConfigError, NotImplementedError) as error:
            raise SettingsError([f"stream_maps: {error}"]) from error

    def _map_streams(self) -> None:
        """Hand the streams, as the user selected them, to the user's stream maps.

        Raises:
            SettingsError: If catalog, settings and maps contradict each other.
        """
        PluginBase.setup_mapper(self)
        errors: list[str] = []
        found: dict[str, tuple[dict[str, Any], list[str]]] = {}
        mapped: dict[str, Mapped] = {}
        for name, entry in self._entries_to_map():
            known = cast("AdStream | None", self.streams.get(name))
            if known is None and entry.metadata.root.selected:
                errors.append(
                    f"--catalog: the stream {name!r} is selected, and with these settings {self.name} has none of this "
                    f"name{did_you_mean(name, self.streams)}: define it (setting `reports`), or deselect it"
                )
                continue
            schema, keys = _written(entry, known)
            is_selected = known is None or known.selected
            if known is not None and is_selected:
                errors += contradictions(name, schema, known.schema)
                errors += arithmetic_errors(self.config, name, known.schema)
            if is_selected:
                schema = get_selected_schema(name, schema, _mask(entry, known))
            # Of a stream that is off nothing is written, but a stream map may name it, or all of them.
            found[name] = schema, keys
            mapped[name] = Mapped(schema.get("properties", {}), keys, is_selected)
        errors += map_errors(self.config, mapped)
        if errors:
            raise SettingsError(errors)
        self.mapper.stream_maps_dict = fitted(self.mapper.stream_maps_dict, mapped)
        for name, (schema, keys) in found.items():
            self.mapper.register_raw_stream_schema(name, schema, keys)

    def _entries_to_map(self) -> Iterator[tuple[str, CatalogEntry]]:
        """Return the catalog's entries by name; without those that are off where there is no stream map.

        A catalog names all streams, and most runs read a few: `AdStream.stream_maps` maps the others when they are
        asked for it.
        """
        if not self.input_catalog:
            for stream in self.streams.values():
                if stream.selected or self.mapper.stream_maps_dict:
                    yield stream.name, stream._singer_catalog_entry  # noqa: SLF001 - the SDK has no other
            return
        for entry in self.input_catalog.streams:
            name = entry.stream or entry.tap_stream_id
            known = self.streams.get(name)
            if known is None or known.selected or self.mapper.stream_maps_dict:
                yield name, entry

    @property
    @override
    def catalog_dict(self) -> dict[str, Any]:
        document: dict[str, Any] = super().catalog_dict
        for entry in document["streams"]:
            entry["schema"] = restored(entry["schema"], self.streams[entry["tap_stream_id"]].schema)
        return document

    def ordered_streams(self) -> list[AdStream]:
        """Return the streams in the order they are read: entities, parents first, then reports."""
        streams = cast("list[AdStream]", list(self.streams.values()))
        entities = {s.name: s for s in streams if isinstance(s, EntityStream)}
        names = [e.name for e in self.entities if e.name in entities]
        names.sort(key=lambda n: _depth(n, entities))
        return [*(entities[n] for n in names), *(s for s in streams if isinstance(s, ReportStream))]

    def entity_streams(self) -> list[EntityStream]:
        """Return the entity streams."""
        return [s for s in self.streams.values() if isinstance(s, EntityStream)]

    def report_streams(self) -> list[ReportStream]:
        """Return the report streams."""
        return [s for s in self.streams.values() if isinstance(s, ReportStream)]

    @cached_property
    def ledger(self) -> LedgerStream:
        """Return the ledger's stream."""
        return cast("LedgerStream", self.streams[LEDGER])

    @cached_property
    def days(self) -> LedgerStream:
        """Return the stream that keeps what each bucket held at each reading."""
        return cast("LedgerStream", self.streams[DAYS])

    # -- the run's tools, for whoever holds the tap ------------------------------------------

    @property
    def platform(self) -> Platform:
        """Return the platform, with its connection."""
        return self.current.platform

    @property
    def workers(self) -> Workers:
        """Return the worker threads."""
        return self.current.workers

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.current.clock

    @property
    def failures(self) -> list[Failure]:
        """Return what could not be read by now."""
        return self.current.failures

    @property
    def whole_concurrency(self) -> int:
        """Return most requests in flight at once, of all processes that share the platform."""
        return self.current.whole_concurrency

    # -- the run -----------------------------------------------------------------------------

    def run(self) -> None:
        """Read all selected streams.

        Raises:
            AdtapError: If anything could not be read; after everything else was.
        """
        began = time.monotonic()
        self.check_reports()
        streams = self.streams_to_read()
        if self.input_catalog is not None and not any(s.selected for s in self.streams.values()):
            log.warning("The catalog selects no stream: nothing is read")
        with (
            seldom_collected(),
            contextlib.closing(self.workers),
            contextlib.closing(self.platform.prefetch),
            contextlib.closing(self.platform.http),
        ):
            entities = [s for s in streams if isinstance(s, EntityStream)]
            if entities:
                self.name_unseen_accounts()
            self._read_entities(entities)
            reports = [s for s in streams if isinstance(s, ReportStream)]
            read_reports(reports, self.workers)
            for ledger in (self.ledger, self.days) if reports else ():
                ledger.end_run()
            self._write_last_state()
        failed = {f.stream for f in self.failures}
        read = {s.name for s in streams} | (failed & {*self.streams})
        refused = {f.stream for f in self.current.refused} - failed
        whole = sum(s.done and s.name not in failed | refused for s in streams)
        log_end(
            streams=len(read),
            whole=whole,
            refused=len(refused),
            rows=sum(s.records_written for s in streams),
            cost=self.platform.http.total,
            seconds=time.monotonic() - began,
            failures=grouped_lines(self.failures, self.current.advice),
        )
        if self.failures:
            others = bool(whole) or any(s.has_whole_accounts for s in reports)
            message = failed_message(sorted(failed), len(self.failures), others=others)
            raise RunFailed(message, self.failures)

    def name_unseen_accounts(self) -> None:
        """Note each account that the settings name and the login does not see: entities can't say it."""
        try:
            lines = self.workers.call(lambda: list(self.platform.unseen_accounts()))
        except RequestError as error:
            log.warning(
                "Could not check whether the login sees all accounts that the settings name: %s",
                error,
            )
            return
        for line in lines:
            setting = line.partition(":")[0]
            self.current.note_failure(Failure(setting, line, error=BadRequest(line)))

    def _read_entities(self, streams: Sequence[EntityStream]) -> None:
        """Read entities one after the other; meanwhile the next ones' first pages are on their way."""
        for at, stream in enumerate(streams):
            for following in streams[at : at + self.workers.count]:
                following.begin()
            stream.sync()

    def streams_to_read(self) -> list[AdStream]:
        """Return the streams that a run reads, in order: those selected, without those that failed already."""
        bad = {f.stream for f in self.failures}
        backfill = bool(self.config.get("backfill"))
        return [
            s
            for s in self.ordered_streams()
            if s.selected and s.name not in bad and (not backfill or self._is_backfilled(s))
        ]

    def _is_backfilled(self, stream: AdStream) -> bool:
        wanted = self.config["backfill"].get("streams")
        return isinstance(stream, ReportStream) and (not wanted or stream.name in wanted)

    def _backfill_errors(self, named: Sequence[str], selected: Sequence[ReportStream]) -> list[str]:
        """Return a line for each name that is no report's; say which reports are not selected."""
        known = {s.name for s in self.report_streams()}
        for name in dict.fromkeys(n for n in named if n in known - {s.name for s in selected}):
            log.warning(
                "backfill.streams: %s is not selected in the catalog, and is not read", name
            )
        return [
            f"backfill.streams: {n!r} is not a report stream{did_you_mean(n, known)}"
            for n in named
            if n not in known
        ]

    def check_reports(self) -> None:
        """Check reports against state and metadata, before any data request."""
        streams = [s for s in self.report_streams() if s.selected]
        backfill = self.config.get("backfill")
        errors: list[str] = []
        if backfill:
            errors += self._backfill_errors(backfill.get("streams") or [], streams)
            streams = [s for s in streams if self._is_backfilled(s)]
        if not backfill:  # which leaves state alone, and is a way out of what state says
            for stream in streams:
                errors += stream.state_errors()
            for entity in self.entity_streams():
                errors += entity.state_errors() if entity.selected else []
        if errors:
            raise SettingsError(errors)
        documents.say_whose_it_is(self.state, self.streams, self.name)
        self._say_what_starts_later(streams)
        if not streams:
            return
        try:
            errors = self.workers.call(
                lambda: self.platform.report_errors([s.asked() for s in streams])
            )
        except RequestError as error:
            for stream in streams:
                stream.fail(error)
            return
        if errors:
            raise SettingsError(errors)

    def _say_what_starts_later(self, streams: Sequence[ReportStream]) -> None:
        later: dict[str, list[str]] = {}
        for stream in streams:
            if (message := stream.starts_later()) is not None:
                later.setdefault(message, []).append(stream.name)
        for message, names in later.items():
            log.warning("%s: %s", ", ".join(names), message)
        for stream in streams:
            try:
                stream.check_buckets()
            except RequestError as error:
                stream.fail(error)

    def _write_last_state(self) -> None:
        if self.config.get("backfill"):
            if self.given_state is not None:
                self.current.out.write_state(self.given_state)
            self.current.out.flush()
            return
        for stream in self.report_streams():
            stream.end_run()
        self.current.write_state()

    # -- the command line --------------------------------------------------------------------

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        self.current.out.on_signal(signum, frame)

    @classmethod
    @override
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: Any = None,
        catalog: Any = None,
    ) -> None:
        if about:
            with quiet_if_unread():
                cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        given = config or _ConfigInput()
        tap = cls(
            config=given.config,
            state=None if state is None else documents.document(state, "state"),
            catalog=None if catalog is None else documents.catalog(catalog),
            parse_env_config=given.parse_env,
            validate_config=True,
        )
        tap.run()

    @classmethod
    @override
    def file_fault(cls, line: str) -> Exception:
        return SettingsError([line])

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        command.__class__ = _Command
        return command


def _written(entry: CatalogEntry, known: AdStream | None) -> tuple[dict[str, Any], list[str]]:
    """Return the schema of a catalog's entry as it is written, and its key: that comes from the tap, never from a file."""
    if known is None:
        return entry.schema.to_dict(), list(entry.key_properties or ())
    schema = known.effective_schema if known.entry is entry else entry.schema.to_dict()
    return restored(schema, known.schema), list(known.primary_keys)


def _mask(entry: CatalogEntry, known: AdStream | None) -> SelectionMask:
    """Return which columns of a catalog's entry are selected."""
    if known is None or known.metadata is not entry.metadata:
        return entry.metadata.resolve_selection()
    return known.mask


def _depth(name: str, entities: Mapping[str, EntityStream]) -> int:
    parent = entities[name].entity.parent
    return 0 if parent is None or parent not in entities else 1 + _depth(parent, entities)


def _clock() -> Clock:
    try:
        return Clock.from_environment()
    except ValueError as error:
        raise SettingsError(
            [f"{NOW_VARIABLE}: {os.environ[NOW_VARIABLE]!r} is not a date-time"]
        ) from error


class _Command(SingerCommand):
    """The tap's command: errors as lines, exit codes as the contract says."""

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        guard_logging()
        is_program = not args and "args" not in kwargs  # and not a call from another program
        kwargs["standalone_mode"] = False
        code = 0
        abrupt = False
        try:
            result = super().main(*args, **kwargs)
            code = result if isinstance(result, int) else 0
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except click.Abort:
            code, abrupt = 130, True
        except (AdtapError, KeyboardInterrupt, BrokenPipeError, Exception) as error:  # noqa: BLE001
            code, abrupt = self._explain(error), True
        self._leave(code, abrupt=abrupt or is_program)

    @override
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with quiet_if_unread():  # a catalog or a help, written by the options themselves
            return super().make_context(*args, **kwargs)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        logging.captureWarnings(capture=True)
        try:
            return click.Command.invoke(self, ctx)
        except BrokenPipeError as error:  # click would end without a word
            raise gone(error) from error

    def _explain(self, error: BaseException) -> int:
        if isinstance(error, BrokenPipeError) or getattr(error, "errno", None) in FULL:
            # Ours are told where they happen: this is what the SDK writes itself, a catalog or what it is about.
            error = gone(cast("OSError", error))
        if isinstance(error, KeyboardInterrupt):
            error = Interrupted(2)
        if isinstance(error, SettingsError):
            for fault in error.errors:
                self.logger.error("Setting: %s", redact(fault))
            return error.exit_code
        if isinstance(error, CredentialsError):
            self.logger.error("Login refused: %s", redact(str(error)))
            return error.exit_code
        if isinstance(error, AdtapError):
            self.logger.error("%s", redact(str(error)[:1].upper() + str(error)[1:]))
            return error.exit_code
        self.logger.debug("Unexpected error", exc_info=error)
        self.logger.error(
            "Unexpected %s: %s (a defect of the tap; LOGLEVEL=DEBUG shows where)",
            type(error).__name__,
            redact(str(error)),
        )
        return 1

    def _leave(self, code: int, *, abrupt: bool) -> None:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        if abrupt or still_waiting():
            # A worker may sit in a request for minutes; nothing of it is needed any more. And to take a
            # thousand modules apart costs a fifth of a tap's start.
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)
        sys.exit(code)
