"""The bundled all-MiniLM-L6-v2, run by ONNX Runtime: what sentence-transformers makes of it, without PyTorch.

The graph `encoder.onnx` holds no weights; they are those of the bundled package. `training.graph` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.batches import batches
from index.fingerprint import folder_fingerprint
from index.late import LateEncoder, TokenEncoder
from index.network import Network, Weights
from index.weights import BUNDLED, WORDS, bundled_folder, bundled_weights
from index.wordpieces import WordPieces

GRAPH: Final = Path(__file__).parent / "models" / "encoder.onnx"

LONGEST = 256  # word pieces of a text that are read, its ends among them: the model's `max_seq_length`


class MiniLMEncoder:
    """The bundled model, loaded when it is first needed; safe to use from several threads.

    The same text gives the same vector to the last bit, whatever else is encoded with it.
    """

    model: Final = None
    dimension: Final = 384

    def __init__(self) -> None:
        self.late: TokenEncoder = LateEncoder()
        self._words = WordPieces()
        self._network = Network(GRAPH, _layers)

    @cached_property
    def fingerprint(self) -> str:
        """The model's name, the SHA-256 of its weights and a digest of its settings.

        The same as of the vectors that sentence-transformers makes, which differ by rounding alone. Reads the weights
        but does not load the model: 0.1 s. Raises `ModelNotFound`.
        """
        return folder_fingerprint(bundled_folder(), BUNDLED)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, 384)` float32 rows of unit length; a text is read up to 256 word pieces.

        Raises `ModelNotFound`.
        """
        made = np.empty((len(texts), self.dimension), dtype=np.float32)
        together = list(batches([pieces.ids[: LONGEST - 2] for pieces in self._words.encode(texts)]))
        jobs = [{"embedded": self._words.embed(ids)} for _, ids in together]
        for (rows, _), (states,) in zip(together, self._network.run(jobs), strict=True):
            # Here, and not in the graph: ONNX Runtime sums in another order for another number of texts.
            made[rows] = states.mean(axis=1)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made


def _layers() -> Weights:
    return {name: each for name, each in bundled_weights().items() if name != WORDS and not name.startswith("pooler")}
