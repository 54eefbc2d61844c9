"""Runs of a tap as a test reads them: what was written, how it ended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

<<<<<<< HEAD
import yaml
=======
from adtap_core.testing import Messages, parse, run_tap, select
>>>>>>> 71440fc (adtap new, docs/add-a-platform.md; the companion serves taps of other distributions)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ROOT", "Messages", "command", "parse", "run_command", "run_tap", "select"]

ROOT: Final = Path(__file__).resolve().parents[1]


<<<<<<< HEAD
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


def copy_project(folder: Path) -> Path:
    """Copy the Meltano project, its file and what it includes, into a folder; give the copy of its file."""
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    return Path(shutil.copy(ROOT / "meltano.yml", folder))


def project_document() -> dict[str, Any]:
    """Give the Meltano project as one document: its file, and the plugins that it includes."""
    whole: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    for pattern in whole["include_paths"]:
        for file in sorted(ROOT.glob(pattern)):
            for kind, entries in yaml.safe_load(file.read_text("utf-8"))["plugins"].items():
                whole["plugins"].setdefault(kind, []).extend(entries)
    return whole


def parse(text: str, *, code: int = 0, stderr: str = "") -> Messages:
    """Read a run's output, decimals exact."""
    lines = [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]
    return Messages(lines, code, stderr)


def run_tap(
    tap_class: type[AdTap],
    config: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    streams: set[str] | None = None,
    catalog: Mapping[str, Any] | None = None,
) -> Messages:
    """Run a tap in this process; what it raises comes through.

    Args:
        tap_class: The tap.
        config: Its settings.
        state: The state to begin with.
        streams: Select only these (and the ledger) through a catalog.
        catalog: A catalog of the test's own.
    """
    chosen = catalog if streams is None else select(tap_class, config, streams)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(out):
        tap = tap_class(
            config=dict(config),
            state=json.loads(json.dumps(state)) if state else None,
            catalog=None if chosen is None else dict(chosen),
        )
        try:
            tap.run()
        finally:
            tap.workers.close()
    out.seek(0)
    return parse(out.read())


def select(tap_class: type[AdTap], config: Mapping[str, Any], streams: set[str]) -> dict[str, Any]:
    """Give the tap's catalog with only these streams (and the ledger) selected."""
    tap = tap_class(config=dict(config), validate_config=False, setup_mapper=False)
    catalog: dict[str, Any] = json.loads(tap.catalog_json_text)
    names = {entry["tap_stream_id"] for entry in catalog["streams"]}
    assert streams <= names, f"no such stream: {sorted(streams - names)}"
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in {*streams, "sync_windows"}
    return catalog


=======
>>>>>>> 71440fc (adtap new, docs/add-a-platform.md; the companion serves taps of other distributions)
def run_command(
    script: str,
    *arguments: str,
    folder: Path,
    config: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    catalog: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 90,
) -> Messages:
    """Run a tap as a user does, in a process of its own.

    Args:
        script: `tap-openx` and so on.
        arguments: More arguments.
        folder: Where the settings files are written.
        config: Settings; given as a file.
        state: State; given as a file.
        catalog: Catalog; given as a file.
        environment: Variables on top of ours.
        timeout: Seconds until the test gives up.
    """
    given = [command(script)]
    for name, document in (("config", config), ("state", state), ("catalog", catalog)):
        if document is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            given += [f"--{name}", str(path)]
    done = subprocess.run(
        [*given, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return parse(done.stdout, code=done.returncode, stderr=done.stderr)


def command(script: str) -> str:
    """Give a console script of this environment."""
    return str(Path(sys.executable).with_name(script))
