"""The sandbox as a program: its arguments, and what it says."""

import argparse
import logging
import sys
from collections.abc import Sequence

from adtap_sandbox.control import parse_moment
from adtap_sandbox.sandbox import PLATFORMS, find_rooms
from adtap_sandbox.server import DEFAULT_PORT, PortTakenError, Server


def main(argv: Sequence[str] | None = None) -> int:
    """Serve, and return the exit code: 0 after SIGTERM or SIGINT, 1 if the port is taken.

    Args:
        argv: The arguments; those of the process if None.
    """
    parser = argparse.ArgumentParser(
        prog="adtap sandbox",
        description="A local server that behaves like atomx, Adjust, TerminalOne and OpenX.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address (default: %(default)s)")
    add("--port", type=int, default=DEFAULT_PORT, help="port; 0 picks a free one (%(default)s)")
    add("--seed", type=int, default=1, help="seed of the generated data (%(default)s)")
    add("--size", type=int, default=1, help="multiplies campaigns, sites and so on (%(default)s)")
    add(
        "--now",
        metavar="ISO",
        help="date-time at which the sandbox's clock starts; UTC if it has no zone",
    )
    add("--latency", type=float, default=0.0, metavar="S", help="least seconds of every answer")
    add("--platform", action="append", choices=PLATFORMS, help="serve only this; may be repeated")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        server = Server(
            given.host,
            given.port,
            seed=given.seed,
            size=given.size,
            now=None if given.now is None else parse_moment(given.now),
            latency=given.latency,
            rooms=find_rooms(given.platform),
        )
    except ValueError as error:
        parser.error(str(error))
    except PortTakenError as error:
        sys.stderr.write(f"adtap sandbox: {error}\n")
        return 1
    served = ", ".join(server.sandbox.platforms)
    now = server.environment.clock.now().isoformat(timespec="seconds")
    sys.stdout.write(f"adtap sandbox: {server.url} serves {served}; its clock says {now}\n")
    sys.stdout.flush()
    server.run()
    return 0
