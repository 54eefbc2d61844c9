"""`adtap`, and `python -m adtap_cli`."""

import signal

from adtap_plugin.script import Script

# SIGTERM is left to the system, which ends it at once; Python would wait for a query to return.
main = Script("adtap", "adtap_cli.main:program", signals=(signal.SIGINT,))

if __name__ == "__main__":
    main()
