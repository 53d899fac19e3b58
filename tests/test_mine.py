"""What is hard to tell from an answer, by what the shipped late interaction says."""

from __future__ import annotations

import numpy as np
import pytest

from qa.windows import Window, cut_windows
from training.data import Example, Text, encoded
from training.mine import with_near

pytestmark = pytest.mark.model

PLAIN = (
    "the bridge was closed to traffic in 1998.",
    *(
        f"leaflet {number} is about bread, which needs flour, water, salt and yeast, and {number} hours."
        for number in range(20)
    ),
    "the bridge was opened to traffic in 1932.",
    "tolls ended later.",
)


def test_sentences_that_look_like_an_answer_and_their_windows_come_first() -> None:
    sentences = tuple(encoded(sentence) for sentence in PLAIN)
    windows = tuple(cut_windows(sentences))
    assert len(windows) > 3
    opened = len(PLAIN) - 2
    last = len(windows) - 1
    assert opened in range(windows[last].first, len(PLAIN))
    asked = Example("whole", "When was the bridge closed?", 0, {0: ((0, 0),)}, hard=((0, 2), (0, last), (0, 1)))
    other = Example("qamr_a", asked.question, 0, asked.spans, hard=asked.hard)
    found, untouched = with_near([asked, other], [Text(sentences, PLAIN, windows)])
    assert found.near[0] == opened
    assert 0 not in found.near
    assert found.hard[:2] == ((0, last), (0, 2))
    assert (0, 0) not in found.hard
    assert untouched == other


def test_a_short_text_has_nothing_to_look_for() -> None:
    row = np.full(5, 2000, dtype=np.int32)
    short = Text((row,) * 3, ("a",) * 3, (Window(0, (row,) * 3),))
    example = Example("whole", "when?", 0, {0: ()}, hard=((0, 0),))
    assert with_near([example], [short]) == [example]
