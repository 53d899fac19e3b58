"""From scores to an order and to probabilities that mean what they say: weights fitted on development questions."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.types import Hit
from qa.types import Ranked, Reading

FARTHEST = 4.0  # a lead beyond this says no more: the others are out of the question
UNREAD = -12.0  # the reader's score of a sentence that others kept from being read


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted by `python -m training.calibrate` on the development sets; kept in `qa/models/calibration.json`.

    A sentence's score is `reader * score + similarity * cosine + lexical * share`, where `share` is its BM25 score over
    the best candidate's. The probability that the first sentence answers is the logistic function (Platt 1999) of
    `bias + top * s1 + margin * (s1 - s3) + words * log(certainty)`; the probability of another falls from there by
    `fall` for each point of score.
    """

    reader: float
    similarity: float
    lexical: float
    bias: float
    top: float
    margin: float
    words: float
    fall: float
    threshold: float
    also: float

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the fitted numbers."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def scores(self, hits: Sequence[Hit], readings: Sequence[Reading | None]) -> list[float]:
        """Return the score of each candidate; higher is better."""
        best = max((hit.lexical for hit in hits), default=0.0) or 1.0
        return [
            self.reader * (reading.score if reading else UNREAD)
            + self.similarity * hit.similarity
            + self.lexical * hit.lexical / best
            for hit, reading in zip(hits, readings, strict=True)
        ]

    def probabilities(self, ranked: Sequence[Ranked]) -> list[float]:
        """Return for each candidate, best first, the probability in [0, 1] that it answers the question."""
        if not ranked:
            return []
        first = confidence(np.array(features(ranked)), np.array([self.bias, self.top, self.margin, self.words]))
        return [first * math.exp(-self.fall * (ranked[0].score - one.score)) for one in ranked]


def features(ranked: Sequence[Ranked]) -> list[float]:
    """Return what the confidence comes from: 1, the best score, its lead (to 4), the log of its words' certainty.

    The lead is over the third sentence: two may answer alike, or together, and then neither is the less likely for it.
    """
    best = ranked[0]
    lead = best.score - ranked[2].score if len(ranked) > 2 else FARTHEST
    certainty = best.reading.certainty if best.reading else 0.0
    return [1.0, best.score, min(lead, FARTHEST), math.log(max(certainty, 1e-3))]


def confidence(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the logistic function of a weighted sum."""
    return 1.0 / (1.0 + math.exp(-float(values @ weights)))
