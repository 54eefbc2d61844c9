"""Whether a change left the messages as they were: the taps of two checkouts against the same sandbox.

    python -m benchmarks.same_messages OTHER_CHECKOUT [--only NAME ...]

Each tap, once for each generation of its API, discovers, reads every stream with every column, and two days
later reads again with the state of the first run. Catalog, exit code, schemas, records in their order within
a stream, and the last STATE must be equal; the moments of reading and the ledger's count of requests (a job
may be polled once more) are left out. Exits 1 if anything differs, and shows the first difference of each
stream.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import ROOT
from benchmarks.sandbox import MOMENT, SUBJECTS, VARYING, Subject, sandbox

LATER: Final = (datetime.fromisoformat(MOMENT) + timedelta(days=2)).isoformat()
_VARYING: Final = re.compile(VARYING + r'|"read_at": ?\[[^\]]*\]')
_SHOWN: Final = 300
"""Characters of a message that are shown."""

Messages = Mapping[str, list[str]]
"""What a program wrote: lines by the stream they are of; `catalog`, `exit`, `last STATE` stand beside the streams."""


def main(arguments: list[str] | None = None) -> int:
    """Compare two checkouts; return 1 if a message differs, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_messages")
    parser.add_argument("other", type=Path, help="a checkout of the project to compare with")
    names = [subject.name for subject in SUBJECTS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=" | ".join(names))
    given = parser.parse_args(arguments)
    checkouts = (ROOT, given.other.resolve())
    differ = False
    for subject in SUBJECTS:
        if given.only and subject.name not in given.only:
            continue
        with ThreadPoolExecutor(len(checkouts)) as pool:
            here, there = pool.map(lambda checkout: _runs(subject, checkout), checkouts)  # noqa: B023 - ends within the turn
        for name, ours in here.items():
            found = list(differences(ours, there[name]))
            differ = differ or bool(found)
            records = sum(line.startswith("RECORD") for lines in ours.values() for line in lines)
            sys.stdout.write(
                f"{subject.name}, {name}: {len(ours) - 3} streams, {records:,} records, "
                f"{f'{len(found)} DIFFER' if found else 'equal'}\n"
            )
            sys.stdout.writelines(f"{text}\n" for text in found)
            sys.stdout.flush()
    return int(differ)


def differences(here: Messages, there: Messages) -> Iterator[str]:
    """Yield, for each stream that differs, its first difference."""
    for stream in sorted({*here, *there}):
        for number, (ours, theirs) in enumerate(
            zip_longest(here.get(stream, ()), there.get(stream, ()), fillvalue="nothing"), 1
        ):
            if ours != theirs:
                alike = takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
                at = max(sum(1 for _ in alike) - _SHOWN // 2, 0)
                shown = (f"    {text[at : at + _SHOWN]}" for text in (ours, theirs))
                yield "\n".join((f"  {stream}, message {number}, here and there:", *shown))
                break


def _runs(subject: Subject, checkout: Path) -> dict[str, Messages]:
    """Return what a checkout's tap writes from scratch, and two days later."""
    with sandbox(subject) as server, tempfile.TemporaryDirectory(prefix="same-") as name:
        folder = Path(name)
        server.reset()
        _write(folder, "config", subject.config(server.url, reports=list(subject.narrow)))
        command = [*_tap(subject), "--config", str(folder / "config.json")]
        catalog = json.loads(_output([*command, "--discover"], checkout, MOMENT)[0])
        _write(folder, "catalog", _all_selected(catalog))
        command += ["--catalog", str(folder / "catalog.json")]
        first, state = _messages(*_output(command, checkout, MOMENT))
        server.control("POST", "clock", {"set": LATER})
        _write(folder, "state", state)
        command += ["--state", str(folder / "state.json")]
        second, _ = _messages(*_output(command, checkout, LATER))
    return {
        "first run": {**first, "catalog": [json.dumps(catalog)]},
        "second run": {**second, "catalog": []},
    }


def _tap(subject: Subject) -> tuple[str, ...]:
    """Return the command that runs a tap of the working directory's checkout."""
    case = subject.case
    return sys.executable, "-c", f"from {case.module}.tap import {case.class_name} as t; t.cli()"


def _output(command: list[str], checkout: Path, now: str) -> tuple[str, int]:
    """Return what a program of a checkout writes, and its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "ADTAPS_NOW": now}
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(f"{checkout}: exit code {done.returncode}:\n{done.stderr[-2000:]}\n")
    return done.stdout, done.returncode


def _messages(output: str, code: int) -> tuple[dict[str, list[str]], Any]:
    """Return a run's messages by stream, and its last state."""
    found: dict[str, list[str]] = {"exit": [str(code)]}
    state: Any = {}
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] == "STATE":
            state = message["value"]
        else:
            text = _VARYING.sub("", line)
            found.setdefault(message["stream"], []).append(f"{message['type']} {text}")
    found["last STATE"] = [_VARYING.sub("", json.dumps(state, sort_keys=True))]
    return found, state


def _all_selected(catalog: Mapping[str, Any]) -> Any:
    chosen = json.loads(json.dumps(catalog))
    for item in (item for entry in chosen["streams"] for item in entry["metadata"]):
        item["metadata"]["selected"] = True
    return chosen


def _write(folder: Path, name: str, document: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
