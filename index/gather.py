"""From what people give, files, folders, URLs and texts at hand, to articles and to what could not be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import UnreadableArticle
from index.fetch import Fetched, fetch
from index.load import SUFFIXES, load_article, load_url
from index.types import Article


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent here: the path at which it lies is nothing to whoever sent it, its name is."""

    path: Path


# A file or a folder, a URL, a file that was sent, or an article that is one already.
Input = Path | str | Upload | Article

# Told how many sources are read, and of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The articles that could be read, in order, and why the others could not."""

    articles: tuple[Article, ...]
    failures: tuple[UnreadableArticle, ...]


def gather(
    inputs: Sequence[Input], *, get: Callable[[str], Fetched] = fetch, progress: Progress | None = None
) -> Gathered:
    """Read everything that is given; what cannot be read is a failure, and the rest goes on.

    A string is a URL when it has a scheme, and a path otherwise. Of a folder all files of a known kind are read, those
    of its folders too, in the order of their names; what is hidden (`.name`) is left out.
    """
    articles: list[Article] = []
    failures: list[UnreadableArticle] = []
    sources = [source for each in inputs for source in _expanded(each, failures)]
    for number, source in enumerate(sources, 1):
        try:
            articles.append(_read(source, get))
        except UnreadableArticle as error:
            failures.append(error)
        if progress:
            progress(number, len(sources))
    return Gathered(tuple(articles), tuple(failures))


def _read(source: Input, get: Callable[[str], Fetched]) -> Article:
    if isinstance(source, Article):
        return source
    if isinstance(source, Upload):
        return load_article(source.path, source=f"upload: {source.path.name}")
    return load_article(source) if isinstance(source, Path) else load_url(source, get=get)


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
