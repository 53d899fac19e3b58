"""Articles for tests of the store, and what an index of them has to be."""

from __future__ import annotations

from pathlib import Path

from conftest import FakeEncoder

from index.build import Index, build_index
from index.store import Store
from index.types import Article

TROOPS = Article(
    "troops", "Troops", "Biden sent troops.\u2028Putin waited.\r\n\r\nNATO met 😀 in Berlin.", "/a/troops.txt"
)
CATS = Article("cats", "Cats", "A cat sat on a mat. Putin waited.", "/a/cats.txt")
CATS_2 = Article("cats", "More cats", "A cat sat on a mat. It slept.", "/a/cats.txt")
RIVER = Article("river", "River", "\u00a0The river is long. It waited.\n", "/a/river.txt")


def state(index: Index) -> tuple[object, ...]:
    """All that an index is."""
    hits = index.search(index.query("the cat waited in Berlin"), 100) if index.sentences else []
    return list(index.articles.items()), index.sentences, index.vectors.tobytes(), hits


def state_of(*articles: Article) -> tuple[object, ...]:
    """What an index of some articles has to be, built without a store."""
    return state(build_index(articles, FakeEncoder()))


def generation_folder(root: Path) -> Path:
    return root / "generations" / f"{Store(root).generation:06d}"


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in [root / "CURRENT", *generation_folder(root).rglob("*")] if path.is_file())


def make_library(root: Path) -> Path:
    """Make a library of two articles, in its second generation."""
    Store(root).add([TROOPS], FakeEncoder())
    Store(root).add([CATS], FakeEncoder())
    return root
