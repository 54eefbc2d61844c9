"""The companion command line `adtap`: what belongs to all four taps and to none."""
