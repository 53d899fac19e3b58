"""A library of more sentences than are compared one by one: what is stored of the graph, and what becomes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, RIVER, TROOPS, files_of, generation_folder, state, state_of
from test_store_crashes import Killed, StopAt
from test_store_damage import check_damage

from index.errors import ChecksumMismatch, DamagedGeneration, MissingFile, TruncatedFile
from index.store import Store

LIMIT = 4  # troops have three sentences, cats and the river two each


@pytest.fixture
def library(home: Path) -> Path:
    Store(home, limit=LIMIT).add([TROOPS, CATS], FakeEncoder())
    return home


def names_of(root: Path) -> set[str]:
    return {path.name for path in files_of(root)}


def test_search_is_chosen_by_count_and_status_tells_it(home: Path, encoder: FakeEncoder) -> None:
    store = Store(home, limit=LIMIT)
    store.add([TROOPS], encoder)
    assert (store.status().sentences, store.status().dense, "hnsw.faiss" in names_of(home)) == (3, "exact", False)
    store.add([CATS], encoder)
    assert (store.status().sentences, store.status().dense, "hnsw.faiss" in names_of(home)) == (5, "HNSW", True)
    store.add([RIVER], encoder)
    assert (store.status().sentences, store.status().dense) == (7, "HNSW")
    store.remove(["river", "troops"], encoder)
    assert (store.status().sentences, store.status().dense, "hnsw.faiss" in names_of(home)) == (2, "exact", False)


def test_what_is_loaded_is_what_was_added(library: Path, encoder: FakeEncoder) -> None:
    store = Store(library, limit=LIMIT)
    assert state(store.load(encoder)) == state_of(TROOPS, CATS)
    assert state(store.add([RIVER], encoder).index) == state(store.load(encoder)) == state_of(TROOPS, CATS, RIVER)
    index = store.load(encoder)
    found = index.search(index.query("It waited by the river."), 2)
    again = Store(library).load(encoder)  # whatever is the limit of today
    assert found == again.search(again.query("It waited by the river."), 2)
    assert state(store.rebuild(encoder)) == state(store.load(encoder)) == state_of(TROOPS, CATS, RIVER)


def test_same_articles_give_the_same_bytes(library: Path, tmp_path: Path) -> None:
    Store(tmp_path / "other", limit=LIMIT).add([TROOPS, CATS], FakeEncoder())
    folders = [generation_folder(root) for root in (library, tmp_path / "other")]
    assert (folders[0] / "hnsw.faiss").read_bytes() == (folders[1] / "hnsw.faiss").read_bytes()


def test_damaged_graph_is_found_and_mended(library: Path, encoder: FakeEncoder) -> None:
    path = generation_folder(library) / "hnsw.faiss"
    data = path.read_bytes()
    for place in range(0, len(data), 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        check_damage(library, ChecksumMismatch)
    path.write_bytes(data[:-1])
    check_damage(library, TruncatedFile)
    path.unlink()
    check_damage(library, MissingFile)
    with pytest.raises(DamagedGeneration, match=r"hnsw\.faiss.*run `pullquote rebuild`"):
        Store(library).add([RIVER], encoder)
    Store(library, limit=LIMIT).rebuild(encoder)
    assert (generation_folder(library) / "hnsw.faiss").read_bytes() == data


def test_stop_before_each_step_leaves_old_or_new(library: Path, tmp_path: Path) -> None:
    def add(root: Path, step: StopAt) -> None:
        Store(root, step=step, limit=LIMIT).add([RIVER], FakeEncoder())

    whole = StopAt()
    add(Path(shutil.copytree(library, tmp_path / "whole")), whole)
    assert "sync hnsw.faiss" in whole.names
    old, new = state_of(TROOPS, CATS), state_of(TROOPS, CATS, RIVER)
    found = []
    for number in range(len(whole.names)):
        root = Path(shutil.copytree(library, tmp_path / str(number)))
        with pytest.raises(Killed):
            add(root, StopAt(number))
        found.append(state(Store(root).load(FakeEncoder())))
        Store(root).verify()
        add(root, StopAt())
        assert state(Store(root).load(FakeEncoder())) == new
    assert found == [old] * found.count(old) + [new] * found.count(new)
    assert found[-1] == new
