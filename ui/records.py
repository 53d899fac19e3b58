"""What a library holds and what became of a change, as JSON for programs. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from typing_extensions import TypedDict

from index.admit import Admission, Outcome
from index.errors import UnreadableArticle
from index.types import Article
from ui.view import IndexSize


class ArticleDict(TypedDict):
    """An article of the library; `sha256` is that of its text."""

    article_id: str
    title: str
    source: str
    sentences: int
    sha256: str


class AdmissionDict(TypedDict):
    """What became of an article that was given: `outcome` is "added", "replaced" or "already there"."""

    article_id: str
    title: str
    outcome: Outcome


class FailureDict(TypedDict):
    """Why something that was given could not be read."""

    source: str
    reason: str


class AddedDict(TypedDict):
    """What became of all that was given."""

    articles: list[AdmissionDict]
    failures: list[FailureDict]


class RemovedDict(TypedDict):
    """The articles that were removed."""

    removed: list[str]


class IndexDict(TypedDict):
    """A generation of the index, and how much is in it."""

    generation: int
    articles: int
    sentences: int


def article_to_dict(article: Article, sentences: int, *, paths: bool = False) -> ArticleDict:
    """Return an article as it is listed; without `paths`, of a path only the name of the file."""
    source = article.source if paths or "://" in article.source else PurePath(article.source).name
    return ArticleDict(
        article_id=article.id, title=article.title, source=source, sentences=sentences, sha256=article.sha256
    )


def added_to_dict(admissions: Iterable[Admission], failures: Iterable[UnreadableArticle]) -> AddedDict:
    """Return what became of the articles that were given."""
    return AddedDict(
        articles=[
            AdmissionDict(article_id=each.article.id, title=each.article.title, outcome=each.outcome)
            for each in admissions
        ],
        failures=[FailureDict(source=failure.source, reason=str(failure)) for failure in failures],
    )


def removed_to_dict(article_ids: Iterable[str]) -> RemovedDict:
    """Return the articles that were removed."""
    return RemovedDict(removed=list(dict.fromkeys(article_ids)))


def index_to_dict(size: IndexSize) -> IndexDict:
    """Return how much is in the index."""
    return IndexDict(generation=size.generation, articles=size.articles, sentences=size.sentences)
