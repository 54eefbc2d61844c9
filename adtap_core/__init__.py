"""What the four taps share; knows no platform by name."""

from __future__ import annotations

from importlib import metadata

try:
    __version__ = metadata.version("adtaps")
except metadata.PackageNotFoundError:  # running from a bare checkout
    __version__ = "0.0.0"
