"""What the reader reads: the layout of its input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.wordpieces import CLS, SEP, Ids
from qa.windows import (
    SENTENCE_TOKENS,
    SIDE_BY_SIDE,
    WINDOW_TOKENS,
    Window,
    cut_ranges,
    cut_windows,
    lay_out,
    side_by_side,
    stack,
    window_from,
)


def ids(*numbers: int) -> Ids:
    return np.array(numbers, dtype=np.int32)


def test_a_question_and_two_sentences() -> None:
    row = lay_out(ids(7, 8), [], [Window(0, (ids(9, 8), ids(7)))], frozenset({7}))[0]
    assert row.ids.tolist() == [[CLS, 7, 8, SEP, 9, 8, SEP, 7, SEP]]
    assert row.types.tolist() == [[0, 0, 0, 0, 1, 2, 1, 1, 1]]  # 8 is met again; 7 is a stop word
    assert row.owner.tolist() == [[-1, -1, -1, -1, 0, 0, 0, 1, 1]]


def test_history_stands_before_the_question() -> None:
    row = lay_out(ids(7), [ids(5, 6)], [Window(0, (ids(9),))], frozenset())[0]
    assert row.ids.tolist() == [[CLS, 5, 6, SEP, 7, SEP, 9, SEP]]


def test_rows_are_padded_to_the_longest() -> None:
    rows = lay_out(ids(7), [], [Window(0, (ids(9),)), Window(1, (ids(9, 9, 9),))], frozenset())
    batch = stack(rows)
    assert batch.mask.tolist() == [[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 1]]
    assert batch.owner[0].tolist() == [-1, -1, -1, 0, 0, -1, -1]


@given(st.lists(st.integers(1, 150), min_size=1, max_size=40), st.integers(0, 2))
def test_windows_cover_every_sentence_and_fit(lengths: list[int], overlap: int) -> None:
    sentences = [np.full(length, 200, dtype=np.int32) for length in lengths]
    windows = cut_windows(sentences, overlap=overlap)
    covered = {w.first + j for w in windows for j in range(len(w.sentences))}
    assert covered == set(range(len(lengths)))
    assert all(len(w.sentences) == 1 or sum(len(s) + 1 for s in w.sentences) <= WINDOW_TOKENS for w in windows)
    assert [w.first for w in windows] == sorted({w.first for w in windows})
    ranges = cut_ranges(lengths, overlap=overlap)
    assert ranges == [range(w.first, w.first + len(w.sentences)) for w in windows]
    assert [len(window_from(sentences, own.start).sentences) for own in ranges] == [len(own) for own in ranges]
    for own in ranges[:-1]:  # no window would have room for one more sentence
        assert sum(min(lengths[i], SENTENCE_TOKENS) + 1 for i in [*own, own.stop]) > WINDOW_TOKENS


@pytest.mark.parametrize(
    ("lengths", "chosen"),
    [
        ([], []),
        ([20, 30, 40], [0, 1, 2]),
        ([63, 63, 1], [0, 1]),  # 64 each with the separator
        ([90, 60, 20, 14], [0, 2, 3]),
        ([500, 40, 26, 1], [0, 2]),  # read up to its 100th token
        ([5] * 20, list(range(SIDE_BY_SIDE))),
    ],
)
def test_the_likeliest_sentences_that_fit_are_read_side_by_side(lengths: list[int], chosen: list[int]) -> None:
    assert side_by_side(lengths) == chosen


def test_many_sentences_are_cut_in_linear_time(work: Callable[[Callable[[], object]], int]) -> None:
    def cut(size: int) -> None:
        assert cut_ranges([1] * size, overlap=1)[-1].stop == size

    assert work(lambda: cut(8_000)) < 4.5 * work(lambda: cut(2_000))
