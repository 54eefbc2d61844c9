"""`python -m adtap_cli` is `adtap`."""

from adtap_cli.main import main

main(prog_name="adtap")
