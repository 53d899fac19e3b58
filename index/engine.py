"""What answers ask of an index, and what a library asks of the engine that keeps it.

Two engines are there: `index.store.Store` keeps a library in a folder and searches it with FAISS, `index.milvus` keeps
it on a Milvus. Whoever uses them knows these protocols alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.admit import Admission
from index.embed import Progress
from index.encode import Encoder
from index.history import Generation
from index.prune import Pruned
from index.query import Query
from index.store import StoreStatus
from index.types import Article, Hit, Sentence
from index.workers import Workers


class Searchable(Protocol):
    """The articles and sentences of a library, to be searched. Safe to use from several threads.

    What is given by an article's id raises `ArticleNotFound` where there is none.
    """

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by id, in the order in which they were added."""

    def article(self, article_id: str) -> Article:
        """Return an article."""

    def sentences_of(self, article_id: str) -> tuple[Sentence, ...]:
        """Return all sentences of an article, in order."""

    def lengths_of(self, article_ids: Sequence[str]) -> list[list[int]]:
        """Return how many word pieces each sentence of some articles has, up to 126."""

    def texts_of(self, passages: Sequence[tuple[str, range]]) -> list[dict[Sentence, str]]:
        """Return the sentences of some passages, each an article and ordinals, in order and with their texts."""

    def count(self, article_ids: Sequence[str] | None = None) -> int:
        """Return how many sentences some articles have, or all."""

    def query(self, question: str) -> Query:
        """Return a question as it is compared with sentences. Raises `EmptyQuestion`."""

    def search(self, query: Query, k: int, *, article_ids: Sequence[str] | None = None) -> list[Hit]:
        """Return the k sentences nearest by cosine and the k best by BM25, each once, by similarity, best first."""

    def max_sims(self, query: Query, article_ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return by article the MaxSims in [-1, 1] of its sentences, alone and among those around, `(2, sentences)`."""


class Changed(Protocol):
    """What became of the articles that were given."""

    @property
    def admissions(self) -> tuple[Admission, ...]:
        """What became of each, in the order in which they were given."""


class Engine(Protocol):
    """A library: its articles and the generations of its index. Safe to use from several processes.

    Every method may raise a `StoreError`.
    """

    @property
    def generation(self) -> int | None:
        """The number of the current generation, None when nothing was ever added."""

    @property
    def exists(self) -> bool:
        """Whether something was ever added; damaged or not."""

    def articles(self) -> tuple[Article, ...]:
        """Return the articles, in the order in which they were added."""

    def sentence_counts(self) -> dict[str, int]:
        """Return how many sentences each article has, in their order."""

    def load(self, encoder: Encoder) -> Searchable:
        """Return the current generation, to be searched. Raises `EmptyLibrary` where it has no article."""

    def verify(self) -> None:
        """Compare the current generation with its checksums. Raises `DamagedGeneration`."""

    def check_origin(self, encoder: Encoder) -> None:
        """See that the current generation was made as it would be today."""

    def status(self) -> StoreStatus:
        """Return what the current generation holds."""

    def history(self) -> tuple[Generation, ...]:
        """Return the generations that are kept, newest first. What is damaged is told, not raised."""

    def add(
        self,
        articles: Sequence[Article],
        encoder: Encoder,
        *,
        progress: Progress | None = None,
        workers: Workers | None = None,
    ) -> Changed:
        """Add articles, or replace those of the same source; only new sentences are embedded, by `workers` if given."""

    def remove(self, article_ids: Sequence[str], encoder: Encoder) -> object:
        """Remove articles. Raises `ArticleNotFound`."""

    def rebuild(self, encoder: Encoder, *, progress: Progress | None = None) -> object:
        """Split and embed all articles anew, as a new generation, and make it the current one."""

    def rollback(self, number: int | None = None) -> int:
        """Make an older generation current again, by default the one before; return its number."""

    def prune(self, keep: int = ...) -> Pruned:
        """Remove all generations but the last `keep`, and what unfinished changes have left."""
