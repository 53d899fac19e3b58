"""From what people give, files, folders, URLs and texts at hand, to articles and to what could not be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import UnreadableArticle
from index.fetch import Fetched, fetch
from index.load import SUFFIXES, Document, load_article, load_url, open_document, read_document
from index.types import Article


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent here: the path at which it lies is nothing to whoever sent it, its name is."""

    path: Path


# A file or a folder, a URL, a file that was sent, one that was taken up, or an article that is one already.
Input = Path | str | Upload | Document | Article

# What comes of a source: an article, or why there is none.
Outcome = Article | UnreadableArticle

# Reads sources, as `read_each` does.
Read = Callable[[Sequence[Input]], Iterator[tuple[int, Outcome]]]

# Told how many sources are read, and of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The articles that could be read, in order, and why the others could not."""

    articles: tuple[Article, ...]
    failures: tuple[UnreadableArticle, ...]


def read_each(sources: Sequence[Input], *, get: Callable[[str], Fetched] = fetch) -> Iterator[tuple[int, Outcome]]:
    """Read sources one after the other; yield the number of each and what came of it. `get` fetches URLs."""
    for number, source in enumerate(sources):
        yield number, read_source(source, get)


def gather(inputs: Sequence[Input], *, read: Read = read_each, progress: Progress | None = None) -> Gathered:
    """Read everything that is given; what cannot be read is a failure, and the rest goes on.

    A string is a URL when it has a scheme, and a path otherwise. Of a folder all files of a known kind are read, those
    of its folders too, in the order of their names; what is hidden (`.name`) is left out. `read` may read them in any
    order.
    """
    failures: list[UnreadableArticle] = []
    sources = [source for each in inputs for source in _expanded(each, failures)]
    outcomes: dict[int, Outcome] = {}
    for number, outcome in read(sources):
        outcomes[number] = outcome
        if progress:
            progress(len(outcomes), len(sources))
    ordered = [outcomes[number] for number in range(len(sources))]
    failures += [each for each in ordered if isinstance(each, UnreadableArticle)]
    return Gathered(tuple(each for each in ordered if isinstance(each, Article)), tuple(failures))


def read_source(source: Input, get: Callable[[str], Fetched]) -> Outcome:
    """Read one file, URL or upload; a folder is none. What is an article comes back as it is."""
    try:
        if isinstance(source, Article):
            return source
        if isinstance(source, Document):
            return read_document(source)
        if isinstance(source, Upload):
            return load_article(source.path, source=name_of(source))
        return load_article(source) if isinstance(source, Path) else load_url(source, get=get)
    except UnreadableArticle as error:
        return error


def taken_up(source: Input) -> Input | UnreadableArticle:
    """Return a file with its bytes, so that it can be read elsewhere, or why it cannot; all else as it is."""
    try:
        if isinstance(source, Upload):
            return open_document(source.path, source=name_of(source))
        return open_document(source) if isinstance(source, Path) else source
    except UnreadableArticle as error:
        return error


def name_of(source: Input) -> str:
    """Return what a source is called in messages."""
    if isinstance(source, Upload):
        return f"upload: {source.path.name}"
    if isinstance(source, Document):
        return source.shown
    return source.source if isinstance(source, Article) else str(source)


def _expanded(given: Input, failures: list[UnreadableArticle]) -> Iterator[Input]:
    """Yield what is given; of a folder its files. A folder that cannot be read, or holds nothing, is a failure."""
    if isinstance(given, str) and "://" not in given:
        given = Path(given)
    if not isinstance(given, Path) or not _is_folder(given):
        yield given
        return
    files = list(_files_in(given, failures))
    if not files:
        reason = "there is no article in the folder"
        failures.append(UnreadableArticle(given, reason, f"give one that holds files of {', '.join(SUFFIXES)}"))
    yield from files


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # reading it says what is wrong
        return False


def _files_in(folder: Path, failures: list[UnreadableArticle]) -> Iterator[Path]:
    """Yield the files of known kinds in a folder and its folders, links to folders aside, in the order of names."""

    def failed(error: OSError) -> None:
        reason = error.strerror or str(error)
        failures.append(UnreadableArticle(error.filename or folder, reason, "check its permissions"))

    for here, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(here) / name
