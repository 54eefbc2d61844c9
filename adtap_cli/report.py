"""`adtap report`: what a warehouse holds, as one page."""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from adtap_cli.commands import lines_for_errors, warehouse_option
from adtap_cli.report_facts import facts
from adtap_cli.report_page import page
from adtap_cli.warehouse import opened
from adtap_core.clock import NOW_VARIABLE, Clock
from adtap_core.errors import SettingsError
from adtap_core.redact import redact

DAYS: Final = 62
"""Days that are shown if nobody says how many: two months."""


@click.command("report")
@warehouse_option
@click.option("--schema", metavar="NAME", help="Only this schema. Default: all that hold a ledger.")
@click.option(
    "--out",
    default="adtap-report.html",
    show_default=True,
    metavar="FILE",
    help="The page; - writes it to standard output.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=DAYS,
    show_default=True,
    help="How many days are shown, up to the last one loaded.",
)
@lines_for_errors
def command(place: str, schema: str | None, out: str, days: int) -> None:
    """Write one HTML page about a warehouse: money, completeness of each day, restatements, requests.

    Reads the ledgers `sync_windows`, the streams `sync_days` where they are loaded, and the reports. It asks no
    platform, and the page loads nothing from elsewhere.
    """
    now = _now(place)
    with opened(place) as warehouse:
        text = page(facts(warehouse, schema, now=now, days=days))
    if out == "-":
        click.echo(redact(text), nl=False)
        return
    try:
        Path(out).write_text(redact(text), encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"--out {out}: can't be written: {error.strerror}"]) from error
    click.echo(f"{out}: open it in a browser")


def _now(place: str) -> datetime:
    """Return the present: of the warehouse's days, if they are those of a demo."""
    path = place.removeprefix("duckdb:").removeprefix("file:")
    moment = Path(path).with_name("now")
    if NOW_VARIABLE not in os.environ and "://" not in path and moment.is_file():
        return datetime.fromisoformat(moment.read_text(encoding="utf-8").strip())
    try:
        return Clock.from_environment().now()
    except ValueError as error:
        raise SettingsError([f"{NOW_VARIABLE}: an ISO date-time is expected"]) from error
