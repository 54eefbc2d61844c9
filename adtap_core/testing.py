"""A test kit for any tap: runs read as messages, a stand-in server with faults, and the contract suite.

The suite is the part of the contract that needs no knowledge of a platform: what discovery may do, what rows,
ledger and state promise, how a run fails and heals. A tap of another repository gets it by two declarations:

    case = ContractCase(tap=TapPixelyard, server=PixelyardServer, entity="campaigns", report="delivery_daily",
                        settings={"api_token": "canary-0123456789"}, wrong={"api_token": "canary-wrong-token"})
    TestPixelyard = contract_suite(case)

and pytest runs it. `docs/add-a-platform.md` has the whole example.
"""

import functools
import io
import json
import logging
import os
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any, Final, Self
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import msgspec
from jsonschema import Draft202012Validator, FormatChecker
from typing_extensions import override

from adtap_core.bodies import exact_json
from adtap_core.clock import NOW_VARIABLE
from adtap_core.errors import AdtapError, CredentialsError, SettingsError
from adtap_core.tap import AdTap

NOON: Final = "2026-03-18T12:00:00+00:00"
"""The moment that the suite plays, in the tap and on the server."""
NEXT_NOON: Final = "2026-03-19T12:00:00+00:00"
START: Final = "2026-03-09"
LAST_END: Final = "2026-03-17"
"""At least so far a report is read at `NOON`, in whatever zone its days are."""
READ_TIMES: Final = frozenset({"_synced_at", "synced_at"})
"""Columns that differ between two runs that read the same."""


# -- runs ------------------------------------------------------------------------------------


@dataclass
class Messages:
    """The messages of one run.

    Args:
        lines: Every message in order.
        code: The exit code; 0 for a run in this process that did not raise.
        stderr: What was said beside the messages.
    """

    lines: list[dict[str, Any]]
    code: int = 0
    stderr: str = ""
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for line in self.lines:
            match line["type"]:
                case "RECORD":
                    self.records[line["stream"]].append(line["record"])
                case "SCHEMA":
                    self.schemas[line["stream"]] = line
                case "STATE":
                    self.states.append(line["value"])

    @property
    def last_state(self) -> dict[str, Any]:
        """The last STATE; empty if there was none."""
        return self.states[-1] if self.states else {}

    def windows(self, stream: str) -> list[dict[str, Any]]:
        """The ledger's rows of a stream."""
        return [w for w in self.records["sync_windows"] if w["stream"] == stream]

    def final(self, stream: str, *keys: str) -> dict[Any, dict[str, Any]]:
        """The records as an upsert by key leaves them."""
        names = keys or ("_row_key",)
        return {tuple(r[k] for k in names): r for r in self.records[stream]}


def parse(text: str | bytes, *, code: int = 0, stderr: str = "") -> Messages:
    """Read a run's output, decimals exact.

    Args:
        text: Lines of messages.
        code: The exit code.
        stderr: What was said beside the messages.
    """
    given = io.BytesIO(
        text.encode() if isinstance(text, str) else text
    )  # not cut up: it may be large
    return Messages([exact_json.decode(line) for line in given if line.strip()], code, stderr)


def run_tap(
    tap_class: type[AdTap],
    config: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    streams: set[str] | None = None,
    catalog: Mapping[str, Any] | None = None,
    written: Callable[[Messages], None] | None = None,
) -> Messages:
    """Run a tap in this process; what it raises comes through.

    Args:
        tap_class: The tap.
        config: Its settings.
        state: The state to begin with.
        streams: Select only these (and the ledger) through a catalog.
        catalog: A catalog of the test's own.
        written: Is told what was written, also when the run fails.
    """
    chosen = catalog if streams is None else select(tap_class, config, streams)
    out = io.BytesIO()
    text = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    with redirect_stdout(text):
        tap = tap_class(
            config=dict(config),
            state=json.loads(json.dumps(state)) if state else None,
            catalog=None if chosen is None else dict(chosen),
        )
        try:
            tap.run()
        finally:
            tap.workers.close()
            if written is not None:
                written(parse(out.getvalue()))
    return parse(out.getvalue())


@functools.lru_cache(maxsize=256)
def _catalog_text(tap_class: type[AdTap], config: str) -> bytes:
    """Return the catalog of these settings, as JSON both: a test's runs choose from one catalog again and again."""
    tap = tap_class(config=json.loads(config), validate_config=False, setup_mapper=False)
    # As JSON, but not laid out for readers as `--discover` does it: that takes as long as all the rest.
    return msgspec.json.encode(tap.catalog_dict)


