"""`adtap demo`: all four taps against the sandbox, through Meltano, into one DuckDB file, twice.

Between the two runs the sandbox's clock moves on: days are restated and rows vanish, as they do on
the platforms. What was loaded and what the second run changed is printed, and written as a page.
"""

import shutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from adtap_cli.demo_choice import CHOICES, Choice, choice
from adtap_cli.demo_runs import DemoError, Project, Ran, Sandbox, seconds_words
from adtap_plugin.extras import missing

DAYS_BACK: Final = 3
"""The first run lives this many days ago, the second `DAYS_BETWEEN` later: both in the past, so
that nothing depends on the time of day at which the demo is run."""
DAYS_BETWEEN: Final = 2
NEXT: Final = (
    "",
    "Next",
    "  Look at it       open {report}; the tables are in the DuckDB file",
    "  Your own data    . .venv/bin/activate; test -e .env || cp .env.example .env",
    "                   fill in one platform in .env, then: adtap check tap-adjust --meltano",
    '  All the steps    README.md, from "Your account" on',
)
"""What a reader does after the demo."""
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
ROOT: Final = Path(__file__).resolve().parents[1]


def _project_file() -> Path:
    """Return the `meltano.yml` of the working directory, else the one beside the packages."""
    here = Path("meltano.yml")
    return here if here.is_file() else ROOT / "meltano.yml"


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 400), default=42, show_default=True, help="Days to load."
)
@click.option(
    "--taps",
    metavar="TAP[,TAP]",
    help="Only these, such as tap-openx,tap-adjust. Default: all four.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the sandbox. Default: a free one.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".cache/demo"),
    show_default=True,
    help="Where the DuckDB file and the logs go; what an earlier demo left there is replaced.",
)
@click.option(
    "--report", type=_FILE, default=Path("demo-report.html"), show_default=True, help="The page."
)
@click.option("--project", type=_FILE, help="The project file to run. Default: meltano.yml.")
def demo(
    *, days: int, taps: str | None, port: int, folder: Path, report: Path, project: Path | None
) -> None:
    """Load all four platforms from the sandbox into DuckDB, twice, and show the result.

    No account and no network is needed: the sandbox stands in for the platforms.
    """
    # Without this, whoever stops the demo leaves a sandbox running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if (message := missing("the demo", "duckdb", "meltano", "starlette", "uvicorn")) is not None:
        raise click.ClickException(message)
    try:
        choices = _choices(taps)
        _demo(
            choices,
            days=days,
            port=port,
            folder=folder.absolute(),
            report=report,
            file=project or _project_file(),
        )
    except DemoError as error:
        click.echo(f"adtap demo: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("adtap demo: stopped", err=True)
        sys.exit(130)


def _choices(taps: str | None) -> list[Choice]:
    if taps is None:
        return list(CHOICES)
    try:
        asked = [choice(name.strip()) for name in taps.split(",") if name.strip()]
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="--taps") from None
    if not asked:
        raise click.BadParameter("no tap is named", param_hint="--taps")
    return [one for one in CHOICES if one in asked]


def _demo(
    choices: list[Choice], *, days: int, port: int, folder: Path, report: Path, file: Path
) -> None:
    began = time.monotonic()
    first = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    first -= timedelta(days=DAYS_BACK)
    start = first.date() - timedelta(days=days)
    scratch = Project(folder, file)
    if not report.absolute().parent.is_dir():
        raise DemoError(f"--report: the folder {report.absolute().parent} does not exist")
    *others, last = (one.platform for one in choices)
    names = f"{', '.join(others)} and {last}" if others else last
    click.echo(f"Loads {names} from a local sandbox into one DuckDB file, with Meltano.")
    click.echo("No account is needed, and nothing leaves this machine.")
    with Sandbox(port=port, now=first, log=folder / "sandbox.log") as sandbox:
        click.echo(
            f"\nThe sandbox runs at {sandbox.url}; its clock is set to {_moment(sandbox.now())}."
        )
        step = _Step(f"First run: every day since {start}")
        runs = [scratch.run(choices, sandbox=sandbox, start=start, report=step)]
        seconds = [step.end()]
        before = folder / "before.duckdb"
        shutil.copy(scratch.warehouse, before)
        now = sandbox.advance(DAYS_BETWEEN)
        click.echo(
            f"\nThe sandbox's clock moves to {_moment(now)}: the platforms restate recent days."
        )
        step = _Step("Second run: new days, and those that may have been restated")
        runs.append(scratch.run(choices, sandbox=sandbox, start=start, report=step))
        seconds.append(step.end())
        requests = sandbox.requests()
    # For whoever looks at the file later: to its days the present is the sandbox's.
    (folder / "now").write_text(f"{now.isoformat()}\n", encoding="utf-8")

    # Imported this late because DuckDB takes its time, and nobody waits for it before the runs.
    from adtap_cli import demo_page, demo_text
    from adtap_cli.demo_facts import facts

    found = facts(scratch.warehouse, before, choices)
    before.unlink()
    click.echo("")
    for line in demo_text.lines(found):
        click.echo(line)
    story = demo_page.Story(runs=runs, seconds=seconds, moments=(first, now), requests=requests)
    page = demo_page.page(found, story)
    report.write_text(page, encoding="utf-8")
    click.echo(f"\nThe DuckDB file   {_shown(scratch.warehouse)}")
    click.echo(f"The page          {_shown(report.absolute())}")
    click.echo(f"Done in {time.monotonic() - began:.0f} s.")
    for line in NEXT:
        click.echo(line.format(report=_shown(report.absolute())))


class _Step:
    """Says when a platform is done, and in the end how long all took, Meltano's start included."""

    def __init__(self, message: str) -> None:
        self._began = time.monotonic()
        click.echo(f"{message} …")

    def __call__(self, ran: Ran) -> None:
        """Say it."""
        click.echo(f"  {ran.choice.platform:<12} {seconds_words(ran.seconds):>7}")

    def end(self) -> float:
        """Say how long it took, and return it in seconds."""
        seconds = time.monotonic() - self._began
        click.echo(f"  {'in all':<12} {seconds_words(seconds):>7}")
        return seconds


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(path: Path) -> str:
    """Return a path as seen from here, if it is below here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
