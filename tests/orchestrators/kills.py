"""The loads that an orchestrator has started on this machine, and ways to end them that it did not ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.orchestrators.conftest import BIN, Field, children


def loads() -> dict[str, list[int]]:
    """Return the process groups of the Meltano runs of this machine, by the suffix of their state id."""
    found: dict[str, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_text().split("\0")
            except OSError:
                continue
            suffix = [a.partition("=")[2] for a in line if a.startswith("--state-id-suffix=")]
            if suffix and str(BIN / "meltano") in line:
                found.setdefault(suffix[0], []).append(int(entry.name))
    return found


def under_way(wanted: str = "") -> str:
    """Return the suffix of an account's run whose tap has begun to read, of any account if none is wanted."""
    for suffix, pids in loads().items():
        is_account = suffix.partition("-")[0] not in {"tables", "rest"}
        reads = any("target-postgres" in line for pid in pids for line in family(pid)[1:])
        if (suffix == wanted if wanted else is_account) and reads:
            return suffix
    return ""


def family(pid: int) -> list[str]:
    """Return the command lines of what a process has started."""
    found = []
    for child in children(pid):
        try:
            found.append(Path(f"/proc/{child}/cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def has_ended(suffix: str) -> bool:
    """Check whether no process of a run is left."""
    return suffix not in loads()


def kill_load(suffix: str) -> None:
    """Kill a Meltano run with its tap and its loader."""
    for pid in loads()[suffix]:
        os.killpg(pid, signal.SIGKILL)


def minutes_later(here: Field) -> None:
    """Let Meltano take killed runs for dead: for five minutes it takes them for running ones."""
    here.query("UPDATE runs SET last_heartbeat_at = last_heartbeat_at - interval '6 minutes'")
