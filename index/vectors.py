"""The dense side of the search: unit vectors by cosine, exact or along a graph. The only file that imports faiss."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import BadVectors
from index.mapped import let_go, map_array

# Up to so many rows a question is compared with every one; beyond, a graph leads to the nearest. Comparing all takes
# time in proportion: benchmarks/README.md says how much.
EXACT_LIMIT = 100_000

# HNSW: Malkov and Yashunin, 2018, https://arxiv.org/abs/1603.09320. Links of a row (twice as many on the lowest layer;
# they call 5 to 48 reasonable), and how many rows are kept in sight while a row is linked and while a question is
# asked: more find more, and take longer. benchmarks/README.md has the figures that these were chosen by.
_LINKS = 32
_SIGHT_BUILDING = 200
_SIGHT_ASKING = 1024

# float32 sums of faiss and of numpy differ by less than this for unit vectors, and unit lengths by less than that.
_SUM_ERROR = 1e-5
_LENGTH_ERROR = 1e-3

# Rows asked of faiss beyond the k nearest, so that rarely more than these tie with the last of them.
_SPARE = 32

# Rows compared at once: 12 MB of them at 384 dimensions.
_BLOCK = 8192

_ROWS_FILE = "vectors.npy"
GRAPH_FILE = "hnsw.faiss"


class Vectors:
    """Rows of unit vectors, searched by cosine. Immutable, and safe to use from several threads.

    Without a graph the search is exact. With one it misses a few of the nearest rows, but never one of those that it is
    told to search among. The graph only leads to rows: their cosines are always those of the float32 vectors.
    """

    def __init__(
        self, rows: NDArray[np.float32], graph: _Graph | None = None, *, mapped: mmap.mmap | None = None
    ) -> None:
        self._rows = rows
        self._graph = graph
        self._mapped = mapped  # the file that the rows are in

    @classmethod
    def build(cls, rows: NDArray[np.float32], *, limit: int = EXACT_LIMIT, known: Vectors | None = None) -> Vectors:
        """Index `(n, dimension)` float32 rows of unit length, with a graph if there are more than `limit`.

        Rows that can be written to are copied; read-only ones are taken as they are, and have to stay so.
        The graph of `known` is extended where its rows are the first of the rows; to link a million takes many minutes.
        The same rows, limit and known vectors give the same graph. Raises `BadVectors` for any other rows.
        """
        kept = np.array(checked_rows(rows, rows.shape[-1]), order="C", copy=rows.flags.writeable or None)
        kept.flags.writeable = False
        if len(kept) <= limit:
            return cls(kept)
        begun = known._graph if known is not None and np.array_equal(known.rows, kept[: len(known.rows)]) else None
        return cls(kept, _Graph.build(kept) if begun is None else begun.extended(kept))

    @property
    def rows(self) -> NDArray[np.float32]:
        """All vectors, `(n, dimension)` float32, read-only."""
        return self._rows

    def similarities(self, question: NDArray[np.float32], among: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine in [-1, 1] of a unit vector and each of some rows, in their order.

        A row's value does not depend on the other rows that are asked for. Raises `BadVectors`.
        """
        checked_rows(question[np.newaxis], self._rows.shape[1])
        sums = np.empty(len(among), dtype=np.float32)
        for start in range(0, len(among), _BLOCK):
            block = slice(start, start + _BLOCK)
            # einsum sums each row by itself; a matrix product sums in another order for another number of rows, and a
            # filter would then change scores.
            sums[block] = np.einsum("ij,j->i", self._rows[among[block]], question)
        if self._graph is not None:  # without one, every question needs every row
            let_go(self._mapped)
        return sums.clip(-1, 1)

    def nearest(
        self, question: NDArray[np.float32], k: int, *, among: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Return the numbers of the k rows nearest to a unit vector `(dimension,)`, best first, ties by row.

        Only the rows `among` are searched when they are given, and each of them. Fewer than k come back only where
        there are fewer. Raises `BadVectors` for a vector of another dimension, NaN, infinity or another length.
        """
        checked_rows(question[np.newaxis], self._rows.shape[1])
        candidates = np.unique(among) if among is not None else self._candidates(question, k)
        order = np.argsort(-self.similarities(question, candidates), kind="stable")
        return candidates[order[: max(k, 0)]]

    def _candidates(self, question: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Return rows, in order, that hold the k nearest and whatever ties with the last; of a graph, nearly so."""
        if not 0 < k < len(self._rows):
            return np.arange(len(self._rows) if k > 0 else 0)
        query = np.ascontiguousarray(question[np.newaxis])
        if self._graph is not None:
            found = self._graph.near(query, max(_SIGHT_ASKING, 2 * k))
            if len(found) >= k:
                return found
        with _one_thread():
            scores, rows = faiss.knn(query, self._rows, k + _SPARE, metric=faiss.METRIC_INNER_PRODUCT)
        lowest = scores[0, k - 1] - _SUM_ERROR
        if scores[0, -1] < lowest:  # where there are no more rows, faiss fills up with row -1 and the lowest of scores
            return np.sort(rows[0, scores[0] >= lowest])
        return np.flatnonzero(self._rows @ question >= lowest - _SUM_ERROR)

    def save(self, folder: Path) -> None:
        """Write the vectors, and the graph if there is one, into a folder that exists. Raises `OSError`."""
        np.save(folder / _ROWS_FILE, self._rows, allow_pickle=False)
        if self._graph is not None:
            # By numpy too: faiss does not notice a disk that fills up while it closes the file.
            self._graph.written.tofile(folder / GRAPH_FILE)

    @classmethod
    def load(cls, folder: Path) -> Vectors:
        """Map what `save` wrote: what a question touches is read when it is asked.

        faiss does not notice damage, so a checksum has to be compared before. Raises `OSError`.
        """
        rows, mapped = map_array(folder / _ROWS_FILE)
        path = folder / GRAPH_FILE
        graph = _Graph(np.memmap(path, dtype=np.uint8, mode="r")) if path.exists() else None
        return cls(rows.view(np.float32), graph, mapped=mapped)


class _Graph:
    """An HNSW graph over rows in 8 bits a number, as the bytes that faiss writes; they are used where they lie."""

    # The types that faiss brings along lack some names: hence the ignored errors.

    def __init__(self, written: NDArray[np.uint8]) -> None:
        self.written = written
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(written), written.size)  # type: ignore[attr-defined]
        self._index = faiss.read_index(reader)

    @classmethod
    def build(cls, rows: NDArray[np.float32]) -> _Graph:
        """Link `(n, dimension)` rows."""
        kind = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexHNSWSQ(rows.shape[1], kind, _LINKS, faiss.METRIC_INNER_PRODUCT)  # type: ignore[arg-type]
        index.hnsw.efConstruction = _SIGHT_BUILDING
        with _one_thread():
            index.train(rows)
        return cls._with(index, rows)

    def extended(self, rows: NDArray[np.float32]) -> _Graph:
        """Return another graph, in which the rows after the ones of this are linked too."""
        return self._with(faiss.deserialize_index(self.written), rows)

    @classmethod
    def _with(cls, index: faiss.Index, rows: NDArray[np.float32]) -> _Graph:
        with _one_thread():  # several threads link in another order each time
            index.add(rows[index.ntotal :])
        return cls(faiss.serialize_index(index))

    def near(self, query: NDArray[np.float32], sight: int) -> NDArray[np.int64]:
        """Return up to `sight` rows near a query `(1, dimension)`, in order."""
        parameters = faiss.SearchParametersHNSW(efSearch=sight)  # type: ignore[attr-defined]
        with _one_thread():
            _, rows = self._index.search(query, sight, params=parameters)
        return np.sort(rows[rows >= 0])  # faiss fills up with row -1


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep faiss on this thread: a second one gains nothing for one question, and waits in a busy loop."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


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
