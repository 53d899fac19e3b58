"""Which questions lean on the one before."""

from __future__ import annotations

import pytest
from conftest import FakeEncoder

from index.build import build_index
from index.errors import ArticleNotFound
from index.types import Article
from qa.followup import following, leaning

BEFORE = ("Who is Anna?", "When did the Dutch send ships?")


@pytest.mark.parametrize(
    "question",
    [
        "Where will they be going?",
        "What else is on standby?",
        "And Romania?",
        "What about France?",
        "why?",
        "How many?",
        "did he say so",
        "What is ITS name",
        "Who is against this?",
        "Who signed this treaty?",
        "Was that the right decision?",
        "How far from China is that?",
    ],
)
def test_it_leans_on_the_last_question_alone(question: str) -> None:
    assert leaning(question, BEFORE) == leaning(question, (*BEFORE, " ")) == BEFORE[-1:]
    assert leaning(question, ()) == leaning(question, ("",)) == ()


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake bread?",
        "Who is the head of NATO?",
        "82nd Airborne troops number",
        "What do theists hold?",
        "What is open this weekend?",
        "Who wrote This Article?",
        "Who said that Anna left?",
        "Which ship that left Rome sank?",
    ],
)
def test_it_stands_by_itself(question: str) -> None:
    assert leaning(question, BEFORE) == ()


TEXTS = {
    "fleet": "It rained. The Dutch sent ships to the strait. They left in June. Two were lost. One came back.",
    "zoo": "The zoo opened. The ships were Dutch.",
}


@pytest.mark.parametrize(
    "question", ["And when?", "How many were lost then?", "Who paid for them?", "Why did it fail?"]
)
def test_a_follow_up_goes_on_behind_what_is_nearest_to_the_question_before(encoder: FakeEncoder, question: str) -> None:
    index = build_index([Article(name, name, text, name) for name, text in TEXTS.items()], encoder)
    expected = {"fleet": range(2, 5), "zoo": range(2, 5)}
    assert following(question, "Did the Dutch send ships?", index, list(TEXTS)) == expected
    assert following(question, "Did the Dutch send ships?", index, ["fleet"]) == {"fleet": range(2, 5)}
    with pytest.raises(ArticleNotFound, match="'sea'"):
        following(question, "Did the Dutch send ships?", index, ["sea"])


@pytest.mark.parametrize(
    "question", ["Did the crew say where it was?", "When had Anna lost it?", "Has a ship its flag?"]
)
def test_what_a_question_names_itself_it_does_not_take_from_the_one_before(encoder: FakeEncoder, question: str) -> None:
    index = build_index([Article(name, name, text, name) for name, text in TEXTS.items()], encoder)
    assert leaning(question, BEFORE) == BEFORE[-1:]
    assert following(question, "Did the Dutch send ships?", index, list(TEXTS)) == {}
