"""A library on disk: generations of an index, of which one is current.

    root/CURRENT                    the number of the current generation and the SHA-256 of its manifest
    root/generations/000007/        manifest.json, articles.jsonl, sentences.npy, vectors.npy, lexical/, and
                                    hnsw.faiss where it has many sentences
    root/generations/000008.tmp/    a generation that is being written, or was when its writer was killed
    root/lock                       held by the one writer
    root/writer.json                who that is, for a message
    root/unfinished/                vectors of a change whose writer was killed, for the next one

A generation is written aside, synced and renamed; then CURRENT is replaced. So whoever reads finds the old generation
or the new one, whole, and needs no lock. Generations are numbered upwards for ever: what is above the current one was
left by a killed writer, and the next writer removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from index.admit import Admission, admit
from index.build import Index, build_index
from index.commit import KEPT, clear_leavings, prepare, publish, telling
from index.durable import Step, no_step
from index.embed import Encode, Progress, encode_each
from index.encode import Encoder
from index.errors import DamagedGeneration, EmptyLibrary, UnwritableStore
from index.folders import folder_of
from index.generation import check_origin, dense_search, read_articles, read_counts, read_generation, write_generation
from index.history import Generation, read_history, trusted
from index.lock import write_lock
from index.manifest import MANIFEST, Manifest, check_files, read_manifest
from index.pointer import read_pointer
from index.prune import Pruned, prune
from index.rollback import choose, copy_generation
from index.types import Article
from index.unfinished import Unfinished, clear_unfinished
from index.vectors import EXACT_LIMIT
from index.workers import Workers

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What a library holds. `root` is its folder, or the address of the Milvus that has it.

    `created` is the time of its generation, UTC; `bytes` is the generation's size on disk, None if that is not known.

    `model` is what the encoder was made of: a folder, a name, or None for the bundled model. `dense` is the search by
    vectors: "exact", or "HNSW" where there are many sentences.
    """

    root: Path | str
    generation: int
    created: str
    format: int
    model: str | None
    encoder: str
    segmenter: str
    articles: int
    sentences: int
    dense: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """The index after articles were added, and what became of each of them, in the order in which they were given."""

    index: Index
    admissions: tuple[Admission, ...]


