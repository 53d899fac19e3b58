"""A library on disk: generations of an index, of which one is current.

    root/CURRENT                    the number of the current generation and the SHA-256 of its manifest
    root/generations/000007/        manifest.json, articles.jsonl, sentences.npy, vectors.npy, lexical/, and
                                    hnsw.faiss where it has many sentences
    root/generations/000008.tmp/    a generation that is being written, or was when its writer was killed
    root/lock                       held by the one writer

A generation is written aside, synced and renamed; then CURRENT is replaced. So whoever reads finds the old generation
or the new one, whole, and needs no lock. Generations are numbered upwards for ever: what is above the current one was
left by a killed writer, and the next writer removes it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from index.admit import Admission, admit
from index.build import Index, Progress, build_index
from index.durable import Step, no_step, sync
from index.encode import Encoder
from index.errors import (
    DamagedGeneration,
    EmptyLibrary,
    StoreLocked,
    UnwritableStore,
)
from index.generation import dense_search, read_articles, read_generation, write_generation
from index.manifest import MANIFEST, Manifest, check_files, read_manifest
from index.pointer import GENERATIONS, NONE_YET, Pointer, folder_of, read_pointer, write_pointer
from index.types import Article
from index.vectors import EXACT_LIMIT

_Read = TypeVar("_Read")

_ASIDE = ".tmp"

# How many generations stay on the disk, the current one among them.
KEPT = 3


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What a library holds. `created` is the time of its generation, UTC; `bytes` is the generation's size on disk.

    `model` is what the encoder was made of: a folder, a name, or None for the bundled model. `dense` is the search by
    vectors: "exact", or "HNSW" where there are many sentences.
    """

    root: Path
    generation: int
    created: str
    format: int
    model: str | None
    encoder: str
    segmenter: str
    articles: int
    sentences: int
    dense: str
    bytes: int


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
        self._generations = root / GENERATIONS
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

    def status(self) -> StoreStatus:
        """Return what the current generation's manifest says. Raises `EmptyLibrary`, `DamagedGeneration`."""
        return self._read(self._status)

    def add(self, articles: Sequence[Article], encoder: Encoder, *, progress: Progress | None = None) -> Added:
        """Add articles, or replace those of the same source, as a new generation; only new sentences are embedded.

        What becomes of each, and its id, is decided by `admit`. When all of them are there already, the generation
        stays. Raises what `load` raises, but for `EmptyLibrary`, and `StoreLocked`, `UnwritableStore`.
        """
        with self._writing():
            known = self._known(encoder)
            stored = dict(known.articles) if known else {}
            admissions = admit(stored, articles)
            wanted = stored | {admission.article.id: admission.article for admission in admissions}
            if known and stored == wanted:
                return Added(known, admissions)
            index = build_index(tuple(wanted.values()), encoder, progress=progress, known=known, limit=self._limit)
            return Added(self._commit(index), admissions)

    def remove(self, article_ids: Sequence[str], encoder: Encoder) -> Index:
        """Remove articles, as a new generation; nothing is embedded.

        Raises what `load` raises, and `ArticleNotFound`, `StoreLocked`, `UnwritableStore`.
        """
        self._see_that_it_exists()
        with self._writing():
            known = self._read(partial(read_generation, encoder=encoder))
            gone = {known.article(article_id).id for article_id in article_ids}
            kept = tuple(article for article in known.articles.values() if article.id not in gone)
            return self._commit(build_index(kept, encoder, known=known, limit=self._limit)) if gone else known

    def rebuild(self, encoder: Encoder, *, progress: Progress | None = None) -> Index:
        """Split and embed all stored articles anew, as a new generation, whatever the rest of the old one is like.

        Raises `EmptyLibrary`, `StoreLocked`, `UnwritableStore`, and `DamagedGeneration` if it is the articles.
        """
        self._see_that_it_exists()
        with self._writing():
            return self._commit(build_index(self._read(read_articles), encoder, progress=progress, limit=self._limit))

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
    def _writing(self) -> Iterator[None]:
        """Be the one writer, with what a killed one left cleared away. Raises `StoreLocked`, `UnwritableStore`."""
        # The operating system lets go of the lock of a process that dies.
        lock = FileLock(self.root / "lock", timeout=self._patience)
        with self._disk():
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            with self._disk():
                self._prepare()
            yield
        finally:
            lock.release()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Tell of a disk that is full or may not be written. Raises `StoreLocked`, `UnwritableStore`."""
        try:
            yield
        except Timeout as error:
            raise StoreLocked(self.root, self._patience) from error
        except OSError as error:
            raise UnwritableStore(self.root, error.strerror or error) from error

    def _prepare(self) -> None:
        """Make the folders of an empty library; remove what is no generation."""
        current = read_pointer(self.root)
        if current == NONE_YET:
            # Before there are generations, so that a missing CURRENT is always damage.
            write_pointer(self.root, current, self._step)
            self._generations.mkdir(exist_ok=True)
        else:
            # Or else a damaged number in CURRENT would make good generations look like leavings.
            read_manifest(folder_of(self.root, current.number), current.digest)
        for folder in sorted(self._generations.iterdir()):
            if folder.suffix == _ASIDE or (_number_of(folder) or 0) > current.number:
                self._step(f"clear {folder.name}")
                shutil.rmtree(folder)

    def _commit(self, index: Index) -> Index:
        """Write an index as the next generation and make it the current one. Raises `UnwritableStore`."""
        number = read_pointer(self.root).number + 1
        folder = folder_of(self.root, number)
        aside = folder.with_suffix(_ASIDE)
        with self._disk():
            try:
                aside.mkdir()
                manifest = write_generation(index, aside, self._step)
            except OSError:
                shutil.rmtree(aside, ignore_errors=True)  # so that a full disk is not left fuller
                raise
            self._step("rename the generation")
            aside.rename(folder)
            self._step("sync the generations")
            sync(self._generations)
            write_pointer(self.root, Pointer(number, sha256(manifest).hexdigest()), self._step)
        # A generation that cannot be removed now, because someone reads it on Windows, is removed after the next write.
        with suppress(OSError):
            self._prune(number)
        return index

    def _prune(self, number: int) -> None:
        """Remove the generations that are older than the last few."""
        for folder in sorted(self._generations.iterdir()):
            if 0 < (_number_of(folder) or 0) <= number - KEPT:
                aside = folder.with_suffix(_ASIDE)  # so that a generation is never there in part
                self._step(f"prune {folder.name}")
                folder.rename(aside)
                self._step(f"clear {aside.name}")
                shutil.rmtree(aside)


def _number_of(folder: Path) -> int | None:
    """Return the number of a generation's folder, None for any other."""
    return int(folder.name) if re.fullmatch(r"\d{6,}", folder.name) else None
