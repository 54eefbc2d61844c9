"""`adtap explain`: a stream in words, from the declarations that run."""

import json
import textwrap
from collections.abc import Iterator

import click

from adtap_cli.commands import (
    config_option,
    json_option,
    lines_for_errors,
    open_tap,
    table,
    tap_argument,
    tap_kind,
    write_found,
)
from adtap_core.declare import Entity, Report
from adtap_core.inspect.explain import Explanation, declared, ledger
from adtap_core.inspect.explain import explain as explain_stream
from adtap_core.names import did_you_mean
from adtap_core.rows.schemas import LEDGER
from adtap_core.sync.reports import ReportStream
from adtap_core.tap import AdTap

WIDTH = 110


@click.command()
@tap_argument
@click.argument("stream")
@config_option
@click.option("--offline", is_flag=True, help="With --config: ask nothing, not even metadata.")
@json_option
@lines_for_errors
def explain(
    tap_name: str, stream: str, configs: tuple[str, ...], *, offline: bool, as_json: bool
) -> None:
    """Explain STREAM of TAP: grain and key, units, time zone, currency, lookback, retention, the request.

    Needs no settings. With --config, reports of your own can be explained too, and what only the platform can
    tell is asked of it (metadata, never data).
    """
    if stream == LEDGER:
        made = ledger(tap_kind(tap_name).name)
    else:
        tap, entry = _found(tap_name, stream, configs)
        made = explain_stream(tap, entry, offline=offline or not configs)
    write_found(made.document, lines(made), as_json=as_json)


def _found(tap_name: str, stream: str, configs: tuple[str, ...]) -> tuple[AdTap, Entity | Report]:
    """Return the tap and the stream's declaration.

    Raises:
        click.UsageError: If there is no such stream.
    """
    kind = tap_kind(tap_name)
    known = declared(kind)
    if configs:
        tap = open_tap(tap_name, configs)
        own = {s.name: s.report for s in tap.streams.values() if isinstance(s, ReportStream)}
        known = {**known, **own}
    else:
        entry = known.get(stream)
        only = entry.generations if entry is not None else ()
        settings = {"api_generation": only[0]} if len(only) == 1 else {}
        defaults = {
            name: prop["default"]
            for name, prop in kind.config_jsonschema["properties"].items()
            if prop.get("default") is not None
        }
        tap = kind(config={**defaults, **settings}, validate_config=False, setup_mapper=False)
    if stream not in known:
        message = f"{kind.name} has no stream {stream!r}{did_you_mean(stream, known)}"
        raise click.UsageError(f"{message}; there are {', '.join(known)}")
    return tap, known[stream]


def lines(made: Explanation) -> Iterator[str]:
    """Yield an explanation as lines for people."""
    yield f"{made.tap} {made.stream} ({made.kind})"
    yield ""
    width = max(len(name) for name in made.facts)
    for name, message in made.facts.items():
        yield from textwrap.wrap(
            message,
            WIDTH,
            initial_indent=f"{name:<{width}}  ",
            subsequent_indent=" " * (width + 2),
            break_long_words=False,
        )
    for title, roles in (
        ("Metrics", ("metric",)),
        ("Dimensions", ("bucket", "dimension")),
        ("Columns", ("key", "attribute", "about the row")),
    ):
        chosen = [c for c in made.columns if c.role in roles]
        if not chosen:
            continue
        yield ""
        head = (
            ("column", "type", "unit", "additivity") if roles == ("metric",) else ("column", "type")
        )
        rows = [(c.name, c.kind, c.unit, c.additivity)[: len(head)] for c in chosen]
        spelt = table((title.lower(), *head[1:]), rows)
        room = max(len(line) for line in spelt) + 2
        yield spelt[0]
        yield spelt[1]
        for line, column in zip(spelt[2:], chosen, strict=True):
            yield f"{line:<{room}}{column.description}".rstrip()
    if made.requests:
        yield ""
        yield (
            "Request, for one bucket of one account"
            if made.kind == "report"
            else "Request, the first"
        )
        for request in made.requests:
            yield f"  {request['method']} {request['url']}"
            if request["body"] is not None:
                body = json.dumps(request["body"], ensure_ascii=False, indent=2, default=str)
                yield textwrap.indent(body, "    ")
    if not made.ui:
        return
    yield ""
    yield "The same number in the platform's own interface"
    for step in made.ui:
        yield from textwrap.wrap(step, WIDTH, initial_indent="  - ", subsequent_indent="    ")
