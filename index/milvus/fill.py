"""Writing articles into a version of a library, so that a writer may be killed at any moment.

The rows of a text have keys that are made of the text and the sentence's ordinal: written again, they are the same. An
article is there when its head is, which is written last. A revision whose rows are being written or removed is noted
as "open" before, and no more after: so what a killed writer has left is known, goes on, or is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.embed import Encoded
from index.milvus.client import Client, Row, Value
from index.milvus.insert import BATCH, Batch, Insert, Insertion
from index.milvus.rows import (
    OPEN,
    PART_KIND,
    Head,
    Revision,
    among,
    head_key,
    head_row,
    of_revisions,
    open_row,
    part_rows,
    parted,
)
from index.milvus.shelf import Shelf
from index.milvus.version import Version
from index.segment import sentences_of_article
from index.types import Article, Sentence

# Told how many sentences were written, or found written, since it was told before.
Written = Callable[[int], None]

GROUP: Final = 8192  # sentences whose articles are put into the library together
_REVISION: Final = ("article", "revision")
_ROWS: Final = 500  # rows of articles written by a call

_Vectors = tuple[NDArray[np.float32], NDArray[np.int8]]


@dataclass(frozen=True, slots=True)
class Numbered:
    """An article, and its place in the order of the library."""

    article: Article
    number: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An article that is to be written, and its sentences."""

    given: Numbered
    revision: Revision
    sentences: tuple[Sentence, ...]

    @classmethod
    def of(cls, given: Numbered) -> Plan:
        """Split an article."""
        return cls(given, Revision.of(given.article), tuple(sentences_of_article(given.article)))

    def head(self) -> Head:
        """Return the head of the article."""
        return Head.of(self.given.article, number=self.given.number, sentences=len(self.sentences))

    def text(self, sentence: Sentence) -> str:
        """Return the text of a sentence."""
        return self.given.article.text[sentence.start : sentence.end]


class Filler:
    """Writes articles into a version; `insert` makes vectors and writes sentences. For the one writer only.

    Articles of about `group` sentences are put into the library together.
    """

    def __init__(self, client: Client, version: Version, insert: Insert, written: Written, *, group: int) -> None:
        self._client, self._version, self._insert, self._written = client, version, insert, written
        self._group = group
        self._shelf = Shelf(client, version.articles, version.sentences)

    def fill(self, plans: Iterable[Plan]) -> None:
        """Write articles, and take away the texts that they replace; what is there already is not made again.

        Raises what `insert` raises, and leaves what was written to the next writer.
        """
        for group in _groups(plans, self._group):
            self._fill(group)

    def _fill(self, plans: Sequence[Plan]) -> None:
        before = self._shelf.heads(plan.given.article.id for plan in plans)
        kept = {head.revision.key for head in before.values()}
        new = [plan for plan in plans if plan.revision.key not in kept]
        replaced = [before[plan.given.article.id] for plan in new if plan.given.article.id in before]
        started = open_revisions(self._client, self._version, [plan.revision for plan in new])
        self._put([open_row(each) for each in [*(p.revision for p in new), *(h.revision for h in replaced)]])
        self._put(row for plan in new for row in part_rows(plan.given.article))
        self._write(new, there=self._written_of(started), known=self._known(replaced))
        self._put(head_row(plan.head()) for plan in plans)
        close(self._client, self._version, [plan.revision for plan in new], [head.revision for head in replaced])
        self._written(sum(len(plan.sentences) for plan in plans if plan.revision.key in kept))

    def _write(self, plans: Sequence[Plan], *, there: set[str], known: Mapping[str, _Vectors]) -> None:
        """Write the sentences of articles, but those whose keys are there."""
        places: dict[str, list[tuple[Revision, Sentence]]] = {}
        for plan in plans:
            for sentence in plan.sentences:
                if plan.revision.sentence(sentence.ordinal) not in there:
                    places.setdefault(plan.text(sentence), []).append((plan.revision, sentence))
        self._written(len(there))
        old = _batch([text for text in places if text in known], places)
        if old.texts:
            vectors, tokens = zip(*(known[text] for text in old.texts), strict=True)
            Insertion(self._client, self._version.sentences)(old, Encoded(np.stack(vectors), tokens))
            self._written(old.count)
        # as in index/embed.py: batches of like length need little padding
        new = sorted((text for text in places if text not in known), key=lambda text: (-len(text), text))
        batches = [_batch(new[start : start + BATCH], places) for start in range(0, len(new), BATCH)]
        for number in self._insert(batches):
            self._written(batches[number].count)

    def _put(self, rows: Iterable[Row]) -> None:
        """Write rows of articles. A part of a text has up to 64,000 bytes: hence the fewer at once."""
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _ROWS:
                self._client.upsert(self._version.articles, batch)
                batch = []
        self._client.upsert(self._version.articles, batch)

    def _written_of(self, revisions: Sequence[Revision]) -> set[str]:
        """Return the keys of sentences that a killed writer has written."""
        return {
            str(row["id"])
            for some in parted(revisions, _ROWS)
            for page in self._client.scan(self._version.sentences, of_revisions(some), ["id"])
            for row in page
        }

    def _known(self, heads: Sequence[Head]) -> dict[str, _Vectors]:
        """Return the vectors of the sentences of articles, by text."""
        known: dict[str, _Vectors] = {}
        for head, article in zip(heads, self._shelf.whole(heads), strict=True):
            content = self._shelf.contents([head])[0]
            for row, sentence in enumerate(content.sentences):
                known[article.text[sentence.start : sentence.end]] = content.vectors[row], content.tokens.of(row)
        return known


