"""Answers as JSON for programs and as text for the terminal. Pure functions."""

from __future__ import annotations

import re

from typing_extensions import TypedDict

from qa.types import Answer, Citation

# Control characters of an article must not reach a terminal, which would obey them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class QuoteDict(TypedDict):
    """The answering words: offsets in code points, `text == article[start:end]`."""

    start: int
    end: int
    text: str


class CitationDict(TypedDict):
    """A quoted sentence: offsets in code points, `text == article[start:end]`."""

    article_id: str
    start: int
    end: int
    text: str
    probability: float
    answer: QuoteDict | None


class AnswerDict(TypedDict):
    """An answer as other programs read it."""

    id: str
    question: str
    status: str
    confidence: float
    citations: list[CitationDict]
    nearest: list[CitationDict]
    seconds: float


def answer_to_dict(answer: Answer, *, question_id: str = "") -> AnswerDict:
    """Return the answer as it is written in JSON; probabilities have four decimals."""
    return AnswerDict(
        id=question_id,
        question=answer.question,
        status=answer.status,
        confidence=round(answer.confidence, 4),
        citations=[_citation(c) for c in answer.citations],
        nearest=[_citation(c) for c in answer.nearest],
        seconds=round(answer.seconds, 4),
    )


def _citation(citation: Citation) -> CitationDict:
    quote = citation.answer
    return CitationDict(
        article_id=citation.article_id,
        start=citation.start,
        end=citation.end,
        text=citation.text,
        probability=round(citation.probability, 4),
        answer=QuoteDict(start=quote.start, end=quote.end, text=quote.text) if quote else None,
    )


def answer_to_text(answer: Answer) -> str:
    """Return the answer for people at a terminal: the quoted sentences, marked [1], [2], and where they stand."""
    if answer.status == "answered":
        return "\n".join(_quoted(f"[{n}]", c) for n, c in enumerate(answer.citations, 1))
    lines = [f"The article does not say ({_percent(1 - answer.confidence)} sure)."]
    if answer.nearest:
        lines += ["", "The nearest sentences, which may not answer:", *(_quoted("-", c) for c in answer.nearest[:3])]
    return "\n".join(lines)


def _quoted(mark: str, citation: Citation) -> str:
    page = f"page {citation.page}, " if citation.page else ""
    place = f"{citation.article_id}, {page}paragraph {citation.paragraph + 1}, sentence {citation.ordinal + 1}"
    text = " ".join(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", citation.text).split("\n"))
    return f"{mark} {text}\n    {place} · {_percent(citation.probability)} sure"


def _percent(probability: float) -> str:
    """Return a probability in [0, 1] as a whole percentage; never "100 %", which nobody can promise, nor "0 %"."""
    return f"{min(99, max(1, round(100 * probability)))} %"
