from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.segment import sentences_of_article
from index.sentences import Sentences
from index.types import Article

EMPTY = Article("empty", "Empty", " \n", "e.txt")
ARTICLES = [
    EMPTY,
    Article("cats", "Cats", "A cat sat on a mat. It slept.\n\nIt woke.", "c.txt"),
    Article("void", "Void", "", "v.txt"),
    Article("river", "River", "The river is long.", "r.txt"),
    EMPTY,
]


NUMBERS = st.lists(st.sampled_from(range(len(ARTICLES) - 1)), unique=True)


@given(NUMBERS, st.integers(-6, 6), st.integers(-6, 6))
def test_they_are_those_of_the_articles_one_after_another(numbers: list[int], start: int, stop: int) -> None:
    articles = [ARTICLES[number] for number in numbers]
    expected = tuple(sentence for article in articles for sentence in sentences_of_article(article))
    sentences = Sentences.of(articles)
    assert tuple(sentences) == tuple(sentences[row] for row in range(len(sentences))) == expected
    assert sentences == expected
    assert sentences == Sentences(sentences.article_ids, sentences.table)
    assert sentences[start:stop] == expected[start:stop]
    assert sentences[::-1] == expected[::-1]
    assert sentences.at(np.arange(len(expected))[::-2]) == list(expected[::-2])
    for article in articles:
        rows = sentences.rows_of(article.id)
        assert sentences[rows.start : rows.stop] == sentences_of_article(article)


def test_rows_are_those_of_a_sequence() -> None:
    sentences = Sentences.of(ARTICLES[:4])
    assert sentences[-1] == sentences[np.int64(3)] == sentences_of_article(ARTICLES[3])[0]
    for row in (4, -5):
        with pytest.raises(IndexError):
            sentences[row]
    with pytest.raises(KeyError):
        sentences.rows_of("dogs")


def test_difference_is_seen() -> None:
    sentences = Sentences.of(ARTICLES[:4])
    assert sentences != Sentences.of(ARTICLES[1:3])
    assert sentences != Sentences(["a", "b", "c", "d"], sentences.table)
    assert sentences != 4


@pytest.mark.parametrize("numbers", [[0, 2, 1], [0, 1, 3], [-1, 0, 1]])
def test_rows_of_other_articles_or_out_of_order_are_refused(numbers: list[int]) -> None:
    table = np.zeros((3, 4), dtype=np.int32)
    table[:, 0] = numbers
    with pytest.raises(ValueError, match="not in the order"):
        Sentences(["a", "b", "c"], table)
