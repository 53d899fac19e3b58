from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, CATS_2, RIVER, TROOPS, files_of, generation_folder, make_library, state, state_of

from index.errors import (
    BadManifest,
    ChecksumMismatch,
    DamagedGeneration,
    FormatMismatch,
    MissingFile,
    TruncatedFile,
)
from index.store import Store


@pytest.fixture
def library(home: Path) -> Path:
    return make_library(home)


def check_damage(root: Path, kind: type[DamagedGeneration]) -> None:
    for action in (Store(root).verify, lambda: Store(root).load(FakeEncoder())):
        with pytest.raises(kind) as caught:
            action()
        assert "\n" not in str(caught.value)
        assert any(f"pullquote {remedy}" in str(caught.value) for remedy in ("rebuild", "rollback", "add PATH"))


def test_one_flipped_bit_in_any_file_is_found(library: Path) -> None:
    files = files_of(library)
    assert len(files) >= 9
    for path in files:
        data = path.read_bytes()
        for place in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
            for bit in (0, 5, 7):
                path.write_bytes(data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :])
                check_damage(library, DamagedGeneration if path.name == "CURRENT" else ChecksumMismatch)
        path.write_bytes(data)
    Store(library).verify()


@pytest.mark.parametrize("generations", [1, 2, 3])
def test_any_flipped_bit_of_the_pointer_is_found_and_nothing_is_cleared_away(home: Path, generations: int) -> None:
    # One flipped bit turns 3 into 1 or 2, which are there too, and 1 and 2 into 0, which means an empty library.
    articles = [TROOPS, CATS, RIVER][:generations]
    for article in articles:
        Store(home).add([article], FakeEncoder())
    path = home / "CURRENT"
    data = path.read_bytes()
    before = sorted(home.rglob("*"))
    for place in range(len(data)):
        for bit in range(8):
            path.write_bytes(data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :])
            for action in (Store(home).verify, lambda: Store(home).add([CATS_2], FakeEncoder())):
                with pytest.raises(DamagedGeneration):
                    action()
            assert Store(home).exists
    assert sorted(home.rglob("*")) == before
    path.write_bytes(data)
    assert state(Store(home).load(FakeEncoder())) == state_of(*articles)


def test_truncated_longer_and_missing_files_are_found(library: Path) -> None:
    for path in files_of(library):
        data = path.read_bytes()
        pointed = path.name in ("CURRENT", "manifest.json")
        for size in (0, 1, len(data) - 1):
            path.write_bytes(data[:size])
            check_damage(library, DamagedGeneration if pointed else TruncatedFile)
        path.write_bytes(data + b"\n")
        check_damage(library, DamagedGeneration if pointed else ChecksumMismatch)
        path.unlink()
        check_damage(library, MissingFile)
        path.write_bytes(data)
    shutil.rmtree(generation_folder(library))
    check_damage(library, MissingFile)


@pytest.mark.parametrize("name", ["sentences.npy", "vectors.npy", "lexical/vocab.index.json"])
def test_rebuild_mends_all_that_is_made_of_the_articles(library: Path, encoder: FakeEncoder, name: str) -> None:
    (generation_folder(library) / name).write_bytes(b"damage")
    for change in (lambda: Store(library).add([RIVER], encoder), lambda: Store(library).remove(["cats"], encoder)):
        with pytest.raises(DamagedGeneration, match=f"{name}.*run `pullquote rebuild`"):
            change()
    assert state(Store(library).rebuild(encoder)) == state(Store(library).load(encoder)) == state_of(TROOPS, CATS)


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json", "articles.jsonl"])
@pytest.mark.parametrize("older", [True, False])
def test_lost_articles_are_never_replaced_by_none(library: Path, encoder: FakeEncoder, name: str, older: bool) -> None:
    if not older:
        Store(library).prune(1)
    path = next(path for path in files_of(library) if path.name == name)
    path.write_bytes(path.read_bytes()[:-2])
    actions: list[Callable[[], object]] = [
        lambda: Store(library).rebuild(encoder),
        lambda: Store(library).add([RIVER], encoder),
        Store(library).articles,
    ]
    for action in actions:
        # Only CURRENT is damaged: what it named is sound.
        sound = 2 if name == "CURRENT" else 1 if older else None
        remedy = f"pullquote rollback {sound}" if sound else f"remove the folder {library} and add the articles again"
        with pytest.raises(DamagedGeneration, match=remedy):
            action()


def rewrite_manifest(root: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the manifest as another version of the program might have written it: with its right checksum."""
    path = generation_folder(root) / "manifest.json"
    data = change(path.read_bytes())
    path.write_bytes(data)
    (root / "CURRENT").write_text(f"000002 {sha256(data).hexdigest()}\n")


@pytest.mark.parametrize("old", [b'"format": 3', b'"created"', b'"files": [', b'"size"', b"{"])
def test_manifest_that_cannot_be_understood(library: Path, old: bytes) -> None:
    rewrite_manifest(library, lambda data: data.replace(old, b'"x": 1', 1))
    check_damage(library, BadManifest)


@pytest.mark.parametrize("number", [0, 4])
def test_format_of_another_version(library: Path, encoder: FakeEncoder, number: int) -> None:
    rewrite_manifest(library, lambda data: data.replace(b'"format": 3', b'"format": %d' % number))
    for action in (
        Store(library).verify,
        lambda: Store(library).load(encoder),
        lambda: Store(library).rebuild(encoder),
    ):
        with pytest.raises(
            FormatMismatch, match=rf"is in format {number}, this version reads formats up to 3: install"
        ):
            action()
