"""Fit the calibration: `python -m training.calibrate --data ../shared/data --out qa/models/calibration.json`.

Questions of the development sets are asked of their articles, and some of an article that is not theirs. Three weights
order the candidates (a conditional logit over the sentences of an article), four turn the order into the probability
that its first sentence is right (Platt 1999), one gives the probability of the others.
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
from scipy.special import expit, logsumexp

from index.build import build_index
from index.encode import Encoder, SentenceTransformerEncoder
from qa.answer import rank
from qa.calibration import UNREAD, Calibration, features
from qa.metrics import auroc, calibration_error
from qa.questions import Question, QuestionSet, load_questions
from qa.reader import MODELS, Reader
from qa.types import Ranked

QUESTIONS = {"newsqa": 450, "squad2": 450, "covidqa": 180, "wikiqa": 296, "fairytaleqa": 150}  # asked of each set
MADE = {"newsqa": 150, "covidqa": 30, "fairytaleqa": 40}  # of another article
START = Calibration(1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.5, 0.5)
FALSE_ANSWERS = 0.3  # of the unanswerable questions, most of which were written to look answerable


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's candidates as search and reader left them, and which of them are right."""

    dataset: str
    ranked: tuple[Ranked, ...]
    right: tuple[bool, ...]
    answerable: bool


def collect(folder: Path) -> list[Asked]:
    """Ask the questions of the development sets."""
    encoder, reader = SentenceTransformerEncoder(), Reader()
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
            right = [any(s.start < r.hit.sentence.end and r.hit.sentence.start < s.end for s in spans) for r in ranked]
            out.append(Asked(questions.name, tuple(ranked), tuple(right), bool(spans)))
    return out


def fit(asked: Sequence[Asked]) -> Calibration:
    """Fit the numbers, each set weighing as much as its questions."""
    order = _fit_order([a for a in asked if a.answerable and any(a.right)])
    ordered = replace(START, reader=order[0], similarity=order[1], lexical=order[2])
    again = [_reordered(a, ordered) for a in asked]
    weights = _fit_confidence(again)
    said = np.array([expit(np.array(features(a.ranked)) @ weights) for a in again])
    fall = _fit_fall(again, said)
    # answered from here on: the lowest confidence that bounds false answers
    threshold = float(np.quantile([p for p, a in zip(said, again, strict=True) if not a.answerable], 1 - FALSE_ANSWERS))
    bias, top, margin, words = (round(float(w), 4) for w in weights)
    return replace(
        ordered, bias=bias, top=top, margin=margin, words=words, fall=round(fall, 4), threshold=round(threshold, 3)
    )


def _table(asked: Asked) -> NDArray[np.float64]:
    best = max((r.hit.lexical for r in asked.ranked), default=0.0) or 1.0
    return np.array(
        [[r.reading.score if r.reading else UNREAD, r.hit.similarity, r.hit.lexical / best] for r in asked.ranked]
    )


def _fit_order(asked: Sequence[Asked]) -> list[float]:
    tables = [(_table(a), np.array(a.right)) for a in asked]

    def loss(weights: np.ndarray) -> float:
        total = sum(logsumexp(table @ weights) - logsumexp((table @ weights)[right]) for table, right in tables)
        return float(total) / len(tables) + 1e-3 * float(weights @ weights)

    return [round(float(w), 4) for w in minimize(loss, np.array([1.0, 1.0, 1.0]), method="Nelder-Mead").x]


def _reordered(asked: Asked, calibration: Calibration) -> Asked:
    scores = calibration.scores([r.hit for r in asked.ranked], [r.reading for r in asked.ranked])
    places = sorted(range(len(scores)), key=lambda i: (asked.ranked[i].reading is None, -scores[i]))
    ranked = tuple(Ranked(asked.ranked[i].hit, asked.ranked[i].reading, scores[i]) for i in places)
    return Asked(asked.dataset, ranked, tuple(asked.right[i] for i in places), asked.answerable)


def _fit_confidence(asked: Sequence[Asked]) -> NDArray[np.float64]:
    table = np.array([features(a.ranked) for a in asked])
    right = np.array([a.right[0] for a in asked], dtype=float)

    def loss(weights: np.ndarray) -> float:
        said = np.clip(expit(table @ weights), 1e-6, 1 - 1e-6)
        return float(-np.mean(right * np.log(said) + (1 - right) * np.log(1 - said))) + 1e-4 * float(weights @ weights)

    found: NDArray[np.float64] = minimize(loss, np.array([0.0, 0.5, 0.1, 0.1]), method="BFGS").x
    return found


def _fit_fall(asked: Sequence[Asked], said: np.ndarray) -> float:
    rows = [
        (p, a.ranked[0].score - r.score, right)
        for a, p in zip(asked, said, strict=True)
        for r, right in list(zip(a.ranked, a.right, strict=True))[1:5]
    ]
    first, gap, right = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    def loss(fall: float) -> float:
        p = np.clip(first * np.exp(-fall * gap), 1e-6, 1 - 1e-6)
        return float(-np.mean(right * np.log(p) + (1 - right) * np.log(1 - p)))

    return float(min(np.linspace(0.05, 3, 119), key=loss))


def show(asked: Sequence[Asked], calibration: Calibration) -> None:
    """Print each set's figures under a calibration."""
    for name in dict.fromkeys(a.dataset for a in asked):
        again = [_reordered(a, calibration) for a in asked if a.dataset == name]
        said = [calibration.probabilities(a.ranked)[0] for a in again]
        first = [a.right[0] for a in again]
        yes = [(p, a) for p, a in zip(said, again, strict=True) if a.answerable]
        no = [p for p, a in zip(said, again, strict=True) if not a.answerable]
        over = [f for p, f in zip(said, first, strict=True) if p >= calibration.threshold]
        print(
            f"{name:12} asked {len(again)} Hit@1 {np.mean([a.right[0] for _, a in yes]):.3f}"
            f" Hit@3 {np.mean([any(a.right[:3]) for _, a in yes]):.3f}"
            f" AUROC {auroc([p for p, _ in yes], no):.3f}"
            f" ECE {calibration_error(said, first):.3f} answered {len(over) / len(again):.2f} right {np.mean(over):.3f}"
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
    asked = pickle.loads(options.kept.read_bytes())
    calibration = fit(asked)
    options.out.write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")
    show(asked, calibration)


if __name__ == "__main__":
    main()
