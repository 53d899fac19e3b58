"""What search finds for a question, and the passages around it that are worth reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Searchable
from index.query import Query
from index.types import Hit
from qa.windows import cut_ranges

WHOLE = 3000  # up to so many sentences, each is found; beyond, the best of either search
TOP_K = 60  # hits of the dense and of the lexical search each, in a larger library
FEW = 9  # passages that are read for a question: nearly all of a news article
MANY = 13  # that are read of longer texts, and articles that they may be of
LONG = 20  # passages that texts may have before they are longer ones, some 2,500 word pieces
OVERLAP = 1  # sentences that a window repeats from the one before, so that "he" and "they" have a name


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences of an article that the reader reads together, by their ordinals.

    The first `context` of them are read for what follows alone: the passage before says what they are worth.
    """

    article_id: str
    ordinals: range
    context: int


def retrieve(query: Query, index: Searchable, *, article_ids: Sequence[str] | None) -> list[Hit]:
    """Return what search finds, best first by what it says of each sentence alone."""
    size = index.count(article_ids)
    if size <= WHOLE:
        hits = index.search(query, size, article_ids=article_ids)
    else:
        hits = index.search(query, TOP_K, article_ids=article_ids)
    return [hits[i] for i in np.argsort(-fused(hits), kind="stable")]


def fused(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """Return each hit's MaxSim plus a fifth of its BM25 score as a share of the best one's, `(n,)`.

    It only says what to read first: the share depends on what else is searched. Fitted on the development sets, where
    the cosine of whole sentences adds nothing.
    """
    return np.array([hit.late for hit in hits]) + _lexical(hits)


def _lexical(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """Return a fifth of each hit's BM25 score as a share of the best one's, `(n,)`."""
    scores = np.array([hit.lexical for hit in hits])
    shares: NDArray[np.float64] = scores / max(float(scores.max(initial=0.0)), 1e-9)
    return 0.2 * shares


def likeliest(hits: Sequence[Hit]) -> list[str]:
    """Return the articles of the best hits, as many as passages are read of."""
    return list(dict.fromkeys(hit.sentence.article_id for hit in hits))[:MANY]


def passages(hits: Sequence[Hit], compared: Mapping[str, NDArray[np.float32]], index: Searchable) -> list[Passage]:
    """Return what to read of some articles, the likeliest first: the passages in which the best sentences stand.

    `compared` has by article the MaxSims of its sentences, alone and among those around, `(2, sentences)`: the second
    counts twice as much, since a sentence alone says "he" and "the second one". BM25 counts as in `fused`.
    An article is cut into the same passages whatever is asked of whichever articles: so what the reader says of a
    sentence depends on the question and its article alone.
    """
    scores = {article_id: alone + 2 * around for article_id, (alone, around) in compared.items()}
    for hit, lexical in zip(hits, _lexical(hits).tolist(), strict=True):
        if hit.sentence.article_id in scores:
            scores[hit.sentence.article_id][hit.sentence.ordinal] += lexical
    cut = _cut(list(scores), index)
    best = {
        passage: float(scores[article_id][passage.ordinals.start + passage.context : passage.ordinals.stop].max())
        for article_id, own in cut.items()
        for passage in own
        if passage.context < len(passage.ordinals)
    }
    most = FEW if sum(map(len, cut.values())) <= LONG else MANY
    return sorted(best, key=lambda passage: -best[passage])[:most]


def _cut(article_ids: Sequence[str], index: Searchable) -> dict[str, list[Passage]]:
    """Return all passages of some articles, in order."""
    cut: dict[str, list[Passage]] = {article_id: [] for article_id in article_ids}
    for article_id, lengths in zip(article_ids, index.lengths_of(article_ids), strict=True):
        made = cut[article_id]
        for own in cut_ranges(lengths, overlap=OVERLAP):
            made.append(Passage(article_id, own, made[-1].ordinals.stop - own.start if made else 0))
    return cut
