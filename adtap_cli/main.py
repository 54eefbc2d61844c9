"""`adtap`: check credentials, plan a sync, run the sandbox, run the demo.

Subcommands are imported when they are called: `adtap --help` and `adtap sandbox` must not pay for
the SDK, which alone takes half a second to import.
"""

import importlib
import os
import sys
from typing import Any, NamedTuple

import click
from typing_extensions import override

from adtap_cli.stopping import EXIT, noted
from adtap_plugin.extras import missing
from adtap_plugin.pipes import quiet_if_unread


class Late(NamedTuple):
    """A subcommand that is imported when it is called."""

    module: str
    attribute: str
    help: str  # the one line that `adtap --help` shows


# To add a subcommand: a click command in a module of its own here, and one line below.
LATE = {
    "check": Late("adtap_cli.check", "check", "Check settings, logins, accounts and reports."),
    "demo": Late(
        "adtap_cli.demo",
        "demo",
        "Load the sandbox's four platforms into DuckDB, and show the result.",
    ),
    "explain": Late(
        "adtap_cli.explain", "explain", "Explain a stream: grain, units, lookback, request."
    ),
    "new": Late("adtap_cli.new", "new", "Write the skeleton of a tap for another platform."),
    "plan": Late(
        "adtap_cli.plan",
        "plan",
        "Show windows and requests of the next sync, without reading data.",
    ),
    "state": Late("adtap_cli.state", "state", "Show, set, split and merge Singer state."),
    "reconcile": Late(
        "adtap_cli.reconcile", "command", "Compare a warehouse with the platform's own totals."
    ),
    "report": Late(
        "adtap_cli.report", "command", "Write an HTML page: money, completeness, restatements."
    ),
    "shards": Late(
        "adtap_cli.shards", "shards", "Split a load by account, as JSON for an orchestrator."
    ),
    "status": Late(
        "adtap_cli.status", "status", "Show what has been read, from state or warehouse."
    ),
    "views": Late(
        "adtap_cli.views", "views", "Print SQL views: current rows, completeness, alerts."
    ),
}


class LateGroup(click.Group):
    """A click group whose `LATE` subcommands are imported only when they run, and end alike on Ctrl-C and in `| head`."""

    @override
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with quiet_if_unread():
            return super().make_context(*args, **kwargs)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with quiet_if_unread(), noted() as came:
            try:
                return super().invoke(ctx)
            except (KeyboardInterrupt, Exception) as error:
                if not came and not isinstance(error, KeyboardInterrupt):
                    raise
        click.echo(f"adtap {ctx.invoked_subcommand or ''}".rstrip() + ": stopped", err=True)
        return ctx.exit(EXIT)

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LATE})

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATE:
            return super().get_command(ctx, cmd_name)
        late = LATE[cmd_name]
        command = getattr(importlib.import_module(late.module), late.attribute)
        if not isinstance(command, click.Command):
            msg = f"{late.module}.{late.attribute} is not a click command"
            raise TypeError(msg)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing any of them."""
        rows = []
        for name in self.list_commands(ctx):
            eager = self.commands.get(name)
            rows.append((name, eager.get_short_help_str(80) if eager else LATE[name].help))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="adtaps", prog_name="adtap")
def main() -> None:
    """Companion of tap-atomx, tap-adjust, tap-terminalone and tap-openx."""


@main.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Run the sandbox: a local server that behaves like the four platforms."""
    if (message := missing("the sandbox", "starlette", "uvicorn")) is not None:
        raise click.ClickException(message)
    # A new program in this process's place, not an import: nothing of ours may import the sandbox,
    # and Ctrl-C reaches the server itself.
    os.execv(sys.executable, [sys.executable, "-m", "adtap_sandbox", *arguments])  # noqa: S606


def program() -> None:
    """Run `adtap`, whatever the file is called that it was started by."""
    main(prog_name="adtap")


if __name__ == "__main__":  # as in 0.1.0
    program()
