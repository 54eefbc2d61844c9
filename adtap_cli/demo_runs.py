"""The demo's two programs: the sandbox, and Meltano on the project's own file."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Self

import requests

from adtap_cli import programs
from adtap_cli.demo_choice import Choice

PROJECT_FILE: Final = "meltano.yml"
PLUGINS: Final = "plugins"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
# What a user has set for real accounts must not reach the demo: with an address out of .env and the
# sandbox's clock, it would read a real platform.
_NOT_HANDED_ON: Final = ("TAP_", "TARGET_", "MELTANO_", "ADTAP", "SINGER_")


class DemoError(Exception):
    """The demo can't go on; the message is the one line that the user sees."""


class Sandbox:
    """The sandbox in a process of its own.

    Args:
        port: The port; 0 takes a free one.
        now: What its clock says at first.
        log: File for what it says.

    Raises:
        DemoError: It did not start; with its own words.
    """

    def __init__(self, *, port: int, now: datetime, log: Path) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [
                    sys.executable,
                    "-m",
                    "adtap_sandbox",
                    f"--port={port}",
                    f"--now={now.isoformat()}",
                ],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C reaches the demo, which then stops the sandbox; not both at once.
                start_new_session=True,
            )
        # No handshake with a server that hangs: its first line or nothing.
        alarm = threading.Timer(_START_SECONDS, self._process.kill)
        alarm.start()
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = self._process.stdout.readline()
        alarm.cancel()
        found = re.search(r"https?://\S+", line)
        if found is None:
            self._process.wait()
            raise DemoError(f"the sandbox did not start: {self._last_words()}")
        self.url = found.group()
        self._http = requests.Session()
        # A proxy that the environment names must not come between.
        self._http.trust_env = False

    def now(self) -> datetime:
        """Return what its clock says."""
        return datetime.fromisoformat(self._control("GET", "health")["now"])

    def advance(self, days: int) -> datetime:
        """Move its clock; return what it says then."""
        return datetime.fromisoformat(self._control("POST", "clock", {"advance_days": days})["now"])

    def requests(self) -> int:
        """Return how many requests it has answered."""
        return sum(self._control("GET", "stats")["requests"].values())

    @property
    def has_ended(self) -> bool:
        """Whether its process has ended."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            DemoError: It ended by itself; with its last words.
        """
        code = self._process.poll()
        if code is not None:
            raise DemoError(
                f"the sandbox ended by itself (exit code {code}): {self._last_words()}; "
                f"all it said is in {self._log}"
            )

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        """Return it: it runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _control(self, method: str, path: str, body: object = None) -> Any:
        self.check()
        try:
            response = self._http.request(
                method, f"{self.url}/_control/{path}", json=body, timeout=30
            )
            response.raise_for_status()
            return response.json()
        except (OSError, ValueError) as error:
            # A process that was killed a moment ago may not be seen as ended yet.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            self.check()
            raise DemoError(f"the sandbox does not answer on {self.url}: {error}") from error

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1].removeprefix("adtap sandbox: ") if said else "it said nothing"


@dataclass(frozen=True)
class Ran:
    """One platform's part of a run, and its seconds, the start of the programs included."""

    choice: Choice
    seconds: float


def seconds_words(seconds: float) -> str:
    """Return a time as the terminal and the page write it: `5.1 s`."""
    return f"{seconds:.1f} s"


