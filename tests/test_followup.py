"""Which questions lean on the one before."""

from __future__ import annotations

import pytest

from qa.followup import leaning

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
    assert leaning(question, BEFORE) == BEFORE[-1:]
    assert leaning(question, ()) == ()


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
