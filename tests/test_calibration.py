"""Probabilities against the formula of the docstring, worked by hand."""

from __future__ import annotations

import math

import pytest

from index.types import Hit, Sentence
from qa.calibration import Calibration
from qa.types import Reading

CALIBRATION = Calibration(bias=-1.0, reader=0.5, late=2.0, lead=4.0, place=-0.5, threshold=0.5, also=0.6)


def hit(late: float, lead: float, ordinal: int = 0) -> Hit:
    return Hit(Sentence("a", ordinal, 0, 0, 9), similarity=0.3, lexical=2.0, late=late, lead=lead)


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_a_probability_is_the_logistic_function_of_a_weighted_sum() -> None:
    said = CALIBRATION.probabilities([hit(0.5, 0.25), hit(0.25, -0.25)], [Reading(3.0, 0, 3), Reading(-1.0, 0, 3)])
    assert said == pytest.approx([logistic(-1 + 1.5 + 1 + 1), logistic(-1 - 0.5 + 0.5 - 1)])


@pytest.mark.parametrize(("ordinal", "counted"), [(7, 7), (10, 10), (11, 10), (300, 10)])
def test_a_later_sentence_is_a_little_less_likely(ordinal: int, counted: int) -> None:
    said = CALIBRATION.probabilities([hit(0.5, 0.25, ordinal=ordinal)], [Reading(3.0, 0, 3)])
    assert said == pytest.approx([logistic(-1 + 1.5 + 1 + 1 - 0.5 * math.log(1 + counted))])


def test_a_sentence_that_was_not_read_counts_as_read_and_found_wanting() -> None:
    assert CALIBRATION.probabilities([hit(0.5, 0.25)], [None]) == pytest.approx([logistic(-1 - 6 + 1 + 1)])


def test_no_candidate_no_probability() -> None:
    assert CALIBRATION.probabilities([], []) == []
