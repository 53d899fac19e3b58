"""Libraries that were written by versions of before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, RIVER, TROOPS, state, state_of

from index.errors import ModelMismatch
from index.manifest import FORMAT
from index.migrations import MIGRATIONS, migrated
from index.store import Store
from index.types import Article, page_of

DATA = Path(__file__).parent / "data"


@pytest.fixture
def library_1(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of two articles that the code of format 1 wrote, with the sentences of that day."""
    monkeypatch.setattr("index.generation.segmenter_fingerprint", lambda: "sentencex 1.0.32 / pullquote 1")
    return Path(shutil.copytree(DATA / "library-1", home))


def test_there_is_a_function_for_each_format_of_before() -> None:
    assert list(MIGRATIONS) == list(range(1, FORMAT))


def test_library_of_format_1_keeps_its_articles_and_is_not_searched_until_it_is_rebuilt(
    library_1: Path, encoder: FakeEncoder
) -> None:
    before = {path: path.read_bytes() for path in library_1.rglob("*") if path.is_file()}
    store = Store(library_1)
    store.verify()
    assert store.articles() == (TROOPS, CATS)
    assert store.sentence_counts() == {"troops": 3, "cats": 2}
    assert store.status().format == 1
    for action in (lambda: store.load(encoder), lambda: store.add([RIVER], encoder)):
        with pytest.raises(ModelMismatch, match="run `pullquote rebuild`"):
            action()
    assert {path: path.read_bytes() for path in library_1.rglob("*") if path.is_file()} == before | {
        library_1 / "lock": b""
    }
    assert state(store.rebuild(encoder)) == state(store.load(encoder)) == state_of(TROOPS, CATS)
    assert store.status().format == FORMAT


def test_record_of_format_1_gains_what_came_later() -> None:
    record = migrated({"id": "a", "title": "A", "source": "a.txt", "sha256": "", "text": "A."}, 1)
    assert (record["author"], record["date"], record["pages"], record["text"]) == ("", "", [], "A.")


def test_author_date_and_pages_are_kept(home: Path, encoder: FakeEncoder) -> None:
    article = Article("a", "A", "One.\n\nTwo.", "/a.pdf", author="Ada Quill", date="2024-05-03", pages=(0, 6))
    Store(home).add([article], encoder)
    assert Store(home).articles() == (article,)


def test_page_of_an_offset() -> None:
    article = Article("a", "A", "One.\n\nTwo.", "/a.pdf", pages=(0, 6, 6, 10))
    assert [page_of(article, offset) for offset in (0, 5, 6, 9, 10)] == [1, 1, 3, 3, 4]
    assert page_of(Article("a", "A", "One.", "/a.txt"), 0) is None
