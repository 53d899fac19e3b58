"""Plain questions about articles of newsqa and wikiqa, written for this project: `plain.jsonl`.

They are asked in other words than the article's, as readers ask who know what it is about, and all sentences that
answer are marked. Three of ten are not answered, though the article could well have done it: what a reader wants to
know next, or something close to what is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index.types import Span
from qa.questions import Question, QuestionSet, load_questions

FILE = Path(__file__).parent / "plain.jsonl"


def plain_questions(folder: Path) -> QuestionSet:
    """Return the questions with their articles, which are in the development sets of a folder.

    One that stands by itself is asked after another about its article, as in a chat.
    """
    records = list(_records())
    names = sorted({record["set"] for record in records})
    known = {each.id: each for name in names for each in load_questions(folder / f"{name}.jsonl").articles}
    before = _before(records)
    asked = tuple(
        Question(
            id=record["id"],
            article_id=record["article"],
            text=record["question"],
            answers=tuple(Span(start, end) for start, end in record["answers"]),
            history=tuple(record.get("history", before[record["id"]])),
            kind=record["kind"],
            short=False,
        )
        for record in records
    )
    return QuestionSet("plain", tuple(known[name] for name in dict.fromkeys(q.article_id for q in asked)), asked)


def follow_ups() -> set[str]:
    """Return the ids of the questions that lean on the one before."""
    return {record["id"] for record in _records() if record.get("history")}


def _before(records: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Return for each question's id one that stands half of its article's questions away, nothing where it is alone."""
    own: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        own.setdefault(record["article"], []).append(record)
    before: dict[str, list[str]] = {}
    for asked in own.values():
        half = len(asked) // 2
        for record, other in zip(asked, asked[half:] + asked[:half], strict=True):
            before[record["id"]] = [] if other is record else [other["question"]]
    return before


def _records() -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines())
