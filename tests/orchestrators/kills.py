"""The loads that an orchestrator has started on this machine, and ways to end them that it did not ask for."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.orchestrators.conftest import BIN, MARK, Field, children, parent, wait_for

if TYPE_CHECKING:
    from adtap_run import Meltano

SLOW: Final[dict[str, Any]] = {
    "kind": "slow", "seconds": 1.0, "times": None, "platform": "adjust", "path": "/report$",
}  # fmt: skip
"""A fault of the sandbox: reports that come so slowly that a run can be ended in their midst."""


def loads() -> dict[str, list[int]]:
    """Return the processes of the Meltano runs that this test has caused, by the suffix of their state id."""
    found: dict[str, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_text().split("\0")
                is_ours = f"\0{MARK}={os.getpid()}\0" in (entry / "environ").read_text()
            except OSError:
                continue
            suffix = [a.partition("=")[2] for a in line if a.startswith("--state-id-suffix=")]
            if suffix and is_ours and str(BIN / "meltano") in line:
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


def kill_run(suffix: str) -> None:
    """Kill the process of a Dagster run, and the Meltano that it has started."""
    os.kill(parent(leader(suffix)), signal.SIGKILL)
    kill_load(suffix)


def stop_task(suffix: str) -> None:
    """Tell Airflow's supervisor of a load to end, as a worker or a pod that is shut down is told."""
    os.kill(parent(parent(leader(suffix))), signal.SIGTERM)


def leader(suffix: str) -> int:
    """Return the process of a Meltano run that the orchestrator has started."""
    return next(pid for pid in loads()[suffix] if os.getpgid(pid) == pid)


def minutes_later(here: Field) -> None:
    """Let Meltano take killed runs for dead: for five minutes it takes them for running ones."""
    here.query("UPDATE runs SET last_heartbeat_at = last_heartbeat_at - interval '6 minutes'")


def ended_early(meltano: "Meltano", how: str, is_under_way: Callable[[], object]) -> int:
    """Stop a started load ("stop"), or kill it ("kill"), once it is under way; give its exit code."""
    reader = threading.Thread(target=lambda: [None for _ in meltano.lines()])
    reader.start()
    wait_for(is_under_way, 600)
    if how == "stop":
        meltano.stop()
    else:
        os.killpg(meltano.process.pid, signal.SIGKILL)
    reader.join(600)
    return meltano.outcome().code