class Store:
    """A library in a folder, which is made by the first `add`. Safe to use from several processes.

    `step` is told the name of each write step before it is made. A writer waits `patience` seconds for another one.
    Above `limit` sentences an index gets a graph.
    """

    def __init__(self, root: Path, *, step: Step = no_step, patience: float = 5.0, limit: int = EXACT_LIMIT) -> None:
        self.root = root
        self._step = step
        self._patience = patience
        self._limit = limit

    @property
    def generation(self) -> int | None:
        """The number of the current generation, None when nothing was ever added. Raises `DamagedGeneration`."""
        return read_pointer(self.root).number or None

    @property
    def exists(self) -> bool:
        """Whether something was ever added; damaged or not."""
        try:
            return self.generation is not None
        except DamagedGeneration:
            return True

    def articles(self) -> tuple[Article, ...]:
        """Return the articles, in the order in which they were added. Raises `DamagedGeneration`, `FormatMismatch`."""
        if self.generation is None:
            return ()
        return self._read(read_articles)

    def sentence_counts(self) -> dict[str, int]:
        """Return how many sentences each article has, in their order. Raises `DamagedGeneration`, `FormatMismatch`."""
        return {} if self.generation is None else self._read(read_counts)

    def load(self, encoder: Encoder) -> Index:
        """Return the current index, after a check of every byte.

        Raises `EmptyLibrary`, `DamagedGeneration`, `FormatMismatch`, `ModelMismatch`, `SegmenterMismatch`.
        """
        index = self._read(partial(read_generation, encoder=encoder))
        if not index.articles:
            raise EmptyLibrary(self.root)
        return index

    def verify(self) -> None:
        """Check every byte of the current generation. Raises `EmptyLibrary`, `DamagedGeneration`, `FormatMismatch`."""
        self._read(lambda folder, manifest: check_files(folder, manifest.files))

    def check_origin(self, encoder: Encoder) -> None:
        """See that the current generation was made as it would be today. Raises what `load` raises for that."""
        self._read(lambda _folder, manifest: check_origin(manifest, encoder))

    def status(self) -> StoreStatus:
        """Return what the current generation's manifest says. Raises `EmptyLibrary`, `DamagedGeneration`."""
        return self._read(self._status)

    def history(self) -> tuple[Generation, ...]:
        """Return the generations on disk, newest first, after a check of every byte. Raises `EmptyLibrary`.

        What is damaged is told, not raised.
        """
        if not self.exists:
            raise EmptyLibrary(self.root)
        return read_history(self.root)

    def add(
        self,
        articles: Sequence[Article],
        encoder: Encoder,
        *,
        progress: Progress | None = None,
        workers: Workers | None = None,
    ) -> Added:
        """Add articles, or replace those of the same source, as a new generation; only new sentences are embedded.

        What becomes of each, and its id, is decided by `admit`. When all of them are there already, the generation
        stays. `workers` are asked for vectors in the encoder's place. Raises what `load` raises, but for
        `EmptyLibrary`, what they raise, and `StoreLocked`, `UnwritableStore`.
        """
        with self._writing("add"), self._embedding(encoder, workers) as encode:
            known = self._known(encoder)
            stored = dict(known.articles) if known else {}
            admissions = admit(stored, articles)
            wanted = stored | {admission.article.id: admission.article for admission in admissions}
            if known and stored == wanted:
                return Added(known, admissions)
            build = partial(build_index, tuple(wanted.values()), encoder, limit=self._limit)
            return Added(self._commit(build(progress=progress, known=known, encode=encode), "add"), admissions)

    def remove(self, article_ids: Sequence[str], encoder: Encoder) -> Index:
        """Remove articles, as a new generation; nothing is embedded.

        Raises what `load` raises, and `ArticleNotFound`, `StoreLocked`, `UnwritableStore`.
        """
        self._see_that_it_exists()
        with self._writing("remove"):
            known = self._read(partial(read_generation, encoder=encoder))
            gone = {known.article(article_id).id for article_id in article_ids}
            kept = tuple(article for article in known.articles.values() if article.id not in gone)
            return self._commit(build_index(kept, encoder, known=known, limit=self._limit), "remove") if gone else known

    def rebuild(self, encoder: Encoder, *, progress: Progress | None = None) -> Index:
        """Split and embed all stored articles anew, as a new generation, whatever the rest of the old one is like.

        Raises `EmptyLibrary`, `StoreLocked`, `UnwritableStore`, and `DamagedGeneration` if it is the articles.
        """
        self._see_that_it_exists()
        with self._writing("rebuild"), self._embedding(encoder, None) as encode:
            articles = self._read(read_articles)
            index = build_index(articles, encoder, progress=progress, encode=encode, limit=self._limit)
            return self._commit(index, "rebuild")

    def rollback(self, number: int | None = None) -> int:
        """Make an older generation current again, by default the one before; return its number.

        It is checked, and becomes a new generation of the same files; so numbers go upwards, and going back can be gone
        back on. This works too when the current generation is damaged, or CURRENT itself: then it cannot be told which
        generation is current, so the default is the newest that is sound, no generation counts as left by a killed
        writer, and the new one is above all. Raises `EmptyLibrary`, `GenerationNotFound`, `AlreadyCurrent`,
        `DamagedGeneration`, `FormatMismatch`, `StoreLocked`, `UnwritableStore`.
        """
        if not self.exists:
            raise EmptyLibrary(self.root)
        with write_lock(self.root, "rollback", self._patience):
            current = trusted(self.root)
            chosen, manifest = choose(self.root, number, current)
            with telling(self.root):
                clear_leavings(self.root, current.number if current else None, self._step)
            source = folder_of(self.root, chosen)
            write = partial(copy_generation, source, manifest, step=self._step)
            publish(self.root, write, self._step)
            return chosen

    def prune(self, keep: int = KEPT) -> Pruned:
        """Remove all generations but the last `keep`, 1 or more, and what unfinished changes have left.

        The current one is checked first: where it is damaged, an older one may be all that is left. Raises
        `EmptyLibrary`, `DamagedGeneration`, `FormatMismatch`, `StoreLocked`, `UnwritableStore`.
        """
        self._see_that_it_exists()
        with self._writing("prune"):
            self.verify()
            with telling(self.root):
                pruned = prune(self.root, keep, self._step)
                return replace(pruned, bytes=(pruned.bytes or 0) + clear_unfinished(self.root))

    def _see_that_it_exists(self) -> None:
        """Raise `EmptyLibrary` when nothing was ever added, before a folder is made for it."""
        if self.generation is None:
            raise EmptyLibrary(self.root)

    def _read(self, read: Callable[[Path, Manifest], _Read]) -> _Read:
        """Read from the current generation; from the next, if that took its place and this was pruned meanwhile."""
        while True:
            current = read_pointer(self.root)
            if not current.number:
                raise EmptyLibrary(self.root)
            folder = folder_of(self.root, current.number)
            try:
                return read(folder, read_manifest(folder, current.digest))
            except (DamagedGeneration, OSError):
                if read_pointer(self.root) == current:
                    raise

    def _known(self, encoder: Encoder) -> Index | None:
        """Return the current index, which may be without articles; None when nothing was ever added."""
        if self.generation is None:
            return None
        return self._read(partial(read_generation, encoder=encoder))

    def _status(self, folder: Path, manifest: Manifest) -> StoreStatus:
        return StoreStatus(
            root=self.root,
            generation=int(folder.name),
            created=manifest.created,
            format=manifest.format,
            model=manifest.model,
            encoder=manifest.encoder,
            segmenter=manifest.segmenter,
            articles=manifest.articles,
            sentences=manifest.sentences,
            dense=dense_search(manifest),
            bytes=sum(file.size for file in manifest.files) + (folder / MANIFEST).stat().st_size,
        )

    @contextmanager
    def _writing(self, change: str) -> Iterator[None]:
        """Be the one writer, with what a killed one left cleared away. Raises `StoreLocked`, `UnwritableStore`."""
        with write_lock(self.root, change, self._patience):
            prepare(self.root, self._step)
            yield

    @contextmanager
    def _embedding(self, encoder: Encoder, workers: Workers | None) -> Iterator[Encode]:
        """Yield what embeds for a change, by `workers` if they are given, and keeps it until the change is made.

        A killed writer leaves that for the next; one whose disk is full leaves nothing.
        """
        encode = partial(workers.encode if workers else encode_each, encoder=encoder)
        try:
            yield Unfinished(self.root, encoder, encode, self._step).encode
        except UnwritableStore:
            clear_unfinished(self.root)
            raise
        clear_unfinished(self.root)

    def _commit(self, index: Index, change: str) -> Index:
        """Write an index as the next generation and make it the current one. Raises `UnwritableStore`."""
        publish(self.root, partial(write_generation, index, step=self._step, change=change), self._step)
        return index
