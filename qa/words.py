"""The reader's word embeddings, four bits a number: 64 numbers of a row share a scale."""

from __future__ import annotations

from functools import cached_property
from mmap import mmap
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.mapped import let_go, map_array

FILE: Final = "words.npy"
GROUP = 64
HIGHEST = 7  # the largest whole number of a row

Packed = NDArray[np.uint8]


class Words:
    """The table `words.npy` of a folder, mapped: only the words that are met are read. Safe to use from threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def embed(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the embeddings `(..., width)` of word pieces. The pages are given back afterwards."""
        table, mapped = self._table
        rows = unpacked(table[ids])
        let_go(mapped)
        return rows

    @cached_property
    def _table(self) -> tuple[Packed, mmap | None]:
        table, mapped = map_array(self._path)
        return table.astype(np.uint8, copy=False), mapped


def unpacked(rows: Packed) -> NDArray[np.float32]:
    """Return the numbers `(..., width)` of rows `(..., 17 / 32 width)` that `training.words` packed."""
    width = rows.shape[-1] * 32 // 17
    halves = rows[..., : width // 2]
    numbers = np.stack([halves & 15, halves >> 4], axis=-1).astype(np.float32) - (HIGHEST + 1)
    scales = np.ascontiguousarray(rows[..., width // 2 :]).view(np.float16).astype(np.float32)
    shaped = numbers.reshape(*rows.shape[:-1], -1, GROUP) * scales[..., None]
    return shaped.reshape(*rows.shape[:-1], width)
