"""`tap-atomx`, and `python -m tap_atomx`."""

from adtap_plugin.script import Script

main = Script("tap-atomx", "tap_atomx.tap:TapAtomx.cli")

if __name__ == "__main__":
    main()
