"""A library on a Milvus, as `index.store.Store` is one in a folder.

Adding and removing change the current version, article by article: a question sees an article whole or not at all.
`rebuild` fills a new version beside it, and has the alias stand for that; `rollback` has it stand for an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from index.admit import Admission, admit
from index.commit import KEPT
from index.embed import Progress
from index.encode import Encoder
from index.errors import (
    AlreadyCurrent,
    ArticleNotFound,
    EmptyLibrary,
    GenerationNotFound,
)
from index.history import Generation
from index.manifest import now
from index.milvus.client import SECONDS, Client
from index.milvus.fill import GROUP, Filler, Plan, left_over, remove, tidy
from index.milvus.given import numbered, related, with_texts
from index.milvus.insert import insert_with
from index.milvus.lock import write_lock
from index.milvus.rows import HEAD, Head, Manifest, Revision
from index.milvus.schema import INDEXES
from index.milvus.searchable import MilvusIndex
from index.milvus.shelf import Shelf
from index.milvus.verify import verify
from index.milvus.version import Version, Versions, drop
from index.prune import Pruned
from index.store import StoreStatus
from index.types import Article
from index.workers import Workers

_GROUP_OF_WORKERS: Final = 32 * GROUP  # for each group they are started, and load their model

NAME: Final = "pullquote"  # of the alias, with which the names of the collections begin


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of each article that was given, in the order in which they were given."""

    admissions: tuple[Admission, ...]


