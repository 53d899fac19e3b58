"""Where the generations of a library lie under its root, and how they are numbered."""

from __future__ import annotations

import re
from pathlib import Path

GENERATIONS = "generations"

# Ends the name of a generation that is being written or removed.
ASIDE = ".tmp"


def folder_of(root: Path, number: int) -> Path:
    """Return the folder of a library's generation."""
    return root / GENERATIONS / f"{number:06d}"


def number_of(folder: Path) -> int | None:
    """Return the number of a generation's folder, None for any other."""
    found = re.fullmatch(r"\d{6,}", folder.name)
    return int(found[0]) or None if found else None


def generation_numbers(root: Path) -> list[int]:
    """Return the numbers of the generations on disk, ascending; none where there is no library. Raises `OSError`."""
    folder = root / GENERATIONS
    return sorted(number for path in folder.iterdir() if (number := number_of(path))) if folder.is_dir() else []
