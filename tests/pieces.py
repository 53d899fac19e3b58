"""Word pieces made up for late interaction: unit vectors, and how an index keeps and asks them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.late import QUESTION_SCALE, SCALE, TokenQuery


def unit(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """Vectors of length 1, `(*shape, 64)`."""
    vectors = rng.normal(size=(*shape, 64))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def kept(vectors: NDArray[np.float64]) -> NDArray[np.int8]:
    """A sentence's pieces as an index keeps them."""
    return np.rint(vectors * SCALE).astype(np.int8)


def asked(vectors: NDArray[np.float64], weights: NDArray[np.float64]) -> TokenQuery:
    """A question's pieces, worth so much each, as they are asked."""
    return TokenQuery(
        np.rint(vectors * QUESTION_SCALE).astype(np.float32), (weights / weights.sum()).astype(np.float32)
    )
