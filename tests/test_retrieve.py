"""Which passages are read: those in which the best hits stand, by themselves and among the sentences around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from conftest import FakeEncoder
from numpy.typing import NDArray

from index.build import Index, build_index
from index.types import Article, Hit
from qa.retrieve import FEW, LONG, MANY, Passage, fused, likeliest, passages

# Two fill a window: the first passage has sentences 0 and 1, each other one sentence and, as context, that before it.
SENTENCE = f"{'Word ' * 60}here now."


@pytest.fixture
def index(encoder: FakeEncoder) -> Index:
    sentences = {"a": 4, "b": 2, "long": LONG + 1, "longer": LONG + 2}
    return build_index([Article(name, name, " ".join([SENTENCE] * n), name) for name, n in sentences.items()], encoder)


def hits(index: Index, article_id: str, lates: Sequence[float], lexical: Sequence[float] = ()) -> list[Hit]:
    sentences = index.sentences_of(article_id)
    scores = zip(sentences, lexical or [0.0] * len(sentences), lates, strict=True)
    return [Hit(sentence, 0.0, words, late) for sentence, words, late in scores]


def sims(alone: Sequence[float], around: Sequence[float]) -> NDArray[np.float32]:
    return np.array([alone, around], dtype=np.float32)


def test_what_a_sentence_says_among_those_around_it_counts_twice(index: Index) -> None:
    compared = {"a": sims([0.5, 0.2, 0.4, 0.6], [0.5, 0.5, 0.6, 0.4])}  # in sum 1.5, 1.2, 1.6, 1.4
    chosen = passages([], compared, index)
    assert chosen == [Passage("a", range(1, 3), 1), Passage("a", range(2), 0), Passage("a", range(2, 4), 1)]


def test_of_what_is_read_shared_words_count_too(index: Index) -> None:
    compared = {"a": sims([0.5] * 4, [0.5, 0.5, 0.45, 0.5])}  # 1.5, 1.5, 1.4, 1.5
    found = hits(index, "a", [0.5] * 4, [0.0, 1.0, 4.0, 0.0])  # 0, 0.05, 0.2, 0
    chosen = passages(found, compared, index)
    assert [passage.ordinals for passage in chosen] == [range(1, 3), range(2), range(2, 4)]


def test_shared_words_count_by_their_share_of_the_most(index: Index) -> None:
    found = hits(index, "a", [0.5, 0.5, 0.5, 0.7], [4.0, 2.0, 0.0, 0.0])
    assert fused(found).tolist() == pytest.approx([0.7, 0.6, 0.5, 0.7])


def test_nothing_is_read_of_articles_that_are_not_among_the_likeliest(index: Index) -> None:
    found = [*hits(index, "b", [0.9, 0.9], [9.0, 9.0]), *hits(index, "a", [0.1] * 4)]
    chosen = passages(found, {"a": sims([0.1] * 4, [0.1] * 4)}, index)
    assert chosen == [Passage("a", range(2), 0), Passage("a", range(1, 3), 1), Passage("a", range(2, 4), 1)]


@pytest.mark.parametrize(
    ("article_ids", "read"), [(["b"], 1), (["long"], FEW), (["longer"], MANY), (["a", "long"], MANY)]
)
def test_of_longer_texts_more_is_read(index: Index, article_ids: list[str], read: int) -> None:
    sentences = {article_id: len(index.sentences_of(article_id)) for article_id in article_ids}
    chosen = passages([], {article_id: sims([0.5] * n, [0.5] * n) for article_id, n in sentences.items()}, index)
    assert len(set(chosen)) == len(chosen) == read


def test_the_likeliest_articles_are_those_of_the_best_hits(index: Index) -> None:
    assert likeliest([*hits(index, "b", [0.5, 0.4]), *hits(index, "a", [0.4] * 4), *hits(index, "b", [0.1, 0.1])]) == [
        "b",
        "a",
    ]


def test_of_many_articles_so_many_are_likely_as_passages_are_read(encoder: FakeEncoder) -> None:
    names = [str(n) for n in range(MANY + 1)]
    index = build_index([Article(name, name, "It rained.", name) for name in names], encoder)
    assert likeliest([hit for name in names for hit in hits(index, name, [0.5])]) == names[:MANY]
