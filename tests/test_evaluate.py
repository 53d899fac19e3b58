"""Figures of answers against worked examples, and a whole evaluation on two small articles."""

from __future__ import annotations

import math

import pytest
from conftest import FakeEncoder
from test_answer import RAIN, SNOW, WordReader

from index.types import Article, Span
from qa.evaluate import Outcome, evaluate, figures, judge
from qa.questions import Question, QuestionSet
from qa.types import Answer, Citation, Quote

TEXT = "It rained. It poured. Snow fell. Buses ran. Trains stood. Nobody was hurt."
ENDS = [TEXT.index(".", start) + 1 for start in (0, 11, 22, 33, 44, 58)]
SENTENCES = [Span(0 if i == 0 else ENDS[i - 1] + 1, end) for i, end in enumerate(ENDS)]


def citation(sentence: Span, probability: float, words: Span | None) -> Citation:
    quote = Quote(words.start, words.end, TEXT[words.start : words.end]) if words else None
    text = TEXT[sentence.start : sentence.end]
    return Citation("a", SENTENCES.index(sentence), 0, sentence.start, sentence.end, text, probability, quote)


def part(words: str) -> Span:
    at = TEXT.index(words)
    return Span(at, at + len(words))


def asked(question: Question, order: list[int], confidence: float, *, words: str = "", seconds: float = 0.1) -> Outcome:
    """A question whose candidates came in some order, answered from a confidence of 0.5 on."""
    marked = part(words) if words else None
    nearest = tuple(citation(SENTENCES[i], confidence, None if place else marked) for place, i in enumerate(order))
    given = confidence >= 0.5
    said = Answer("?", "answered" if given else "no_answer", confidence, nearest[:1] if given else (), nearest, seconds)
    return judge(question, said, TEXT)


def question(*answers: str, parts: tuple[tuple[str, ...], ...] = (), short: bool = True) -> Question:
    spans = tuple(tuple(part(words) for words in each) for each in parts)
    return Question("q", "a", "?", tuple(part(words) for words in answers), parts=spans, short=short)


FIRST = asked(question("rained"), [0, 1, 2, 3], 0.9, words="rained", seconds=0.1)
SECOND = asked(question("Snow fell"), [4, 2, 1, 0], 0.6, words="Trains", seconds=0.2)
FOURTH = asked(question("rained", "Nobody"), [1, 2, 3, 0, 4, 5], 0.3, seconds=0.3)
NONE_LOW = asked(question(), [0, 1], 0.2, seconds=0.4)
NONE_HIGH = asked(question(), [2, 1], 0.7, seconds=0.5)
ALL = [FIRST, SECOND, FOURTH, NONE_LOW, NONE_HIGH]


def test_a_candidate_is_right_where_it_overlaps_an_answer() -> None:
    assert FOURTH.relevant == (False, False, False, True, False, True)
    assert FOURTH.expected == ("rained", "Nobody")
    assert [one.right for one in ALL] == [True, False, False, False, False]


def test_ranks_count_over_the_answerable_questions() -> None:
    made = figures(ALL)
    assert (made.questions, made.answerable) == (5, 3)
    assert made.hit_at_1 == pytest.approx(1 / 3)
    assert made.hit_at_3 == pytest.approx(2 / 3)
    assert made.mrr_at_5 == made.mrr == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert made.map == pytest.approx((1 + 1 / 2 + (1 / 4 + 2 / 6) / 2) / 3)
    late = asked(question("Nobody"), [0, 1, 2, 3, 4, 5], 0.5)
    assert (figures([late]).mrr_at_5, figures([late]).mrr) == (0.0, pytest.approx(1 / 6))


def test_answering_words_are_those_of_the_first_sentence_or_all_of_it() -> None:
    assert figures(ALL).span_exact == pytest.approx(1 / 3)
    assert figures(ALL).span_f1 == pytest.approx((1 + 0 + 0) / 3)
    whole = asked(question("It poured"), [1], 0.9)
    assert (figures([whole]).span_exact, figures([whole]).span_f1) == (1.0, 1.0)
    sentences = asked(question("It poured", short=False), [1], 0.9)
    assert math.isnan(figures([sentences]).span_f1)


