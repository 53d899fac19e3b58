"""The plain questions, as far as they can be looked at without the articles."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

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
