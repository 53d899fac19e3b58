"""The bundled all-MiniLM-L6-v2 in whole numbers, run by ONNX Runtime: what it makes of a text, without PyTorch.

The graphs `trunk.onnx` and `dense.onnx` hold no weights; they are those of the bundled package, rounded to 8 bits as
`index.rounding` has it: the mean cosine with what sentence-transformers makes of them is 0.9997. `training.graph`
writes the graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.batches import batches, in_batches
from index.fingerprint import files_fingerprint, folder_fingerprint
from index.late import LONGEST as LONGEST_COMPARED
from index.late import LateEncoder, PieceVectors, TokenQuery
from index.network import Cores, Network
from index.trunk import FILES, LAYERS, Trunk
from index.weights import BUNDLED, bundled_folder, layers
from index.wordpieces import Ids

GRAPH: Final = Path(__file__).parent / "models" / "dense.onnx"

LONGEST = 256  # word pieces of a text that are read, its ends among them: the model's `max_seq_length`
_ENDS = 2

Rows = NDArray[np.float32]


class MiniLMEncoder:
    """The bundled model, loaded when it is first needed; safe to use from several threads.

    The same text gives the same vector to the last bit, whatever else is encoded with it.
    """

    model: Final = None
    dimension: Final = 384

    def __init__(self) -> None:
        self._trunk = Trunk()
        self._cores = Cores()
        self._network = Network(GRAPH, lambda: layers(range(LAYERS.stop, 6)))
        self.late = LateEncoder(self._trunk)

    @cached_property
    def fingerprint(self) -> str:
        """The model's name, the SHA-256 of its weights, a digest of its settings, and one of how it is computed.

        Reads the weights but does not load the model: 0.1 s. Raises `ModelNotFound`.
        """
        return f"{folder_fingerprint(bundled_folder(), BUNDLED)} graphs:{files_fingerprint([GRAPH, *FILES])}"

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return `(n, 384)` float32 rows of unit length; a text is read up to 256 word pieces.

        Raises `ModelNotFound`.
        """
        made = in_batches(self._pieces(texts), lambda ids: list(self._pooled(self._trunk.states(ids))), self._cores)
        return _rows(made)

    def encode_both(self, texts: Sequence[str]) -> tuple[Rows, list[NDArray[np.int8]]]:
        """Return what `encode` and what `late.encode` make of texts; the layers that both share run once.

        Raises `ModelNotFound`.
        """

        def both(ids: NDArray[np.int64]) -> list[tuple[Rows, NDArray[np.int8]]]:
            states = self._trunk.states(ids)
            return list(zip(self._pooled(states), self._compared(ids, states).kept(), strict=True))

        made = in_batches(self._pieces(texts), both, self._cores)
        return _rows([row for row, _ in made]), [tokens for _, tokens in made]

    def encode_question(self, question: str) -> tuple[Rows, TokenQuery]:
        """Return a question's vector `(384,)` and its word pieces, made side by side. Raises `ModelNotFound`."""
        ids = next(batches(self._pieces([question])))[1]
        states = self._trunk.states(ids)
        row, compared = self._cores.beside(lambda: self._pooled(states)[0], lambda: self._compared(ids, states))
        return row, compared.query()

    def _pieces(self, texts: Sequence[str]) -> list[Ids]:
        return [pieces.ids[: LONGEST - _ENDS] for pieces in self._trunk.words.encode(texts)]

    def _pooled(self, states: Rows) -> Rows:
        """Return the vectors `(texts, 384)` of texts in the trunk's states `(texts, length, 384)`."""
        (states,) = self._network.run({"states": states})
        # Here, and not in the graph: ONNX Runtime sums in another order for another number of texts.
        pooled: Rows = states.mean(axis=1)
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return pooled

    def _compared(self, ids: NDArray[np.int64], states: Rows) -> PieceVectors:
        """Return what late interaction makes of texts, of which it reads less where they are long."""
        if ids.shape[1] > LONGEST_COMPARED:
            states = self._trunk.states(np.concatenate([ids[:, : LONGEST_COMPARED - 1], ids[:, -1:]], axis=1))
        return self.late.compared(states)


def _rows(made: Sequence[Rows]) -> Rows:
    """Return vectors as rows, `(n, 384)`."""
    return np.array(made, dtype=np.float32).reshape(-1, MiniLMEncoder.dimension)
