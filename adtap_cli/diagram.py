"""Boxes in columns and arrows between them, as an SVG picture that needs nothing else.

A stream stands in the column right of everything it joins, so arrows lead to the left; a column that grows
too long goes on in the next one. Same streams, same picture, to the byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_CHARACTER: Final = 6.7
"""Width of a character of the monospaced 11-pixel font, in pixels, rounded up."""
_HEAD, _LINE, _PAD, _MARK = 24, 16, 8, 18
"""Of a box, in pixels: the height of its name and of a line, the room inside its edge, the width of a key's mark."""
_GAP, _AISLE, _MARGIN, _TITLE, _TALLEST = 14, 80, 30, 40, 1500
"""Between boxes, between columns, around the picture, the title's height, a column's greatest height, in pixels."""
_COLOURS: Final = (
    "#1f6f8b", "#b3541e", "#4a7c2f", "#8a3b8f", "#a8323e", "#3d56a8", "#8c6d1f", "#2f7a6b",
)  # fmt: skip


@dataclass(frozen=True)
class Join:
    """One column that holds another stream's key."""

    column: str
    stream: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """One stream.

    Args:
        name: Its name.
        keys: Its primary key.
        joins: The columns that hold other streams' keys.
        parent: The stream whose rows it is asked for by.
        report: Whether it is a report.
        selected: Whether it is read when nobody chose streams.
    """

    name: str
    keys: tuple[str, ...]
    joins: tuple[Join, ...]
    parent: str | None
    report: bool
    selected: bool

    @property
    def targets(self) -> tuple[str, ...]:
        """The streams its arrows lead to, each once."""
        parent = (self.parent,) if self.parent else ()
        return tuple(dict.fromkeys([*(join.stream for join in self.joins), *parent]))

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands below its name: the key's columns, then those that join."""
        columns: dict[str, list[str]] = {key: [] for key in self.keys}
        for join in self.joins:
            columns.setdefault(join.column, []).append(join.stream)
        lines = [
            column + (f" → {', '.join(streams)}" if streams else "")
            for column, streams in columns.items()
        ]
        if self.parent:
            lines.append(f"by {self.parent}")
        return tuple(lines)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        longest = max(len(self.name), *(len(line) for line in self.lines))
        return round(longest * _CHARACTER) + 2 * _PAD + _MARK, _HEAD + _LINE * len(
            self.lines
        ) + _PAD

    def line_to(self, target: str) -> int:
        """Return how far below its top edge the arrow to a stream begins."""
        for number, line in enumerate(self.lines):
            streams = line.partition(" → ")[2].split(", ")
            if target in streams or line == f"by {target}":
                return _HEAD + _LINE * number + _LINE // 2
        raise LookupError(target)


def ranks(boxes: Sequence[Box]) -> dict[str, int]:
    """Return the column of each stream: one right of all it joins, but for circles, which are cut."""
    known = {box.name: box for box in boxes}
    done: dict[str, int] = {}
    open_: set[str] = set()

    def rank(name: str) -> int:
        if name not in done:
            open_.add(name)
            below = [rank(t) for t in known[name].targets if t not in open_]
            open_.discard(name)
            done[name] = 1 + max(below) if below else 0
        return done[name]

    for box in boxes:
        rank(box.name)
    return done


def _columns(boxes: Sequence[Box]) -> list[list[Box]]:
    """Streams that join or are joined, in columns no taller than allowed, near what they join."""
    rank = ranks(boxes)
    height: dict[str, float] = {}
    columns: list[list[Box]] = []
    for number in range(max(rank.values(), default=-1) + 1):
        level = [box for box in boxes if rank[box.name] == number]

        def wanted(box: Box) -> float:
            near = [height[target] for target in box.targets if target in height]
            return sum(near) / len(near) if near else 0.0

        y = _TALLEST + 1
        for box in sorted(level, key=wanted):
            if y + box.size[1] > _TALLEST:
                columns.append([])
                y = 0
            columns[-1].append(box)
            height[box.name] = y + box.size[1] / 2
            y += box.size[1] + _GAP
    return columns


@dataclass(frozen=True)
class Place:
    """Where a box is, in pixels. Boxes of a column are equally wide, so that arrows meet its edge."""

    x: int
    y: int
    width: int
    height: int


