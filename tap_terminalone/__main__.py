"""`tap-terminalone`, and `python -m tap_terminalone`."""

from adtap_plugin.script import Script

main = Script("tap-terminalone", "tap_terminalone.tap:TapTerminalOne.cli")

if __name__ == "__main__":
    main()
