"""Fit the calibration: `python -m training.calibrate --data ../shared/data --out qa/models/calibration.json`.

Questions of the development sets are asked of their articles, and some of an article that is not theirs. Five weights
turn what late interaction and reader say of a sentence into the probability that it answers, which also orders them.
The order is fitted to the answers that the sets mark. newsqa marks one where several would do: first sentences that it
does not mark were read and judged one by one, and `judged.jsonl` says which of them answer all the same; the
probability is fitted to marked and judged ones.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from index.build import build_index
from index.encode import Encoder
from index.minilm import MiniLMEncoder
from qa.answer import rank
from qa.calibration import Calibration, features
from qa.metrics import auroc, calibration_error
from qa.questions import Question, QuestionSet, load_questions
from qa.reader import MODELS, Reader
from qa.types import Ranked

QUESTIONS = {"newsqa": 450, "squad2": 400, "covidqa": 150, "wikiqa": 296, "fairytaleqa": 100}  # asked of each set
MADE = {"newsqa": 150, "covidqa": 30, "fairytaleqa": 40}  # of another article
START = Calibration(bias=-2.0, reader=0.6, late=7.0, lead=0.0, place=0.0, threshold=0.5, also=0.5)
JUDGED = Path(__file__).parent / "judged.jsonl"
FIRST = 5  # sentences of each question that the weights are fitted on; the first counts as much as the others together
FALSE_ANSWERS = 0.3  # of the unanswerable questions, most of which were written to look answerable


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's candidates as search and reader left them, and which of them are right.

    `right` are those that the set marks, `answers` also those that were judged to answer.
    """

    dataset: str
    question: str
    ranked: tuple[Ranked, ...]
    right: tuple[bool, ...]
    answers: tuple[bool, ...]
    answerable: bool


def collect(folder: Path) -> list[Asked]:
    """Ask the questions of the development sets."""
    encoder, reader = MiniLMEncoder(), Reader()
    asked: list[Asked] = []
    for name, limit in QUESTIONS.items():
        questions = load_questions(folder / f"{name}.jsonl")
        asked += _asked(questions, limit, MADE.get(name, 0), encoder, reader)
        print(f"{name}: {len(asked)} questions so far", flush=True)
    return asked


def _asked(questions: QuestionSet, limit: int, made: int, encoder: Encoder, reader: Reader) -> list[Asked]:
    rng = random.Random(0)
    chosen = rng.sample(questions.questions, min(limit, len(questions.questions)))
    ids = [article.id for article in questions.articles]
    where: dict[str, list[tuple[Question, bool]]] = {article_id: [] for article_id in ids}
    for question in chosen:
        where[question.article_id].append((question, True))
    for question in chosen[:made]:
        where[ids[(ids.index(question.article_id) + 1) % len(ids)]].append((question, False))
    out = []
    for article in questions.articles:
        if where[article.id]:
            index = build_index([article], encoder)
        for question, own in where[article.id]:
            ranked = rank(question.text, index, reader, history=question.history)
            spans = question.answers if own else ()
            right = tuple(any(s.overlaps(r.hit.sentence.start, r.hit.sentence.end) for s in spans) for r in ranked)
            out.append(Asked(questions.name, question.id, tuple(ranked), right, right, bool(spans)))
    return out


def judged(asked: Sequence[Asked]) -> list[Asked]:
    """Return the questions with what was judged of their candidates."""
    lines = [json.loads(line) for line in JUDGED.read_text(encoding="utf-8").splitlines()]
    good = {(said["question"], said["start"]) for said in lines if said["answers"]}
    return [
        replace(
            a,
            answers=tuple(
                r or (a.question, one.hit.sentence.start) in good for r, one in zip(a.right, a.ranked, strict=True)
            ),
        )
        if a.answerable
        else a
        for a in asked
    ]


def fit(asked: Sequence[Asked]) -> Calibration:
    """Fit the order, on the first sentences of each question, and then the probability, on the very first."""
    calibration = START
    for _ in range(4):  # the weights choose the first sentences, and these the weights
        asked = [reordered(a, calibration) for a in asked]
        calibration = _weighted(_order(asked))
    asked = [reordered(a, calibration) for a in asked]
    # one number stretches the logits and one moves them: both keep the order
    logits = np.array([logit(a.ranked[0].probability) for a in asked])
    table = np.stack([np.ones_like(logits), logits], axis=1)
    move, stretch = _logistic(table, np.array([a.answers[0] for a in asked]), np.ones(len(asked)))
    calibration = _weighted(stretch * _weights(calibration) + [move, 0, 0, 0, 0])
    asked = [reordered(a, calibration) for a in asked]
    # answered from here on: the lowest confidence that bounds false answers
    false = [a.ranked[0].probability for a in asked if not a.answerable]
    return replace(calibration, threshold=round(float(np.quantile(false, 1 - FALSE_ANSWERS)), 3))