def select(tap_class: type[AdTap], config: Mapping[str, Any], streams: set[str]) -> dict[str, Any]:
    """Return the tap's catalog with only these streams (and the ledger) selected.

    Args:
        tap_class: The tap.
        config: Its settings.
        streams: Names; `users.email` stands for a stream and a column that nobody selects by default.

    Returns:
        A Singer catalog, as a tap takes it.
    """
    catalog: dict[str, Any] = msgspec.json.decode(_catalog_text(tap_class, json.dumps(config)))
    columns = {tuple(name.split(".")) for name in streams if "." in name}
    chosen = {name.partition(".")[0] for name in streams}
    names = {entry["tap_stream_id"] for entry in catalog["streams"]}
    assert chosen <= names, f"no such stream: {sorted(chosen - names)}"
    for entry in catalog["streams"]:
        stream = entry["tap_stream_id"]
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = stream in {*chosen, "sync_windows"}
            elif (stream, item["breadcrumb"][-1]) in columns:
                item["metadata"]["selected"] = True
    return catalog


# -- a server --------------------------------------------------------------------------------


@dataclass
class Fault:
    """What a stand-in server does instead of answering.

    Args:
        status: The status it answers with; None: it answers as usual, and breaks the answer.
        times: How often.
        headers: Headers of that answer.
        body: Its body.
        cut: Cut the good answer's body after half of its declared length.
    """

    status: int | None = None
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    cut: bool = False


