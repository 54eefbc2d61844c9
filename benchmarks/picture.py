"""A picture of how cost grows: lines over two logarithmic axes, as SVG without any library.

Text and axes take the colour of the page around them, so that the picture is readable on light and dark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 720
HEIGHT: Final = 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 20, 48
# Okabe and Ito's, told apart by colour-blind readers; dashes tell them apart in print.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DASHES: Final = ("", "8 4", "2 4", "8 4 2 4", "14 4", "4 2")


@dataclass(frozen=True)
class Line:
    """A line of the picture.

    Attributes:
        name: Written at its end.
        points: Abscissa and ordinate of each point, both above 0.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def draw(lines: Sequence[Line], *, across: str, up: str) -> str:
    """A picture as the text of an SVG file."""
    plane = _Plane([point for line in lines for point in line.points])
    middle, half = (_LEFT + WIDTH - _RIGHT) / 2, HEIGHT / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        '  font-family="sans-serif" font-size="12" fill="#777">',
        f"<title>{escape(up)} against {escape(across)}</title>",
        *plane.grid(),
        f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="14" y="{half:.0f}" text-anchor="middle"',
        f'  transform="rotate(-90 14 {half:.0f})">{escape(up)}</text>',
    ]
    for number, line in enumerate(lines):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        places = [plane.place(*point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(
            f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(line.name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


class _Plane:
    """Two logarithmic axes around some points."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        across, up = zip(*points, strict=True)
        self._across = math.floor(math.log10(min(across))), math.ceil(math.log10(max(across)))
        self._up = math.floor(math.log10(min(up))), math.ceil(math.log10(max(up)))

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Where a point lies, in the picture's units from its upper left corner."""
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * _share(across, self._across)
        y = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * _share(up, self._up)
        return x, y

    def grid(self) -> list[str]:
        """A line and a label for each power of ten."""
        parts = []
        for power in range(self._across[0], self._across[1] + 1):
            x, bottom = self.place(10**power, 10.0 ** self._up[0])
            parts.append(_rule(x, _TOP, x, bottom))
            parts.append(
                f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{10**power:,}</text>'
            )
        for power in range(self._up[0], self._up[1] + 1):
            left, y = self.place(10.0 ** self._across[0], 10.0**power)
            parts.append(_rule(left, y, WIDTH - _RIGHT, y))
            parts.append(
                f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
            )
        return parts


def _share(value: float, powers: tuple[int, int]) -> float:
    low, high = powers
    return (math.log10(value) - low) / max(1, high - low)


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ccc"/>'
