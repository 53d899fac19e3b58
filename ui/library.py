"""A library of articles as people use it: the store on disk, and what is loaded of it to answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from index.admit import Admission
from index.encode import Encoder, encode_question, encoder_of
from index.engine import Engine, Searchable
from index.errors import UnreadableArticle
from index.fetch import Fetched, fetch
from index.gather import Input, gather, read_each
from index.history import Generation
from index.load import load_article
from index.prune import Pruned
from index.store import Store, StoreStatus
from index.types import Article, Sentence
from index.workers import Workers
from qa.answer import answer
from qa.reader import Reader
from qa.suggest import suggestions
from qa.types import Answer

Progress = Callable[[int, int], None]

# A text that is encoded and read so that the networks are loaded.
_ANY = "a"

SEEDS = Path(__file__).parent.parent / "seeds" / "articles"  # beside the package, in a checkout and when installed


@dataclass(frozen=True, slots=True)
class Additions:
    """What became of the articles that were read, and why others could not be read."""

    admissions: tuple[Admission, ...]
    failures: tuple[UnreadableArticle, ...]


class Library:
    """Articles that an engine keeps, by default in a folder, and answers from them. Safe to use from threads.

    Index, embedding model and reader are loaded when first needed. A question asked while a new generation of the index
    is made is answered from the old one; the next question from the new one.
    """

    def __init__(self, home: Path, *, model: str | None = None, engine: Engine | None = None) -> None:
        self._store: Engine = Store(home) if engine is None else engine
        self._model = model
        self._lock = threading.RLock()
        self._encoder: Encoder | None = None
        self._reader: Reader | None = None
        self._loaded: tuple[int | None, Searchable] | None = None

    def ask(
        self,
        question: str,
        *,
        article_ids: Sequence[str] | None = None,
        history: Sequence[str] = (),
        threshold: float | None = None,
    ) -> Answer:
        """Answer a question from the given articles, or from all."""
        return answer(
            question, self.index(), self.reader(), article_ids=article_ids, history=history, threshold=threshold
        )

    def warm(self) -> None:
        """Load side by side what an answer needs, so that the first question does not wait for it.

        Raises what `ask` raises for the library.
        """
        # numpy's products of small matrices take three times as long on two cores, whose threads wait in a busy loop
        threadpool_limits(1, user_api="blas")
        encoder, reader = self.encoder(), self.reader()
        with ThreadPoolExecutor() as pool:
            loads: list[Future[object]] = [
                pool.submit(self.index),
                pool.submit(encode_question, _ANY, encoder),
                pool.submit(reader.read, _ANY, [reader.tokens([_ANY])]),
            ]
        for load in loads:
            load.result()

    def index(self) -> Searchable:
        """Return the newest generation of the index, loading it if it is not the one at hand."""
        with self._lock:
            generation = self._store.generation
            if self._loaded is None or self._loaded[0] != generation:
                self._loaded = generation, self._store.load(self.encoder())
            return self._loaded[1]

    def reader(self) -> Reader:
        """Return the reader, loaded once."""
        with self._lock:
            self._reader = self._reader or Reader()
            return self._reader

    def encoder(self) -> Encoder:
        """Return the embedding model: the one asked for, or else the one that the index was built with."""
        with self._lock:
            model = self._model
            if model is None and self._store.exists:
                model = self._store.status().model
                if self._encoder is not None and self._encoder.model != model:
                    self._encoder = None  # the index has been rebuilt with another, or rolled back to another
            self._encoder = self._encoder or encoder_of(model)
            return self._encoder

    def articles(self) -> tuple[Article, ...]:
        """Return the articles in the library, without loading a model."""
        loaded = self._loaded
        if loaded is not None and loaded[0] == self._store.generation:
            return tuple(loaded[1].articles.values())
        return self._store.articles()

    def article(self, article_id: str) -> Article:
        """Return one article. Raises ArticleNotFound."""
        return self.index().article(article_id)

    def sentences(self, article_id: str) -> tuple[Sentence, ...]:
        """Return an article's sentences, in order. Raises ArticleNotFound."""
        return self.index().sentences_of(article_id)

    def suggest(self, article_id: str) -> tuple[str, ...]:
        """Return questions that an article surely answers, made from its own sentences. Raises ArticleNotFound."""
        return suggestions(article_id, self.index(), self.reader())

    def sentence_counts(self) -> dict[str, int]:
        """Return how many sentences each article has, without loading a model."""
        loaded = self._loaded
        if loaded is not None and loaded[0] == self._store.generation:
            return {article_id: loaded[1].count([article_id]) for article_id in loaded[1].articles}
        return self._store.sentence_counts()

    def add(
        self,
        inputs: Sequence[Input],
        *,
        reading: Progress | None = None,
        progress: Progress | None = None,
        get: Callable[[str], Fetched] = fetch,
        workers: Workers | None = None,
    ) -> Additions:
        """Read files, folders, URLs and texts, and add all that can be read as one new generation.

        `reading` is told how many are read, `progress` how many sentences are embedded; `get` fetches URLs. `workers`
        read and embed side by side. Raises what `Store.add` raises, and `WorkersLost`.
        """
        read = partial(workers.read, get=get) if workers else partial(read_each, get=get)
        gathered = gather(inputs, read=read, progress=reading)
        admissions: tuple[Admission, ...] = ()
        if gathered.articles:
            admissions = self._store.add(
                gathered.articles, self.encoder(), progress=progress, workers=workers
            ).admissions
        return Additions(admissions, gathered.failures)

    def add_seeds(self, progress: Progress | None = None) -> None:
        """Add the articles that come with Pullquote, if the library has never held any."""
        if not self._store.exists:
            self._store.add(
                [load_article(path) for path in sorted(SEEDS.glob("*.txt"))], self.encoder(), progress=progress
            )

    def remove(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        """Remove articles, and return them for `restore`. Raises ArticleNotFound."""
        known = {article.id: article for article in self.articles()}
        self._store.remove(article_ids, self.encoder())
        return tuple(known[each] for each in dict.fromkeys(article_ids) if each in known)

    def restore(self, articles: Sequence[Article], progress: Progress | None = None) -> tuple[Article, ...]:
        """Add articles again that were removed, and return those that were added.

        An article stays away whose id or source another one has by now: what was done since is not undone.
        """
        there = self.articles()
        taken = {article.id for article in there} | {article.source for article in there}
        back = tuple(each for each in articles if each.id not in taken and each.source not in taken)
        if back:
            self._store.add(back, self.encoder(), progress=progress)
        return back

    def rebuild(self, progress: Progress | None = None) -> StoreStatus:
        """Split and embed every stored article anew, as a new generation, and swap it in."""
        if self._model is not None:
            self._encoder = None
        self._store.rebuild(self.encoder(), progress=progress)
        return self._store.status()

    def history(self) -> tuple[Generation, ...]:
        """Return the generations on disk, newest first; what is damaged is told, not raised."""
        return self._store.history()

    def rollback(self, number: int | None = None) -> int:
        """Make an older generation current again, by default the one before; return its number."""
        return self._store.rollback(number)

    def check_origin(self) -> None:
        """See that the current generation can be asked. Raises ModelMismatch, SegmenterMismatch."""
        self._store.check_origin(self.encoder())

    def prune(self, keep: int) -> Pruned:
        """Remove all generations but the last `keep`, and what unfinished changes have left."""
        return self._store.prune(keep)

    def status(self) -> StoreStatus:
        """Return what the current generation holds."""
        return self._store.status()

    def verify(self) -> StoreStatus:
        """Check every byte of the current generation. Raises DamagedGeneration."""
        self._store.verify()
        return self._store.status()
