"""What the page shows of a library, as HTML: its errors are told in place, never raised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from index.admit import Admission
from index.errors import PullquoteError, UnreadableArticle
from index.gather import Input
from index.history import Generation
from index.store import StoreStatus
from index.types import Article, Sentence
from qa.types import Answer
from ui.chat import Turns, quoted_ids
from ui.found import Shown, found_html, nothing_found_html
from ui.log import Shelf, Source, log_html, suggested_html
from ui.reading import article_html, no_article_html

# Told how many are done, and of how many.
Progress = Callable[[int, int], None]


class Additions(Protocol):
    """What became of the articles that were read, and why others could not be read."""

    @property
    def admissions(self) -> tuple[Admission, ...]:
        """Return what became of each article that was read."""

    @property
    def failures(self) -> tuple[UnreadableArticle, ...]:
        """Return why others could not be read."""


class IndexSize(Protocol):
    """How much is in an index."""

    @property
    def generation(self) -> int:
        """Return the number of its generation."""

    @property
    def articles(self) -> int:
        """Return the number of articles."""

    @property
    def sentences(self) -> int:
        """Return the number of sentences of all articles."""


class Library(Protocol):
    """What the chat asks: articles, and answers from them. Its errors are `PullquoteError`s, told in one line."""

    def ask(self, question: str, *, article_ids: Sequence[str] | None = None, history: Sequence[str] = ()) -> Answer:
        """Answer a question from the given articles, or from all."""

    def articles(self) -> tuple[Article, ...]:
        """Return the articles, in the library's order."""

    def article(self, article_id: str) -> Article:
        """Return one article."""

    def sentences(self, article_id: str) -> tuple[Sentence, ...]:
        """Return an article's sentences, in order."""

    def sentence_counts(self) -> dict[str, int]:
        """Return how many sentences each article has."""

    def add(
        self, inputs: Sequence[Input], *, reading: Progress | None = None, progress: Progress | None = None
    ) -> Additions:
        """Add all that can be read; `reading` is told how many are read, `progress` how many sentences are done."""

    def remove(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        """Remove articles, and return them for `restore`."""

    def restore(self, articles: Sequence[Article], progress: Progress | None = None) -> tuple[Article, ...]:
        """Add articles again that were removed, and return those that were added."""

    def suggest(self, article_id: str) -> tuple[str, ...]:
        """Return questions that an article surely answers; often none."""

    def rebuild(self, progress: Progress | None = None) -> IndexSize:
        """Make the index anew; `progress` is told how many sentences are done, and of how many."""

    def status(self) -> StoreStatus:
        """Return what the current generation of the index holds."""

    def history(self) -> tuple[Generation, ...]:
        """Return the generations on disk, newest first."""

    def rollback(self, number: int | None = None) -> int:
        """Make an older generation current again, and return its number."""


class View:
    """The parts of the page, drawn from what the library holds at that moment."""

    def __init__(self, library: Library, *, judges: bool = False) -> None:
        """`judges` says that readers can judge answers."""
        self._library = library
        self._judges = judges
        self._suggested: dict[str, tuple[str, ...]] = {}

    def titles(self) -> dict[str, str]:
        """Return the titles of the articles by id, in the library's order; none when it cannot be read."""
        try:
            return {article.id: article.title for article in self._library.articles()}
        except PullquoteError:
            return {}

    def asked(self, article_id: str, chosen: Sequence[str], *, everywhere: bool) -> list[str] | None:
        """Return the articles to ask: one, or `everywhere` those that are chosen and there; None for all.

        Where none is open all are asked: a library that is empty or cannot be read says so.
        """
        if not article_id:
            return None
        if not everywhere:
            return [article_id]
        titles = self.titles()
        return [each for each in chosen if each in titles] or None

    def log(self, turns: Turns) -> str:
        """Return the conversation."""
        return log_html(turns, shelf=Shelf(self.titles(), self._sources(turns), judges=self._judges))

    def suggested(self, article_id: str) -> str:
        """Return questions to begin with; finding them takes seconds the first time, and often there are none."""
        edition = self.edition(article_id)
        if edition and edition not in self._suggested:
            with suppress(PullquoteError):
                self._suggested[edition] = self._library.suggest(article_id)
        return suggested_html(article_id, self._suggested.get(edition, ()))

    def _sources(self, turns: Turns) -> dict[str, Source]:
        """Return the articles that a chat quotes, without those that are gone or cannot be read."""
        sources: dict[str, Source] = {}
        for article_id in dict.fromkeys(each for turn in turns if turn.answer for each in quoted_ids(turn.answer)):
            with suppress(PullquoteError):
                sources[article_id] = Source(self._library.article(article_id), self._library.sentences(article_id))
        return sources

    def quoted(self, answer: Answer) -> tuple[Article, ...]:
        """Return the articles that an answer quotes."""
        return tuple(self._library.article(article_id) for article_id in quoted_ids(answer))

    def edition(self, article_id: str) -> str:
        """Return what tells one text of an article from another; nothing when it cannot be read."""
        try:
            return f"{article_id}@{self._library.article(article_id).sha256}"
        except PullquoteError:
            return ""

    def pane(self, article_id: str) -> str:
        """Return the article pane."""
        try:
            self._library.articles()  # an empty or broken library has more to say than that one article is missing
            return article_html(self._library.article(article_id), self._library.sentences(article_id))
        except PullquoteError as error:
            return no_article_html(str(error))

    def found(self, article_id: str, shown: Shown) -> str:
        """Return what is marked in the article, and the map of it."""
        try:
            return found_html(self._library.article(article_id), self._library.sentences(article_id), shown)
        except PullquoteError:
            return nothing_found_html()
