"""What search finds for a question, and the passages around it that are worth reading."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Searchable
from index.query import Query
from index.types import Hit
from qa.windows import cut_ranges

WHOLE = 3000  # up to so many sentences, each is found; beyond, the best of either search
TOP_K = 60  # hits of the dense and of the lexical search each, in a larger library
WINDOWS = 9  # read for a question: nearly all of a news article, the likeliest of a longer text
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
    """Return what search finds, best first by what it knows."""
    size = index.count(article_ids)
    if size <= WHOLE:
        hits = index.search(query, size, article_ids=article_ids)
    else:
        hits = index.search(query, TOP_K, article_ids=article_ids)
    return [hits[i] for i in np.argsort(-fused(hits), kind="stable")]


def fused(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """Return each hit's MaxSim plus a tenth of its BM25 score as a share of the best one's, `(n,)`.

    It only says what to read first: the share depends on what else is searched. Fitted on the development sets, where
    the cosine of whole sentences adds nothing.
    """
    late = np.array([hit.late for hit in hits])
    lexical = np.array([hit.lexical for hit in hits])
    return late + 0.1 * lexical / max(float(lexical.max(initial=0.0)), 1e-9)


def passages(hits: Sequence[Hit], index: Searchable) -> list[Passage]:
    """Return what to read: the passages in which the best hits stand.

    An article is cut into the same passages whatever is asked of whichever articles: so what the reader says of a
    sentence depends on the question and its article alone.
    """
    chosen: dict[tuple[str, int], Passage] = {}
    cut = _cut(hits[:WINDOWS], index)  # at once: these are looked at whatever they stand in
    for hit in hits:
        if len(chosen) >= WINDOWS:
            break
        article_id, ordinal = hit.sentence.article_id, hit.sentence.ordinal
        if article_id not in cut:
            cut |= _cut([hit], index)
        own = cut[article_id][bisect_right(cut[article_id], ordinal, key=lambda p: p.ordinals.start + p.context) - 1]
        chosen.setdefault((article_id, own.ordinals.start), own)
    return list(chosen.values())


def _cut(hits: Sequence[Hit], index: Searchable) -> dict[str, list[Passage]]:
    """Return all passages of the articles in which some hits stand, in order."""
    article_ids = list(dict.fromkeys(hit.sentence.article_id for hit in hits))
    cut: dict[str, list[Passage]] = {article_id: [] for article_id in article_ids}
    for article_id, lengths in zip(article_ids, index.lengths_of(article_ids), strict=True):
        made = cut[article_id]
        for own in cut_ranges(lengths, overlap=OVERLAP):
            made.append(Passage(article_id, own, made[-1].ordinals.stop - own.start if made else 0))
    return cut
