"""Arrays that are mapped from their files, and memory that is given back."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from ctypes import CDLL
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def map_array(path: Path) -> tuple[NDArray[np.generic], mmap.mmap | None]:
    """Return what `numpy.save` wrote, read-only, and the mapped file, None where there is nothing to map.

    Raises `OSError`.
    """
    array = np.load(path, allow_pickle=False, mmap_mode="r")
    return np.asarray(array), array.base if isinstance(array.base, mmap.mmap) else None


def map_of(array: NDArray[np.generic]) -> mmap.mmap | None:
    """Return the mapped file that an array is a part of; None where it is in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def let_go(mapped: mmap.mmap | None) -> None:
    """Give the touched pages of a file back to the system, which keeps them at hand.

    Where a question needs few rows, each is in a page of its own, and more pages come along with it: soon the whole
    file would count as our memory. Whoever reads at the same time just touches them again.
    """
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def give_back() -> None:
    """Give the system the memory that has been freed; the GNU C library keeps it, where something behind it is in use.

    Reading a network's file takes as much again as the network: 27 MB of them stayed ours.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # of other C libraries
            CDLL(None).malloc_trim(0)
