"""Texts of one length together: no padding, which would be work for nothing and change the last digits of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.wordpieces import CLS, SEP, Ids

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
