"""Late interaction: question and sentence are encoded apart, a vector a word piece, and compared piece by piece.

A sentence's score is the mean over the question's word pieces, each weighted by what it is worth, of the best cosine
among the sentence's word pieces (MaxSim of ColBERT, Khattab & Zaharia 2020). The network is trained by `training.late`.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from index.batches import batches, in_batches
from index.fingerprint import files_fingerprint
from index.mapped import let_go, map_array
from index.network import Cores, Network
from index.trunk import FILES, Trunk

NETWORK: Final = Path(__file__).parent / "models" / "late.onnx"

LONGEST = 128  # word pieces of a text that are read, its ends among them
_ENDS = 2
_BLOCK = 16_384  # word pieces compared at once: 4 MB as float32

# The numbers of unit vectors are kept whole: of sentences in 8 bits, of questions in 12. So all sums stay below 2**24,
# and float32 holds them exactly: no score depends on what else is scored with it.
SCALE: Final = 127
QUESTION_SCALE: Final = 2047

# What a word piece's cosine loses where it is met in a sentence before, or behind, times the root of how many sentences
# away: what a text has said holds for a while ("he", "the second one"). Fitted on the development sets.
BACK: Final = 0.06
FORWARD: Final = 0.08
REACH: Final = 32  # sentences; from farther away nothing is worth borrowing


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """A question's word pieces: unit vectors times `QUESTION_SCALE`, `(pieces, 64)` float32; weights that sum to 1."""

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]


class TokenEncoder(Protocol):
    """Whatever turns a text into a vector for each of its word pieces."""

    @property
    def fingerprint(self) -> str:
        """What the vectors depend on: encoders with the same fingerprint give the same vectors."""
        ...

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        """Return for each text the unit vectors of its word pieces and its two ends, `(pieces + 2, width)` int8.

        They are multiplied by `SCALE`. Of a longer text the first `LONGEST` - 2 word pieces are read.
        """
        ...

    def encode_question(self, question: str) -> TokenQuery:
        """Return a question's word pieces and what each is worth."""
        ...


@dataclass(frozen=True, slots=True)
class PieceVectors:
    """What the network makes of texts of one length.

    `vectors` `(texts, length, width)` float32 are of unit length, `weights` `(texts, length)` above 0.
    """

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]

    def kept(self) -> list[NDArray[np.int8]]:
        """Return each text's vectors as an index keeps them, `(length, width)` int8."""
        return list(np.rint(self.vectors * SCALE).astype(np.int8))

    def query(self) -> TokenQuery:
        """Return the first text as a question."""
        return TokenQuery(np.rint(self.vectors[0] * QUESTION_SCALE), self.weights[0] / self.weights[0].sum())


class LateEncoder:
    """The network `late.onnx` on MiniLM's first layers, loaded when first needed. Safe to use from threads."""

    def __init__(self, trunk: Trunk | None = None, network: Path = NETWORK) -> None:
        self._trunk = trunk or Trunk()
        self._cores = Cores()
        self._path = network
        self._network = Network(network)

    @cached_property
    def fingerprint(self) -> str:
        """What the vectors depend on: a digest of the network's file and of those of the layers under it."""
        return f"late:{files_fingerprint([self._path, *FILES])}"

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        """Return the unit vectors of each text's word pieces, `(pieces + 2, 64)` int8, `SCALE` times their value."""
        rows = [pieces.ids[: LONGEST - _ENDS] for pieces in self._trunk.words.encode(texts)]
        return in_batches(rows, lambda ids: self._compared(ids).kept(), self._cores)

    def encode_question(self, question: str) -> TokenQuery:
        """Return a question's word pieces and what each is worth."""
        pieces = self._trunk.words.encode([question])[0].ids[: LONGEST - _ENDS]
        return self._compared(next(batches([pieces]))[1]).query()

    def compared(self, states: NDArray[np.float32]) -> PieceVectors:
        """Return what the trunk's states `(texts, length, 384)` become."""
        return PieceVectors(*self._network.run({"states": states}))

    def _compared(self, ids: NDArray[np.int64]) -> PieceVectors:
        return self.compared(self._trunk.states(ids))


