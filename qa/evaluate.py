"""Figures over a question file, each question asked of its own article through `answer`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.build import build_index
from index.encode import Encoder
from qa import metrics
from qa.answer import answer
from qa.questions import Question, QuestionSet
from qa.reader import Reader
from qa.types import Answer

EVERY = 10_000  # more candidates than an article has sentences: the whole ranking is looked at


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question and its answer, judged: `relevant` says of each candidate, best first, whether it is right."""

    question: Question
    answer: Answer
    relevant: tuple[bool, ...]
    expected: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Tell whether the first sentence answers the question."""
        return self.relevant[:1] == (True,)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some questions, each a share in [0, 1] unless said otherwise; NaN where there is nothing to measure.

    Over the answerable questions: `hit_at_1`, `hit_at_3` (`MRR@5`, `map` and `mrr` over the whole ranking; `complete`:
    every part of the evidence among the first three), `span_exact` and `span_f1` of the first sentence's answering
    words. Over all: `auroc` of the confidence for answerable against not, `calibration_error` of the confidence as the
    probability that the first sentence is right, `calibration_error_by_chance` what that would be in the mean if each
    probability were exactly right, `coverage_at_95` (the surest questions that can be answered with 95 % right). At the
    threshold: `answered`, `accuracy` of what was answered, `false_answers` to unanswerable questions. `seconds_p50` and
    `seconds_p95` are the time of an answer, in seconds.
    """

    questions: int
    answerable: int
    hit_at_1: float
    hit_at_3: float
    mrr_at_5: float
    map: float
    mrr: float
    complete: float
    span_exact: float
    span_f1: float
    auroc: float
    calibration_error: float
    calibration_error_by_chance: float
    coverage_at_95: float
    answered: float
    accuracy: float
    false_answers: float
    seconds_p50: float
    seconds_p95: float


@dataclass(frozen=True, slots=True)
class Report:
    """The figures over all questions and by kind, and what they come from."""

    name: str
    figures: Figures
    kinds: dict[str, Figures]
    outcomes: tuple[Outcome, ...]


def evaluate(
    questions: QuestionSet,
    encoder: Encoder,
    reader: Reader,
    *,
    threshold: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Ask every question of its article, and judge the answers."""
    outcomes: list[Outcome] = []
    for article in questions.articles:
        asked = [q for q in questions.questions if q.article_id == article.id]
        if not asked:
            continue
        index = build_index([article], encoder)
        for question in asked:
            said = answer(
                question.text,
                index,
                reader,
                article_ids=[article.id],
                history=question.history,
                threshold=threshold,
                nearest=EVERY,
            )
            outcomes.append(judge(question, said, article.text))
            if progress:
                progress(len(outcomes), len(questions.questions))
    kinds = sorted({o.question.kind for o in outcomes if o.question.kind})
    by_kind = {kind: figures([o for o in outcomes if o.question.kind == kind]) for kind in kinds}
    return Report(questions.name, figures(outcomes), by_kind, tuple(outcomes))


def judge(question: Question, said: Answer, text: str) -> Outcome:
    """Tell which of an answer's candidates overlap an answer of the question."""
    relevant = tuple(any(span.overlaps(c.start, c.end) for span in question.answers) for c in said.nearest)
    return Outcome(question, said, relevant, tuple(text[span.start : span.end] for span in question.answers))


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of some outcomes."""
    yes = [o for o in outcomes if o.question.answers]
    no = [o for o in outcomes if not o.question.answers]
    said = [o.answer.confidence for o in outcomes]
    right = [o.right for o in outcomes]
    answered = [o for o in outcomes if o.answer.status == "answered"]
    spans = [o for o in yes if o.question.short and o.answer.nearest]
    words = [(c.answer.text if (c := o.answer.nearest[0]).answer else c.text, o.expected) for o in spans]
    seconds = [o.answer.seconds for o in outcomes]
    return Figures(
        questions=len(outcomes),
        answerable=len(yes),
        hit_at_1=_mean([any(o.relevant[:1]) for o in yes]),
        hit_at_3=_mean([any(o.relevant[:3]) for o in yes]),
        mrr_at_5=_mean([_reciprocal(o.relevant[:5]) for o in yes]),
        map=_mean([metrics.average_precision(o.relevant) for o in yes]),
        mrr=_mean([_reciprocal(o.relevant) for o in yes]),
        complete=_mean([_complete(o) for o in yes if o.question.parts]),
        span_exact=_mean([metrics.exact_match(*pair) for pair in words]),
        span_f1=_mean([metrics.token_f1(*pair) for pair in words]),
        auroc=metrics.auroc([o.answer.confidence for o in yes], [o.answer.confidence for o in no]),
        calibration_error=metrics.calibration_error(said, right) if outcomes else math.nan,
        calibration_error_by_chance=metrics.calibration_error_by_chance(said) if outcomes else math.nan,
        coverage_at_95=metrics.coverage_at(0.95, said, right),
        answered=_mean([o.answer.status == "answered" for o in outcomes]),
        accuracy=_mean([o.right for o in answered]),
        false_answers=_mean([o.answer.status == "answered" for o in no]),
        seconds_p50=float(np.percentile(seconds, 50)) if seconds else math.nan,
        seconds_p95=float(np.percentile(seconds, 95)) if seconds else math.nan,
    )


def _mean(values: Sequence[float | bool]) -> float:
    return float(np.mean(values)) if values else math.nan


def _reciprocal(relevant: Sequence[bool]) -> float:
    return next((1 / (rank + 1) for rank, right in enumerate(relevant) if right), 0.0)


def _complete(outcome: Outcome) -> bool:
    first = outcome.answer.nearest[:3]
    return all(any(s.overlaps(c.start, c.end) for c in first for s in part) for part in outcome.question.parts)
