"""What the reader is trained on: no place within a window tells that a sentence answers."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from qa.windows import cut_windows
from training.data import Example, Text
from training.samples import sample

SENTENCES = tuple(np.full(20, 2000 + i, dtype=np.int32) for i in range(12))  # six fit into a window
TEXT = Text(SENTENCES, plain=("",) * 12, windows=tuple(cut_windows(SENTENCES)))


def places(target: int) -> Counter[int]:
    example = Example("made", "when did it open?", text=0, spans={target: ((0, 1),)})
    rng = random.Random(0)
    samples = [sample(example, [TEXT], {}, rng, negatives=2) for _ in range(1200)]
    return Counter(place for each in samples for _, place in each.right)


def test_an_answer_stands_anywhere_in_its_window_equally_often() -> None:
    found = places(5)
    assert set(found) == {0, 1, 2, 3, 4, 5}
    assert max(found.values()) < 1.4 * min(found.values())


def test_an_answer_at_either_end_of_an_article_is_read_there() -> None:
    assert set(places(0)) == {0}
    assert set(places(11)) == {0, 1, 2, 3, 4, 5}
