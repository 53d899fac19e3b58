"""Question files: what is asked of which article, and which parts of the article answer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NotRequired, TypedDict

from index.errors import BadQuestionFile
from index.load import load_article
from index.types import Article, Span


class AnswerRecord(TypedDict):
    """An answer as files hold it; SQuAD says `answer_start` for `start`."""

    text: str
    start: NotRequired[int]
    answer_start: NotRequired[int]


class QuestionRecord(TypedDict):
    """A question as files of articles hold it; SQuAD says `is_impossible` for not `answerable`.

    `history` are the questions asked before it, where it leans on them.
    """

    id: str | int
    question: str
    answers: list[AnswerRecord]
    answerable: NotRequired[bool]
    is_impossible: NotRequired[bool]
    history: NotRequired[list[str]]


class ArticleRecord(TypedDict):
    """A line of a file of articles."""

    id: str
    title: NotRequired[str]
    text: str
    source: NotRequired[str]
    questions: list[QuestionRecord]


class PairsRecord(TypedDict):
    """A line of a file of question-sentence pairs."""

    id: str | int
    question: str
    candidates: list[str]
    labels: list[int]


class OwnRecord(TypedDict):
    """A line of a question file of ours."""

    id: str
    article: str
    question: str
    evidence: NotRequired[list[str]]
    evidence_all: NotRequired[list[list[str]]]
    answer: NotRequired[str]
    history: NotRequired[list[str]]
    kind: NotRequired[str]


class SquadParagraph(TypedDict):
    """A paragraph of SQuAD."""

    context: str
    qas: list[QuestionRecord]


class SquadEntry(TypedDict):
    """An article of SQuAD."""

    title: str
    paragraphs: list[SquadParagraph]


class SquadFile(TypedDict):
    """A file of SQuAD v1.1 or v2.0."""

    data: list[SquadEntry]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a question file.

    `answers` are the parts of the article that answer it, none where the article does not; a sentence is right where it
    overlaps one. `parts` lists, where several sentences are needed together, the alternatives for each. `kind` groups
    questions in the figures; `short` says that the answers are the answering words, not whole sentences.
    """

    id: str
    article_id: str
    text: str
    answers: tuple[Span, ...]
    history: tuple[str, ...] = ()
    parts: tuple[tuple[Span, ...], ...] = ()
    kind: str = ""
    short: bool = True


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The articles of a question file and what is asked of them."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[Question, ...]


