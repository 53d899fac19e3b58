"""Generations as people manage them: listed, gone back to, removed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, CATS_2, RIVER, TROOPS, generation_folder, make_library, state, state_of

from index.errors import (
    AlreadyCurrent,
    ChecksumMismatch,
    DamagedGeneration,
    EmptyLibrary,
    GenerationNotFound,
    SegmenterMismatch,
)
from index.prune import Pruned
from index.store import Store


@pytest.fixture
def library(home: Path) -> Path:
    """Three generations: troops; troops and cats; cats alone."""
    make_library(home)
    Store(home).remove(["troops"], FakeEncoder())
    return home


def folder(root: Path, number: int) -> Path:
    return root / "generations" / f"{number:06d}"


def flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-3] + bytes([data[-3] ^ 4]) + data[-2:])


def numbers(root: Path) -> list[int]:
    return [generation.number for generation in Store(root).history()]


def test_history_tells_what_each_change_made(library: Path, encoder: FakeEncoder) -> None:
    Store(library).rebuild(encoder)
    status = Store(library).status()
    found = Store(library).history()
    assert [(g.number, g.current, g.change, g.articles, g.sentences, g.fault) for g in found] == [
        (4, True, "rebuild", 1, 2, ""),
        (3, False, "remove", 1, 2, ""),
        (2, False, "add", 2, 5, ""),
    ]
    assert (found[0].created, found[0].bytes, found[0].model) == (status.created, status.bytes, "words")


def test_history_of_nothing(home: Path) -> None:
    for action in (Store(home).history, Store(home).rollback, Store(home).prune):
        with pytest.raises(EmptyLibrary):
            action()
    assert not home.exists()


def test_manifest_of_before_has_no_change_and_is_read(library: Path, encoder: FakeEncoder) -> None:
    path = folder(library, 2) / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["change"], fields["sha256"]
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert [(g.number, g.change, g.fault) for g in Store(library).history()][1] == (2, "", "")
    Store(library).rollback(2)
    assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS)


@pytest.mark.parametrize("number", [1, 3])
def test_damaged_generation_is_listed_as_such(library: Path, number: int) -> None:
    for path in sorted(path for path in folder(library, number).rglob("*") if path.is_file()):
        data = path.read_bytes()
        flip(path)
        faults = {generation.number: generation.fault for generation in Store(library).history()}
        assert faults.pop(number).startswith(path.relative_to(folder(library, number)).as_posix())
        assert set(faults.values()) == {""}
        path.write_bytes(data)


def test_every_flipped_bit_of_an_older_manifest_is_found(library: Path) -> None:
    path = folder(library, 1) / "manifest.json"
    data = path.read_bytes()
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :])
        assert Store(library).history()[-1].fault, place
    path.write_bytes(data)


def test_what_a_killed_writer_left_is_no_generation(library: Path, encoder: FakeEncoder) -> None:
    pointer = (library / "CURRENT").read_bytes()
    Store(library).add([RIVER], encoder)
    (library / "CURRENT").write_bytes(pointer)
    assert numbers(library) == [3, 2]
    with pytest.raises(GenerationNotFound):
        Store(library).rollback(4)
    assert Store(library).rollback() == 2
    assert numbers(library) == [4, 3, 2]


def test_rollback_makes_a_new_generation_and_can_be_rolled_back(library: Path, encoder: FakeEncoder) -> None:
    assert Store(library).rollback() == 2
    assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS)
    assert [(g.number, g.current, g.change) for g in Store(library).history()] == [
        (4, True, "rollback to 2"),
        (3, False, "remove"),
        (2, False, "add"),
    ]
    assert Store(library).rollback() == 3
    assert state(Store(library).load(encoder)) == state_of(CATS)
    assert Store(library).rollback(4) == 4
    Store(library).verify()
    assert state(Store(library).add([RIVER], encoder).index) == state_of(TROOPS, CATS, RIVER)
    assert encoder.encoded.count("A cat sat on a mat.") == 0


def test_rollback_shares_the_files_and_copies_where_they_cannot_be_shared(
    library: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    Store(library).rollback(2)
    assert (folder(library, 4) / "vectors.npy").samefile(folder(library, 2) / "vectors.npy")
    monkeypatch.setattr("os.link", refused)
    Store(library).rollback(3)
    assert not (folder(library, 5) / "vectors.npy").samefile(folder(library, 3) / "vectors.npy")
    assert state(Store(library).load(encoder)) == state_of(CATS)


def test_rollback_that_is_refused_says_why_and_changes_nothing(library: Path) -> None:
    before = sorted(library.rglob("*"))
    store = Store(library)
    with pytest.raises(GenerationNotFound, match=r"no generation 7 in the library \(there are 1, 2, 3\): .* history`"):
        store.rollback(7)
    with pytest.raises(AlreadyCurrent, match="generation 3 is the current one already"):
        store.rollback(3)
    flip(folder(library, 2) / "vectors.npy")
    for number in (None, 2):
        with pytest.raises(ChecksumMismatch, match=r"000002/vectors.npy.*choose another generation of .* history`"):
            store.rollback(number)
    assert sorted(library.rglob("*")) == before
    Store(library).prune(1)
    with pytest.raises(GenerationNotFound, match=r"no generation before 3 in the library \(there is 3\)"):
        store.rollback()


@pytest.mark.parametrize("name", ["manifest.json", "articles.jsonl", "vectors.npy", "CURRENT", ""])
def test_rollback_from_a_damaged_generation(library: Path, encoder: FakeEncoder, name: str) -> None:
    generation = generation_folder(library)
    if name:
        flip(library / name if name == "CURRENT" else generation / name)
    else:
        generation.rename(library / "gone")
    with pytest.raises(DamagedGeneration) as caught:
        Store(library).articles() if name == "articles.jsonl" else Store(library).load(encoder)
    newest = 3 if name == "CURRENT" else 2
    if name != "vectors.npy":
        assert f"with `pullquote rollback {newest}`" in str(caught.value)
    assert Store(library).rollback() == newest
    assert state(Store(library).load(encoder)) == (state_of(CATS) if newest == 3 else state_of(TROOPS, CATS))
    assert numbers(library)[0] == 4
    if name:
        assert folder(library, 3).is_dir()


def test_rollback_from_a_pointer_that_names_another_generation_loses_none(library: Path, encoder: FakeEncoder) -> None:
    pointer = library / "CURRENT"
    pointer.write_bytes(pointer.read_bytes().replace(b"000003", b"000001"))
    with pytest.raises(DamagedGeneration, match="pullquote rollback 3"):
        Store(library).add([RIVER], encoder)
    assert numbers(library) == [3, 2, 1]
    assert Store(library).rollback() == 3
    assert numbers(library) == [4, 3, 2]
    assert state(Store(library).load(encoder)) == state_of(CATS)


def test_without_a_sound_generation_articles_have_to_be_added_again(library: Path) -> None:
    for number in (1, 2, 3):
        flip(folder(library, number) / "manifest.json")
    actions: list[Callable[[], object]] = [Store(library).rollback, Store(library).articles]
    for action in actions:
        with pytest.raises(DamagedGeneration, match=f"remove the folder {library} and add the articles again"):
            action()
    assert [bool(generation.fault) for generation in Store(library).history()] == [True] * 3


def test_rollback_to_another_segmenter_says_so_as_load_does(
    library: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Store(library).status().segmenter
    monkeypatch.setattr("index.segment.version", lambda name: "9.9")
    Store(library).rebuild(encoder)
    Store(library).check_origin(encoder)
    Store(library).rollback()
    actions: list[Callable[[], object]] = [
        lambda: Store(library).check_origin(encoder),
        lambda: Store(library).load(encoder),
    ]
    for action in actions:
        with pytest.raises(SegmenterMismatch, match=f"'{re.escape(before)}'.*run `pullquote rebuild`"):
            action()


def test_prune_keeps_the_last_and_tells_what_it_freed(library: Path, encoder: FakeEncoder) -> None:
    sizes = {generation.number: generation.bytes for generation in Store(library).history()}
    assert Store(library).prune() == Pruned((), 0)
    assert Store(library).prune(2) == Pruned((1,), sizes[1])
    assert Store(library).prune(1) == Pruned((2,), sizes[2])
    assert Store(library).prune(1) == Pruned((), 0)
    assert state(Store(library).load(encoder)) == state_of(CATS)
    with pytest.raises(ValueError, match="always kept"):
        Store(library).prune(0)


def test_prune_counts_no_bytes_that_another_generation_shares(library: Path) -> None:
    Store(library).rollback(2)
    sizes = {generation.number: generation.bytes for generation in Store(library).history()}
    own = (folder(library, 2) / "manifest.json").stat().st_size
    assert Store(library).prune(1) == Pruned((2, 3), own + sizes[3])


def test_prune_spares_what_may_be_all_that_is_left(library: Path) -> None:
    flip(folder(library, 3) / "articles.jsonl")
    with pytest.raises(DamagedGeneration, match="pullquote rollback 2"):
        Store(library).prune(1)
    assert numbers(library) == [3, 2, 1]


def test_articles_that_are_replaced_are_there_again_after_a_rollback(library: Path, encoder: FakeEncoder) -> None:
    Store(library).add([CATS_2, replace(RIVER, id="cats")], encoder)
    Store(library).rollback()
    assert Store(library).articles() == (CATS,)
    digest = sha256((generation_folder(library) / "manifest.json").read_bytes()).hexdigest()
    assert (library / "CURRENT").read_text() == f"000005 {digest}\n"
