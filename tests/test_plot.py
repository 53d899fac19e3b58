"""The picture of sureness: where its dots stand, and that it waits for enough judgements."""

from __future__ import annotations

import re

import pytest

from ui.plot import ENOUGH, calibration_html

# Ten said 0.25, of which 4 were right, and thirty said 0.9, of which 27 were.
SAID = [0.25] * 10 + [0.9] * 30
RIGHT = [number < 4 for number in range(10)] + [number < 27 for number in range(30)]


def test_dots_stand_at_what_was_said_and_what_was_right() -> None:
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)">', calibration_html(SAID, RIGHT))
    # The square begins at 44 and has sides of 220; areas are as 10 to 30.
    assert [(float(x), float(y)) for x, y, _ in dots] == [(99.0, 176.0), (242.0, 66.0)]
    small, large = (float(radius) for _, _, radius in dots)
    assert large**2 / small**2 == pytest.approx(3, abs=0.05)


def test_the_numbers_are_told_in_words_too() -> None:
    html = calibration_html(SAID, RIGHT)
    assert 'aria-label="Of 40 judged answers 78\u00a0% were right; 74\u00a0% was said on average."' in html
    assert "<title>10 said 25\u00a0%: 40\u00a0% right</title>" in html


def test_with_too_few_judgements_there_is_no_picture() -> None:
    assert calibration_html([], []) == ""
    assert "19 of 20 judgements" in calibration_html([0.5] * (ENOUGH - 1), [True] * (ENOUGH - 1))
    assert "<svg" in calibration_html([0.5] * ENOUGH, [True] * ENOUGH)
