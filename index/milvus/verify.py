"""Comparing what a library on a Milvus holds with the counts and the hashes that were written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from index.errors import BadRows
from index.milvus.client import Client, Value
from index.milvus.fill import left_over
from index.milvus.rows import Head, among
from index.milvus.shelf import Shelf
from index.milvus.version import Version
from index.types import Article

_FIELDS: Final = ("id", "article", "revision", "ordinal", "start", "end", "digest")
_AT_ONCE: Final = 8000  # sentences looked at together; a call returns up to 16,384 rows

_AGAIN: Final = "remove the article and add it again"


def verify(client: Client, version: Version) -> None:
    """See that each article's text and all its sentences are there, once and as they were written.

    Every text is compared with its SHA-256, every sentence with that of its slice of the text; vectors are left to the
    care of Milvus. Rows that unfinished changes have left are none of any article, and no damage. Raises `BadRows`.
    """
    shelf = Shelf(client, version.articles, version.sentences)
    total = 0
    for heads in _batches(head for page in shelf.all_heads() for head in page):
        articles = shelf.whole(heads)
        rows = _rows_of(client, version, heads)
        for head, article in zip(heads, articles, strict=True):
            _check(version, head, article, rows[head.revision.key])
            total += head.sentences
    left = left_over(client, version)
    if (there := client.count(version.sentences)) != total + left:
        raise BadRows(version.sentences, f"holds {there - left} sentences, and its articles have {total}")


def _check(version: Version, head: Head, article: Article, rows: Sequence[dict[str, Value]]) -> None:
    if article.sha256 != head.digest:
        raise BadRows(version.articles, f"holds another text of {head.article.id!r} than was written", _AGAIN)
    by_ordinal = {row["ordinal"]: row for row in rows}
    if sorted(map(str, by_ordinal)) != sorted(map(str, range(head.sentences))) or len(rows) != head.sentences:
        told = f"holds {len(rows)} of the {head.sentences} sentences of {head.article.id!r}"
        raise BadRows(version.sentences, told)
    for row in rows:
        text = article.text[int(str(row["start"])) : int(str(row["end"]))]
        if sha256(text.encode("utf-8")).hexdigest() != row["digest"]:
            raise BadRows(version.sentences, f"sentence {row['ordinal']} of {head.article.id!r} is not in its text")


def _rows_of(client: Client, version: Version, heads: Sequence[Head]) -> dict[str, list[dict[str, Value]]]:
    """Return what is checked of the sentences of articles, by revision."""
    found: dict[str, list[dict[str, Value]]] = defaultdict(list)
    where = f"{among('article', [head.revision.article for head in heads])} and "
    where += among("revision", [head.revision.key for head in heads])
    for start in range(0, sum(head.sentences for head in heads) or 1, _AT_ONCE):
        some = f" and ordinal >= {start} and ordinal < {start + _AT_ONCE}" if len(heads) == 1 else ""
        for row in client.rows(version.sentences, where + some, _FIELDS):
            found[str(row["revision"])].append(row)
        if not some:
            break
    return found


def _batches(heads: Iterator[Head]) -> Iterator[list[Head]]:
    batch: list[Head] = []
    total = 0
    for head in heads:
        if batch and (total + head.sentences > _AT_ONCE or len(batch) == 500):
            yield batch
            batch, total = [], 0
        batch.append(head)
        total += head.sentences
    if batch:
        yield batch