def places(boxes: Sequence[Box]) -> dict[str, Place]:
    """Return where each box is; no two overlap. What neither joins nor is joined stands below."""
    used = {target for box in boxes for target in box.targets}
    tied = [box for box in boxes if box.targets or box.name in used]
    found: dict[str, Place] = {}
    columns = _columns(tied)
    tall = [sum(box.size[1] + _GAP for box in column) for column in columns]
    x, bottom = _MARGIN, _TITLE + max(tall, default=0)
    for column, height in zip(columns, tall, strict=True):
        y = _TITLE + (bottom - _TITLE - height) // 2
        width = max(box.size[0] for box in column)
        for box in column:
            found[box.name] = Place(x, y, width, box.size[1])
            y += box.size[1] + _GAP
        x += width + _AISLE
    right = max(x - _AISLE, 900)
    x, y, tallest = _MARGIN, bottom + _GAP, 0
    for box in boxes:
        if box.name in found:
            continue
        width, height = box.size
        if x > _MARGIN and x + width > right:
            x, y, tallest = _MARGIN, y + tallest + _GAP, 0
        found[box.name] = Place(x, y, width, height)
        x, tallest = x + width + _GAP, max(tallest, height)
    return found


def _arrow(box: Box, target: str, at: Mapping[str, Place], colour: str) -> str:
    begin, end = at[box.name], at[target]
    x, y, to_x, to_y = begin.x, begin.y + box.line_to(target), end.x, end.y + _HEAD // 2
    bend, to_bend = -_AISLE // 2, _AISLE // 2
    if to_x < x:
        to_x += end.width
    elif to_x > x:
        x += begin.width
        bend, to_bend = to_bend, bend
    else:
        bend = to_bend = 5 - _MARGIN  # the same column, or a stream that joins itself
    by_key = any(join.stream == target for join in box.joins)
    dotted = "" if by_key else ' stroke-dasharray="2 3"'
    return (
        f'<path class="arrow" d="M{x} {y}C{x + bend} {y} {to_x + to_bend} {to_y} {to_x} {to_y}"'
        f' stroke="{colour}" marker-end="url(#head)"{dotted}>'
        f"<title>{escape(box.name)} → {escape(target)}</title></path>"
    )


def _drawn(box: Box, at: Place) -> str:
    dashed = "" if box.selected else ' stroke-dasharray="5 3"'
    fill = "#eceff3" if box.report else "#ffffff"
    left = at.x + _PAD
    parts = [
        (
            f'<g class="{"report" if box.report else "entity"}">'
            f'<rect x="{at.x}" y="{at.y}" width="{at.width}" height="{at.height}" rx="4" fill="{fill}"'
            f' stroke="#5b6675"{dashed}/>'
            f'<text x="{left}" y="{at.y + 16}" font-weight="bold">{escape(box.name)}</text>'
        )
    ]
    for number, line in enumerate(box.lines):
        y = at.y + _HEAD + _LINE * number + 12
        if number < len(box.keys):
            parts.append(f'<text x="{left}" y="{y}" font-size="8" fill="#5b6675">PK</text>')
        parts.append(f'<text x="{left + _MARK}" y="{y}">{escape(line)}</text>')
    return "".join([*parts, "</g>"])


def svg(title: str, boxes: Sequence[Box]) -> str:
    """Return the picture of streams; what they join must be among them."""
    at = places(boxes)
    width = max(place.x + place.width for place in at.values()) + _MARGIN
    height = max(place.y + place.height for place in at.values()) + _MARGIN
    joined = list(dict.fromkeys(target for box in boxes for target in box.targets))
    colours = {name: _COLOURS[n % len(_COLOURS)] for n, name in enumerate(joined)}
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" role="img"'
            ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11" fill="#1c232b">'
        ),
        f"<title>{escape(title)}</title>",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
            ' orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b6675"/></marker></defs>'
        ),
        f'<rect width="{width}" height="{height}" fill="#fafbfc"/>',
        f'<text x="{_MARGIN}" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        '<g fill="none" stroke-width="1.2" stroke-opacity="0.7">',
        *(_arrow(box, target, at, colours[target]) for box in boxes for target in box.targets),
        "</g>",
        *(_drawn(box, at[box.name]) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
