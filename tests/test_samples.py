"""What the reader is trained on: no place within a window tells that a sentence answers."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from qa.windows import Window, cut_windows
from training.data import Example, Text
from training.samples import SIDE_BY_SIDE, Sample, sample

SENTENCES = tuple(np.full(20, 2000 + i, dtype=np.int32) for i in range(12))  # six fit into a window
TEXT = Text(SENTENCES, plain=("",) * 12, windows=tuple(cut_windows(SENTENCES)))


def samples(example: Example) -> list[Sample]:
    rng = random.Random(0)
    return [sample(example, [TEXT], {}, rng, negatives=2) for _ in range(2000)]


def read(window: Window) -> list[int]:
    """The numbers of a window's sentences."""
    return [int(ids[0]) - 2000 for ids in window.sentences]


def asked(target: int) -> Example:
    return Example("made", "when did it open?", text=0, spans={target: ((0, 1),)}, near=(9, 1, 11, 3))


def places(target: int) -> Counter[int]:
    return Counter(
        place for each in samples(asked(target)) for number, place in each.right if each.windows[number].first >= 0
    )


def test_an_answer_stands_anywhere_in_its_window_equally_often() -> None:
    found = places(5)
    assert set(found) == {0, 1, 2, 3, 4, 5}
    assert max(found.values()) < 1.4 * min(found.values())


def test_an_answer_at_either_end_of_an_article_is_read_there() -> None:
    assert set(places(0)) == {0}
    assert set(places(11)) == {0, 1, 2, 3, 4, 5}


def test_a_window_whose_answer_was_cut_out_is_as_full_as_any() -> None:
    windows = [read(w) for each in samples(asked(5)) for w in each.windows if not each.right and w.first >= 0]
    without = [found for found in windows if 4 in found and 6 in found and 5 not in found]
    assert len(without) > 50
    assert {len(found) for found in without} == {6}


def test_sentences_that_look_like_an_answer_are_read_side_by_side() -> None:
    apart = [(each, read(w)) for each in samples(asked(5)) for w in each.windows if w.first < 0]
    assert len(apart) > 300
    for each, found in apart:
        assert len(each.windows) == 1
        assert found == sorted(found)
        assert len(found) == SIDE_BY_SIDE
        if each.right:
            assert {*each.right} == {(0, found.index(5))}
        assert len({9, 1, 11, 3} & {*found}) == 4
    with_answer = [found for each, found in apart if 5 in found]
    assert 0.84 < len(with_answer) / len(apart) < 0.93  # of 0.97 that are of this article, 0.11 without it
