"""A question as an index compares it with sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encode import Encoder, encode_question
from index.errors import EmptyQuestion
from index.late import TokenQuery


@dataclass(frozen=True, slots=True)
class Query:
    """A question's text, its vector `(dimension,)` float32 of unit length, and its word pieces. Encoded once."""

    text: str
    vector: NDArray[np.float32]
    pieces: TokenQuery

    @classmethod
    def of(cls, question: str, encoder: Encoder) -> Query:
        """Encode a question. Raises `EmptyQuestion`."""
        if not question.strip():
            raise EmptyQuestion
        return cls(question, *encode_question(question, encoder))
