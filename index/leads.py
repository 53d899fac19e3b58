"""How far a sentence stands above all others of its article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.types import Hit

# The lead of the only sentence of an article: what a clear answer has over the others.
_ALONE = 0.2


def with_leads(hits: Sequence[Hit], late: Mapping[str, NDArray[np.float32]]) -> list[Hit]:
    """Return hits, those of some articles with MaxSim and lead: `late` has the MaxSim of all sentences of each."""
    leads = {article_id: _leads(scores) for article_id, scores in late.items()}
    return [
        replace(
            hit,
            late=float(late[hit.sentence.article_id][hit.sentence.ordinal]),
            lead=float(leads[hit.sentence.article_id][hit.sentence.ordinal]),
        )
        if hit.sentence.article_id in late
        else hit
        for hit in hits
    ]


def _leads(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each score is above the best of the others."""
    if len(scores) < 2:
        return np.full(len(scores), _ALONE, dtype=np.float32)
    best = int(scores.argmax())
    leads: NDArray[np.float32] = scores - scores[best]
    leads[best] = scores[best] - np.delete(scores, best).max()
    return leads
