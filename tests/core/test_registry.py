"""Taps by name, found through the entry points of whatever is installed."""

from pathlib import Path

import pytest

from adtap_core import registry
from adtap_core.registry import TapUnavailable, load_tap, tap_names
from tests.core.tiny import TapTiny

BROKEN = {
    "nowhere": ("value = 1", "leads nowhere"),
    "spoilt": ("1 / 0", "ZeroDivisionError: division by zero (a defect of this tap"),
    "inside": ("import os\nos.nothing", "AttributeError: module 'os' has no attribute 'nothing'"),
    "lacking": ("import no_such_module_here", "the module no_such_module_here is not installed"),
    "other": ("class Tap: pass", "is no subclass of adtap_core.tap.AdTap"),
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions beside ours: a tap that works, and one for each way in which one does not."""
    points = ["tap-tiny = tests.core.tiny:TapTiny"]
    for name, (code, _words) in BROKEN.items():
        (tmp_path / f"registry_{name}.py").write_text(f"{code}\n")
        points.append(f"tap-{name} = registry_{name}:Tap")
    info = tmp_path / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join([f"[{registry.GROUP}]", *points]) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_tap_of_another_distribution_is_found_with_or_without_its_prefix() -> None:
    """Beside the four that come with adtaps."""
    assert {"tap-tiny", "tap-adjust", "tap-atomx", "tap-openx", "tap-terminalone"} <= {*tap_names()}
    assert load_tap("tap-tiny") is load_tap("tiny") is TapTiny


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", BROKEN)
def test_a_tap_that_can_not_be_loaded_says_why(name: str) -> None:
    """One line that names it; the other taps are unaffected."""
    with pytest.raises(TapUnavailable) as refused:
        load_tap(name)
    said = str(refused.value)
    assert said.startswith(f"tap-{name} ")
    assert BROKEN[name][1] in said
    assert "\n" not in said
    assert load_tap("tap-tiny") is TapTiny


def test_a_name_that_no_tap_has_is_answered_with_the_nearest_and_all() -> None:
    """A typing error costs one look."""
    with pytest.raises(LookupError) as refused:
        load_tap("adjust2")
    said = str(refused.value)
    assert said.startswith("no tap is called 'adjust2' (did you mean tap-adjust")
    assert said.endswith("; there are tap-adjust, tap-atomx, tap-openx, tap-terminalone")
