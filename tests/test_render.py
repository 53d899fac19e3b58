"""Answers as JSON and as text for the terminal."""

from __future__ import annotations

from dataclasses import replace

from qa.types import Answer, Citation, Quote
from ui.render import answer_to_dict, answer_to_text


def citation(text: str, probability: float, answer: Quote | None = None) -> Citation:
    return Citation("report", 4, 2, 10, 10 + len(text), text, probability, answer)


BEST = citation("It rained for two days.", 0.93456, Quote(21, 29, "two days"))
OTHER = citation("It poured.", 0.0123)


def test_an_answer_in_json() -> None:
    said = answer_to_dict(Answer("How long?", "answered", 0.93456, (BEST,), (BEST, OTHER), 0.25), question_id="q1")
    first = {
        "article_id": "report",
        "start": 10,
        "end": 33,
        "text": "It rained for two days.",
        "probability": 0.9346,
        "answer": {"start": 21, "end": 29, "text": "two days"},
    }
    second = {
        "article_id": "report",
        "start": 10,
        "end": 20,
        "text": "It poured.",
        "probability": 0.0123,
        "answer": None,
    }
    assert said == {
        "id": "q1",
        "question": "How long?",
        "status": "answered",
        "confidence": 0.9346,
        "citations": [first],
        "nearest": [first, second],
        "seconds": 0.25,
    }


def test_an_answer_for_people() -> None:
    text = answer_to_text(Answer("How long?", "answered", 0.93456, (BEST,), (BEST,), 0.1))
    assert text == "[1] It rained for two days.\n    report, paragraph 3, sentence 5 · 93 % sure"


def test_a_page_is_told_to_people() -> None:
    best = replace(BEST, page=3)
    text = answer_to_text(Answer("How long?", "answered", 0.93456, (best,), (best,), 0.1))
    assert text.splitlines()[1] == "    report, page 3, paragraph 3, sentence 5 · 93 % sure"


def test_no_answer_for_people_names_the_nearest_as_such() -> None:
    text = answer_to_text(Answer("Who?", "no_answer", 0.0123, (), (OTHER,), 0.1))
    assert text.startswith("The article does not say (99 % sure).")
    assert "may not answer:\n- It poured." in text


def test_nothing_is_said_to_be_certain() -> None:
    sure = citation("Yes.", 0.9999)
    assert "99 % sure" in answer_to_text(Answer("?a", "answered", 0.9999, (sure,), (sure,), 0.1))


def test_control_characters_do_not_reach_the_terminal() -> None:
    hostile = citation("a\x1b[2Jb\nc", 0.5)
    assert answer_to_text(Answer("x", "answered", 0.5, (hostile,), (hostile,), 0.1)).startswith("[1] a\ufffd[2Jb c\n")
