"""`python -m adtap_cli` is `adtap`."""

from __future__ import annotations

from adtap_cli.main import main

main(prog_name="adtap")
