"""The questions written for the training, as far as they can be looked at without the texts."""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).parent.parent / "training" / "written.jsonl"
RECORDS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
ASKED = [(record, question) for record in RECORDS for question in record["questions"]]


def test_excerpts_are_of_the_training_sets_and_do_not_overlap() -> None:
    ends: dict[tuple[str, str], int] = {}
    for record in sorted(RECORDS, key=lambda r: (r["set"], r["article"], r["start"])):
        assert ends.get((record["set"], record["article"]), 0) <= record["start"] < record["end"]
        ends[record["set"], record["article"]] = record["end"]
    # selqa's training set shares articles with its test set
    assert not {"newsqa", "wikiqa", "covidqa", "trecqa", "selqa"} & {name for name, _ in ends}


def test_answers_are_parts_of_the_excerpt_and_two_of_five_questions_have_none() -> None:
    for record, question in ASKED:
        length = record["end"] - record["start"]
        assert all(0 <= start < end <= length for start, end in question["answers"]), question
    assert 0.33 < sum(not question["answers"] for _, question in ASKED) / len(ASKED) < 0.45


def test_a_question_is_asked_once_and_leans_on_one_before_it() -> None:
    for record in RECORDS:
        before: set[str] = set()
        for question in record["questions"]:
            assert question["question"] not in before
            assert question.get("after") is None or question["after"] in before
            before.add(question["question"])
