"""How far a sentence stands out from its article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.types import Hit

# What a MaxSim is multiplied with before shares are made of it: the scale at which right sentences are told from others
# on the development sets.
_SHARPNESS = 20.0


def with_shares(hits: Sequence[Hit], late: Mapping[str, NDArray[np.float32]]) -> list[Hit]:
    """Return hits, those of some articles with MaxSim and share: `late` has the MaxSim of all sentences of each."""
    shares = {article_id: _shares(scores) for article_id, scores in late.items()}
    return [
        replace(
            hit,
            late=float(late[hit.sentence.article_id][hit.sentence.ordinal]),
            share=float(shares[hit.sentence.article_id][hit.sentence.ordinal]),
        )
        if hit.sentence.article_id in late
        else hit
        for hit in hits
    ]


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logarithm of each score's share: of the softmax."""
    logits = _SHARPNESS * scores.astype(np.float64)
    logits -= logits.max(initial=-np.inf)
    shares: NDArray[np.float64] = logits - np.log(np.exp(logits).sum())
    return shares
