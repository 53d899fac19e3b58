"""From the pieces of text on a page to its lines, in the order in which people read them: columns one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

# A gutter is this many times as wide as the letters are high, at least, and lies in the middle part of the page.
_GUTTER = 0.7
_MIDDLE = (0.2, 0.8)
# So many of the pieces may cross a gutter: titles and figures above both columns.
_CROSSING = 0.2
# A column has so many pieces at least, and they are so many times as wide as high: a table's cells are not.
_FEWEST = 3
_WIDTH = 8.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one base line, and its box in points, from the lower left of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """The height of the letters, ascent and descent included."""
        return self.top - self.bottom

    @property
    def width(self) -> float:
        """The length of the text."""
        return self.right - self.left


def lines_of(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the lines of a page in reading order. The time is that of sorting them."""
    return [line for column in _columns(list(pieces), depth=0) for line in _rows(column)]


def _columns(pieces: list[Piece], *, depth: int) -> Iterable[list[Piece]]:
    """Yield the parts of a page to be read one after another, each of one column."""
    gutter = _gutter(pieces) if depth < 3 else None
    if gutter is None:
        yield pieces
        return
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    # From the top: what crosses the gutter ends both columns above it.
    for piece in sorted(pieces, key=lambda each: -each.top):
        if piece.right <= gutter or piece.left >= gutter:
            sides[piece.left >= gutter].append(piece)
            continue
        for side in sides:
            yield from _columns(side, depth=depth + 1)
        sides = ([], [])
        yield [piece]
    for side in sides:
        yield from _columns(side, depth=depth + 1)


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Return the x of the white strip that parts two columns of prose, None when there is none."""
    if len(pieces) < 2 * _FEWEST:
        return None
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    low, high = (left + part * (right - left) for part in _MIDDLE)
    least = _GUTTER * median(piece.height for piece in pieces)
    edges = sorted([(piece.left, 1) for piece in pieces] + [(piece.right, -1) for piece in pieces])
    crossing, strips = 0, []
    for (x, change), (following, _) in pairwise(edges):
        crossing += change
        if crossing <= _CROSSING * len(pieces) and following - x >= least and low < (x + following) / 2 < high:
            strips.append((crossing, x - following, (x + following) / 2))
    if not strips:
        return None
    place = min(strips)[2]
    sides = [piece for piece in pieces if piece.right <= place], [piece for piece in pieces if piece.left >= place]
    return place if all(_is_column(side) for side in sides) else None


def _is_column(pieces: Sequence[Piece]) -> bool:
    """Tell whether these look like lines of prose."""
    return len(pieces) >= _FEWEST and median(piece.width for piece in pieces) >= _WIDTH * median(
        piece.height for piece in pieces
    )


def _rows(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the lines of one column from the top; pieces side by side are one line."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda each: (-(each.top + each.bottom), each.left)):
        middle = (piece.top + piece.bottom) / 2
        if lines and lines[-1][0].bottom < middle < lines[-1][0].top:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_joined(line) for line in lines]


def _joined(pieces: list[Piece]) -> Piece:
    """Return pieces side by side as one."""
    ordered = sorted(pieces, key=lambda each: each.left, reverse=_is_right_to_left(pieces[0].text))
    main = max(pieces, key=lambda each: len(each.text))  # its height counts, not that of a bullet or a raised number
    return Piece(
        " ".join(piece.text.strip() for piece in ordered),
        min(piece.left for piece in pieces),
        main.bottom,
        max(piece.right for piece in pieces),
        main.top,
    )


def _is_right_to_left(text: str) -> bool:
    """Tell whether a text is of Hebrew, Arabic or the like."""
    return any("\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc" for letter in text)
