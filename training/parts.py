"""What the late interaction is trained on: consecutive sentences, and questions about them, compared as in an index."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from index.late import BACK, FORWARD, REACH
from index.wordpieces import Ids
from training.data import Example, Text, encoded
from training.wording import roughen

PART = 32  # consecutive sentences of an article that are read together
ABOUT = 5  # questions at most that are asked of a part


@dataclass(frozen=True, slots=True)
class Part:
    """Sentences of a text, `own` of its number `text`, and the questions that are asked of them."""

    text: int
    own: range
    asked: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Questions, and the sentences of all parts, part after part; `right`, `unsure` are `(questions, sentences)`."""

    questions: list[Ids]
    sentences: list[Ids]
    parts: list[range]
    right: Tensor
    unsure: Tensor


def assemble(parts: Sequence[Part], texts: list[Text], rng: random.Random) -> Step:
    """Lay the parts out, the questions as people type them."""
    places = [(part.text, s) for part in parts for s in part.own]
    asked = [example for part in parts for example in part.asked]
    ends = np.cumsum([len(part.own) for part in parts]).tolist()
    return Step(
        [encoded(roughen(example.question, rng)) for example in asked],
        [texts[t].sentences[s] for t, s in places],
        [range(end - len(part.own), end) for end, part in zip(ends, parts, strict=True)],
        torch.tensor([[t == e.text and s in e.spans for t, s in places] for e in asked]),
        torch.tensor([[t == e.text and s in e.unsure for t, s in places] for e in asked]),
    )


def part_around(example: Example, others: Sequence[Example], texts: list[Text], rng: random.Random) -> Part:
    """Draw consecutive sentences, an answer of the question anywhere among them, and other questions about them."""
    size, target = len(texts[example.text].sentences), rng.choice(sorted(example.spans))
    first = max(0, min(target - rng.randrange(PART), size - PART))
    own = range(first, min(size, first + PART))
    about = [other for other in others if other is not example and any(s in own for s in other.spans)]
    return Part(example.text, own, (example, *rng.sample(about, min(ABOUT - 1, len(about)))))


def best_of(question: Tensor, sentences: Tensor, mask: Tensor) -> Tensor:
    """Return how near each sentence comes to each piece of the questions, `(questions, pieces, sentences)`."""
    count, length, width = sentences.shape
    cosines = (question @ sentences.reshape(-1, width).T).view(*question.shape[:2], count, length)
    return cosines.masked_fill(mask == 0, -1.0).amax(-1)


def spread(best: Tensor) -> Tensor:
    """Return what pieces and consecutive sentences `(..., sentences)` become where a sentence may borrow from others.

    It is that of `index.late.TokenVectors.max_sim_around`.
    """
    away = torch.arange(best.shape[-1])[:, None] - torch.arange(best.shape[-1])
    price = torch.where(away > 0, BACK, FORWARD) * away.abs().sqrt()
    return (best[..., None, :] - price.masked_fill(away.abs() > REACH, 2.0)).amax(-1)


def max_sims(best: Tensor, weights: Tensor, parts: Sequence[range]) -> tuple[Tensor, Tensor]:
    """Return the MaxSims of sentences alone and among those of their part around them, `(questions, sentences)`."""
    around = torch.cat([spread(best[..., own.start : own.stop]) for own in parts], -1)
    shares = weights / weights.sum(1, keepdim=True)
    return torch.einsum("qtn,qt->qn", best, shares), torch.einsum("qtn,qt->qn", around, shares)
