"""Texts of one length together: no padding, which would be work for nothing and change the last digits of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.network import Cores
from index.wordpieces import CLS, SEP, Ids

_Made = TypeVar("_Made")

# Of a batch: more are no faster on one core, and take memory.
_TOKENS = 1024


def batches(rows: Sequence[Ids]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Yield which rows go together, and their ids between the marks of beginning and end, `(texts, length)`."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    start = 0
    while start < len(order):
        length = len(rows[order[start]])
        most = max(1, _TOKENS // (length + 2))
        chosen = [number for number in order[start : start + most] if len(rows[number]) == length]
        ids = np.empty((len(chosen), length + 2), dtype=np.int64)
        ids[:, 0], ids[:, -1] = CLS, SEP
        for at, number in enumerate(chosen):
            ids[at, 1:-1] = rows[number]
        yield chosen, ids
        start += len(chosen)


def in_batches(rows: Sequence[Ids], work: Callable[[NDArray[np.int64]], Sequence[_Made]], cores: Cores) -> list[_Made]:
    """Return what the work makes of each row, in their order; it is given a batch at a time, several side by side."""
    made: dict[int, _Made] = {}
    together = list(batches(rows))
    for (chosen, _), own in zip(together, cores.spread(work, [ids for _, ids in together]), strict=True):
        made |= zip(chosen, own, strict=True)
    return [made[number] for number in range(len(rows))]
