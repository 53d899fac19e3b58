from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from conftest import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.build import Index, build_index
from index.errors import ArticleNotFound, BadVectors, EmptyQuestion
from index.late import TokenVectors
from index.lexical import Lexical
from index.segment import sentences_of_article
from index.sentences import Sentences
from index.types import Article, Hit
from index.vectors import Vectors

TROOPS = Article(
    "troops", "Troops", "Biden sent troops to Poland. Putin waited.\n\nNATO met in Berlin on Friday.", "t.txt"
)
CATS = Article("cats", "Cats", "A cat sat on a mat. The cat saw troops of mice.\nIt waited.", "c.txt")
RIVER = Article("river", "River", "The river is long. It waited. Boats sail on it.", "r.txt")
ARTICLES = [TROOPS, CATS, RIVER]


@dataclass
class Texts:
    """An index written down anew: what the sentences are, and what a search has to find, by brute force."""

    articles: list[Article]
    encoder: FakeEncoder

    def rows(self) -> list[tuple[str, str]]:
        return [(a.id, a.text[s.start : s.end]) for a in self.articles for s in sentences_of_article(a)]

    def late(self, question: str, text: str) -> float:
        """The share of the question's words whose direction one of the text's words has."""
        wanted, there = (
            {int(row.argmax()) for row in rows[1:-1]} for rows in self.encoder.late.encode([question, text])
        )
        words = [int(row.argmax()) for row in self.encoder.late.encode_question(question).vectors]
        assert set(words) == wanted
        return sum(word in there for word in words) / len(words)

    def late_around(self, question: str, row: int) -> float:
        """The same with the words around it: the root of the distance costs 0.06 back to them, 0.08 forward."""
        own, asked = self.rows()[row][0], question.split()
        found = [
            max(
                self.late(word, text) - (0.06 if at < row else 0.08) * abs(row - at) ** 0.5
                for at, text in self._of(own)
            )
            for word in asked
        ]
        return sum(found) / len(asked)

    def _of(self, article_id: str) -> list[tuple[int, str]]:
        return [(row, text) for row, (own, text) in enumerate(self.rows()) if own == article_id]

    def search(self, question: str, k: int, article_ids: list[str] | None = None) -> list[tuple[int, float, float]]:
        texts = [text for _, text in self.rows()]
        cosines = self.encoder.encode(texts) @ self.encoder.encode([question])[0]
        words = Lexical.build(texts).scores(question)
        among = [row for row, (a, _) in enumerate(self.rows()) if article_ids is None or a in article_ids]
        near = sorted(among, key=lambda row: (-round(float(cosines[row]), 5), row))[:k]
        lexical = sorted((row for row in among if words[row] > 0), key=lambda row: (-words[row], row))[:k]
        both = sorted({*near, *lexical}, key=lambda row: (-round(float(cosines[row]), 5), row))
        return [(row, round(float(cosines[row]), 5), round(float(words[row]), 5)) for row in both]


def row_of(hit: Hit, index: Index) -> int:
    return index.sentences.rows_of(hit.sentence.article_id)[hit.sentence.ordinal]


def rounded(hits: list[Hit], index: Index) -> list[tuple[int, float, float]]:
    return [(row_of(hit, index), round(hit.similarity, 5), round(hit.lexical, 5)) for hit in hits]


WORDS = st.sampled_from(["troops", "waited", "cat", "the river", "Poland", "sail", "it", "zebra", "mice", "Friday"])


@given(
    st.lists(WORDS, min_size=1, max_size=4).map(" ".join),
    st.integers(1, 12),
    st.none() | st.lists(st.sampled_from(["troops", "cats", "river"]), max_size=3),
)
def test_search_is_brute_force(question: str, k: int, article_ids: list[str] | None) -> None:
    oracle = Texts(ARTICLES, FakeEncoder())
    index = build_index(ARTICLES, FakeEncoder())
    hits = index.search(index.query(question), k, article_ids=article_ids)
    assert rounded(hits, index) == oracle.search(question, k, article_ids)
    for hit in hits:
        assert hit.sentence == index.sentences[row_of(hit, index)]
        assert (hit.sentence.article_id, index.text_of(hit.sentence)) == oracle.rows()[row_of(hit, index)]
        assert hit.late == pytest.approx(oracle.late(question, index.text_of(hit.sentence)), abs=0.01)


