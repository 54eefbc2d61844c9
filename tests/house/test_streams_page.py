"""`docs/reference/streams.md` and the taps say the same."""

from pathlib import Path

import pytest

from adtap_cli.taps import TAPS, tap_class

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "streams.md"


@pytest.mark.parametrize("name", TAPS)
def test_every_stream_has_one_line_under_its_tap(name):
    """No stream is left out and none is named twice; what is left out by default is marked."""
    part = PAGE.read_text(encoding="utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]
    tap = tap_class(name)
    for entry in (*tap.entities, *tap.reports):
        lines = [line for line in part.splitlines() if line.startswith(f"| `{entry.name}`")]
        assert len(lines) == 1, entry.name
        assert ("○" in lines[0]) is not entry.selected