class LocalServer(ABC):
    """A server in a thread on a free port of 127.0.0.1, for as long as it is a context; `url` is its address."""

    def __enter__(self) -> Self:
        """Start to listen."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other

            def do_GET(self) -> None:
                outer._serve(self)

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @abstractmethod
    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        """Read a request, and answer it."""


class StandIn(LocalServer):
    """A local stand-in for a platform, with faults: subclass it and write `answer`.

    `with PixelyardServer() as server:` runs it on a free port of 127.0.0.1; `server.url` is its address.
    """

    def __init__(self) -> None:
        self.now = NOON
        """The moment that the platform plays, ISO 8601."""
        self.log: list[tuple[str, str]] = []
        """Method and path of each request, in order."""
        self.faults: list[Fault] = []
        """What goes wrong next; each request takes the first one that is left."""
        self._lock = threading.Lock()

    @abstractmethod
    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        """Return the status and the JSON document of an answer.

        Args:
            method: The HTTP method.
            path: The path, without the query.
            query: The query's last value of each name.
            headers: The request's headers.
        """

    @override
    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        split = urlsplit(request.path)
        query = {k: v[-1] for k, v in parse_qs(split.query, keep_blank_values=True).items()}
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        with self._lock:
            self.log.append((request.command, split.path))
            fault = self._next_fault()
        if fault is not None and fault.status is not None:
            status, body, headers = fault.status, fault.body.encode(), dict(fault.headers)
        else:
            status, document = self.answer(
                request.command, split.path, query, dict(request.headers)
            )
            body, headers = json.dumps(document, default=str).encode(), {}
        request.send_response(status)
        length = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (length | headers).items():
            request.send_header(name, value)
        if fault is not None and fault.cut:
            body = body[: len(body) // 2]
            request.close_connection = True
        request.end_headers()
        request.wfile.write(body)

    def _next_fault(self) -> Fault | None:
        if not self.faults:
            return None
        fault = self.faults[0]
        fault.times -= 1
        if fault.times <= 0:
            self.faults.pop(0)
        return fault


# -- the suite -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ContractCase:
    """A tap and its stand-in, as the contract suite sees them.

    Args:
        tap: The tap.
        server: Makes the stand-in server.
        entity: An entity stream.
        report: A report stream by day that holds rows on each day from `START` on.
        settings: Settings of a good login, `api_url` aside. Secrets must be long enough to be found: at least
            twelve characters.
        wrong: Settings over the good ones with which the server refuses the login.
        api_path: What stands behind the server's address in `api_url`.
    """

    tap: type[AdTap]
    server: Callable[[], StandIn]
    entity: str
    report: str
    settings: Mapping[str, Any]
    wrong: Mapping[str, Any]
    api_path: str = ""

    def config(self, server: StandIn, **more: Any) -> dict[str, Any]:
        """Return the settings for a running server; a value of None takes a setting out."""
        made = {
            **self.settings,
            "api_url": server.url + self.api_path,
            "start_date": START,
            "max_retries": 2,
            **more,
        }
        return {k: v for k, v in made.items() if v is not None}


@dataclass
class _Room:
    """A running server, and the tap at a moment."""

    case: ContractCase
    server: StandIn

    def run(
        self,
        state: Mapping[str, Any] | None = None,
        *,
        now: str = NOON,
        streams: set[str] | None = None,
        written: Callable[[Messages], None] | None = None,
        **more: Any,
    ) -> Messages:
        self.server.now = now
        with patch.dict(os.environ, {NOW_VARIABLE: now}):
            return run_tap(
                self.case.tap,
                self.case.config(self.server, **more),
                state=state,
                streams=streams or {self.case.entity, self.case.report},
                written=written,
            )

    def failed(self, kind: type[Exception], **more: Any) -> tuple[Exception, Messages]:
        """Run; return what it raised and what it had written by then."""
        seen: list[Messages] = []
        try:
            self.run(written=seen.append, **more)
        except kind as error:
            return error, seen[0] if seen else Messages([])
        msg = f"the run ended well, {kind.__name__} was expected"
        raise AssertionError(msg)


@contextmanager
def _room(case: ContractCase) -> Iterator[_Room]:
    with case.server() as server:
        yield _Room(case, server)


def _table(
    messages: Messages, stream: str, but: frozenset[str] = READ_TIMES
) -> dict[Any, dict[str, Any]]:
    """Return the records by key, without some columns."""
    keys = messages.schemas[stream]["key_properties"]
    return {
        tuple(r[k] for k in keys): {k: v for k, v in r.items() if k not in but}
        for r in messages.records[stream]
    }


def contract_suite(case: ContractCase) -> type:
    """Return a class of tests that pytest collects: what every tap promises, run on this one.

    Args:
        case: The tap and its stand-in.
    """
    return type("ContractSuite", (_Suite,), {"case": case, "__doc__": _Suite.__doc__})


class _Suite:
    """What every tap promises, whatever its platform."""

    case: ContractCase

    def test_discovery_asks_nobody(self) -> None:
        """Without settings and without network; every column is described and has one type."""
        tap = self.case.tap(config={}, validate_config=False, setup_mapper=False)
        for entry in tap.catalog_dict["streams"]:
            keys = {*entry["key_properties"], "_account"}
            for name, prop in entry["schema"]["properties"].items():
                where = f"{entry['tap_stream_id']}.{name}"
                kinds = [prop["type"]] if isinstance(prop["type"], str) else prop["type"]
                assert prop.get("description", "").strip(), f"{where} has no description"
                assert len(set(kinds) - {"null"}) == 1, f"{where} has not one type"
                assert "number" not in kinds, f"{where} would go through a float"
                buckets = {"hour", "day", "week", "month"}
                assert "null" in kinds or name in keys | buckets, f"{where} can't be null"

    def test_every_field_of_a_preset_is_known(self) -> None:
        """A preset passes what a user's definition must pass, and names its source."""
        from adtap_core.definitions import definition_errors  # noqa: PLC0415

        for report in self.case.tap.reports:
            assert not definition_errors([report], [], self.case.tap.platform_class, {})
            assert report.source, f"{report.name} names no source"

    def test_whatever_a_definition_may_say_is_a_field_of_its_report(self) -> None:
        """A key that the settings allow and the report's class does not have would be lost."""
        keys = self.case.tap.config_jsonschema["properties"]["reports"]["items"]["properties"]
        declared = {f.name for f in fields(self.case.tap.platform_class.report_class({}))}
        assert {*keys} <= declared

    def test_rows_are_what_the_schema_says(self) -> None:
        """Keys tell rows apart, decimals are exact, the ledger counts what was written."""
        with _room(self.case) as room:
            got = room.run()
        for stream, schema in got.schemas.items():
            check = Draft202012Validator(schema["schema"], format_checker=FormatChecker())
            rows = got.records[stream]
            assert rows, f"{stream} is empty"
            for row in rows:
                assert row.keys() == schema["schema"]["properties"].keys(), stream
                assert not list(check.iter_errors(row)), (stream, row)
            assert len(_table(got, stream)) == len(rows), f"{stream}: a key comes twice"
        rows = got.records[self.case.report]
        assert sum(w["row_count"] for w in got.windows(self.case.report)) == len(rows)
        assert {r["_synced_at"] for r in rows} <= {
            w["synced_at"] for w in got.windows(self.case.report)
        }

    def test_windows_tile_the_days_asked_for(self) -> None:
        """From `start_date` to the last day that is over (a day less where a platform closes late); none twice or missing."""
        with _room(self.case) as room:
            windows = room.run().windows(self.case.report)
        windows.sort(key=lambda w: (w["account"], w["window_start"]))
        for one, other in pairwise(windows):
            if one["account"] == other["account"]:
                assert one["window_end"] == other["window_start"]
        assert windows[0]["window_start"].startswith(START)
        assert windows[-1]["window_end"] >= LAST_END

    def test_nothing_is_settled_before_the_platform_says_so(self) -> None:
        """Whatever `lookback_days` the user chose."""
        with _room(self.case) as room:
            rows = room.run(lookback_days=0).records[self.case.report]
        days = self.case.tap.platform_class.lookback_days
        recent = sorted({r["day"] for r in rows})[-days:] if days else []
        states = {r["_data_state"] for r in rows if r["day"] in recent}
        assert "settled" not in states

    def test_a_second_run_reads_the_lookback_and_the_new_day(self) -> None:
        """And the warehouse is then what one whole read would have made it."""
        with _room(self.case) as room:
            first = room.run()
            second = room.run(first.last_state, now=NEXT_NOON)
            whole = room.run(now=NEXT_NOON)
        stream = self.case.report
        but = READ_TIMES | {"_data_state"}
        assert _table(first, stream, but) | _table(second, stream, but) == _table(
            whole, stream, but
        )
        assert len(second.records[stream]) < len(whole.records[stream])

    def test_a_run_that_ends_at_any_state_goes_on_from_there(self) -> None:
        """What follows the last STATE is read again, nothing else is lost."""
        stream = self.case.report
        with _room(self.case) as room:
            whole = room.run()
            for at, line in enumerate(whole.lines):
                if line["type"] != "STATE":
                    continue
                before = Messages(whole.lines[: at + 1])
                after = room.run(line["value"])
                for run in (before, after):
                    run.schemas.setdefault(stream, whole.schemas[stream])
                assert _table(before, stream) | _table(after, stream) == _table(whole, stream)

    def test_faults_that_pass_are_healed(self) -> None:
        """503, 429 with `Retry-After`, a cut body, a page for people: the rows are the same."""
        with _room(self.case) as room:
            whole = room.run()
            for fault in (
                Fault(status=HTTPStatus.SERVICE_UNAVAILABLE),
                Fault(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "0"}),
                Fault(cut=True),
                Fault(status=HTTPStatus.OK, body="<html>come back later</html>"),
            ):
                room.server.faults.append(fault)
                got = room.run()
                for stream in (self.case.entity, self.case.report):
                    assert _table(got, stream) == _table(whole, stream), fault

    def test_a_fault_that_stays_holds_the_bookmark(self) -> None:
        """The run fails, names the stream, and no bookmark moved past what was read."""
        with _room(self.case) as room:
            room.server.faults.append(
                Fault(
                    status=HTTPStatus.SERVICE_UNAVAILABLE,
                    times=10_000,
                    headers={"Retry-After": "0"},
                )
            )
            error, got = room.failed(AdtapError)
        assert self.case.report in str(error)
        mark = got.last_state.get("bookmarks", {}).get(self.case.report, {})
        assert not mark.get("replication_key_value")
        assert not got.windows(self.case.report)

    def test_wrong_credentials_end_the_run_at_once(self) -> None:
        """One request, no storm of retries."""
        with _room(self.case) as room:
            room.failed(CredentialsError, **self.case.wrong)
            assert len(room.server.log) <= 2  # the login, or the first call

    def test_a_misspelt_field_is_refused_before_any_request(self) -> None:
        """The report and the field are named, and the nearest names."""
        preset = next(r for r in self.case.tap.reports if r.name == self.case.report)
        good = preset.metrics[0]
        report = {
            "name": "mine",
            "dimensions": list(preset.dimensions),
            "metrics": [good[:-1] + good[-1] * 2],
        }
        with _room(self.case) as room:
            error, _ = room.failed(SettingsError, reports=[report])
            assert "mine" in str(error)
            assert good in str(error)
            assert room.server.log == []

    def test_a_backfill_leaves_every_bookmark_alone(self) -> None:
        """Exactly the days asked for, and the state comes out as it went in."""
        with _room(self.case) as room:
            state = room.run().last_state
            backfill = {"from": "2026-03-10", "to": "2026-03-12"}
            got = room.run(state, backfill=backfill, streams={self.case.report})
        assert {r["day"] for r in got.records[self.case.report]} == {"2026-03-10", "2026-03-11"}
        assert got.last_state == state

    def test_no_secret_is_shown(self) -> None:
        """In no message and in no log line, at any level, whether the run ends well or not."""
        canaries = [str(v) for v in (*self.case.settings.values(), *self.case.wrong.values())]
        canaries = [c for c in canaries if len(c) >= 12]
        heard = io.StringIO()
        handler = logging.StreamHandler(heard)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with _room(self.case) as room:
                said = json.dumps(room.run().lines, default=str)
                error, _ = room.failed(CredentialsError, **self.case.wrong)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        for canary in canaries:
            assert canary not in said + str(error) + heard.getvalue()
