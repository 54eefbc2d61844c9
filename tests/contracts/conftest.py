"""A tap and its platform, ready to be run and spoilt: what the tests of all four share."""

import base64
import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests import programs
from tests.conftest import SandboxHandle
from tests.contracts.platforms import CASES, MOMENT, Case
from tests.running import Messages, parse, run_tap, select, signal_handlers_kept

_BASELINES: dict[tuple[str, str, frozenset[str], str], Messages] = {}
"""Undisturbed runs of this process: the sandbox's world is the same after every reset."""
READ_TIMES = frozenset({"_synced_at", "synced_at"})


class Bench:
    """One tap against its platform, both on the same standing clock."""

    def __init__(
        self, case: Case, sandbox: SandboxHandle, folder: Path, patch: pytest.MonkeyPatch
    ) -> None:
        self.case, self.sandbox, self.folder, self._patch = case, sandbox, folder, patch
        self.moment = MOMENT
        self.at(MOMENT)

    def at(self, moment: str) -> None:
        """Set the clock of the platform and of the tap."""
        self.moment = moment
        self.sandbox.clock(moment)
        self._patch.setenv("ADTAPS_NOW", moment)

    @property
    def until(self) -> str:
        """The first day that is not whole on the platform."""
        return day_after(self.moment[:10], -self.case.lag_days)

    def config(self, **more: Any) -> dict[str, Any]:
        """The tap's settings."""
        return self.case.config(self.sandbox.url, **more)

    @property
    def usual(self) -> set[str]:
        """The streams that stand for all: one entity, one report."""
        return {self.case.entity, self.case.daily}

    def run(
        self, streams: set[str] | None = None, state: Mapping[str, Any] | None = None, **more: Any
    ) -> Messages:
        """Run the tap in this process."""
        self.sandbox.clear_log()
        return run_tap(
            self.case.tap,
            self.config(**more),
            state=state,
            catalog=self.catalog(streams or self.usual, **more),
        )

    def command(
        self,
        streams: set[str] | None = None,
        state: Mapping[str, Any] | None = None,
        *,
        catalog: bool = True,
        environment: Mapping[str, str | None] | None = None,
        **more: Any,
    ) -> Messages:
        """Run the tap as a user does: a process, its exit code, what it wrote."""
        self.sandbox.clear_log()
        arguments = self.files(streams, catalog=catalog, **more)
        if state is not None:
            arguments += ["--state", self.file("state.json", state)]
        return self.finished(*arguments, environment=environment)

    def finished(
        self, *arguments: str, environment: Mapping[str, str | None] | None = None
    ) -> Messages:
        """Run the tap with these arguments to its end."""
        out, errors = self.folder / "out.jsonl", self.folder / "errors.txt"
        for path in (out, errors):
            path.write_bytes(b"")
        process = programs.start(
            self.case.script, arguments, stdout=out, stderr=errors, environment=environment
        )
        process.join(250)
        if process.exitcode is None:
            process.kill()
            pytest.fail(f"{self.case.script} hangs: {errors.read_text()[-2000:]}")
        return parse(out.read_text(), code=process.exitcode, stderr=errors.read_text())

    def file(self, name: str, document: object) -> str:
        """Write a document, give its path."""
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    def files(
        self, streams: set[str] | None = None, *, catalog: bool = True, **more: Any
    ) -> list[str]:
        """Write settings and catalogue, give the arguments that name them."""
        given = ["--config", self.file("config.json", self.config(**more))]
        if catalog:
            given += [
                "--catalog",
                self.file("catalog.json", self.catalog(streams or self.usual, **more)),
            ]
        return given

    def catalog(self, streams: set[str], **more: Any) -> dict[str, Any]:
        """The tap's catalogue with only these streams (and the ledger) selected."""
        decimals_as = more.get("decimals_as", "singer_decimal")
        return _catalog(self.case, frozenset(streams), decimals_as)

    def undisturbed(self, streams: set[str] | None = None, **more: Any) -> Messages:
        """The same run with nothing in its way; made once for each world, moment and setting."""
        wanted = frozenset(streams or self.usual)
        key = (self.case.platform, self.moment, wanted, json.dumps(more, sort_keys=True))
        if key not in _BASELINES:
            _BASELINES[key] = self.run(set(wanted), **more)
            self.sandbox.clear_log()
        return _BASELINES[key]

    def asked(self, path: str) -> list[dict[str, Any]]:
        """The requests whose path a regular expression finds."""
        return [e for e in self.sandbox.log(self.case.platform) if re.search(path, e["path"])]

    def spoil(self, where: str, kind: str, **fields: Any) -> None:
        """Put a fault on the menu, for the `login`, the `entity` or the `report`."""
        path = getattr(self.case, f"{where}_path")
        self.sandbox.fault(kind, platform=self.case.platform, path=path, **fields)

    def secrets(self) -> set[str]:
        """Everything secret about this run so far: settings, and what the wire carried for them."""
        found = set(self.case.secrets)
        for entry in self.sandbox.log(self.case.platform):
            headers = entry["headers"]
            scheme, _, credential = headers.get("authorization", "").partition(" ")
            if scheme.lower() == "oauth":
                named = dict(re.findall(r'(\w+)="([^"]*)"', credential))
                found |= {v for k, v in named.items() if k not in _PUBLIC}
            else:
                found.add(credential.removeprefix("token="))
            found |= {c.partition("=")[2] for c in headers.get("cookie", "").split("; ")}
        found = {value for value in found if len(value) >= 12}
        return {
            spelling
            for value in found
            for spelling in (
                value,
                quote(value, safe=""),
                quote_plus(value),
                base64.b64encode(value.encode()).decode().rstrip("="),
            )
        }

    def assert_no_secret(self, *texts: str) -> None:
        """No secret stands in any of these texts."""
        for value in self.secrets():
            for text in texts:
                at = text.find(value)
                assert at < 0, f"{value!r} was shown: …{text[max(0, at - 150) : at + 60]}…"