class Project:
    """A scratch folder in which Meltano runs the project's own file.

    A folder of its own, so that neither the user's `.env` nor the bookmarks of real accounts are
    touched.

    Args:
        folder: The scratch folder; what an earlier demo left there is removed.
        file: The project's `meltano.yml`; `plugins/` beside it comes too.

    Raises:
        DemoError: There is no Meltano, or no such file.
    """

    def __init__(self, folder: Path, file: Path) -> None:
        found = programs.found("meltano")
        if found is None:
            raise DemoError(
                "Meltano is not installed in this environment; `make setup` installs it, "
                "and so does `pip install 'adtaps[meltano]'`"
            )
        if not file.is_file():
            raise DemoError(f"the project file {file} is missing; name it with --project")
        self._meltano = found
        self.folder = folder
        self.warehouse = folder / "ads.duckdb"
        self.log = folder / "meltano.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._hold(folder / "lock")
            for old in (self.warehouse, folder / "ads.duckdb.wal", self.log):
                old.unlink(missing_ok=True)
            shutil.rmtree(folder / ".meltano", ignore_errors=True)
            shutil.copy(file, folder / PROJECT_FILE)
            # The definitions that the project's file includes.
            shutil.rmtree(folder / PLUGINS, ignore_errors=True)
            if (file.parent / PLUGINS).is_dir():
                shutil.copytree(file.parent / PLUGINS, folder / PLUGINS)
        except OSError as error:
            raise DemoError(f"the folder {folder} can't be used: {error.strerror}") from error

    def _hold(self, lock: Path) -> None:
        """Keep other demos out of the folder until this process ends."""
        self._lock = lock.open("w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise DemoError(
                f"another demo is running in {lock.parent}; wait for it, or name another folder "
                "with --folder"
            ) from None

    def run(
        self,
        choices: Sequence[Choice],
        *,
        sandbox: Sandbox,
        start: date,
        report: Callable[[Ran], None],
    ) -> list[Ran]:
        """Run the jobs of these platforms, one after the other, in the environment `sandbox`; report each that is done.

        Raises:
            DemoError: A job failed; the message says which, and with which words.
        """
        environment = self._environment(choices, sandbox=sandbox, start=start)
        command = [
            self._meltano,
            "--log-format=json",
            "--environment=sandbox",
            "run",
            *(choice.job for choice in choices),
        ]
        messages: list[str] = []
        others: list[str] = []
        done: list[Ran] = []
        with self.log.open("a", encoding="utf-8") as log:
            for event in _events(command, self.folder, environment, log, sandbox):
                if event.get("event") == "Block run completed" and event.get("success"):
                    done.append(Ran(choices[len(done)], float(event["duration_seconds"])))
                    report(done[-1])
                elif text := _complaint(event):
                    # A program's own words say more than what Meltano says about its end.
                    (messages if "string_id" in event else others).append(text)
        if len(done) < len(choices):
            sandbox.check()
            why = (messages or others or ["it did not say why"])[-1]
            raise DemoError(f"{choices[len(done)].job} failed: {why} (all of it: {self.log})")
        return done

    def _environment(
        self, choices: Sequence[Choice], *, sandbox: Sandbox, start: date
    ) -> dict[str, str]:
        environment = {
            k: v for k, v in programs.environment().items() if not k.startswith(_NOT_HANDED_ON)
        }
        environment["MELTANO_PROJECT_ROOT"] = str(self.folder)
        environment["NO_PROXY"] = environment["no_proxy"] = "127.0.0.1,localhost"
        environment["ADTAPS_NOW"] = sandbox.now().isoformat()
        for choice in choices:
            prefix = choice.schema.upper()
            environment[f"{prefix}_START_DATE"] = start.isoformat()
            environment[f"{prefix}__SELECT"] = json.dumps(choice.select)
            for setting, path in choice.urls.items():
                environment[f"{prefix}_{setting.upper()}"] = sandbox.url + path
        return environment


def _events(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Any, sandbox: Sandbox
) -> Iterator[Mapping[str, Any]]:
    """Yield what Meltano says, event by event, until it ends; write all of it into the log, too.

    If the sandbox ends, so does Meltano: its taps would try for minutes to reach a server that is gone.
    """
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        over = threading.Event()
        threading.Thread(target=_watch, args=(sandbox, process, over), daemon=True).start()
        try:
            for line in process.stdout:
                log.write(line)
                try:
                    event = json.loads(line)
                except ValueError:
                    event = {"event": line.strip(), "level": "plain"}
                if isinstance(event, dict):
                    yield event
        except BaseException:
            _stop_group(process)
            raise
        finally:
            over.set()


def _watch(sandbox: Sandbox, process: subprocess.Popen[str], over: threading.Event) -> None:
    while not over.wait(0.2):
        if sandbox.has_ended:
            _stop_group(process)
            return


def _stop_group(process: subprocess.Popen[str]) -> None:
    """Stop Meltano with its taps and targets, which are in its group: none may live on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _complaint(event: Mapping[str, Any]) -> str:
    """Return the words of an error, of Meltano or of a program it runs; empty for anything else."""
    text = str(event.get("event", "")).strip()
    # Where a program does not even start, Meltano quotes all that it wrote, in lines of JSON.
    quoted = re.findall(r'\{"level":"(?:error|critical)".*?"message":"((?:[^"\\]|\\.)*)"', text)
    if quoted:
        return str(json.loads(f'"{quoted[-1]}"'))
    if event.get("level") not in {"error", "critical"} or text == "Block run completed":
        return ""
    who = event.get("string_id")
    return " ".join(f"{who}: {text}".split() if who else text.split())
