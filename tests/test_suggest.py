"""Questions made from an article's own sentences: good ones or none."""

from __future__ import annotations

import pytest

from index.build import build_index
from index.encode import encoder_of
from index.segment import sentences_of_article
from index.types import Article
from qa.reader import Reader
from qa.suggest import candidates, suggestions


def made(text: str) -> list[tuple[str, str]]:
    article = Article("a", "A", text, "a.txt")
    return [
        (each.question, text[each.answer.start : each.answer.end])
        for each in candidates(text, sentences_of_article(article))
    ]


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        ("The old school was opened in 1912.", "When was the old school opened?", "in 1912"),
        ("Ada Byron married King in July 1835, in London.", "When did Ada Byron marry King?", "in July 1835"),
        ("Queen Ann opened the bridge on 9 May 2004.", "When did Queen Ann open the bridge?", "on 9 May 2004"),
        ("The red bridge was closed because it rained.", "Why was the red bridge closed?", "because it rained"),
        ("Officials said 12 people were killed in the blast.", "How many people were killed in the blast?", "12"),
        ("About 2,000 soldiers will go to Romania.", "How many soldiers will go to Romania?", "About 2,000"),
        ("Marie Curie discovered polonium.", "Who discovered polonium?", "Marie Curie"),
        ("Peter Bazso, the director of a hospital, spoke.", "Who is Peter Bazso?", "the director of a hospital"),
        ("The 29-year-old Sally Aldous won.", "How old is Sally Aldous?", "29"),
        ("Cub Cadet is a global company, based in Ohio.", "What is Cub Cadet?", "a global company"),
    ],
)  # fmt: skip
def test_a_plain_sentence_is_turned_around(sentence: str, question: str, words: str) -> None:
    assert made(sentence) == [(question, words)]


@pytest.mark.parametrize(
    "sentence",
    [
        "He was born in 1912.",  # who?
        "The group was formed in 2007.",  # which?
        "It was not opened in 1912.",
        "The old school was opened on Monday.",  # of which week?
        "“The old school was opened in 1912.",
        "But the old school was opened in 1912.",
        "Frances Bean, the couple's daughter, left.",  # which couple?
        "Human Rights, a long story, goes on.",
        "After Marie Curie left Paris.",
        "At Wilhelmina Kids, a modeling agency in New York, nobody spoke.",
        "Visitors to Hong Kong, 16, came.",
        "La vieille école fut ouverte en 1912.",
        "Nothing of this is said.",
    ],
)
def test_of_other_sentences_nothing_is_asked(sentence: str) -> None:
    assert made(sentence) == []


def test_a_place_of_two_words_has_no_age() -> None:
    assert made("She lives in Hong Kong. Hong Kong, 16, was first.") == []


def test_a_subject_keeps_its_capital_only_if_the_article_writes_it_so() -> None:
    text = "Carbon dioxide was found in 1754. There is carbon everywhere."
    assert made(text)[0][0] == "When was carbon dioxide found?"
    assert made("Joseph Black was honoured in 1754.")[0][0] == "When was Joseph Black honoured?"


@pytest.mark.model
def test_only_what_is_surely_answered_by_its_own_sentence_is_suggested() -> None:
    text = (
        "Queen Ann opened the new bridge on 9 October 2004. Peter Bazso, the director of the hospital, was there.\n\n"
        "The red bridge was closed because the river rose. It rains often. People cross by ferry."
    )
    reader = Reader()
    index = build_index(
        [Article("bridge", "Bridge", text, ""), Article("rain", "Rain", "It rains.", "")], encoder_of(None)
    )
    found = suggestions("bridge", index, reader)
    assert found
    assert set(found) <= {question for question, _ in made(text)}
    assert suggestions("bridge", index, reader, most=1) in [(each,) for each in found]
    assert suggestions("rain", index, reader) == ()
