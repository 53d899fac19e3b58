"""The first three of MiniLM's six layers: the embedding model and late interaction are two tops on them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.network import Network
from index.weights import ROUNDING, layers
from index.wordpieces import WordPieces

GRAPH: Final = Path(__file__).parent / "models" / "trunk.onnx"

FILES: Final = (GRAPH, ROUNDING)  # what its states depend on, beside the bundled weights

LAYERS: Final = range(3)


class Trunk:
    """The graph `trunk.onnx` with the bundled model's weights, loaded when first needed. Safe to use from threads."""

    def __init__(self) -> None:
        self.words = WordPieces()
        self._network = Network(GRAPH, lambda: layers(LAYERS, embeddings=True))

    def states(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the states `(texts, length, 384)` of texts of one length, given as word pieces `(texts, length)`.

        Raises `ModelNotFound`.
        """
        return self._network.run({"embedded": self.words.embed(ids)})[0]