@settings(max_examples=40)
@given(st.lists(WORDS, min_size=1, max_size=4).map(" ".join))
def test_each_sentence_of_an_article_is_compared_alone_and_among_those_around_it(question: str) -> None:
    articles = [*ARTICLES, Article("alone", "Alone", "The cat waited.", "a.txt")]
    oracle, index = Texts(articles, FakeEncoder()), build_index(articles, FakeEncoder())
    compared = index.max_sims(index.query(question), ["cats", "alone", "river"])
    assert list(compared) == ["cats", "alone", "river"]
    for article_id, (alone, around) in compared.items():
        rows = [row for row, (own, _) in enumerate(oracle.rows()) if own == article_id]
        assert alone == pytest.approx([oracle.late(question, oracle.rows()[row][1]) for row in rows], abs=0.01)
        assert around == pytest.approx([oracle.late_around(question, row) for row in rows], abs=0.01)


def test_no_article_is_compared_and_one_that_is_not_there_is_named(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    assert index.max_sims(index.query("troops"), []) == {}
    with pytest.raises(ArticleNotFound, match="'dogs'"):
        index.max_sims(index.query("troops"), ["dogs"])


def test_filter_leaves_k_hits_and_every_score(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    everywhere = {row_of(hit, index): hit for hit in index.search(index.query("troops waited"), 100)}
    within = index.search(index.query("troops waited"), 3, article_ids=["river"])
    assert [hit.sentence.article_id for hit in within] == ["river"] * 3
    assert within == [everywhere[row_of(hit, index)] for hit in within]


def test_several_articles_are_searched_together_and_named_twice_are_searched_once(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    everywhere = index.search(index.query("troops waited"), 100)
    within = index.search(index.query("troops waited"), 100, article_ids=["river", "cats", "river"])
    assert within == [hit for hit in everywhere if hit.sentence.article_id != "troops"]
    assert index.search(index.query("troops waited"), 100, article_ids=list(index.articles)) == everywhere
    assert index.search(index.query("troops waited"), 100, article_ids=[]) == []


def test_articles_and_sentences(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    assert list(index.articles.values()) == ARTICLES
    assert index.article("cats") is CATS
    assert index.sentences_of("river") == sentences_of_article(RIVER) == index.sentences[6:]
    assert index.encoder is encoder
    np.testing.assert_array_equal(index.vectors, encoder.encode([text for _, text in Texts(ARTICLES, encoder).rows()]))


def test_cannot_be_changed(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    with pytest.raises(TypeError):
        index.articles["new"] = CATS  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        index.vectors[0] = 0
    with pytest.raises(AttributeError):
        index.sentences = ()  # type: ignore[misc]


def test_sentences_are_counted(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    assert (index.count(), index.count([]), index.count(["river"]), index.count(["cats", "river"])) == (9, 0, 3, 6)
    with pytest.raises(ArticleNotFound):
        index.count(["dogs"])


def test_sentences_have_lengths(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    assert {article_id: index.lengths_of([article_id])[0] for article_id in index.articles} == {
        "troops": [5, 2, 6],
        "cats": [6, 6, 2],
        "river": [4, 2, 4],
    }
    assert index.lengths_of(["river", "cats"]) == [[4, 2, 4], [6, 6, 2]]
    with pytest.raises(ArticleNotFound):
        index.lengths_of(["river", "dogs"])


def test_sentences_of_passages_have_texts(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    assert index.texts_of([]) == []
    river, cats = index.sentences_of("river"), index.sentences_of("cats")
    passages = index.texts_of([("river", range(2)), ("cats", range(1, 3)), ("river", range(1, 1))])
    assert [list(own.items()) for own in passages] == [
        [(river[0], "The river is long."), (river[1], "It waited.")],
        [(cats[1], "The cat saw troops of mice."), (cats[2], "It waited.")],
        [],
    ]
    with pytest.raises(ArticleNotFound):
        index.texts_of([("dogs", range(1))])


def test_unknown_articles_and_empty_questions(encoder: FakeEncoder) -> None:
    index = build_index(ARTICLES, encoder)
    message = "no article 'dogs' in the library \\(there are 3: 'troops', 'cats', 'river'\\)"
    with pytest.raises(ArticleNotFound, match=message):
        index.article("dogs")
    with pytest.raises(ArticleNotFound):
        index.sentences_of("dogs")
    with pytest.raises(ArticleNotFound):
        index.search(index.query("troops"), 1, article_ids=["cats", "dogs"])
    for question in ("", " \n"):
        with pytest.raises(EmptyQuestion):
            index.search(index.query(question), 1)


def test_each_text_is_encoded_once_and_progress_is_told(encoder: FakeEncoder) -> None:
    steps: list[tuple[int, int]] = []
    many = Article("many", "Many", "\n\n".join(f"Sentence {n}." for n in range(300)), "m.txt")
    index = build_index([*ARTICLES, many], encoder, progress=lambda done, total: steps.append((done, total)))
    assert len(index.sentences) == 309
    assert sorted(encoder.encoded) == sorted({text for _, text in Texts([*ARTICLES, many], encoder).rows()})
    assert steps == [(256, 308), (308, 308)]


def test_known_sentences_are_not_encoded_again(encoder: FakeEncoder) -> None:
    known = build_index([TROOPS, CATS], encoder)
    encoder.calls.clear()
    index = build_index(ARTICLES, encoder, known=known)
    assert sorted(encoder.encoded) == ["Boats sail on it.", "The river is long."]
    np.testing.assert_array_equal(index.vectors, build_index(ARTICLES, FakeEncoder()).vectors)
    encoder.calls.clear()
    build_index([RIVER, TROOPS], encoder, known=index)
    assert encoder.calls == []
    with pytest.raises(ValueError, match="another encoder"):
        build_index(ARTICLES, FakeEncoder("other"), known=known)


def test_no_articles(encoder: FakeEncoder) -> None:
    index = build_index([], encoder)
    assert (index.sentences, index.vectors.shape) == ((), (0, 64))
    assert index.search(index.query("troops"), 5) == []


class BadEncoder(FakeEncoder):
    """Gives what is in `rows`, whatever it is asked for."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        super().__init__(dimension=4)
        self.rows = rows

    def encode(self, texts: object) -> NDArray[np.float32]:
        return self.rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.full((8, 4), np.nan, dtype=np.float32), "row 0 has the length nan"),
        (np.full((8, 3), 3**-0.5, dtype=np.float32), r"\(8, 3\), not \(n, 4\)"),
        (np.full((1, 4), 0.5, dtype=np.float32), "1 came for 8 sentences"),
        (np.full((8, 4), 0.5), "float64"),
    ],
)
def test_encoder_that_gives_other_vectors(rows: NDArray[np.float32], message: str) -> None:
    with pytest.raises(BadVectors, match=message):
        build_index(ARTICLES, BadEncoder(rows))


def test_parts_that_do_not_belong_together(encoder: FakeEncoder) -> None:
    sentences = Sentences.of(ARTICLES)
    ids, table = sentences.article_ids, sentences.table
    vectors, lexical = Vectors.build(encoder.encode(["a"] * 9)), Lexical.build(["a"] * 9)
    tokens = TokenVectors.build(encoder.late.encode(["a"] * 9))
    whole = Index(ARTICLES, sentences, vectors=vectors, tokens=tokens, lexical=lexical, encoder=encoder)
    assert len(whole.sentences) == 9
    short = Vectors.build(encoder.encode(["a"] * 8))
    for articles, parts, rows in [
        (ARTICLES, Sentences(ids, table[:-1]), vectors),
        (ARTICLES, Sentences(ids[::-1], table), vectors),
        (ARTICLES, sentences, short),
        (ARTICLES[:2], sentences, vectors),
        ([*ARTICLES, CATS], Sentences.of([*ARTICLES, CATS]), vectors),
        ([*ARTICLES, CATS], Sentences([*ids, "cats"], table), vectors),
    ]:
        with pytest.raises(ValueError, match="do not belong together"):
            Index(articles, parts, vectors=rows, tokens=tokens, lexical=lexical, encoder=encoder)
    fewer = TokenVectors.build(encoder.late.encode(["a"] * 8))
    with pytest.raises(ValueError, match="do not belong together"):
        Index(ARTICLES, sentences, vectors=vectors, tokens=fewer, lexical=lexical, encoder=encoder)
