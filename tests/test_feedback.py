"""What readers think of answers becomes a question file that is measured as any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from visitor import HARBOUR, LONG, OPENED

from index.errors import BadQuestionFile
from index.types import Span
from qa.questions import load_questions
from qa.types import Answer
from ui.chat import Turn
from ui.feedback import Feedback, Judgement, article_file, judgement_of

ANSWER = Answer("How long?", "answered", 0.71, (LONG, OPENED), (LONG, OPENED), 0.1)
NOTHING = Answer("Who?", "no_answer", 0.2, (), (OPENED,), 0.1)
TURN = Turn("How long?", ANSWER)


def judgement(turn: Turn, at: int, right: bool | None) -> Judgement:
    assert turn.answer
    citation = turn.answer.citations[at - 1] if at else None
    return judgement_of(turn, turn.answer, citation, HARBOUR, right)


def test_a_judgement_says_what_was_asked_and_what_was_said() -> None:
    one = judgement(replace(TURN, follows="And before?"), 1, right=True)
    assert (one.question, one.history, one.probability, one.words) == (
        "How long?",
        ("And before?",),
        0.71,
        "212 metres",
    )
    assert HARBOUR.text[one.start : one.end] == one.text == "The pier is 212 metres long."
    assert judgement(Turn("Who?", NOTHING), 0, right=True).probability == 0.8


def test_right_answers_become_questions_with_their_evidence(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    feedback.judge(judgement(TURN, 1, right=True), HARBOUR)
    feedback.judge(judgement(TURN, 2, right=False), HARBOUR)
    feedback.judge(judgement(Turn("Who?", NOTHING, follows="How long?"), 0, right=True), HARBOUR)
    found = load_questions(tmp_path / "questions.jsonl")
    assert [article.text for article in found.articles] == [HARBOUR.text]
    asked = {question.text: question for question in found.questions}
    assert LONG.answer
    assert asked["How long?"].answers == (Span(LONG.answer.start, LONG.answer.end),)
    assert (asked["Who?"].answers, asked["Who?"].history) == ((), ("How long?",))


def test_of_two_judgements_the_later_counts_and_what_is_taken_back_is_gone(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    for right in (True, False):
        feedback.judge(judgement(TURN, 1, right), HARBOUR)
    assert [each.right for each in feedback.judgements()] == [False]
    with pytest.raises(BadQuestionFile, match="there is no question in it"):
        load_questions(tmp_path / "questions.jsonl")
    feedback.judge(judgement(TURN, 1, right=None), HARBOUR)
    assert Feedback(tmp_path).judgements() == ()
    assert len((tmp_path / "judgements.jsonl").read_text().splitlines()) == 3


def test_a_changed_article_is_kept_beside_the_one_before(tmp_path: Path) -> None:
    feedback, after = Feedback(tmp_path), replace(HARBOUR, id="../Harbour!", text=f"{HARBOUR.text} New.")
    feedback.judge(judgement(TURN, 1, right=True), HARBOUR)
    feedback.judge(judgement_of(TURN, ANSWER, LONG, after, right=True), after)
    names = {path.name for path in (tmp_path / "articles").iterdir()}
    assert names == {article_file(HARBOUR), article_file(after)}
    assert article_file(after) == f"harbour-{after.sha256[:12]}.txt"
    assert len(load_questions(tmp_path / "questions.jsonl").questions) == 2


def test_a_line_that_is_no_judgement_is_told(tmp_path: Path) -> None:
    (tmp_path / "judgements.jsonl").write_text('{"question": "How long?"}\n')
    with pytest.raises(BadQuestionFile, match=r"judgements\.jsonl"):
        Feedback(tmp_path).judgements()
