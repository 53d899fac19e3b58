"""What answers ask of an index, and what a library asks of the engine that keeps it.

Two engines are there: `index.store.Store` keeps a library in a folder and searches it with FAISS, `index.milvus` keeps
it on a Milvus. Whoever uses them knows these protocols alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

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

    def texts_of(self, passages: Sequence[tuple[str, range]]) -> list[list[str]]:
        """Return the texts of the sentences of some passages, each an article and the ordinals of its sentences."""

    def count(self, article_ids: Sequence[str] | None = None) -> int:
        """Return how many sentences some articles have, or all."""

    def query(self, question: str) -> Query:
        """Return a question as it is compared with sentences. Raises `EmptyQuestion`."""

    def search(self, query: Query, k: int, *, article_ids: Sequence[str] | None = None, around: int = 0) -> list[Hit]:
        """Return the k sentences nearest by cosine and the k best by BM25, each once, and up to `around` beside them.

        Hits come by similarity, best first, with all scores but the share.
        """

    def compared(self, hits: Sequence[Hit], query: Query, article_ids: Sequence[str]) -> list[Hit]:
        """Return hits, those of some articles with this query's MaxSim and share."""


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
