"""A library without an index or a model, for tests of the page: what it answers is looked up, not searched for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index.admit import Admission, admit
from index.errors import ArticleNotFound, EmptyLibrary, EmptyQuestion, UnreadableArticle
from index.fetch import Fetched
from index.gather import Input, gather, read_each
from index.history import Generation
from index.segment import sentences_of_article
from index.store import StoreStatus
from index.types import Article, Sentence
from qa.types import Answer, Citation, Quote
from ui.view import Progress


@dataclass(frozen=True, slots=True)
class FakeSize:
    articles: int
    sentences: int
    generation: int = 1


@dataclass(frozen=True, slots=True)
class FakeAdditions:
    admissions: tuple[Admission, ...]
    failures: tuple[UnreadableArticle, ...]


def citation_of(article: Article, part: str, *, probability: float = 0.9, words: str = "") -> Citation:
    """The sentence of an article in which `part` stands, with `words` as its answering words."""
    start = article.text.index(part)
    sentence = next(each for each in sentences_of_article(article) if each.start <= start < each.end)
    text = article.text[sentence.start : sentence.end]
    quote = None
    if words:
        at = sentence.start + text.index(words)
        quote = Quote(at, at + len(words), words)
    return Citation(
        article.id, sentence.ordinal, sentence.paragraph, sentence.start, sentence.end, text, probability, quote
    )


def no_web(url: str) -> Fetched:
    """A page of the web that is there, and none of any other."""
    if url != "https://news.example/bridge":
        raise UnreadableArticle(url, "the server answered 404 Not Found", "check the URL")
    return Fetched(b"The bridge opens in May. It is 90 metres long.", ".txt", "utf-8", "bridge")


class FakeLibrary:
    """Answers the questions it was given citations for, and says of every other that the articles do not say."""

    def __init__(self, *articles: Article, answers: Mapping[str, Sequence[Citation]] | None = None) -> None:
        self._articles = {article.id: article for article in articles}
        self._answers = answers or {}
        self.asked: list[tuple[str, tuple[str, ...] | None, tuple[str, ...]]] = []
        self.rebuilds = 0
        self.suggested: dict[str, tuple[str, ...]] = {}
        self.rolled_back: list[int] = []
        # Cleared by a test that wants to see the page while it waits.
        self.go = threading.Event()
        self.go.set()

    def ask(self, question: str, *, article_ids: Sequence[str] | None = None, history: Sequence[str] = ()) -> Answer:
        self.asked.append((question, None if article_ids is None else tuple(article_ids), tuple(history)))
        self.go.wait(30)
        if not question.strip():
            raise EmptyQuestion
        within = [self.article(each) for each in (self._articles if article_ids is None else article_ids)]
        ids = {article.id for article in within}
        citations = tuple(each for each in self._answers.get(question, ()) if each.article_id in ids)
        nearest = citations or tuple(
            citation_of(article, article.text[each.start : each.end], probability=0.2 / (1 + each.ordinal))
            for article in within[:1]
            for each in self.sentences(article.id)[:5]
        )
        status = "answered" if citations else "no_answer"
        return Answer(question, status, nearest[0].probability if nearest else 0.0, citations, nearest, 0.01)

    def put(self, article: Article) -> None:
        """Add an article, or another text of one."""
        self._articles[article.id] = article

    def drop(self, article_id: str) -> None:
        del self._articles[article_id]

    def articles(self) -> tuple[Article, ...]:
        return tuple(self._articles.values())

    def article(self, article_id: str) -> Article:
        if article_id not in self._articles:
            raise ArticleNotFound(article_id, list(self._articles))
        return self._articles[article_id]

    def sentences(self, article_id: str) -> tuple[Sentence, ...]:
        return sentences_of_article(self.article(article_id))

    def sentence_counts(self) -> dict[str, int]:
        return {each: len(self.sentences(each)) for each in self._articles}

    def add(
        self, inputs: Sequence[Input], *, reading: Progress | None = None, progress: Progress | None = None
    ) -> FakeAdditions:
        gathered = gather(inputs, read=partial(read_each, get=no_web), progress=reading)
        admissions = admit(self._articles, gathered.articles)
        for done, admission in enumerate(admissions, 1):
            self._articles[admission.article.id] = admission.article
            if progress:
                progress(done, len(admissions))
            self.go.wait(30)
        return FakeAdditions(admissions, gathered.failures)

    def remove(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        gone = tuple(self.article(each) for each in article_ids)
        for article in gone:
            self._articles.pop(article.id)
        return gone

    def restore(self, articles: Sequence[Article], progress: Progress | None = None) -> tuple[Article, ...]:
        back = tuple(each for each in articles if each.id not in self._articles)
        self._articles.update({each.id: each for each in back})
        return back

    def suggest(self, article_id: str) -> tuple[str, ...]:
        return self.suggested.get(article_id, ())

    def rebuild(self, progress: Progress | None = None) -> FakeSize:
        total = sum(len(self.sentences(each)) for each in self._articles)
        for done in range(0, total + 1, 10):
            if progress:
                progress(done, total)
            self.go.wait(30)
        self.rebuilds += 1
        return FakeSize(len(self._articles), total, self._generation)

    @property
    def _generation(self) -> int:
        return self.rebuilds + len(self.rolled_back) + 1

    def status(self) -> StoreStatus:
        sentences = sum(self.sentence_counts().values())
        return StoreStatus(
            root=Path("/home/reader"),
            generation=self._generation,
            created="2026-05-01T12:00:00+00:00",
            format=3,
            model=None,
            encoder="fake",
            segmenter="fake",
            articles=len(self._articles),
            sentences=sentences,
            dense="exact",
            bytes=123_456,
        )

    def history(self) -> tuple[Generation, ...]:
        now = self._generation
        return tuple(
            Generation(number, number == now, "2026-05-01T12:00:00+00:00", "add", None, 1, 9, 1000, "")
            for number in range(now, max(now - 3, 0), -1)
        )

    def rollback(self, number: int | None = None) -> int:
        self.rolled_back.append(number or 0)
        return number or 0


class EmptyFake(FakeLibrary):
    """A library with nothing in it, which says so as the real one does."""

    def ask(self, question: str, *, article_ids: Sequence[str] | None = None, history: Sequence[str] = ()) -> Answer:
        raise EmptyLibrary(Path("/home/reader"))

    def articles(self) -> tuple[Article, ...]:
        raise EmptyLibrary(Path("/home/reader"))


class BrokenFake(FakeLibrary):
    """A library with a bug in it."""

    def ask(self, question: str, *, article_ids: Sequence[str] | None = None, history: Sequence[str] = ()) -> Answer:
        raise ZeroDivisionError(question)
