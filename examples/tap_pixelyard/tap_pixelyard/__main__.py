"""`tap-pixelyard`, and `python -m tap_pixelyard`."""

from adtap_plugin.script import Script

main = Script("tap-pixelyard", "tap_pixelyard.tap:TapPixelyard.cli")

if __name__ == "__main__":
    main()
