"""From scores to an order and to probabilities that mean what they say, by weights fitted on development questions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.types import Hit
from qa.types import Ranked, Reading

UNREAD = -12.0  # the reader's score of a sentence that others kept from being read
BEGINNING = 10  # sentences in which the place counts; behind them it says nothing
FEWEST = 4  # words of a question: of fewer, the place counts no more

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted by `python -m training.calibrate` on the development sets; kept in `qa/models/calibration.json`.

    Sentences are ordered by `reader * score + late * MaxSim + (place + short / words) * log(1 + ordinal)`: the MaxSim
    is that of the sentence among those around it, the ordinal at most `BEGINNING`, the words at least `FEWEST`. An
    article says first what it is about, and of what it says twice people take the first; the more words a question
    has, with the one that it leans on, the less it leaves open.
    The probability that a sentence answers is the logistic function (Platt 1999) of `bias + score_slope * score +
    share_slope * share`, and never above that of one before it in its article. Both depend on the question and the
    sentence's article alone, whatever else is searched. From `threshold` on the first sentence is an answer, from
    `also` on another is.
    """

    reader: float
    late: float
    place: float
    short: float
    bias: float
    score_slope: float
    share_slope: float
    threshold: float
    also: float

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read the fitted numbers."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def ranked(self, question: str, hits: Sequence[Hit], readings: Sequence[Reading | None]) -> list[Ranked]:
        """Return the candidates, the likeliest first: those that were read before those that were not."""
        scores, probabilities = self.order(question, hits, readings), self.probabilities(hits, readings)
        most: dict[str, float] = {}  # that may be said of the next sentence of an article
        ranked = []
        for i in sorted(range(len(hits)), key=lambda i: (-scores[i], hits[i].sentence.ordinal)):
            article_id = hits[i].sentence.article_id
            most[article_id] = min(most.get(article_id, 1.0), float(probabilities[i]))
            ranked.append(Ranked(hits[i], readings[i], most[article_id]))
        return sorted(ranked, key=lambda one: (one.reading is None, -one.probability))

    def order(self, question: str, hits: Sequence[Hit], readings: Sequence[Reading | None]) -> NDArray[np.float64]:
        """Return a score for each candidate, `(n,)`: the highest comes first."""
        words = words_of(question)
        table = np.array([ordering(words, *both) for both in zip(hits, readings, strict=True)]).reshape(-1, 4)
        scores: NDArray[np.float64] = table @ np.array([self.reader, self.late, self.place, self.short])
        return scores

    def probabilities(self, hits: Sequence[Hit], readings: Sequence[Reading | None]) -> NDArray[np.float64]:
        """Return for each candidate the probability in [0, 1] that it answers the question, `(n,)`."""
        table = np.array([evidence(*both) for both in zip(hits, readings, strict=True)]).reshape(-1, 3)
        weights = np.array([self.bias, self.score_slope, self.share_slope])
        probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-(table @ weights)))
        return probabilities


def words_of(question: str) -> int:
    """Return how many words a question has, `FEWEST` where it has fewer."""
    return max(FEWEST, len(_WORD.findall(question)))


def ordering(words: int, hit: Hit, reading: Reading | None) -> list[float]:
    """Return what the order comes from: the reader's score, MaxSim, the place, and the place by a question's words."""
    place = math.log1p(min(hit.sentence.ordinal, BEGINNING))
    return [_score(reading), hit.late, place, place / words]


def evidence(hit: Hit, reading: Reading | None) -> list[float]:
    """Return what a probability comes from: 1, the reader's score, and the sentence's share of its article."""
    return [1.0, _score(reading), hit.share]


def _score(reading: Reading | None) -> float:
    return reading.score if reading else UNREAD
