"""``python -m adtap_sandbox``: serve the sandbox until it is stopped."""

import os
import signal
import sys

if __name__ == "__main__":
    # To be stopped is its ordinary end, also while what it needs is still being imported.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    from adtap_sandbox.command_line import main

    sys.exit(main())
