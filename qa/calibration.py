"""From scores to probabilities that mean what they say, by weights fitted on development questions."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.types import Hit
from qa.types import Reading

UNREAD = -12.0  # the reader's score of a sentence that others kept from being read
BEGINNING = 10  # sentences in which the place counts; behind them it says nothing


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted by `python -m training.calibrate` on the development sets; kept in `qa/models/calibration.json`.

    The probability that a sentence answers the question is the logistic function (Platt 1999) of `bias + reader * score
    + late * MaxSim + lead * lead + place * log(1 + ordinal)`, the ordinal of at most `BEGINNING`: an article says first
    what it is about, and of what it says twice people take the first. It orders the sentences, and depends on the
    question and the sentence's article alone, whatever else is searched. From `threshold` on the first sentence is an
    answer, from `also` on another is.
    """

    bias: float
    reader: float
    late: float
    lead: float
    place: float
    threshold: float
    also: float

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the fitted numbers."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def probabilities(self, hits: Sequence[Hit], readings: Sequence[Reading | None]) -> list[float]:
        """Return for each candidate the probability in [0, 1] that it answers the question."""
        table = np.array([features(*both) for both in zip(hits, readings, strict=True)]).reshape(-1, 5)
        logits = table @ np.array([self.bias, self.reader, self.late, self.lead, self.place])
        return [float(p) for p in 1 / (1 + np.exp(-logits))]


def features(hit: Hit, reading: Reading | None) -> list[float]:
    """Return what a probability comes from: 1, the reader's score, MaxSim and its lead, and the place."""
    return [
        1.0,
        reading.score if reading else UNREAD,
        hit.late,
        hit.lead,
        math.log1p(min(hit.sentence.ordinal, BEGINNING)),
    ]