def test_confidence_tells_the_answerable_from_the_others_and_means_what_it_says() -> None:
    made = figures(ALL)
    assert made.auroc == pytest.approx((2 + 1 + 1) / 6)  # 0.9, 0.6 and 0.3 against 0.2 and 0.7
    assert made.calibration_error == pytest.approx((0.1 + 0.6 + 0.3 + 0.2 + 0.7) / 5)  # each in a bin of its own
    spreads = [math.sqrt(p * (1 - p)) for p in (0.9, 0.6, 0.3, 0.2, 0.7)]
    assert made.calibration_error_by_chance == pytest.approx(math.sqrt(2 / math.pi) * sum(spreads) / 5)
    assert made.coverage_at_95 == pytest.approx(1 / 5)


def test_what_is_answered_and_how_long_it_took() -> None:
    made = figures(ALL)
    assert (made.answered, made.accuracy) == (pytest.approx(3 / 5), pytest.approx(1 / 3))
    assert made.false_answers == pytest.approx(1 / 2)
    assert (made.seconds_p50, made.seconds_p95) == (pytest.approx(0.3), pytest.approx(0.48))


def test_all_parts_of_an_answer_have_to_be_among_the_first_three() -> None:
    needed = question("Buses", "Trains", parts=(("Buses", "Snow"), ("Trains",)))
    assert figures([asked(needed, [2, 0, 4, 3], 0.9)]).complete == 1.0
    assert figures([asked(needed, [2, 3, 0, 4], 0.9)]).complete == 0.0
    assert math.isnan(figures(ALL).complete)


def test_of_nothing_there_is_nothing_to_measure() -> None:
    made = figures([])
    assert (made.questions, made.answerable, made.coverage_at_95) == (0, 0, 0.0)
    for value in (made.hit_at_1, made.auroc, made.calibration_error, made.calibration_error_by_chance, made.accuracy):
        assert math.isnan(value)


def test_every_question_is_asked_of_its_own_article_with_its_history() -> None:
    river = RAIN.text.index("The river")
    questions = (
        Question("1", "snow", "How long had the trains stopped for?", (Span(18, 48),), kind="plain"),
        Question("2", "rain", "How far had the river risen?", (Span(river, river + 9),), kind="plain"),
        Question("3", "rain", "And then?", (), history=("Who was hurt?",), kind="leaning"),
    )
    spare = Article("spare", "Spare", "Nothing is asked of it.", "s.txt")
    reader, steps = WordReader(), list[tuple[int, int]]()
    report = evaluate(
        QuestionSet("two", (RAIN, spare, SNOW), questions),
        FakeEncoder(),
        reader,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert report.name == "two"
    assert [one.question.id for one in report.outcomes] == ["2", "3", "1"]
    assert [{c.article_id for c in one.answer.nearest} for one in report.outcomes] == [{"rain"}, {"rain"}, {"snow"}]
    assert [len(one.answer.nearest) for one in report.outcomes] == [3, 3, 3]
    assert [one.right for one in report.outcomes] == [True, False, True]
    assert reader.histories == [(), ("Who was hurt?",), ()]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert {kind: each.questions for kind, each in report.kinds.items()} == {"leaning": 1, "plain": 2}
    assert (report.figures.hit_at_1, report.kinds["plain"].hit_at_1) == (1.0, 1.0)


def test_a_threshold_of_ones_own_decides_what_is_answered() -> None:
    asked_of = QuestionSet("one", (SNOW,), (Question("1", "snow", "Did buses run?", (Span(50, 60),)),))
    answered = [evaluate(asked_of, FakeEncoder(), WordReader(), threshold=t).figures.answered for t in (0.0, 1.0)]
    assert answered == [1.0, 0.0]
