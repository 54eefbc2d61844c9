"""`adtap plan`: every window and request that a sync would make, without one data request."""

from collections.abc import Iterator
from datetime import datetime

import click

from adtap_cli.commands import (
    Failed,
    account_text,
    config_option,
    json_option,
    lines_for_errors,
    open_tap,
    table,
    tap_argument,
    write_found,
)
from adtap_cli.meltano_project import meltano_option
from adtap_core.formatting import count, spelt
from adtap_core.inspect.dry_run import body_of, request_line
from adtap_core.inspect.plan import BACKFILL, PAGES, Plan, PlannedAccount, StreamPlan, make_plan


@click.command()
@tap_argument
@config_option
@meltano_option
@click.option(
    "--state", metavar="FILE", help="State of the last run; without it, a first run is planned."
)
@click.option(
    "--catalog", metavar="FILE", help="Singer catalog: which streams and fields are read."
)
@click.option(
    "--max-requests",
    type=click.IntRange(min=0),
    metavar="N",
    help="Fail (exit code 1) if the sync makes more requests than this.",
)
@click.option("--requests", is_flag=True, help="Also list every request.")
@click.option(
    "--offline",
    is_flag=True,
    help="Send no request at all, not even for accounts and days; what is then unknown is marked.",
)
@json_option
@lines_for_errors
def plan(
    tap_name: str,
    configs: tuple[str, ...],
    state: str | None,
    *,
    catalog: str | None,
    loader: str | None,
    max_requests: int | None,
    requests: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Show what the next sync of TAP reads and asks, without one data request.

    The windows are those that the sync itself would make of the settings, the state and the clock.
    """
    tap = open_tap(tap_name, configs, state=state, catalog=catalog, meltano=loader)
    made = make_plan(tap, offline=offline)
    asked = {"offline": offline, "max_requests": max_requests}
    write_found(lambda: made.document() | asked, lines(made, requests=requests), as_json=as_json)
    # Each failure is in the log already, with its reason.
    failed = ", ".join(made.failed_streams)
    reasons = [f"Can't be planned: {failed}; the reasons stand above"] if failed else []
    if max_requests is not None and made.requests > max_requests:
        reasons.append(
            f"Budget passed: {_count(made)} {spelt(made.requests, 'request')}, {max_requests} allowed (--max-requests)"
        )
    if reasons:
        raise Failed(reasons)


def lines(made: Plan, *, requests: bool) -> Iterator[str]:
    """Yield a plan as lines for people."""
    yield f"{made.tap}, planned for {made.now:%Y-%m-%d %H:%M} UTC"
    reports = [s for s in made.streams if s.grain is not None]
    entities = [s for s in made.streams if s.grain is None]
    if reports:
        yield ""
        yield from table(
            (
                "report",
                "account",
                "bookmark",
                "from",
                "to",
                "windows",
                "new",
                "again",
                "unit",
                "requests",
            ),
            [row for stream in reports for row in _rows(stream)],
        )
    if entities:
        yield ""
        yield from table(
            ("entity", "requests", "changed since"),
            [
                (s.name, _least(len(s.requests), more=True), s.since or "(all)")
                for s in entities
                if s.follows == PAGES
            ],
        )
        yield f"and {PAGES}"
        children = [s for s in entities if s.follows != PAGES]
        if children:
            yield ""
            yield from table(("entity", "requests"), [(s.name, s.follows) for s in children])
    remarks = [f"{s.name}: {r}" for s in reports for r in (*s.notes, *s.remarks, s.follows) if r]
    if remarks:
        yield ""
        yield from remarks
    if requests:
        yield ""
        yield from _requests(made)
    yield ""
    yield _totals(made)


def _rows(stream: StreamPlan) -> Iterator[tuple[object, ...]]:
    """Yield a report's rows: accounts that read the same are one."""
    assert stream.grain is not None  # noqa: S101 - only called for reports
    unit = f"{stream.grain.value}s"
    requests: object = _least(len(stream.requests), more=bool(stream.follows))
    groups: dict[object, list[PlannedAccount]] = {}
    for account in stream.accounts:
        groups.setdefault((account.bookmark, tuple(account.windows)), []).append(account)
    for members in groups.values():
        one = members[0]
        ends = [w.interval.start for w in one.windows[:1]] + [
            w.interval.end for w in one.windows[-1:]
        ]
        yield (
            stream.name,
            account_text(one.key) if len(members) == 1 else count(len(members), "account"),
            _begins(one),
            *([_moment(e) for e in ends] or ("(nothing)", "")),
            sum(len(a.windows) for a in members),
            sum(a.new for a in members),
            sum(a.again for a in members),
            unit,
            requests,
        )
        requests = None  # the stream's, not the group's: said once
    if not stream.accounts:
        yield (stream.name, "(none)", "", "(nothing)", "", 0, 0, 0, unit, requests)


def _begins(account: PlannedAccount) -> str:
    if account.windows and account.windows[0].kind == BACKFILL:
        return "(backfill)"
    return _moment(account.bookmark) or "(first run)"


def _requests(made: Plan) -> Iterator[str]:
    for call in made.metadata:
        yield f"(metadata) {request_line(call)}"
    for stream in made.streams:
        for request in stream.requests:
            body = body_of(request.call)
            yield f"{stream.name}  {request_line(request.call)}" + (f"  {body}" if body else "")


def _totals(made: Plan) -> str:
    accounts = [a for s in made.streams for a in s.accounts]
    windows = sum(len(a.windows) for a in accounts)
    new, again = sum(a.new for a in accounts), sum(a.again for a in accounts)
    return (
        f"Total: {_count(made)} {spelt(made.requests, 'request')} (logins not counted; {len(made.metadata)} for metadata, made for this "
        f"plan too), {count(windows, 'window')}; {count(new, 'bucket')} new, {again} read again as lookback"
    )


def _count(made: Plan) -> str:
    return _least(made.requests, more=made.is_least, prefix="at least ")


def _least(number: int, *, more: bool, prefix: str = "≥ ") -> str:
    return f"{prefix}{number}" if more else str(number)


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{moment:%Y-%m-%d}" if moment.hour == 0 else f"{moment:%Y-%m-%dT%H:%M}"
