"""The CONSORT diagram as SVG: boxes of counted lines, side by side or, narrow, one below the other.

Colours stand in the drawing for files; the classes let a page's style sheet put its own in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from outcomes.figures.theme import FONT, PALETTES, Theme

WIDE, NARROW = 720, 292  # pixels
ARM_WIDTH, TRUNK_WIDTH, ASIDE_LEFT = 350, 290, 396
FONT_SIZE, ROW, NEXT_LINE, PADDING, INDENT = 13, 24, 17, 10, 14
GAP, SIDE_GAP, BRANCH = 30, 12, 22


@dataclass(frozen=True)
class Line:
    """A counted line of a box, which opens the list of those that it counts."""

    text: str
    count: int
    href: str
    depth: int = 0

    def __str__(self) -> str:
        return f"{self.text} (n\u00a0=\u00a0{self.count})"


@dataclass(frozen=True)
class Box:
    """Lines in one frame; ``part`` names the part of the flow, ``arm`` whose it is."""

    lines: tuple[Line, ...]
    part: str = ""
    arm: str = ""

    @property
    def caption(self) -> str:
        return f"{self.part} · {self.arm}" if self.part else ""


@dataclass(frozen=True)
class Diagram:
    """``aside`` are the boxes of those who did not go on; ``arms`` the boxes of each arm."""

    title: str
    assessed: Box
    aside: tuple[Box, ...]
    allocated: Box
    arms: tuple[tuple[Box, ...], ...]

    @property
    def before(self) -> tuple[Line, ...]:
        """The lines before the arms part, in the order of reading."""
        boxes = (self.assessed, *self.aside, self.allocated)
        return tuple(line for box in boxes for line in box.lines)

    @property
    def by_arm(self) -> list[tuple[str, list[tuple[Line, ...]]]]:
        """Each part with its rows: the same line of every arm."""
        rows = [
            list(zip(*(box.lines for box in part), strict=True))
            for part in zip(*self.arms, strict=True)
        ]
        return list(zip((box.part for box in self.arms[0]), rows, strict=True))


class Frame(NamedTuple):
    """Where a box stands, in pixels from the upper left corner."""

    box: Box
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True)
class Layout:
    """Boxes in their places, and the paths of the arrows: corners, the last one is the point."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    arrows: tuple[tuple[tuple[int, int], ...], ...]


def draw(diagram: Diagram, *, theme: Theme, narrow: bool = False, links: bool = False) -> str:
    """The SVG document.  ``links`` makes each line an anchor, for a page; a file has none."""
    layout = stacked(diagram) if narrow else side_by_side(diagram)
    palette = PALETTES[theme]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="{"group" if links else "img"}"'
        f' aria-label={quoteattr(diagram.title)} width="{layout.width}" height="{layout.height}"'
        f' viewBox="0 0 {layout.width} {layout.height}" font-family={quoteattr(FONT)}'
        f' font-size="{FONT_SIZE}">',
        *(_arrow(corners, palette.ink_3) for corners in layout.arrows),
    ]
    for frame in layout.frames:
        parts.append(
            f'<rect class="flow-box" x="{frame.x + 0.5}" y="{frame.y + 0.5}"'
            f' width="{frame.width - 1}" height="{frame.height - 1}" rx="6"'
            f' fill="{palette.surface}" stroke="{palette.axis}"/>'
        )
        parts += _texts(frame, palette.ink, palette.ink_3, links=links)
    return "".join([*parts, "</svg>"])


# --- where everything stands ------------------------------------------------------------------


def side_by_side(diagram: Diagram) -> Layout:
    """The trunk in the middle, who did not go on at its right, one column an arm below."""
    middle = WIDE // 2
    trunk_left = middle - TRUNK_WIDTH // 2
    assessed = _frame(diagram.assessed, trunk_left, 1, TRUNK_WIDTH)
    asides = _column(
        diagram.aside, ASIDE_LEFT, assessed.bottom + GAP, WIDE - ASIDE_LEFT - 1, SIDE_GAP
    )
    allocated = _frame(diagram.allocated, trunk_left, asides[-1].bottom + GAP, TRUNK_WIDTH)
    lefts = [1, WIDE - ARM_WIDTH - 1]
    arms: list[list[Frame]] = [[], []]
    top = allocated.bottom + GAP + BRANCH
    for row in zip(*diagram.arms, strict=True):
        height = max(_height(box, ARM_WIDTH) for box in row)
        for column, left, box in zip(arms, lefts, row, strict=True):
            column.append(Frame(box, left, top, ARM_WIDTH, height))
        top += height + GAP
    split = allocated.bottom + BRANCH
    arrows = [
        ((middle, assessed.bottom), (middle, allocated.y)),
        *(((middle, _level(one)), (one.x, _level(one))) for one in asides),
        *(
            (
                (middle, allocated.bottom),
                (middle, split),
                (arm[0].middle, split),
                (arm[0].middle, arm[0].y),
            )
            for arm in arms
        ),
        *_downwards(arms),
    ]
    frames = (assessed, *asides, allocated, *arms[0], *arms[1])
    return Layout(WIDE, top - GAP + 1, frames, tuple(arrows))


