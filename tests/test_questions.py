"""Question files: each format gives the spans that it marks, or says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.errors import BadQuestionFile
from qa.questions import QuestionSet, load_questions

SEEDS = Path(__file__).parent.parent / "seeds"


def answers(questions: QuestionSet) -> list[list[str]]:
    texts = {article.id: article.text for article in questions.articles}
    return [[texts[q.article_id][s.start : s.end] for s in q.answers] for q in questions.questions]


def test_the_seed_questions_mark_their_evidence() -> None:
    questions = load_questions(SEEDS / "questions.jsonl")
    assert len(questions.questions) == 40
    assert sum(not q.answers for q in questions.questions) == 10
    assert answers(questions)[0] == ["approximately 75,000 to 80,000"]
    assert questions.questions[11].history == ("When are the Dutch sending F-35s to Bulgaria?",)
    both = questions.questions[17]
    assert [len(part) for part in both.parts] == [1, 1]


def test_articles_with_their_questions(tmp_path: Path) -> None:
    line = {
        "id": "a",
        "title": "A",
        "text": "It rained. It poured.",
        "questions": [
            {"id": 1, "question": "What did it?", "answers": [{"text": "poured", "start": 14}], "answerable": True},
            {"id": 2, "question": "Who?", "answers": [{"text": "It", "start": 0}], "answerable": False},
            {"id": 3, "question": "And then?", "answers": [], "answerable": False, "history": ["What did it?"]},
        ],
    }
    file = tmp_path / "set.jsonl"
    file.write_text(json.dumps(line))
    questions = load_questions(file)
    assert answers(questions) == [["poured"], [], []]
    assert [question.history for question in questions.questions] == [(), (), ("What did it?",)]


def test_pairs_become_paragraphs(tmp_path: Path) -> None:
    file = tmp_path / "p.pairs.jsonl"
    file.write_text(
        json.dumps({"id": "q", "question": "Why?", "candidates": ["One.", "Two.", "Three."], "labels": [0, 1, 1]})
    )
    assert answers(load_questions(file)) == [["Two.", "Three."]]


def test_squad_paragraphs_are_joined_and_offsets_moved(tmp_path: Path) -> None:
    qas = [
        {"id": "1", "question": "Q", "answers": [{"text": "Two", "answer_start": 0}]},
        {"id": "2", "question": "Q", "answers": [], "is_impossible": True},
    ]
    paragraphs = [{"context": "One.", "qas": []}, {"context": "Two.", "qas": qas}]
    file = tmp_path / "dev.json"
    file.write_text(json.dumps({"version": "v2.0", "data": [{"title": "T_x", "paragraphs": paragraphs}]}))
    questions = load_questions(file)
    assert questions.articles[0].text == "One.\n\nTwo."
    assert answers(questions) == [["Two"], []]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no question"),
        ("{", "JSONDecodeError"),
        ('{"id": 1}', "none of the keys"),
        (
            '{"id":"a","text":"abc","questions":[{"id":1,"question":"q","answers":[{"text":"x","start":0}]}]}',
            "'x' at 0",
        ),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(content)
    with pytest.raises(BadQuestionFile, match=says) as caught:
        load_questions(file)
    assert "bad.jsonl" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadQuestionFile, match=r"nowhere\.jsonl"):
        load_questions(tmp_path / "nowhere.jsonl")
