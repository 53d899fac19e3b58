"""Texts that networks are rounded on, drawn from the sets of the training."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from index.minilm import LONGEST
from index.wordpieces import CLS, SEP
from qa.windows import Batch, lay_out
from training.data import VOCABULARY, encoded, ignored, read_development
from training.rounding import normal

SETS = ("squad11_articles", "squadshifts_wiki", "squadshifts_reddit", "policyqa_a", "fairytaleqa", "squad2")
ARTICLES = 12  # of each
SENTENCES = 100
LONG, SHORT, ODD = 8, 16, 8  # of each: as many word pieces as are read, a few, and any words at all
WINDOWS = 25


def sentences(folder: Path) -> list[NDArray[np.int64]]:
    """Return the word pieces of texts, between the marks of beginning and end: most of them are sentences."""
    rng, drawn = random.Random(0), list[Sequence[int]]()
    for name in SETS:
        texts, _ = read_development(folder / f"{name}.jsonl", limit=ARTICLES)
        pool = [sentence.tolist() for text in texts for sentence in text.sentences]
        drawn += rng.sample(pool, SENTENCES)
        drawn += [list(chain.from_iterable(rng.sample(pool, 20))) for _ in range(LONG)]
        drawn += [rng.choice(pool)[-rng.randrange(1, 5) :] for _ in range(SHORT)]
        drawn += [[rng.randrange(VOCABULARY) for _ in range(rng.randrange(1, 40))] for _ in range(ODD)]
    return [np.array([CLS, *ids[: LONGEST - 2], SEP]) for ids in [[], *drawn]]


def windows(folder: Path) -> list[Batch]:
    """Return questions with a window of their article, as the reader meets them."""
    rng, drawn = random.Random(0), list[Batch]()
    for name in SETS:
        texts, examples = read_development(folder / f"{name}.jsonl", limit=ARTICLES)
        asked = rng.sample([example for example in examples if texts[example.text].windows], WINDOWS)
        for example in asked:
            window = rng.choice(texts[example.text].windows)
            drawn += lay_out(encoded(example.question), [], [window], ignored())
    return drawn


def embedded(weights: Mapping[str, Tensor], words: Tensor) -> Tensor:
    """Return the states `(tokens, 384)` that the first layer is given, of embedded words; all are of the first type."""
    places = weights["embeddings.position_embeddings.weight"][: len(words)]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    return normal(weights, "embeddings", words + places + kind)
