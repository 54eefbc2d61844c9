"""`adtap check`: do settings, login, accounts and reports work, and what to do where they do not."""

import logging
from collections.abc import Iterator

import click
from typing_extensions import override

from adtap_cli.commands import (
    Failed,
    config_option,
    json_option,
    lines_for_errors,
    open_tap,
    tap_argument,
    tap_kind,
    write_found,
)
from adtap_cli.meltano_project import meltano_option
from adtap_core.errors import SettingsError
from adtap_core.formatting import count
from adtap_core.inspect.check import CheckReport, CheckResult, run_check, settings_error
from adtap_core.redact import on_one_line, redact

MARKS = {True: "ok  ", False: "FAIL"}


class _HeldBack(logging.Filter):
    """Holds warnings back until it is known which of them the check itself tells."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        self.records.append(record)
        return False


@click.command()
@tap_argument
@config_option
@meltano_option
@click.option(
    "--catalog", metavar="FILE", help="Singer catalog: which streams and fields are checked."
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
    """Check that TAP can log in and read, with the cheapest request for each credential and account.

    Says which setting, credential, account, permission, stream or report field is at fault, and what to do.
    The exit code is 0 if everything works, else 1.
    """
    kind = tap_kind(tap_name)
    found = CheckReport(kind.name)
    log, held = logging.getLogger("adtaps.settings"), _HeldBack()
    log.addFilter(held)
    try:
        # A check answers soon: what heals by itself in minutes is for the sync to wait for.
        tap = open_tap(
            tap_name, configs, catalog=catalog, meltano=loader, defaults={"max_retries": 1}
        )
    except SettingsError as error:
        found = CheckReport(kind.name, settings_error(kind, error))
    else:
        found = run_check(tap, streams=streams)
    finally:
        log.removeFilter(held)
        told = {finding.words for finding in found.findings}
        for record in held.records:
            if record.getMessage() not in told:
                log.handle(record)
    spelt = (on_one_line(redact(line)) for line in lines(found))
    write_found(found.document, spelt, as_json=as_json)
    if not found.good:
        bad = sum(not f.good for f in found.findings)
        raise Failed([f"{bad} of {count(len(found.findings), 'check')} failed"])


def lines(found: CheckReport) -> Iterator[str]:
    """Yield what a check found as lines for people; reports that fail for one reason share a line."""
    width = max((len(f.subject) for f in found.findings), default=0)
    width = min(width, 40)
    groups: dict[object, list[CheckResult]] = {}
    for finding in found.findings:
        groups.setdefault(_reason(finding), []).append(finding)
    for finding, *others in groups.values():
        message = finding.words.removeprefix(f"{finding.subject}: ")
        if others:
            message += f" (also {', '.join(f.subject for f in others)})"
        yield f"{MARKS[finding.good]}  {finding.area:<8}  {finding.subject:<{width}}  {message}"
        if finding.advice and not finding.good:
            yield f"      {'':8}  {'':{width}}  → {finding.advice}"
    yield f"{found.tap}: {count(found.requests, 'request')}, logins not counted"


def _reason(finding: CheckResult) -> object:
    """Return what findings that share a line have in common; of those that are good, each has its own line."""
    if finding.good:
        return finding
    return finding.area, finding.words.removeprefix(f"{finding.subject}: "), finding.advice
