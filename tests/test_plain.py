"""The plain questions, as far as they can be looked at without the articles."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from training.plain import plain_questions

FILE = Path(__file__).parent.parent / "training" / "plain.jsonl"
RECORDS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_each_is_a_question_of_its_own() -> None:
    assert [record["id"] for record in RECORDS] == [f"plain-{number}" for number in range(1, 1681)]
    assert len({(record["article"], record["question"]) for record in RECORDS}) == 1680
    assert Counter(record["set"] for record in RECORDS) == {"newsqa": 1400, "wikiqa": 280}


def test_the_answers_are_spans_and_only_the_unanswerable_have_none() -> None:
    for record in RECORDS:
        assert all(0 <= start < end for start, end in record["answers"]), record["id"]
        assert (record["kind"] == "unanswerable") == (not record["answers"]), record["id"]
        assert (record["kind"] == "follow-up") == ("history" in record), record["id"]


def test_one_that_stands_by_itself_is_asked_after_another_about_its_article(tmp_path: Path) -> None:
    for name in ("newsqa", "wikiqa"):
        ids = dict.fromkeys(record["article"] for record in RECORDS if record["set"] == name)
        lines = [
            json.dumps({"id": each, "title": "", "text": "No text.", "source": "", "questions": []}) for each in ids
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    own: dict[str, list[str]] = {}
    for record in RECORDS:
        own.setdefault(record["article"], []).append(record["question"])
    for record, question in zip(RECORDS, plain_questions(tmp_path).questions, strict=True):
        (before,) = question.history
        if record["kind"] == "follow-up":
            assert [before] == record["history"]
        else:
            asked = own[record["article"]]
            assert asked.index(before) == (asked.index(question.text) + len(asked) // 2) % len(asked)