class MilvusStore:
    """A library on a Milvus. Safe to use from several processes and machines: one of them writes at a time.

    `index` is by what vectors are found in versions that are made, see `INDEXES`; by default "HNSW", on Milvus Lite
    "FLAT". A writer waits `patience` seconds for another one, and a call `seconds` for an answer. Every method raises
    `EngineFailed`.
    """

    def __init__(
        self,
        uri: str,
        token: str = "",
        *,
        name: str = NAME,
        index: str | None = None,
        patience: float = 10.0,
        seconds: float = SECONDS,
    ) -> None:
        self._client = Client(uri, token, seconds=seconds)
        self._name, self._patience = name, patience
        self._versions = Versions(self._client, name, index)

    @property
    def generation(self) -> int | None:
        """The number of the current version, None when nothing was ever added."""
        version = self._versions.found()
        return version.number if version else None

    @property
    def exists(self) -> bool:
        """Whether something was ever added."""
        return self.generation is not None

    def articles(self) -> tuple[Article, ...]:
        """Return the articles, in the order in which they were added. Raises `BadRows`."""
        version = self._versions.found()
        return () if version is None else tuple(self._shelf(version).whole(self._heads(version)))

    def sentence_counts(self) -> dict[str, int]:
        """Return how many sentences each article has, in their order."""
        version = self._versions.found()
        return {} if version is None else {head.article.id: head.sentences for head in self._heads(version)}

    def load(self, encoder: Encoder) -> MilvusIndex:
        """Return the current version, to be searched.

        Raises `EmptyLibrary`, `SchemaMismatch`, `ModelMismatch`, `SegmenterMismatch`.
        """
        version = self._versions.current()
        manifest = self._versions.checked(version, encoder)
        if not self._count(version):
            raise EmptyLibrary(self._client.uri)
        return MilvusIndex(self._client, version, index=INDEXES[manifest.index], encoder=encoder)

    def verify(self) -> None:
        """Compare the current version with its counts and hashes. Raises `EmptyLibrary`, `BadRows`."""
        version = self._versions.current()
        self._versions.manifest(version)
        verify(self._client, version)

    def check_origin(self, encoder: Encoder) -> None:
        """See that the current version was made as it would be today. Raises what `load` raises for that."""
        self._versions.checked(self._versions.current(), encoder)

    def status(self) -> StoreStatus:
        """Return what the current version holds. Raises `EmptyLibrary`, `SchemaMismatch`."""
        version = self._versions.current()
        manifest = self._versions.manifest(version)
        return StoreStatus(
            root=self._client.uri,
            generation=version.number,
            created=manifest.created,
            format=manifest.schema,
            model=manifest.model,
            encoder=manifest.encoder,
            segmenter=manifest.segmenter,
            articles=self._count(version),
            sentences=self._client.count(version.sentences) - left_over(self._client, version),
            dense="exact" if manifest.index == "FLAT" else manifest.index,
            bytes=None,
        )

    def history(self) -> tuple[Generation, ...]:
        """Return the versions, newest first; what was never filled to the end is none. Raises `EmptyLibrary`."""
        now_current = self._versions.current()
        return tuple(
            self._told(version, manifest, current=version == now_current)
            for version, manifest in reversed(self._versions.whole())
        )

    def add(
        self,
        articles: Sequence[Article],
        encoder: Encoder,
        *,
        progress: Progress | None = None,
        workers: Workers | None = None,
    ) -> Stored:
        """Add articles, or replace those of the same source.

        Of a replaced article only the new sentences are embedded, by `workers` where they are given. A change that was
        killed goes on where it stopped, or its leavings are removed. Raises what `load` raises, but for
        `EmptyLibrary`, and `StoreLocked`.
        """
        with write_lock(self._client, self._name, "add", self._patience):
            there = self._versions.found()
            version = there or self._versions.begun(encoder, "add")
            manifest = self._versions.checked(version, encoder)
            known = related(self._client, version, articles)
            shelf = self._shelf(version)
            admissions = admit(
                {article.id: article for article in known.values()},
                articles,
                taken=lambda article_id: bool(shelf.heads([article_id])),
            )
            final = {each.article.id: each.article for each in admissions if each.outcome != "already there"}
            tidy(self._client, version, keep=[Revision.of(article) for article in final.values()])
            plans = [Plan.of(each) for each in numbered(final.values(), known)]
            fill = self._filler(version, encoder, workers, progress)
            fill(plans, sum(len(plan.sentences) for plan in plans))
            if final or there is None:
                self._versions.finish(version, replace(manifest, change="add", created=now(), whole=True))
            return Stored(admissions)

    def remove(self, article_ids: Sequence[str], encoder: Encoder) -> None:
        """Remove articles. Raises what `load` raises, and `ArticleNotFound`, `StoreLocked`."""
        self._versions.current()
        with write_lock(self._client, self._name, "remove", self._patience):
            version = self._versions.current()
            manifest = self._versions.checked(version, encoder)
            tidy(self._client, version)
            heads = self._shelf(version).heads(article_ids)
            for article_id in article_ids:
                if article_id not in heads:
                    raise ArticleNotFound(article_id)
            if heads:
                remove(self._client, version, list(heads.values()))
                self._versions.finish(version, replace(manifest, change="remove", created=now()))

    def rebuild(self, encoder: Encoder, *, progress: Progress | None = None) -> None:
        """Split and embed all articles anew into a new version, and make it the current one.

        One that was killed goes on where it stopped. Raises `EmptyLibrary`, `SchemaMismatch`, `StoreLocked`, and
        `BadRows` if it is the articles.
        """
        self._versions.current()
        with write_lock(self._client, self._name, "rebuild", self._patience):
            old = self._versions.current()
            self._versions.manifest(old)
            tidy(self._client, old)
            heads = self._heads(old)
            new = self._versions.begun(encoder, "rebuild")
            tidy(self._client, new, keep=[head.revision for head in heads])
            fill = self._filler(new, encoder, None, progress)
            fill(map(Plan.of, with_texts(self._client, old, heads)), sum(head.sentences for head in heads))
            wanted = {head.article.id for head in heads}
            gone = [head for head in self._heads(new) if head.article.id not in wanted]  # since the last attempt
            if gone:
                remove(self._client, new, gone)
            self._versions.finish(new, replace(self._versions.manifest(new), created=now(), whole=True))
            self._prune(KEPT)

    def rollback(self, number: int | None = None) -> int:
        """Have the alias stand for an older version again, by default the one before; return its number.

        What was added and removed since that one was left is not in it; going back can be gone back on. Raises
        `EmptyLibrary`, `GenerationNotFound`, `AlreadyCurrent`, `SchemaMismatch`, `StoreLocked`.
        """
        self._versions.current()
        with write_lock(self._client, self._name, "rollback", self._patience):
            now_current = self._versions.current()
            known = {version.number: version for version, _ in self._versions.whole()}
            older = [each for each in known if each < now_current.number]
            if number is None and not older:
                raise GenerationNotFound(f"before {now_current.number}", sorted(known))
            chosen = older[-1] if number is None else number
            if chosen == now_current.number:
                raise AlreadyCurrent(chosen)
            if chosen not in known:
                raise GenerationNotFound(str(chosen), sorted(known))
            self._versions.manifest(known[chosen])
            self._client.load(known[chosen].sentences)
            self._client.point(self._name, known[chosen].articles)
            return chosen

    def prune(self, keep: int = KEPT) -> Pruned:
        """Remove all versions but the current one and the `keep` - 1 newest others, and what killed writers left.

        Milvus does not tell how many bytes that frees. Raises `EmptyLibrary`, `SchemaMismatch`, `StoreLocked`.
        """
        self._versions.current()
        with write_lock(self._client, self._name, "prune", self._patience):
            version = self._versions.current()
            self._versions.manifest(version)
            tidy(self._client, version)
            return self._prune(keep)

    def _prune(self, keep: int) -> Pruned:
        if keep < 1:
            raise ValueError("the current generation is always kept")
        version = self._versions.current()
        others = [each for each, _ in self._versions.whole() if each != version]
        kept = {version, *(others[-(keep - 1) :] if keep > 1 else [])}
        gone = [each for each in self._versions.all() if each not in kept]
        whole = set(others)
        for each in gone:
            drop(self._client, each)
        # The newest of the others stays in memory: whoever asks it just now is answered, and it is soon gone back to.
        for each in [each for each in others if each in kept][:-1]:
            self._client.release(each.sentences)
        return Pruned(tuple(each.number for each in gone if each in whole), None)

    def _shelf(self, version: Version) -> Shelf:
        return Shelf(self._client, version.articles, version.sentences)

    def _heads(self, version: Version) -> list[Head]:
        """Return the heads of all articles, in the order in which they were added."""
        found = (head for page in self._shelf(version).all_heads() for head in page)
        return sorted(found, key=lambda head: head.number)

    def _count(self, version: Version) -> int:
        return self._client.count(version.articles, f'kind == "{HEAD}"')

    def _told(self, version: Version, manifest: Manifest, *, current: bool) -> Generation:
        there = current or self._client.lite or self._client.loaded(version.sentences)
        return Generation(
            number=version.number,
            current=current,
            created=manifest.created,
            change=manifest.change,
            model=manifest.model,
            articles=self._count(version),
            sentences=self._client.count(version.sentences) if there else None,
            bytes=None,
            fault="",
        )

    def _filler(
        self, version: Version, encoder: Encoder, workers: Workers | None, progress: Progress | None
    ) -> Callable[[Iterable[Plan], int], None]:
        """Return what writes articles, which have so many sentences, and tells how far it is."""

        def fill(plans: Iterable[Plan], total: int) -> None:
            done = 0

            def written(count: int) -> None:
                nonlocal done
                done += count
                if progress and count:
                    progress(min(done, total), max(done, total))

            insert = insert_with(workers, encoder, self._client, version.sentences)
            group = _GROUP_OF_WORKERS if workers else GROUP
            Filler(self._client, version, insert, written, group=group).fill(plans)

        return fill
