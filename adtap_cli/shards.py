"""`adtap shards`: a load cut by account, as JSON for an orchestrator."""

from datetime import datetime
from functools import partial

import click

from adtap_cli.commands import config_option, lines_for_errors, open_tap, tap_argument, write_json
from adtap_cli.meltano_project import meltano_option
from adtap_core.errors import SettingsError
from adtap_core.inspect.sharding import Cut, shards_of
from adtap_core.inspect.shards import stretches
from adtap_core.windows import Grain

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@tap_argument
@config_option
@meltano_option
@click.option("--state", metavar="FILE", help="State, for the expected requests; without it, a first run is planned.")  # fmt: skip
@click.option("--catalog", metavar="FILE", help="Singer catalog: which streams are read.")
@click.option("--by", type=click.Choice(["account"]), default="account", help="What a shard is.")
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N",
    help="Put accounts into N groups; a new account changes no other group.",
)  # fmt: skip
@click.option(
    "--together", is_flag=True,
    help="Read a group's accounts in one run, with one state: fewer requests where the platform takes several "
    "accounts in one.",
)  # fmt: skip
@click.option(
    "--at-once", type=click.IntRange(min=1), metavar="N",
    help="How many shards run at once, each with 1/N of the rate. Default: the setting `concurrency`.",
)  # fmt: skip
@click.option("--from", "start", type=_DAY, metavar="DATE", help="Backfill from this day on.")
@click.option("--to", "end", type=_DAY, metavar="DATE", help="Up to this day, exclusive.")
@click.option(
    "--grain", type=click.Choice(["day", "week", "month"]), default="month", show_default=True,
    help="A backfill's shards end where calendar days, weeks or months end.",
)  # fmt: skip
@partial(lines_for_errors, as_the_tap=True)
def shards(
    tap_name: str,
    configs: tuple[str, ...],
    *,
    loader: str | None,
    state: str | None,
    catalog: str | None,
    by: str,  # noqa: ARG001 - there is one way
    count: int | None,
    together: bool,
    at_once: int | None,
    start: datetime | None,
    end: datetime | None,
    grain: str,
) -> None:
    """Print TAP's load in shards, as JSON for an orchestrator.

    For each shard: its runs, their variables and state ids, the window of a backfill, the requests that are
    expected; for all of them: how many may run at once, and their share of the rate. No secret is in it: the
    variables that hold one are named.
    """
    if (start is None) != (end is None):
        raise click.UsageError("--from and --to belong together")
    pieces = []
    if start is not None and end is not None:
        if start >= end:
            raise SettingsError([f"--to {end:%Y-%m-%d}: is not after --from {start:%Y-%m-%d}"])
        pieces = stretches(start.date(), end.date(), Grain(grain))
    tap = open_tap(tap_name, configs, state=state, catalog=catalog, meltano=loader)
    cut = Cut(count=count, together=together, at_once=at_once, pieces=pieces)
    write_json(shards_of(tap, cut).document())