def remove(client: Client, version: Version, heads: Sequence[Head]) -> None:
    """Take articles out of a version."""
    revisions = [head.revision for head in heads]
    client.upsert(version.articles, [open_row(revision) for revision in revisions])
    for some in parted([head_key(head.article.id) for head in heads], _ROWS):
        client.delete(version.articles, among("id", some))
    close(client, version, [], revisions)


def close(client: Client, version: Version, whole: Sequence[Revision], gone: Sequence[Revision]) -> None:
    """Note that the rows of some revisions are whole, and those of others gone, after these were removed."""
    for some in parted(gone, _ROWS):
        client.delete(version.sentences, of_revisions(some))
        client.delete(version.articles, f'kind == "{PART_KIND}" and {among("revision", [each.key for each in some])}')
    for some in parted([*whole, *gone], _ROWS):
        client.delete(version.articles, f'kind == "{OPEN}" and {among("revision", [each.key for each in some])}')


def open_revisions(client: Client, version: Version, revisions: Sequence[Revision]) -> list[Revision]:
    """Return those of some revisions that are noted as open."""
    return [
        _revision_of(row)
        for some in parted(revisions, _ROWS)
        for row in client.rows(version.articles, among("id", [f"open{each.key}" for each in some]), _REVISION)
    ]


def tidy(client: Client, version: Version, *, keep: Iterable[Revision] = ()) -> None:
    """Remove what killed writers have left, but of those revisions that are about to be written."""
    kept = {revision.key for revision in keep}
    for whole, idle in _all_open(client, version):
        close(client, version, whole, [each for each in idle if each.key not in kept])


def left_over(client: Client, version: Version) -> int:
    """Return how many rows of sentences killed writers have left."""
    return sum(
        client.count(version.sentences, of_revisions(some))
        for _, idle in _all_open(client, version)
        for some in parted(idle, _ROWS)
    )


def _all_open(client: Client, version: Version) -> Iterator[tuple[list[Revision], list[Revision]]]:
    """Yield the revisions that are noted as open, some at a time: those that articles are in, and the others."""
    shelf = Shelf(client, version.articles, version.sentences)
    for page in client.scan(version.articles, f'kind == "{OPEN}"', _REVISION):
        found = [_revision_of(row) for row in page]
        heads = shelf.heads_by_key({f"head{revision.article}" for revision in found})
        whole = [each for each in found if each.article in heads and heads[each.article].revision == each]
        yield whole, [each for each in found if each not in whole]


def _revision_of(row: Mapping[str, Value]) -> Revision:
    return Revision(str(row["article"]), str(row["revision"]))


def _batch(texts: Sequence[str], places: Mapping[str, Sequence[tuple[Revision, Sentence]]]) -> Batch:
    return Batch(tuple(texts), tuple(tuple(places[text]) for text in texts))


def _groups(plans: Iterable[Plan], size: int) -> Iterator[list[Plan]]:
    """Yield plans in groups of about so many sentences."""
    group: list[Plan] = []
    count = 0
    for plan in plans:
        group.append(plan)
        count += len(plan.sentences)
        if count >= size:
            yield group
            group, count = [], 0
    if group:
        yield group