@functools.cache
def _catalog(case: Case, streams: frozenset[str], decimals_as: str) -> dict[str, Any]:
    return select(case.tap, {"decimals_as": decimals_as}, set(streams))


_PUBLIC = frozenset(
    {"realm", "oauth_nonce", "oauth_timestamp", "oauth_version", "oauth_signature_method"}
    | {"oauth_callback"}
)
"""What an OAuth 1.0a header holds beside secrets."""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put back the signal handlers that a tap in this process sets."""
    with signal_handlers_kept():
        yield


@pytest.fixture(scope="module", autouse=True)
def _baselines_let_go() -> Iterator[None]:
    """What the tests of a file compare with is not kept for others: few ask for the same, and it is large."""
    yield
    _BASELINES.clear()


@pytest.fixture(params=CASES, ids=lambda case: case.platform)
def case(request: pytest.FixtureRequest) -> Case:
    """Each platform in turn."""
    found: Case = request.param
    return found


@pytest.fixture
def bench(
    case: Case, sandbox: SandboxHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    """Each tap against its platform."""
    return Bench(case, sandbox, tmp_path, monkeypatch)


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without the moment it was read at."""
    return {k: v for k, v in record.items() if k not in READ_TIMES}


def tables(messages: Messages, *, ledger: bool = False) -> dict[str, dict[Any, dict[str, Any]]]:
    """What an upsert by key leaves of a run, by stream; without the moments of reading.

    Args:
        messages: The run.
        ledger: Whether the ledger is among them: a disturbed run has other counts there.
    """
    made = {}
    for stream, schema in messages.schemas.items():
        if stream == "sync_windows" and not ledger:
            continue
        keys = schema["key_properties"]
        made[stream] = {
            tuple(r[k] for k in keys): plain(r) for r in messages.records.get(stream, [])
        }
    return made


@functools.cache
def day_after(day: str, days: int) -> str:
    """Another day."""
    from datetime import date, timedelta

    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
