"""What the four taps share; knows no platform by name."""

import gc
from importlib import metadata

# All that the SDK imports stays to the end: looking for garbage among it, twice, costs a quarter of a tap's start.
_collecting = gc.isenabled()
gc.disable()
try:
    import singer_sdk as singer_sdk
finally:
    if not gc.get_freeze_count():
        # Among the old at once, without a look at it; what somebody has frozen before would be thawed with it.
        gc.freeze()
        gc.unfreeze()
    if _collecting:
        gc.enable()

try:
    __version__ = metadata.version("adtaps")
except metadata.PackageNotFoundError:  # running from a bare checkout
    __version__ = "0.0.0"