def _order(asked: Sequence[Asked]) -> NDArray[np.float64]:
    """Return the weights under which the marked sentences are likely and the others are not."""
    rows = [(a, i) for a in asked for i in range(min(FIRST, len(a.ranked)))]
    table = np.array([features(a.ranked[i].hit, a.ranked[i].reading) for a, i in rows])
    right = np.array([a.right[i] for a, i in rows])
    return _logistic(table, right, np.array([1.0 if i else FIRST - 1.0 for _, i in rows]))


def _logistic(table: NDArray[np.float64], right: NDArray[np.bool_], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights `(columns,)` of a logistic regression (Platt 1999) of `right` `(rows,)`, each so often met."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = table @ weights
        total = counts @ (np.logaddexp(0, logits) - right * logits) / counts.sum()
        return float(total), table.T @ (counts * (expit(logits) - right)) / counts.sum()

    found: NDArray[np.float64] = minimize(loss, np.zeros(table.shape[1]), jac=True, method="BFGS").x
    return found


def _weights(calibration: Calibration) -> NDArray[np.float64]:
    named = (calibration.bias, calibration.reader, calibration.late, calibration.lead, calibration.place)
    return np.array(named)


def _weighted(weights: NDArray[np.float64]) -> Calibration:
    bias, reader, late, lead, place = (round(float(w), 4) for w in weights)
    return replace(START, bias=bias, reader=reader, late=late, lead=lead, place=place)


def reordered(asked: Asked, calibration: Calibration) -> Asked:
    """Return the candidates in the order and with the probabilities of a calibration."""
    probabilities = calibration.probabilities([r.hit for r in asked.ranked], [r.reading for r in asked.ranked])
    places = sorted(range(len(probabilities)), key=lambda i: (asked.ranked[i].reading is None, -probabilities[i]))
    ranked = tuple(Ranked(asked.ranked[i].hit, asked.ranked[i].reading, probabilities[i]) for i in places)
    right, answers = (tuple(marks[i] for i in places) for marks in (asked.right, asked.answers))
    return replace(asked, ranked=ranked, right=right, answers=answers)


def show(asked: Sequence[Asked], calibration: Calibration) -> None:
    """Print each set's figures under a calibration."""
    for name in dict.fromkeys(a.dataset for a in asked):
        again = [reordered(a, calibration) for a in asked if a.dataset == name]
        said = [a.ranked[0].probability for a in again]
        first, good = [a.right[0] for a in again], [a.answers[0] for a in again]
        yes = [(p, a) for p, a in zip(said, again, strict=True) if a.answerable]
        no = [p for p, a in zip(said, again, strict=True) if not a.answerable]
        over = [f for p, f in zip(said, good, strict=True) if p >= calibration.threshold]
        print(
            f"{name:12} asked {len(again)} Hit@1 {np.mean([a.right[0] for _, a in yes]):.3f}"
            f" Hit@3 {np.mean([any(a.right[:3]) for _, a in yes]):.3f}"
            f" AUROC {auroc([p for p, _ in yes], no):.3f}"
            f" ECE {calibration_error(said, first):.3f}, judged {calibration_error(said, good):.3f}"
            f" answered {len(over) / len(again):.2f} right {np.mean(over):.3f}"
        )


def main() -> None:
    """Collect (once: the candidates are kept beside the checkpoint), fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODELS / "calibration.json")
    parser.add_argument("--kept", type=Path, default=Path(".training/candidates.pickle"))
    options = parser.parse_args()
    if not options.out.exists():
        options.out.write_text(json.dumps(asdict(START)), encoding="utf-8")
    if not options.kept.exists():
        options.kept.write_bytes(pickle.dumps(collect(options.data / "dev")))
    asked = judged(pickle.loads(options.kept.read_bytes()))
    calibration = fit(asked)
    options.out.write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")
    show(asked, calibration)


if __name__ == "__main__":
    # by its own name, so that what is kept can be read by others too
    from training.calibrate import main as named

    named()
