"""The dense side of the search: exact inner products of unit vectors. The only file that imports faiss."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import BadVectors

# float32 sums of faiss and of numpy differ by less than this for unit vectors, and unit lengths by less than that.
_SUM_ERROR = 1e-5
_LENGTH_ERROR = 1e-3

_ROWS_FILE = "vectors.npy"
_INDEX_FILE = "index.faiss"


class Vectors:
    """Rows of unit vectors, searched by cosine. Immutable, and safe to use from several threads."""

    def __init__(self, rows: NDArray[np.float32], index: faiss.Index) -> None:
        self._rows = rows
        self._index = index

    @classmethod
    def build(cls, rows: NDArray[np.float32]) -> Vectors:
        """Index `(n, dimension)` float32 rows of unit length. Raises `BadVectors` for any others."""
        kept = np.array(checked_rows(rows, rows.shape[-1]), order="C")
        kept.flags.writeable = False
        index = faiss.IndexFlatIP(kept.shape[1])
        index.add(kept)
        return cls(kept, index)

    @property
    def rows(self) -> NDArray[np.float32]:
        """All vectors, `(n, dimension)` float32, read-only."""
        return self._rows

    def similarities(self, question: NDArray[np.float32], among: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine in [-1, 1] of a unit vector and each of some rows, in their order.

        A row's value does not depend on the other rows that are asked for. Raises `BadVectors`.
        """
        checked_rows(question[np.newaxis], self._rows.shape[1])
        # einsum sums each row by itself; a matrix product sums in another order for another number of rows, and a
        # filter would then change scores.
        sums: NDArray[np.float32] = np.einsum("ij,j->i", self._rows[among], question)
        return sums.clip(-1, 1)

    def nearest(
        self, question: NDArray[np.float32], k: int, *, among: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Return the numbers of the k rows nearest to a unit vector `(dimension,)`, best first, ties by row.

        Only the rows `among` are searched when they are given. Fewer than k come back only where there are fewer.
        Raises `BadVectors` for a vector of another dimension, NaN, infinity or another length.
        """
        checked_rows(question[np.newaxis], self._rows.shape[1])
        candidates = np.unique(among) if among is not None else self._candidates(question, k)
        order = np.argsort(-self.similarities(question, candidates), kind="stable")
        return candidates[order[: max(k, 0)]]

    def _candidates(self, question: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Return the rows, in order, that hold the k nearest and whatever ties with the last of them."""
        k = min(k, self._index.ntotal)  # faiss fills up with row -1 beyond
        if k < 1:
            return np.zeros(0, dtype=np.int64)
        query = np.ascontiguousarray(question[np.newaxis], dtype=np.float32)
        scores, _ = self._index.search(query, k)
        _, _, rows = self._index.range_search(query, float(scores[0, -1]) - _SUM_ERROR)
        return np.sort(rows)

    def save(self, folder: Path) -> None:
        """Write the vectors and the index into a folder that exists. Raises `OSError`."""
        np.save(folder / _ROWS_FILE, self._rows, allow_pickle=False)
        # Written by numpy too: faiss does not notice a disk that fills up while it closes the file.
        faiss.serialize_index(self._index).tofile(folder / _INDEX_FILE)

    @classmethod
    def load(cls, folder: Path) -> Vectors:
        """Read what `save` wrote. The vectors are mapped, not read: the index holds them in memory already.

        faiss does not notice damage, so a checksum has to be compared before. Raises `OSError`.
        """
        index = faiss.deserialize_index(np.fromfile(folder / _INDEX_FILE, dtype=np.uint8))
        mapped = np.load(folder / _ROWS_FILE, allow_pickle=False, mmap_mode="r" if index.ntotal else None)
        return cls(mapped, index)


def checked_rows(rows: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Return the rows if they are `(n, dimension)` float32 of unit length. Raises `BadVectors`.

    faiss would drop a row with a NaN without a word, and of a wrong dimension say only AssertionError('').
    """
    if rows.ndim != 2 or rows.shape[1] != dimension or dimension < 1:
        raise BadVectors(f"their shape is {rows.shape}, not (n, {dimension})")
    if rows.dtype != np.float32:
        raise BadVectors(f"their numbers are {rows.dtype}, not float32")
    with np.errstate(over="ignore"):  # infinite, and refused
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    bad = np.flatnonzero(~(np.abs(lengths - 1) < _LENGTH_ERROR))  # written so that NaN is bad
    if bad.size:
        raise BadVectors(f"row {bad[0]} has the length {lengths[bad[0]]:g}, not 1")
    return rows
