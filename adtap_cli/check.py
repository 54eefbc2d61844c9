"""`adtap check`: do settings, login, accounts and reports work, and what to do where they do not."""

from collections.abc import Iterator

import click

from adtap_cli.commands import (
    Failed,
    config_option,
    json_option,
    lines_for_errors,
    open_tap,
    tap_argument,
    tap_kind,
    write_json,
)
from adtap_cli.meltano_project import meltano_option
from adtap_core.errors import SettingsError
from adtap_core.formatting import count
from adtap_core.inspect.check import CheckReport, run_check, settings_error
from adtap_core.redact import on_one_line, redact

MARKS = {True: "ok  ", False: "FAIL"}


@click.command()
@tap_argument
@config_option
@meltano_option
@click.option(
    "--catalog", metavar="FILE", help="Singer catalog: which streams and fields are looked at."
)
@click.option(
    "--streams",
    is_flag=True,
    help="Also ask for the first page of each selected entity and one bucket of each selected report.",
)
@json_option
@lines_for_errors
def check(
    tap_name: str,
    configs: tuple[str, ...],
    catalog: str | None,
    loader: str | None,
    *,
    streams: bool,
    as_json: bool,
) -> None:
    """Check that TAP can log in and read, with the cheapest call for each credential and account.

    Says which setting, credential, account, permission, stream or report field is at fault, and what to do.
    The exit code is 0 if everything works, else 1.
    """
    kind = tap_kind(tap_name)
    try:
        # A check answers soon: what heals by itself in minutes is for the sync to wait for.
        tap = open_tap(
            tap_name, configs, catalog=catalog, meltano=loader, defaults={"max_retries": 1}
        )
    except SettingsError as error:
        found = CheckReport(kind.name, settings_error(error))
    else:
        found = run_check(tap, streams=streams)
    if as_json:
        write_json(found.document())
    else:
        for line in lines(found):
            click.echo(on_one_line(redact(line)))
    if not found.good:
        bad, looked_at = sum(not f.good for f in found.findings), len(found.findings)
        verb = "does not work" if bad == 1 else "do not work"
        raise Failed([f"{bad} of {count(looked_at, 'thing')} looked at {verb}"])


def lines(found: CheckReport) -> Iterator[str]:
    """Yield a check-up as lines for people."""
    width = max((len(f.subject) for f in found.findings), default=0)
    width = min(width, 40)
    for finding in found.findings:
        message = finding.words.removeprefix(f"{finding.subject}: ")
        yield f"{MARKS[finding.good]}  {finding.area:<8}  {finding.subject:<{width}}  {message}"
        if finding.advice and not finding.good:
            yield f"      {'':8}  {'':{width}}  → {finding.advice}"
    yield f"{found.tap}: {count(found.requests, 'request')}, logins not counted"
