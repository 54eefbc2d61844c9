"""dbt kept running: reads commands from standard input, one JSON object a line, and answers each with one.

Starting dbt and reading the project take most of the time of a small command; here they are paid for once. It runs in
dbt's own environment, which has nothing of this project.

    in   {"arguments": ["test", "-s", "ad_performance_daily"], "variables": {}, "project": null, "artifacts": false}
    out  {"code": 0, "said": "..."}

`artifacts` asks for `manifest.json` and the other files that dbt leaves beside what it builds: to write them takes
longer than most commands.
"""

import contextlib
import gc
import io
import json
import sys

from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager


def _close() -> None:
    """Let go of the DuckDB file: the tests look into it between two commands."""
    with contextlib.suppress(ImportError):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None


def _tell_no_debug_log() -> None:
    """Leave out what dbt would tell a debug log, which nobody writes here: the words of it take a sixth of a build."""
    fire = EventManager.fire_event

    def fire_event(self, e, level=None, *more, **named):
        if level is not None or e.level_tag() is not EventLevel.DEBUG:
            fire(self, e, level, *more, **named)

    EventManager.fire_event = fire_event


def main() -> None:
    """Answer until the input ends."""
    _tell_no_debug_log()
    # What was parsed is kept until the end: to look through it for garbage costs a sixth of a build.
    gc.disable()
    answers = sys.stdout
    manifests: dict[str, object] = {}

    def ask(
        project: list[str], arguments: list[str], manifest: object = None
    ) -> tuple[bool, object, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            done = dbtRunner(manifest=manifest).invoke(["--no-use-colors", *arguments, *project])  # type: ignore[arg-type]
        _close()
        more = f"\n{done.exception}" if done.exception else ""
        return done.success, done.result, said.getvalue() + more

    for line in sys.stdin:
        question = json.loads(line)
        # Another project's files stay apart: what dbt parsed it keeps below its target.
        other = question["project"]
        project = ["--project-dir", other or sys.argv[1]]
        project += [] if question["artifacts"] else ["--no-write-json"]
        project += ["--target-path", f"{other}/target"] if other else []
        variables = ["--vars", json.dumps(question["variables"])] if question["variables"] else []
        given = json.dumps([other, question["variables"]], sort_keys=True)
        good, said = True, ""
        if given not in manifests:
            good, manifest, said = ask(project, ["parse", *variables])
            if good:
                manifests[given] = manifest
        if good:
            good, _, said = ask(project, [*question["arguments"], *variables], manifests[given])
        answers.write(json.dumps({"code": 0 if good else 1, "said": said}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
