"""Comparing what a library on a Milvus holds with the counts and the hashes that were written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from index.errors import BadRows
from index.milvus.client import Client, Value
from index.milvus.fill import left_over
from index.milvus.rows import Head
from index.milvus.shelf import Shelf, grouped, sentence_rows
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
    for heads in grouped((head for page in shelf.all_heads() for head in page), _AT_ONCE):
        articles = shelf.whole(heads)
        rows: dict[str, list[dict[str, Value]]] = defaultdict(list)
        for row in sentence_rows(client, version.sentences, heads, _FIELDS, _AT_ONCE):
            rows[str(row["revision"])].append(row)
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
