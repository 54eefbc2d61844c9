"""Taps by name: ours, and those of other distributions, found through the entry-point group `adtaps.taps`.

A distribution that brings a tap says so in its `pyproject.toml`:

    [project.entry-points."adtaps.taps"]
    tap-pixelyard = "tap_pixelyard.tap:TapPixelyard"

From then on `adtap check`, `plan`, `explain`, `status` and `views` serve it like the four that come with adtaps.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Final

from adtap_core.errors import AdtapError
from adtap_core.names import did_you_mean
from adtap_core.tap import AdTap

GROUP: Final = "adtaps.taps"
_PREFIX: Final = "tap-"


class TapUnavailable(AdtapError):  # noqa: N818 - a state, not a fault
    """A tap is installed, but can't be loaded; the message says why, and what to install where that helps."""


def tap_names() -> list[str]:
    """Return the full names of all installed taps, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load_tap(name: str) -> type[AdTap]:
    """Return the class of a tap; only this one is imported.

    Args:
        name: As on the command line, `tap-adjust`; `adjust` is understood too.

    Raises:
        LookupError: No installed tap has this name; the message lists those that have one.
        TapUnavailable: The tap can't be imported, or is no tap of this framework.
    """
    full = name if name.startswith(_PREFIX) else f"{_PREFIX}{name}"
    point = next((p for p in entry_points(group=GROUP) if p.name == full), None)
    if point is None:
        known = tap_names()
        msg = f"no tap is called {name!r}{did_you_mean(full, known)}; there are {', '.join(known)}"
        raise LookupError(msg)
    return _loaded(point)


def _loaded(point: EntryPoint) -> type[AdTap]:
    from adtap_core.tap import AdTap  # noqa: PLC0415 - half a second of imports, for whoever loads a tap

    try:
        found = point.load()
    except ModuleNotFoundError as error:
        whose = f" of {point.dist.name}" if point.dist is not None else ""
        msg = f"{point.name}{whose} can't be loaded: the module {error.name} is not installed; install it, or reinstall the tap"
        raise TapUnavailable(msg) from error
    except AttributeError as error:
        if error.name != point.attr:  # of the tap's own code, run while it is imported
            raise _broken(point, error) from error
        msg = f"{point.name} can't be loaded: its entry point {point.value} leads nowhere ({error}); reinstall the tap"
        raise TapUnavailable(msg) from error
    except Exception as error:
        raise _broken(point, error) from error
    if not (isinstance(found, type) and issubclass(found, AdTap)):
        msg = f"{point.name} can't be used: {point.value} is no subclass of adtap_core.tap.AdTap"
        raise TapUnavailable(msg)
    return found


def _broken(point: EntryPoint, error: Exception) -> TapUnavailable:
    """Return the error for a tap whose own code fails when it is imported."""
    return TapUnavailable(
        f"{point.name} can't be loaded: {type(error).__name__}: {error} "
        "(a defect of this tap; importing it in Python shows where: "
        f'python -c "import {point.module}")'
    )
