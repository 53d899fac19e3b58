"""Articles that are given to a library on a Milvus, beside those that it has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from index.errors import BadRows
from index.milvus.client import Client
from index.milvus.fill import Numbered
from index.milvus.rows import HEAD, Head, among, head_of, parted, source_key
from index.milvus.shelf import HEADS, Shelf
from index.milvus.version import Version
from index.types import Article

_AT_ONCE: Final = 500


def related(client: Client, version: Version, articles: Sequence[Article]) -> dict[Head, Article]:
    """Return the articles that are there of the same ids, sources and texts as some given ones."""
    shelf = Shelf(client, version.articles, version.sentences)
    heads = {head.article.id: head for head in shelf.heads(article.id for article in articles).values()}
    for some in parted(articles, _AT_ONCE):
        same = f"{among('source', [source_key(each.source) for each in some])} or "
        same += among("digest", [each.sha256 for each in some])
        for row in client.rows(version.articles, f'kind == "{HEAD}" and ({same})', HEADS):
            head = head_of(row)
            heads[head.article.id] = head
    found = sorted(heads.values(), key=lambda head: head.number)
    return dict(zip(found, shelf.whole(found), strict=True))


def numbered(articles: Iterable[Article], known: Iterable[Head]) -> list[Numbered]:
    """Return articles with their places in the library's order: those of known ones stay, others come after all."""
    places: Mapping[str, int] = {head.article.id: head.number for head in known}
    after = time.time_ns()  # later than that of every article before
    return [Numbered(each, places.get(each.id, after + i)) for i, each in enumerate(articles)]


def with_texts(client: Client, version: Version, heads: Sequence[Head]) -> Iterator[Numbered]:
    """Yield the articles of a version, in order. Raises `BadRows` where a text is not what was written."""
    shelf = Shelf(client, version.articles, version.sentences)
    for some in parted(heads, _AT_ONCE):
        for head, article in zip(some, shelf.whole(some), strict=True):
            if article.sha256 != head.digest:
                raise BadRows(
                    version.articles,
                    f"holds another text of {article.id!r} than was written",
                    "remove the article and add it again",
                )
            yield Numbered(article, head.number)
