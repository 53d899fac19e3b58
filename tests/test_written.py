"""The questions written for the training, as far as they can be looked at without the texts."""

from __future__ import annotations

import json

import pytest

from training.written import FILES

SETS = {
    name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for name, path in FILES.items()
}
RECORDS = [record for records in SETS.values() for record in records]


@pytest.mark.parametrize("name", SETS)
def test_excerpts_are_of_the_training_sets_and_do_not_overlap(name: str) -> None:
    ends: dict[tuple[str, str], int] = {}
    for record in sorted(SETS[name], key=lambda r: (r["set"], r["article"], r["start"])):
        assert ends.get((record["set"], record["article"]), 0) <= record["start"] < record["end"]
        ends[record["set"], record["article"]] = record["end"]
    # selqa's training set shares articles with its test set
    assert not {"newsqa", "wikiqa", "covidqa", "trecqa", "selqa"} & {dataset for dataset, _ in ends}


@pytest.mark.parametrize(("name", "low", "high"), [("written", 0.38, 0.45), ("whole", 0.45, 0.52), ("crowd", 0.5, 0.6)])
def test_answers_are_parts_of_the_excerpt_and_some_questions_have_none(name: str, low: float, high: float) -> None:
    asked = [(record["end"] - record["start"], question) for record in SETS[name] for question in record["questions"]]
    for length, question in asked:
        assert all(0 <= start < end <= length for start, end in question["answers"]), question
    assert low < sum(not question["answers"] for _, question in asked) / len(asked) < high


def test_a_question_is_asked_once_and_leans_on_one_before_it() -> None:
    for record in RECORDS:
        before: set[str] = set()
        for question in record["questions"]:
            assert question["question"] not in before
            assert question.get("after") is None or question["after"] in before
            before.add(question["question"])
