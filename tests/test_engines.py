"""What holds for a library whatever keeps it: a folder, a Milvus Lite, and a Milvus server where one is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import FakeEncoder
from engines import NAMES, Hands, opened
from stored import CATS, CATS_2, RIVER, TROOPS
from test_answer import WordReader

from index.build import build_index
from index.embed import Encoded, encode_each
from index.engine import Engine, Searchable
from index.errors import AlreadyCurrent, ArticleNotFound, EmptyLibrary, EmptyQuestion, GenerationNotFound, ModelMismatch
from index.segment import sentences_of_article
from index.types import Article, Hit
from qa.answer import answer
from qa.types import Answer

Open = Callable[[], Engine]

QUESTION = "the cat waited in Berlin"
FOX = Article("fox", "Fox", "Red fox. Blue bird. Green frog. Grey wolf. White goose. Black swan.", "/a/fox.txt")


@pytest.fixture(params=NAMES)
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    yield from opened(request.param, tmp_path)


def added(library: Open, *articles: Article) -> Searchable:
    library().add(articles, FakeEncoder())
    return library().load(FakeEncoder())


def as_told(hits: list[Hit]) -> list[Hit]:
    """BM25 is summed up in another order on a Milvus."""
    return [replace(hit, lexical=round(hit.lexical, 5)) for hit in hits]


def as_found(hits: list[Hit]) -> list[Hit]:
    """What BM25 says depends, on a Milvus, on what was written at the same time: how rare a word is there."""
    return [replace(hit, lexical=float(hit.lexical > 0)) for hit in hits]


def said(answer: Answer) -> Answer:
    return replace(answer, seconds=0.0)


def holds(engine: Engine, *articles: Article) -> bool:
    """Whether a library is sound, and these articles are all of it, each once and searched as an index of them is."""
    engine.verify()
    index, expected = engine.load(FakeEncoder()), build_index(articles, FakeEncoder())
    query = expected.query(QUESTION)
    return (
        engine.articles() == tuple(articles) == tuple(index.articles.values())
        and engine.sentence_counts() == {each.id: expected.count([each.id]) for each in articles}
        and (engine.status().articles, engine.status().sentences) == (len(articles), expected.count())
        and as_found(index.search(query, 1000)) == as_found(expected.search(query, 1000))
    )


def test_nothing_is_in_a_library_before_something_is_added(library: Open) -> None:
    engine = library()
    assert (engine.generation, engine.exists, engine.articles(), engine.sentence_counts()) == (None, False, (), {})
    for ask in (engine.status, engine.verify, engine.history, engine.rollback, engine.prune):
        with pytest.raises(EmptyLibrary):
            ask()
    for change in (engine.load, engine.rebuild, engine.check_origin, lambda encoder: engine.remove(["a"], encoder)):
        with pytest.raises(EmptyLibrary):
            change(FakeEncoder())


def test_articles_are_added_and_found_again(library: Open) -> None:
    done = library().add([TROOPS, CATS], FakeEncoder())
    assert [(each.article, each.outcome) for each in done.admissions] == [(TROOPS, "added"), (CATS, "added")]
    assert library().exists
    assert holds(library(), TROOPS, CATS)
    library().add([RIVER], FakeEncoder())
    assert holds(library(), TROOPS, CATS, RIVER)


def test_every_sentence_has_the_scores_of_the_local_engine(library: Open) -> None:
    articles = [TROOPS, CATS, RIVER, FOX]
    index, expected = added(library, *articles), build_index(articles, FakeEncoder())
    for question in ("troops waited", "Is the river long?", "Berlin", "of the", "zebra"):
        query = index.query(question)
        for chosen in (None, ["cats"], ["river", "troops", "river"], []):
            hits = index.search(query, 100, article_ids=chosen)
            assert as_told(hits) == as_told(expected.search(query, 100, article_ids=chosen))
        compared, by_hand = (each.max_sims(query, ["fox", "cats"]) for each in (index, expected))
        assert list(compared) == list(by_hand) == ["fox", "cats"]
        assert all(np.array_equal(compared[name], by_hand[name]) for name in by_hand)


def test_the_nearest_and_the_best_by_words_are_found(library: Open) -> None:
    articles = [TROOPS, CATS, RIVER, FOX]
    index = added(library, *articles)
    for question in ("grey wolf", "who waited", "a red cat", "NATO in Berlin"):
        query = index.query(question)
        every = as_told(index.search(query, 100))
        for k in (1, 2, 4):
            found = as_told(index.search(query, k))
            assert [hit for hit in every if hit in found] == found  # in order, with the same scores
            least = sorted((hit.similarity for hit in every), reverse=True)[k - 1]
            assert all(hit in found for hit in every if hit.similarity > least)
            words = sorted((hit.lexical for hit in every if hit.lexical > 0), reverse=True)
            assert all(hit in found for hit in every if words and hit.lexical > words[: k + 1][-1])
            assert k <= len(found) <= 2 * k
            within = as_told(index.search(query, k, article_ids=["fox", "river"]))
            assert within == [hit for hit in every if hit in within]
            assert {hit.sentence.article_id for hit in within} <= {"fox", "river"}


def test_what_is_read_is_fetched_by_ordinal(library: Open) -> None:
    index = added(library, TROOPS, CATS, FOX)
    expected = build_index([TROOPS, CATS, FOX], FakeEncoder())
    passages = index.texts_of([("fox", range(1, 3)), ("cats", range(2)), ("fox", range(2, 2))])
    assert [list(own.items()) for own in passages] == [
        list(zip(expected.sentences_of("fox")[1:3], ["Blue bird.", "Green frog."], strict=True)),
        list(zip(expected.sentences_of("cats"), ["A cat sat on a mat.", "Putin waited."], strict=True)),
        [],
    ]
    assert index.lengths_of(["fox", "troops"]) == expected.lengths_of(["fox", "troops"])
    assert index.sentences_of("troops") == expected.sentences_of("troops")
    assert (index.count(), index.count(["cats"]), index.count(["cats", "fox"]), index.count([])) == (11, 2, 8, 0)


def test_articles_that_are_not_there(library: Open) -> None:
    index = added(library, TROOPS)
    query = index.query(QUESTION)
    for ask in (
        lambda: index.article("dogs"),
        lambda: index.sentences_of("dogs"),
        lambda: index.lengths_of(["troops", "dogs"]),
        lambda: index.texts_of([("dogs", range(1))]),
        lambda: index.count(["dogs"]),
        lambda: index.search(query, 1, article_ids=["troops", "dogs"]),
        lambda: index.max_sims(query, ["dogs"]),
        lambda: library().remove(["troops", "dogs"], FakeEncoder()),
    ):
        with pytest.raises(ArticleNotFound, match="no article 'dogs'"):
            ask()
    with pytest.raises(EmptyQuestion):
        index.query(" ")
    assert holds(library(), TROOPS)


def test_a_source_replaces_its_article_and_keeps_its_place(library: Open) -> None:
    library().add([CATS, TROOPS], FakeEncoder())
    encoder = FakeEncoder()
    done = library().add([CATS_2], encoder)
    assert [(each.article, each.outcome) for each in done.admissions] == [(CATS_2, "replaced")]
    assert encoder.encoded == ["It slept."]
    assert holds(library(), CATS_2, TROOPS)
    renamed = replace(CATS_2, title="Cats, again")
    encoder = FakeEncoder()
    library().add([renamed], encoder)
    assert encoder.encoded == []
    assert holds(library(), renamed, TROOPS)


def test_what_is_there_is_not_added_again(library: Open) -> None:
    library().add([TROOPS, CATS], FakeEncoder())
    before, encoder = library().generation, FakeEncoder()
    done = library().add([CATS, replace(TROOPS, id="other", source="/b/other.txt")], encoder)
    assert [(each.article, each.outcome) for each in done.admissions] == [
        (CATS, "already there"),
        (TROOPS, "already there"),
    ]
    assert (encoder.calls, library().generation) == ([], before)
    assert holds(library(), TROOPS, CATS)


def test_ids_are_numbered(library: Open) -> None:
    others = [Article("cats", f"Cats {n}", f"Another text, number {n}.", f"/b/{n}.txt") for n in range(3)]
    for given in ([CATS], others[:1], others[1:]):
        library().add(given, FakeEncoder())
    assert [(each.id, each.title) for each in library().articles()] == [
        ("cats", "Cats"),
        ("cats-2", "Cats 0"),
        ("cats-3", "Cats 1"),
        ("cats-4", "Cats 2"),
    ]


def test_articles_are_removed(library: Open) -> None:
    library().add([TROOPS, CATS, RIVER], FakeEncoder())
    index = library().load(FakeEncoder())
    library().remove(["cats", "troops", "cats"], FakeEncoder())
    assert holds(library(), RIVER)
    library().add([CATS], FakeEncoder())
    assert holds(library(), RIVER, CATS)
    library().remove(["river", "cats"], FakeEncoder())
    assert (library().articles(), library().exists) == ((), True)
    with pytest.raises(EmptyLibrary):
        library().load(FakeEncoder())
    del index


def test_a_rebuild_is_a_generation_that_can_be_gone_back_on(library: Open) -> None:
    library().add([TROOPS, CATS], FakeEncoder())
    before = library().generation
    encoder = FakeEncoder("other")
    steps: list[tuple[int, int]] = []
    library().rebuild(encoder, progress=lambda done, total: steps.append((done, total)))
    after = library().generation
    assert before is not None
    assert after == before + 1
    assert sorted(set(encoder.encoded)) == sorted(
        {"A cat sat on a mat.", "Putin waited.", "Biden sent troops.", "NATO met 😀 in Berlin."}
    )
    assert steps
    assert steps[-1][0] == steps[-1][1]
    assert library().status().model == "other"
    with pytest.raises(ModelMismatch, match="pullquote rebuild"):
        library().load(FakeEncoder())
    library().check_origin(encoder)
    assert [(each.current, each.articles, each.sentences, each.change, each.fault) for each in library().history()] == [
        (True, 2, 5, "rebuild", ""),
        (False, 2, 5, "add", ""),
    ]
    assert library().rollback() == before
    assert holds(library(), TROOPS, CATS)
    assert library().rollback(after) == after
    assert library().status().model == "other"


def test_generations_that_cannot_be_gone_back_to(library: Open) -> None:
    library().add([TROOPS], FakeEncoder())
    now = library().generation
    assert now is not None
    with pytest.raises(GenerationNotFound, match=f"before {now}"):
        library().rollback()
    with pytest.raises(AlreadyCurrent):
        library().rollback(now)
    with pytest.raises(GenerationNotFound, match="no generation 77"):
        library().rollback(77)


def test_old_generations_go(library: Open) -> None:
    library().add([TROOPS, CATS], FakeEncoder())
    for _ in range(3):
        library().rebuild(FakeEncoder())
    assert len(library().history()) == 3
    gone = library().prune(2).generations
    assert len(gone) == 1
    assert len(library().history()) == 2
    library().prune(1)
    assert [each.current for each in library().history()] == [True]
    assert holds(library(), TROOPS, CATS)


def test_what_is_longer_than_a_field_is_kept_whole(library: Open) -> None:
    words = " ".join(f"wörd{n}😀" for n in range(6000))
    long = Article("long", "Long", f"{words}. The end is near.", "/a/long.txt", pages=(0, 5, 99))
    many = Article("many", "Many pages", "A text. " * 12_000, "/a/many.txt", "Anna", "2026-01-02", tuple(range(12_000)))
    index = added(library, long, many)
    assert library().articles() == (long, many)
    assert (index.article("long"), index.article("many")) == (long, many)
    library().verify()
    own = index.sentences_of("long")
    assert own == sentences_of_article(long)
    assert index.texts_of([("long", range(len(own)))]) == [{each: long.text[each.start : each.end] for each in own}]
    assert [list(each.values()) for each in index.texts_of([("many", range(11_998, 12_000))])] == [["A text."] * 2]


def test_others_may_embed(library: Open) -> None:
    def backwards(batches: list[list[str]]) -> Iterator[tuple[int, Encoded]]:
        yield from reversed(list(encode_each(batches, FakeEncoder())))

    many = Article("many", "Many", "\n\n".join(f"Sentence {n} waited." for n in range(600)), "/a/many.txt")
    steps: list[tuple[int, int]] = []
    library().add([many, CATS], FakeEncoder(), progress=lambda *step: steps.append(step), workers=Hands(backwards))
    assert steps[-1][0] == steps[-1][1]
    assert holds(library(), many, CATS)


def test_an_answer_is_the_same(library: Open) -> None:
    articles = [TROOPS, CATS, RIVER, FOX]
    index, expected = added(library, *articles), build_index(articles, FakeEncoder())
    for question in ("Who waited, and what waited?", "Is the river long?", "NATO met where?"):
        for chosen in (None, ["cats", "river"]):
            assert said(answer(question, index, WordReader(), article_ids=chosen)) == said(
                answer(question, expected, WordReader(), article_ids=chosen)
            )


def test_an_answer_of_a_large_library_is_the_same(library: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.retrieve.WHOLE", 5)
    monkeypatch.setattr("qa.retrieve.TOP_K", 3)
    rng = np.random.default_rng(3)
    words = ["river", "troops", "cat", "boat", "snow", "bridge", "wolf", "train", "city", "mayor"]
    articles = [
        Article(f"a{n}", f"A{n}", " ".join(f"The {' '.join(rng.choice(words, 4))} went." for _ in range(9)), f"/{n}")
        for n in range(12)
    ]
    index, expected = added(library, *articles), build_index(articles, FakeEncoder())
    for question in ("Where is the river boat?", "mayor of the snow city", "Is a wolf on the bridge train?"):
        ours, theirs = (said(answer(question, each, WordReader())) for each in (index, expected))
        assert ours.citations[:1] == theirs.citations[:1]
