"""Shards and their runs through Meltano, for whatever program starts them: Airflow, Dagster, a script.

Nothing but the standard library: it is imported into the environment of the orchestrator, where neither the taps
nor Meltano need to be. They are started as programs, from the environment that `project` holds or `bin` names.

    Project ─ shards()   `adtap shards`: what is to be run
            ─ Meltano    one `meltano run`, its lines, its counts, and what its end means
"""

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)
REFUSED = 4
FINAL = {
    2: "settings are wrong",
    3: "the login was refused",
    REFUSED: "the platform refused for good",
}
"""Exit codes of a tap that stay the same however often it is tried; all others may pass."""


@dataclass(frozen=True)
class Project:
    """A Meltano project, and the environment that its programs are in.

    Args:
        folder: Where `meltano.yml` is.
        tap: Such as `tap-adjust`.
        target: Such as `target-postgres`.
        bin: Folder of `meltano` and `adtap`.
        environment: Of the project: `prod`.
        variables: Put on top of this process's own, for secrets and the state backend.
    """

    folder: str
    tap: str
    target: str
    bin: str
    environment: str = "prod"
    variables: Mapping[str, str] = field(default_factory=dict)

    def shards(self, *options: str) -> dict[str, Any]:
        """Return the load in shards, as `adtap shards` prints it with these options.

        Raises:
            Ended: It can't be had; its words say why.
        """
        command = (
            str(Path(self.bin, "adtap")),
            "shards",
            self.tap,
            f"--meltano={self.target}",
            *options,
        )
        # In a folder of its own, as every run: Meltano writes the catalog under the tap's name alone.
        with own_folder(Path(self.folder, ".meltano")) as own:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.variables_for({"MELTANO_SYS_DIR_ROOT": own}),
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise Ended(Outcome(done.returncode, done.stderr.strip().splitlines()[-5:]))
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def tables(self, name: str = "once") -> dict[str, Any]:
        """Return a shard that makes and changes tables and reads nothing: a backfill of a day that is not yet.

        Several writers must not make the same table at once.

        Args:
            name: Tells two loads apart that do so at the same time; Meltano would hold the second one back.
        """
        there, after = (str(datetime.now(UTC).date() + timedelta(days=n)) for n in (2, 3))
        prefix = self.tap.upper().replace("-", "_")
        variables = {f"{prefix}_BACKFILL": json.dumps({"from": there, "to": after})}
        run = {"state_id_suffix": f"tables-{name}", "environment": variables}
        # An account that has gone is what its own shard has to say.
        return {"name": "tables", "runs": [run], "accept": [REFUSED]}

    def variables_for(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return all variables of a run."""
        own = {**os.environ, **self.variables, "MELTANO_ENVIRONMENT": self.environment}
        return {**own, "PATH": f"{self.bin}{os.pathsep}{own.get('PATH', os.defpath)}", **more}


@dataclass
class Outcome:
    """How a run ended.

    Args:
        code: The tap's own exit code where Meltano tells it, else Meltano's.
        words: The last lines that say what went wrong.
        rows: Rows written, by stream; `sync_windows` counts the windows that were read whole.
    """

    code: int
    words: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether the same run would end the same way again."""
        return self.code in FINAL

    def __str__(self) -> str:
        """Return it as a line."""
        why = "stopped" if self.code in STOPPED else FINAL.get(self.code, "not all was read")
        return f"exit code {self.code}, {why}: {' | '.join(self.words)}"


class Ended(Exception):  # noqa: N818 - how it ended says whether it is an error
    """A run did not end well.

    Args:
        outcome: How.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


def own_folder(shared: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder that stands for Meltano's `.meltano` in one run; all is the shared one's but `run`.

    There Meltano 4.4.1 keeps catalog and state of a tap while it runs, under the tap's name alone: two runs of one
    tap at once would read each other's, whatever their state ids.

    Args:
        shared: The project's; what is installed is in it, and the database unless that is elsewhere.
    """
    made = tempfile.TemporaryDirectory(prefix="adtaps-", ignore_cleanup_errors=True)
    shared.mkdir(exist_ok=True)
    for entry in shared.iterdir():
        if entry.name != "run":
            Path(made.name, entry.name).symlink_to(entry)
    return made


class Meltano:
    """One `meltano run` of a shard's run, in a session of its own: who starts it also stops it.

    Args:
        project: Where.
        run: As `adtap shards` prints it.
        more: Variables on top.
        patience: Seconds from the first signal until the whole session is told to end, and again until it is killed.
    """

    def __init__(
        self,
        project: Project,
        run: Mapping[str, Any],
        more: Mapping[str, str],
        patience: float = 120,
    ) -> None:
        self.project, self._patience = project, patience
        self._tap_pid = 0
        self._stopping = False
        self._codes: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._errors: list[str] = []
        suffix = re.sub(
            r"[^\w.-]+", "-", run["state_id_suffix"]
        )  # a colon is what Meltano divides ids by
        self._own = own_folder(Path(project.folder, ".meltano"))
        variables = {**more, **run["environment"], "MELTANO_SYS_DIR_ROOT": self._own.name}
        command = (
            str(Path(project.bin, "meltano")), "--log-format=json", "run",
            f"--state-id-suffix={suffix}", project.tap, project.target,
        )  # fmt: skip
        self.process = subprocess.Popen(
            command,
            cwd=project.folder,
            env=project.variables_for(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Tell the tap to end: after its last whole window it writes state, and the loader commits that.

        SIGTERM to all of them at once would take the loader away before the tap's last words.
        """
        self._stopping = True
        try:
            if self._tap_pid:
                os.kill(self._tap_pid, signal.SIGTERM)
            else:
                os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def kill_after(self) -> None:
        """Wait for the end; whoever of the session has not ended by then is told to, and killed in the end."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self.process.communicate(timeout=self._patience)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, number)

    def lines(self) -> Iterator[str]:
        """Return what is said, as it is said, for people."""
        for text in self.process.stdout or ():
            try:
                said = json.loads(text)
            except ValueError:
                said = {}
            if not isinstance(said, dict) or "event" not in said:
                yield text.rstrip()
                continue
            yield self._note(said)

    def _note(self, said: Mapping[str, Any]) -> str:
        plugin, event = said.get("string_id", "meltano"), str(said["event"])
        if plugin == self.project.tap and isinstance(said.get("pid"), int) and not self._tap_pid:
            self._tap_pid = said["pid"]
            if self._stopping:
                self.stop()
        if event == "Block run completed":
            self._codes = dict(said.get("exit_codes") or {})
        metric = said.get("metric_info") or {}
        if plugin == self.project.tap and metric.get("metric") == "record_count":
            stream = str(metric["tags"]["stream"])
            self._rows[stream] = self._rows.get(stream, 0) + int(metric["value"])
        if said.get("level") in {"error", "critical"} and event != "Block run completed":
            self._errors = [*self._errors[-9:], f"{plugin}: {event}"]
        return f"{plugin}: {event}"

    def outcome(self) -> Outcome:
        """Wait for the end; return how it was.

        Meltano's last line is `Run completed` and its exit code 1 whatever failed: the tap's own code stands in
        the line before.
        """
        code = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self._own.cleanup()
        if code and self._codes.get("extractors"):
            code = self._codes["extractors"]
        return Outcome(code, self._errors if code else [], self._rows)


def run_shard(
    project: Project,
    shard: Mapping[str, Any],
    common: Mapping[str, str],
    *,
    say: Callable[[str], None] = print,
    started: Callable[[Meltano], None] = lambda _: None,
) -> Outcome:
    """Run all of a shard's runs, one after the other; those behind one that failed as well.

    Args:
        project: Where.
        shard: As `adtap shards` prints it.
        common: The `environment` that all of its runs share.
        say: Takes each line of the log.
        started: Is given each run as it starts, to stop it.

    Raises:
        Ended: One or more did not end well. If one of them may pass, it may.
    """
    outcomes: list[Outcome] = []
    runs: Sequence[Mapping[str, Any]] = shard["runs"]
    for run in runs:
        meltano = Meltano(project, run, common)
        started(meltano)
        try:
            for line in meltano.lines():
                say(line)
        except (
            BaseException
        ):  # told to stop, whatever that looks like here: nothing may go on behind our back
            meltano.stop()
            meltano.kill_after()
            raise
        outcomes.append(meltano.outcome())
        if outcomes[-1].code in STOPPED:
            break
    rows: dict[str, int] = {}
    for outcome in outcomes:
        for stream, count in outcome.rows.items():
            rows[stream] = rows.get(stream, 0) + count
    bad = [o for o in outcomes if o.code and o.code not in shard.get("accept", ())]
    if not bad:
        return Outcome(0, [], rows)
    worst = next((o for o in bad if not o.is_final), bad[0])
    raise Ended(Outcome(worst.code, [w for o in bad for w in o.words], rows))
