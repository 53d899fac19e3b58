"""Figures against worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qa import metrics


def test_auroc_counts_pairs_and_half_of_ties() -> None:
    assert metrics.auroc([0.9, 0.5], [0.5, 0.1]) == (1 + 1 + 0.5 + 1) / 4
    assert math.isnan(metrics.auroc([0.5], []))


def test_average_precision_is_the_mean_over_right_places() -> None:
    assert metrics.average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.average_precision([False, False]) == 0.0


def test_calibration_error_weighs_bins_by_their_share() -> None:
    said, right = [0.95, 0.95, 0.15, 0.15], [True, False, False, False]
    assert metrics.calibration_error(said, right) == pytest.approx(0.5 * 0.45 + 0.5 * 0.15)


@pytest.mark.parametrize("count", [40, 100, 1000])
def test_calibration_error_by_chance_is_that_of_outcomes_drawn_by_the_probabilities(count: int) -> None:
    rng = np.random.default_rng(count)
    said = rng.beta(1, 1.2, count)
    drawn = [metrics.calibration_error(said, rng.random(count) < said) for _ in range(2000)]
    assert metrics.calibration_error_by_chance(said.tolist()) == pytest.approx(np.mean(drawn), rel=0.04)


def test_what_is_certain_has_no_calibration_error_by_chance() -> None:
    assert metrics.calibration_error_by_chance([0.0, 1.0, 1.0]) == metrics.calibration_error_by_chance([]) == 0.0
    assert metrics.calibration_error_by_chance([0.5] * 100) == pytest.approx(math.sqrt(2 / math.pi) * 0.05)


def test_a_probability_of_one_falls_into_the_last_bin() -> None:
    assert metrics.reliability([1.0, 0.9], [True, True]) == [(0.95, 1.0, 1.0)]


def test_risk_coverage_goes_from_the_surest_to_all() -> None:
    curve = metrics.risk_coverage([0.2, 0.9, 0.5], [False, True, True])
    np.testing.assert_allclose(curve, [[1 / 3, 1.0], [2 / 3, 1.0], [1.0, 2 / 3]])
    assert metrics.coverage_at(0.95, [0.2, 0.9, 0.5], [False, True, True]) == pytest.approx(2 / 3)


def test_words_are_compared_as_squad_does() -> None:
    assert metrics.exact_match("The Normans!", ["normans"]) == 1.0
    assert metrics.exact_match("Normandy", ["normans"]) == 0.0
    assert metrics.token_f1("the 2nd Cavalry Regiment", ["Cavalry Regiment"]) == pytest.approx(2 * 2 / 5)
    assert metrics.token_f1("nothing", []) == 0.0
