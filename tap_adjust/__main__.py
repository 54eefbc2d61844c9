"""`tap-adjust`, and `python -m tap_adjust`."""

from adtap_plugin.script import Script

main = Script("tap-adjust", "tap_adjust.tap:TapAdjust.cli")

if __name__ == "__main__":
    main()
