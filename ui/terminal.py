"""What commands print at a terminal: tables, sizes, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable


def print_table(rows: Iterable[Iterable[object]]) -> None:
    """Print rows of cells with their columns aligned."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def size_of(number: int | None) -> str:
    """Return a number of bytes in the largest decimal unit that it fills, and "-" for what is not known."""
    if number is None:
        return "-"
    if number < 1000:
        return f"{number} B"
    size = float(number)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95 or unit == "GB":
            break
    return f"{size:.1f} {unit}"


def progress_bar(what: str) -> Callable[[int, int], None] | None:
    """Return what draws a progress bar on standard error, or nothing where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def draw(done: int, total: int) -> None:
        bar = "#" * (30 * done // max(1, total))
        print(f"\r{what} [{bar:30}] {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return draw
