"""What the late interaction is trained on: consecutive sentences, compared as an index compares them."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from index.late import TokenVectors
from tests.pieces import asked, kept, unit
from training.data import Example, Text
from training.parts import ABOUT, PART, assemble, best_of, max_sims, part_around


@given(st.integers(0, 10_000), st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_sentences_are_compared_as_in_an_index(seed: int, sizes: list[int]) -> None:
    rng, count = np.random.default_rng(seed), sum(sizes)
    question, sentences, weights = unit(rng, 1, 4), unit(rng, count, 3), rng.random((1, 4)) + 0.1
    lengths = rng.integers(1, 4, size=count)
    ends = np.cumsum(sizes).tolist()
    parts = [range(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    best = best_of(
        torch.tensor(question), torch.tensor(sentences), torch.tensor(np.arange(3) < lengths[:, None]).long()
    )
    alone, around = max_sims(best, torch.tensor(weights), parts)
    tokens = TokenVectors.build([kept(s[:n]) for s, n in zip(sentences, lengths, strict=True)])
    query = asked(question[0], weights[0])
    assert alone[0].tolist() == pytest.approx(tokens.max_sim(query, np.arange(count)).tolist(), abs=0.02)
    expected = [score for part in parts for score in tokens.max_sims(query, part)[1].tolist()]
    assert around[0].tolist() == pytest.approx(expected, abs=0.02)


SENTENCES = tuple(np.full(5, 2000 + i, dtype=np.int32) for i in range(50))
TEXT = Text(SENTENCES, plain=("",) * 50, windows=())
EXAMPLES = [
    Example("made", f"what is {i}?", text=0, spans={i: ()}, unsure=frozenset({(i + 1) % 50})) for i in range(50)
]


def test_a_part_holds_its_question_and_others_about_it() -> None:
    rng, places = random.Random(0), set()
    for _ in range(400):
        part = part_around(EXAMPLES[20], EXAMPLES, [TEXT], rng)
        assert len(part.own) == PART
        assert len(part.asked) == len({each.question for each in part.asked}) == ABOUT
        assert part.asked[0] is EXAMPLES[20]
        assert all(s in part.own for each in part.asked for s in each.spans)
        places.add(20 - part.own.start)
    assert places == {*range(2, 21)}  # anywhere: 32 of the 50 sentences begin at the 18th at the latest


def test_a_short_text_is_a_part_as_a_whole() -> None:
    short = Text(SENTENCES[:3], plain=("",) * 3, windows=())
    part = part_around(EXAMPLES[1], EXAMPLES[:1], [short], random.Random(0))
    assert part.own == range(3)
    assert part.asked == (EXAMPLES[1], EXAMPLES[0])


def test_a_step_marks_what_answers_in_its_own_text_alone() -> None:
    rng = random.Random(0)
    texts = [Text(SENTENCES[:3], plain=("",) * 3, windows=()), Text(SENTENCES[3:5], plain=("",) * 2, windows=())]
    other = Example("made", "and 1?", text=1, spans={1: ()})
    step = assemble([part_around(EXAMPLES[1], (), texts, rng), part_around(other, (), texts, rng)], texts, rng)
    assert [ids[0] for ids in step.sentences] == [2000, 2001, 2002, 2003, 2004]
    assert step.parts == [range(3), range(3, 5)]
    assert step.right.tolist() == [[False, True, False, False, False], [False, False, False, False, True]]
    assert step.unsure.tolist() == [[False, False, True, False, False], [False] * 5]
