"""Figures of answers: pure functions over ranks, probabilities and texts."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 10  # of the reliability diagram


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the chance that a positive's score exceeds a negative's, ties counted half; NaN without either."""
    if not positive or not negative:
        return float("nan")
    above = np.asarray(positive)[:, None] - np.asarray(negative)[None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def average_precision(relevant: Sequence[bool]) -> float:
    """Return the average precision of a ranking, given which of its places are right; 0 without a right one."""
    hits = np.flatnonzero(relevant)
    return float(np.mean((np.arange(len(hits)) + 1) / (hits + 1))) if len(hits) else 0.0


def calibration_error(probability: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    return float(sum(share * abs(said - was) for said, was, share in reliability(probability, right)))


def calibration_error_by_chance(probability: Sequence[float]) -> float:
    """Return the calibration error that probabilities which are exactly right have in the mean: the more, the fewer.

    What comes true in a bin strays from its mean probability by chance, nearly normally: in the mean by the root of
    2 / pi times its standard deviation. (Bröcker & Smith 2007 draw it.)
    """
    said = np.asarray(probability, dtype=float)
    variances = np.bincount(_bins(said), weights=said * (1 - said))
    return float(np.sqrt(2 / np.pi) * np.sqrt(variances).sum() / max(1, len(said)))


def reliability(probability: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, float]]:
    """Return each bin's mean probability, share of right answers and share of the questions; empty bins left out."""
    said, was = np.asarray(probability, dtype=float), np.asarray(right, dtype=float)
    bins = _bins(said)
    return [
        (float(said[bins == b].mean()), float(was[bins == b].mean()), float((bins == b).mean()))
        for b in np.unique(bins)
    ]


def _bins(said: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.minimum((said * BINS).astype(np.intp), BINS - 1)


def risk_coverage(probability: Sequence[float], right: Sequence[bool]) -> NDArray[np.float64]:
    """Return `(n, 2)`: coverage, and accuracy over the surest questions up to that coverage."""
    order = np.argsort(-np.asarray(probability, dtype=float), kind="stable")
    count = np.arange(1, len(order) + 1)
    return np.stack([count / max(1, len(order)), np.cumsum(np.asarray(right, dtype=float)[order]) / count], axis=1)


def coverage_at(accuracy: float, probability: Sequence[float], right: Sequence[bool]) -> float:
    """Return the largest share of questions, the surest first, that are answered with at least this accuracy."""
    curve = risk_coverage(probability, right)
    reached = curve[curve[:, 1] >= accuracy, 0]
    return float(reached.max(initial=0.0))


def exact_match(said: str, answers: Sequence[str]) -> float:
    """Return 1 if the words are one of the answers, by SQuAD's normalisation (Rajpurkar et al. 2016), else 0."""
    return float(any(_normal(said) == _normal(answer) for answer in answers))


def token_f1(said: str, answers: Sequence[str]) -> float:
    """Return the best F1 of the words against one of the answers, by SQuAD's normalisation."""
    return max((_f1(_normal(said).split(), _normal(answer).split()) for answer in answers), default=0.0)


def _f1(said: list[str], answer: list[str]) -> float:
    shared = sum((Counter(said) & Counter(answer)).values())
    return 2 * shared / (len(said) + len(answer)) if shared else 0.0


def _normal(text: str) -> str:
    """Lower the case, drop punctuation, articles and extra white space, as SQuAD's official script does."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())