def load_questions(path: Path, *, articles: Path | None = None) -> QuestionSet:
    """Read a question file: our own, articles with their questions, pairs (JSON Lines), SQuAD (JSON).

    `articles` is the folder of the articles that our own format names, by default `articles` beside the file. Raises
    BadQuestionFile.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestionFile(path, str(error)) from error
    try:
        if path.suffix == ".json":
            return _collect(path.stem, _squad(json.loads(text)))
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
        if not records:
            raise BadQuestionFile(path, "there is no question in it")
        read = _READERS[_format(records[0])]
        return _collect(path.stem, read(records, articles or path.parent / "articles"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadQuestionFile(path, f"{type(error).__name__}: {error}") from error


def _format(record: dict[str, object]) -> str:
    for key in _READERS:
        if key in record:
            return key
    raise ValueError(f"a line has none of the keys {', '.join(_READERS)}")


def _collect(name: str, pairs: Iterator[tuple[Article, list[Question]]]) -> QuestionSet:
    articles: dict[str, Article] = {}
    questions: list[Question] = []
    for article, asked in pairs:
        articles[article.id] = article
        questions += asked
    return QuestionSet(name, tuple(articles.values()), tuple(questions))


def _own(records: list[OwnRecord], folder: Path) -> Iterator[tuple[Article, list[Question]]]:
    """Read `{"id","article","question","evidence":[sentence...]}`; the articles are files."""
    loaded: dict[str, Article] = {}
    for record in records:
        name = record["article"]
        if name not in loaded:
            loaded[name] = load_article(folder / name)
        article = loaded[name]
        evidence = _found(article, record.get("evidence", []))
        inside = [
            Span(span.start + at, span.start + at + len(record["answer"]))
            for span in evidence
            if record.get("answer") and (at := article.text[span.start : span.end].find(record["answer"])) >= 0
        ]
        yield (
            article,
            [
                Question(
                    id=record["id"],
                    article_id=article.id,
                    text=record["question"],
                    # the answering words of the first sentence, then the other sentences that answer as well
                    answers=(*inside[:1], *(evidence[1:] if inside else evidence)),
                    history=tuple(record.get("history", [])),
                    parts=tuple(_found(article, part) for part in record.get("evidence_all", [])),
                    kind=record.get("kind", ""),
                )
            ],
        )


def _found(article: Article, sentences: Sequence[str]) -> tuple[Span, ...]:
    spans = []
    for sentence in sentences:
        at = article.text.find(sentence)
        if at < 0:
            raise ValueError(f"the article {article.id!r} does not hold the evidence {sentence!r}")
        spans.append(Span(at, at + len(sentence)))
    return tuple(spans)


def _articles(records: list[ArticleRecord], _folder: Path) -> Iterator[tuple[Article, list[Question]]]:
    """Read `{"id","title","text","questions":[{"id","question","answers":[{"text","start"}],"answerable"}]}`."""
    for record in records:
        article = Article(record["id"], record.get("title", ""), record["text"], record.get("source", ""))
        yield (
            article,
            [_question(q, article, q["answers"] if q.get("answerable", True) else []) for q in record["questions"]],
        )


def _question(record: QuestionRecord, article: Article, answers: Sequence[AnswerRecord]) -> Question:
    spans = []
    for one in answers:
        start = one["start"] if "start" in one else one["answer_start"]
        if article.text[start : start + len(one["text"])] != one["text"]:
            raise ValueError(f"question {record['id']!r}: the article does not hold {one['text']!r} at {start}")
        spans.append(Span(start, start + len(one["text"])))
    history = tuple(record.get("history", []))
    return Question(str(record["id"]), article.id, record["question"], tuple(spans), history)


def _pairs(records: list[PairsRecord], _folder: Path) -> Iterator[tuple[Article, list[Question]]]:
    """Read `{"id","question","candidates":[sentence...],"labels":[0|1...]}`; each candidate becomes a paragraph."""
    for record in records:
        spans, start = [], 0
        for candidate in record["candidates"]:
            spans.append(Span(start, start + len(candidate)))
            start += len(candidate) + 2
        article = Article(str(record["id"]), record["question"], "\n\n".join(record["candidates"]), "")
        answers = tuple(span for span, label in zip(spans, record["labels"], strict=True) if label)
        yield article, [Question(str(record["id"]), article.id, record["question"], answers, short=False)]


def _squad(file: SquadFile) -> Iterator[tuple[Article, list[Question]]]:
    """Read SQuAD v1.1 or v2.0: a title's paragraphs become one article."""
    for number, entry in enumerate(file["data"]):
        article_id = f"{number}-{entry['title']}"
        text = "\n\n".join(p["context"] for p in entry["paragraphs"])
        article = Article(article_id, entry["title"].replace("_", " "), text, "")
        asked, start = [], 0
        for paragraph in entry["paragraphs"]:
            for q in paragraph["qas"]:
                shifted = [AnswerRecord(text=a["text"], start=a["answer_start"] + start) for a in q["answers"]]
                asked.append(_question(q, article, [] if q.get("is_impossible") else shifted))
            start += len(paragraph["context"]) + 2
        yield article, asked


_READERS: Final[dict[str, Callable[..., Iterator[tuple[Article, list[Question]]]]]] = {
    "questions": _articles,
    "candidates": _pairs,
    "evidence": _own,
}
