"""`tap-openx`, and `python -m tap_openx`."""

from adtap_plugin.script import Script

main = Script("tap-openx", "tap_openx.tap:TapOpenx.cli")

if __name__ == "__main__":
    main()