class TokenVectors:
    """The word pieces of all sentences, sentence after sentence. Immutable, and safe to use from several threads."""

    def __init__(self, rows: NDArray[np.int8], bounds: NDArray[np.int64], *, mapped: mmap.mmap | None = None) -> None:
        # The vectors of sentence `i` are the rows from `bounds[i]` up to `bounds[i + 1]`.
        self._rows, self._bounds = rows, bounds
        self._mapped = mapped  # the file that the rows are in

    @classmethod
    def build(cls, sentences: Sequence[NDArray[np.int8]]) -> TokenVectors:
        """Lay out the vectors `(pieces, width)` of sentences, each of which has at least one."""
        bounds = np.cumsum([0, *(len(vectors) for vectors in sentences)], dtype=np.int64)
        rows = np.concatenate(sentences) if sentences else np.zeros((0, 0), dtype=np.int8)
        return cls(rows, bounds)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @property
    def bytes(self) -> int:
        """How many bytes the vectors are."""
        return self._rows.nbytes

    def lengths(self, rows: range) -> list[int]:
        """Return how many word pieces each of some sentences has, up to `LONGEST` - 2."""
        lengths: list[int] = (np.diff(self._bounds[rows.start : rows.stop + 1]) - _ENDS).tolist()
        return lengths

    def of(self, row: int) -> NDArray[np.int8]:
        """Return the vectors of one sentence, `(pieces, width)` int8."""
        return self._rows[self._bounds[row] : self._bounds[row + 1]]

    def max_sim(self, query: TokenQuery, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the MaxSim in [-1, 1] of a question and each sentence of some rows, `(rows,)`."""
        return _mean(self._best(query, rows), query)

    def max_sims(self, query: TokenQuery, rows: range) -> NDArray[np.float32]:
        """Return the MaxSims in [-1, 1] of a question and each sentence of an article, `(2, rows)`.

        First those of each sentence alone; then of each among those around it: a word piece of the question is compared
        with all of the article, and what stands in another sentence loses by the distance.
        """
        best = self._best(query, np.arange(rows.start, rows.stop))
        return np.stack([_mean(best, query), _mean(_spread(best), query)])

    def _best(self, query: TokenQuery, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how near each sentence comes to each of a question's pieces, `(rows, pieces)`: whole numbers."""
        if not rows.size:
            return np.zeros((0, len(query.weights)), dtype=np.float32)
        block = np.cumsum(self._bounds[rows + 1] - self._bounds[rows]) // _BLOCK
        best = [self._best_of_block(query, part) for part in np.split(rows, np.flatnonzero(np.diff(block)) + 1)]
        let_go(self._mapped)
        return np.concatenate(best)

    def _best_of_block(self, query: TokenQuery, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        apart = np.flatnonzero(np.diff(rows) != 1)  # rows that follow each other are one slice
        firsts, ends = self._bounds[rows[np.append(0, apart + 1)]], self._bounds[rows[np.append(apart, -1)] + 1]
        pieces = [self._rows[first:end] for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]
        sums = np.concatenate(pieces).astype(np.float32) @ query.vectors.T
        lengths = self._bounds[rows + 1] - self._bounds[rows]
        best: NDArray[np.float32] = np.maximum.reduceat(sums, np.cumsum(lengths) - lengths, axis=0)
        return best

    def save(self, folder: Path) -> None:
        """Write the vectors into a folder that exists. Raises `OSError`."""
        np.save(folder / "tokens.npy", self._rows, allow_pickle=False)
        np.save(folder / "token_bounds.npy", self._bounds, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> TokenVectors:
        """Read what `save` wrote; the vectors are mapped, not read. Raises `OSError`."""
        bounds = np.load(folder / "token_bounds.npy", allow_pickle=False)
        rows, mapped = map_array(folder / "tokens.npy")
        return cls(rows.view(np.int8), bounds, mapped=mapped)


def _spread(best: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what `(sentences, pieces)` become where each may borrow from those before and after it."""
    spread = best.copy()
    for away in range(1, min(REACH, len(best) - 1) + 1):
        back, forward = (np.float32(round(loss * away**0.5 * SCALE * QUESTION_SCALE)) for loss in (BACK, FORWARD))
        np.maximum(spread[away:], best[:-away] - back, out=spread[away:])
        np.maximum(spread[:-away], best[away:] - forward, out=spread[:-away])
    return spread


def _mean(best: NDArray[np.float32], query: TokenQuery) -> NDArray[np.float32]:
    """Return the weighted mean over a question's pieces, in [-1, 1], `(sentences,)`."""
    scores: NDArray[np.float32] = np.einsum("ij,j->i", best, query.weights) / np.float32(SCALE * QUESTION_SCALE)
    return scores
