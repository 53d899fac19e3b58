"""Questions written for the training about its texts: offsets and questions, no text.

`written.jsonl` asks of excerpts, `whole.jsonl` of whole long articles. They are asked in other words than the text's or
as people type into a search box, and all sentences that answer are marked. Two of five, of whole articles half, are not
answered: most of these are twins of one that is, with another relation, place, number or premise, as people's
unanswerable questions are and as no rule makes them. `crowd.jsonl` asks of paragraphs about which people had asked, in
their manner: most of its questions are not answered, and are twins of people's that are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict

from qa.questions import AnswerRecord, ArticleRecord, QuestionRecord

FILES = {name: Path(__file__).parent / f"{name}.jsonl" for name in ("written", "whole", "crowd")}


class WrittenQuestion(TypedDict):
    """A question: half-open ranges of code points from the excerpt's start, the question that it leans on."""

    question: str
    answers: list[tuple[int, int]]
    after: NotRequired[str]


class WrittenRecord(TypedDict):
    """An excerpt of an article of the training sets, as a half-open range of code points, and what is asked of it."""

    set: str
    article: str
    start: int
    end: int
    questions: list[WrittenQuestion]


def written_articles(name: str, folder: Path) -> Iterator[ArticleRecord]:
    """Yield a file's excerpts as articles with their questions; the texts are in a folder of training sets."""
    records: list[WrittenRecord] = [json.loads(line) for line in FILES[name].read_text(encoding="utf-8").splitlines()]
    for number, record in enumerate(records):
        text = _texts(folder / f"{record['set']}.jsonl")[record["article"]][record["start"] : record["end"]]
        asked = [_question(f"{name}-{number}-{i}", text, each) for i, each in enumerate(record["questions"])]
        yield ArticleRecord(id=f"{name}-{number}", text=text, questions=asked)


@cache
def _texts(path: Path) -> dict[str, str]:
    """Return the articles of a training set by id, read once for all files that ask of them."""
    articles: list[ArticleRecord] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {article["id"]: article["text"] for article in articles}


def _question(name: str, text: str, record: WrittenQuestion) -> QuestionRecord:
    answers = [AnswerRecord(text=text[start:end], start=start) for start, end in record["answers"]]
    made = QuestionRecord(id=name, question=record["question"], answers=answers, answerable=bool(answers))
    if "after" in record:
        made["history"] = [record["after"]]
    return made
