"""Scores and probabilities against the formulas of the docstring, worked by hand."""

from __future__ import annotations

import math

import pytest

from index.types import Hit, Sentence
from qa.calibration import Calibration, features
from qa.types import Ranked, Reading

CALIBRATION = Calibration(
    reader=2.0,
    similarity=1.0,
    lexical=0.5,
    bias=-1.0,
    top=0.5,
    margin=0.25,
    words=0.1,
    fall=0.3,
    threshold=0.5,
    also=0.6,
)


def hit(row: int, similarity: float, lexical: float) -> Hit:
    return Hit(row, Sentence("a", row, 0, 10 * row, 10 * row + 9), similarity, lexical)


def ranked(row: int, score: float, certainty: float = 1.0) -> Ranked:
    return Ranked(hit(row, 0.5, 1.0), Reading(score, 0, 3, certainty), score)


def test_a_score_is_a_weighted_sum_and_the_best_lexical_score_counts_one() -> None:
    scores = CALIBRATION.scores([hit(0, 0.4, 6.0), hit(1, 0.2, 3.0)], [Reading(1.5, 0, 3, 0.9), None])
    assert scores == pytest.approx([2 * 1.5 + 0.4 + 0.5, 2 * -12.0 + 0.2 + 0.25])


def test_without_a_word_in_common_the_lexical_share_is_zero() -> None:
    assert CALIBRATION.scores([hit(0, 0.4, 0.0)], [Reading(0.0, 0, 0, 0.0)]) == pytest.approx([0.4])


def test_probabilities_fall_from_the_first() -> None:
    said = CALIBRATION.probabilities([ranked(0, 4.0, 0.5), ranked(1, 3.0), ranked(2, -1.0)])
    first = 1 / (1 + math.exp(-(-1.0 + 0.5 * 4.0 + 0.25 * 4.0 + 0.1 * math.log(0.5))))
    assert said == pytest.approx([first, first * math.exp(-0.3), first * math.exp(-1.5)])


def test_a_lead_is_four_at_most_and_one_without_a_third_has_it() -> None:
    assert features([ranked(0, 4.0)]) == [1.0, 4.0, 4.0, 0.0]
    assert features([ranked(0, 4.0), ranked(1, 3.5), ranked(2, -40.0)])[2] == 4.0


def test_a_second_sentence_as_good_takes_nothing_from_the_lead() -> None:
    assert features([ranked(0, 4.0), ranked(1, 4.0), ranked(2, 1.5)])[2] == 2.5


def test_no_candidate_no_probability() -> None:
    assert CALIBRATION.probabilities([]) == []