def stacked(diagram: Diagram) -> Layout:
    """Everything in one column; what branches off is set in from the trunk at the left."""
    inner, trunk = NARROW - BRANCH - 1, BRANCH // 2
    assessed = _frame(diagram.assessed, 1, 1, NARROW - 2)
    asides = _column(diagram.aside, BRANCH, assessed.bottom + GAP, inner, SIDE_GAP)
    allocated = _frame(diagram.allocated, 1, asides[-1].bottom + GAP, NARROW - 2)
    arms, top = [], allocated.bottom + GAP
    for boxes in diagram.arms:
        arms.append(_column(boxes, BRANCH, top, inner, GAP))
        top = arms[-1][-1].bottom + GAP
    arrows = [
        ((trunk, assessed.bottom), (trunk, allocated.y)),
        *(((trunk, _level(one)), (one.x, _level(one))) for one in asides),
        *(
            ((trunk, allocated.bottom), (trunk, _level(arm[0])), (arm[0].x, _level(arm[0])))
            for arm in arms
        ),
        *_downwards(arms),
    ]
    frames = (assessed, *asides, allocated, *(frame for arm in arms for frame in arm))
    return Layout(NARROW, top - GAP + 1, frames, tuple(arrows))


def _column(boxes: Sequence[Box], x: int, top: int, width: int, gap: int) -> list[Frame]:
    frames: list[Frame] = []
    for box in boxes:
        frames.append(_frame(box, x, frames[-1].bottom + gap if frames else top, width))
    return frames


def _downwards(arms: Sequence[Sequence[Frame]]) -> list[tuple[tuple[int, int], ...]]:
    """From each box of an arm to the next one."""
    return [
        ((upper.middle, upper.bottom), (lower.middle, lower.y))
        for arm in arms
        for upper, lower in pairwise(arm)
    ]


def _level(frame: Frame) -> int:
    """Where an arrow from the side meets a box: at its first line."""
    return frame.y + PADDING + ROW // 2


def _frame(box: Box, x: int, y: int, width: int) -> Frame:
    return Frame(box, x, y, width, _height(box, width))


def _height(box: Box, width: int) -> int:
    rows = sum(ROW + NEXT_LINE * (len(_wrapped(line, width)) - 1) for line in box.lines)
    return rows + 2 * PADDING + (NEXT_LINE if box.caption else 0)


# --- text -------------------------------------------------------------------------------------


def _wrapped(line: Line, width: int) -> list[str]:
    return wrap(str(line), width - 2 * PADDING - line.depth * INDENT)


def wrap(text: str, width: float) -> list[str]:
    """``text`` in lines that surely fit into ``width`` pixels, broken at spaces and between
    Chinese characters."""
    lines = [""]
    for word in _words(text):
        if lines[-1] and text_width(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.strip(" ") for line in lines]


def text_width(text: str) -> float:
    """An upper estimate in pixels, for any of the fonts that a reader may have."""
    return FONT_SIZE * sum(_ems(letter) for letter in text)


def _ems(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1
    if letter.isspace() or letter in "il.,:;()'|":
        return 0.36
    return 0.72 if letter.isupper() else 0.61


def _words(text: str) -> Iterator[str]:
    """Pieces that stay whole: a word with the space behind it, or one Chinese character."""
    word = ""
    for letter in text:
        if east_asian_width(letter) in "WF":
            if word:
                yield word
            word = letter
            continue
        if word and east_asian_width(word[-1]) in "WF":
            yield word
            word = ""
        word += letter
        if letter == " ":
            yield word
            word = ""
    if word:
        yield word


def _texts(frame: Frame, ink: str, quiet: str, *, links: bool) -> Iterator[str]:
    y = frame.y + PADDING
    if frame.box.caption:
        yield (
            f'<text class="flow-caption" x="{frame.x + PADDING}" y="{y + 11}" fill="{quiet}"'
            f' font-size="11">{escape(frame.box.caption)}</text>'
        )
        y += NEXT_LINE
    for line in frame.box.lines:
        pieces = _wrapped(line, frame.width)
        height = ROW + NEXT_LINE * (len(pieces) - 1)
        x = frame.x + PADDING + line.depth * INDENT
        weight = "" if line.depth else ' font-weight="600"'
        spans = "".join(
            f'<tspan x="{x}" y="{y + 17 + number * NEXT_LINE}">{escape(piece)}</tspan>'
            for number, piece in enumerate(pieces)
        )
        text = f'<text class="flow-text" fill="{ink}"{weight}>{spans}</text>'
        if links:
            area = (
                f'<rect class="flow-area" x="{frame.x + 2}" y="{y}" width="{frame.width - 4}"'
                f' height="{height}" fill="transparent"/>'
            )
            text = f"<a href={quoteattr(line.href)}>{area}{text}</a>"
        yield text
        y += height


def _arrow(corners: Sequence[tuple[int, int]], color: str) -> str:
    (before_x, _), (x, y) = corners[-2:]
    path = "M" + " L".join(f"{one_x} {one_y}" for one_x, one_y in corners)
    is_down = before_x == x
    head = f"M{x - 4} {y - 7} L{x + 4} {y - 7}" if is_down else f"M{x - 7} {y - 4} L{x - 7} {y + 4}"
    return (
        f'<path class="flow-line" d="{path}" fill="none" stroke="{color}"/>'
        f'<path class="flow-head" d="{head} L{x} {y} Z" fill="{color}"/>'
    )
