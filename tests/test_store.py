from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, CATS_2, RIVER, TROOPS, files_of, generation_folder, make_library, state, state_of

from index.build import build_index
from index.errors import (
    ArticleNotFound,
    EmptyLibrary,
    ModelMismatch,
    SegmenterMismatch,
    TruncatedFile,
)
from index.segment import segmenter_fingerprint
from index.store import Store, StoreStatus


@pytest.fixture
def library(home: Path) -> Path:
    return make_library(home)


def test_what_is_loaded_is_what_was_added(home: Path, encoder: FakeEncoder) -> None:
    store = Store(home)
    added = store.add([TROOPS, CATS], encoder)
    assert state(added.index) == state(store.load(encoder)) == state_of(TROOPS, CATS)
    assert store.articles() == (TROOPS, CATS)
    assert state(store.add([RIVER], encoder).index) == state(Store(home).load(encoder)) == state_of(TROOPS, CATS, RIVER)
    assert store.generation == 2


def test_same_source_is_replaced_in_its_place(library: Path, encoder: FakeEncoder) -> None:
    store = Store(library)
    assert state(store.add([RIVER, CATS_2], encoder).index) == state_of(TROOPS, CATS_2, RIVER)
    assert state(store.load(encoder)) == state_of(TROOPS, CATS_2, RIVER)


def test_nothing_is_written_when_nothing_is_new(library: Path, encoder: FakeEncoder) -> None:
    before = (library / "CURRENT").read_bytes()
    assert state(Store(library).add([CATS, TROOPS], encoder).index) == state_of(TROOPS, CATS)
    assert state(Store(library).remove([], encoder)) == state_of(TROOPS, CATS)
    assert (library / "CURRENT").read_bytes() == before


def test_only_new_sentences_are_embedded(home: Path, encoder: FakeEncoder) -> None:
    store = Store(home)
    store.add([TROOPS], encoder)
    encoder.calls.clear()
    store.add([CATS], encoder)
    assert encoder.encoded == ["A cat sat on a mat."]
    encoder.calls.clear()
    store.add([CATS_2], encoder)
    assert encoder.encoded == ["It slept."]
    encoder.calls.clear()
    store.remove(["troops"], encoder)
    assert encoder.calls == []
    store.rebuild(encoder)
    assert sorted(encoder.encoded) == ["A cat sat on a mat.", "It slept."]


def test_removing(library: Path, encoder: FakeEncoder) -> None:
    store = Store(library)
    assert state(store.remove(["troops"], encoder)) == state(store.load(encoder)) == state_of(CATS)
    with pytest.raises(ArticleNotFound, match=r"'troops'.*'cats'"):
        store.remove(["cats", "troops"], encoder)
    assert store.articles() == (CATS,)
    assert store.remove(["cats", "cats"], encoder).sentences == ()
    assert (store.articles(), store.exists, store.generation) == ((), True, 4)
    with pytest.raises(EmptyLibrary):
        store.load(encoder)
    store.verify()
    assert state(store.add([RIVER], encoder).index) == state(store.load(encoder)) == state_of(RIVER)


def test_sentences_are_counted_without_what_is_searched(library: Path, encoder: FakeEncoder) -> None:
    (generation_folder(library) / "vectors.npy").unlink()
    counts = Store(library).sentence_counts()
    assert list(counts.items()) == [("troops", 3), ("cats", 2)]
    path = generation_folder(library) / "sentences.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedFile):
        Store(library).sentence_counts()


def test_empty_library(home: Path, encoder: FakeEncoder) -> None:
    store = Store(home)
    assert (store.exists, store.generation, store.articles()) == (False, None, ())
    actions: list[Callable[[], object]] = [
        lambda: store.load(encoder),
        store.verify,
        store.status,
        lambda: store.rebuild(encoder),
        lambda: store.remove(["a"], encoder),
    ]
    for action in actions:
        with pytest.raises(EmptyLibrary, match="pullquote add PATH"):
            action()
    assert not home.exists()


def test_same_id_from_another_source_gets_a_number(home: Path, encoder: FakeEncoder) -> None:
    other = replace(CATS, text="Other cats.", source="/b/cats.txt")
    third = replace(CATS, text="Third cats.", source="/c/cats.txt")
    added = Store(home).add([CATS, other, CATS], encoder)
    second = replace(other, id="cats-2")
    assert [(a.article, a.outcome) for a in added.admissions] == [
        (CATS, "added"),
        (second, "added"),
        (CATS, "already there"),
    ]
    assert state(added.index) == state_of(CATS, second)
    added = Store(home).add([third, replace(other, text="Newer cats.")], encoder)
    assert [a.outcome for a in added.admissions] == ["added", "replaced"]
    assert state(added.index) == state_of(CATS, replace(second, text="Newer cats."), replace(third, id="cats-3"))


def test_status(library: Path) -> None:
    files = [path for path in files_of(library) if path.name != "CURRENT"]
    manifest = json.loads((generation_folder(library) / "manifest.json").read_text(encoding="utf-8"))
    assert Store(library).status() == StoreStatus(
        root=library,
        generation=2,
        created=manifest["created"],
        format=3,
        model="words",
        encoder="fake words fake tokens",
        segmenter=segmenter_fingerprint(),
        articles=2,
        sentences=5,
        dense="exact",
        bytes=sum(path.stat().st_size for path in files),
    )


def test_same_articles_give_the_same_bytes(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        Store(tmp_path / name).add([TROOPS, CATS], FakeEncoder())
        folders.append(generation_folder(tmp_path / name))
    contents = [{path.relative_to(f): path.read_bytes() for path in f.rglob("*") if path.is_file()} for f in folders]
    manifests = [json.loads(content.pop(Path("manifest.json"))) for content in contents]
    assert contents[0] == contents[1]
    own = {"created": None, "sha256": None}
    assert manifests[0] | own == manifests[1] | own
    assert len(contents[0]) >= 9


def test_last_generations_are_kept(library: Path, encoder: FakeEncoder) -> None:
    for _ in range(3):
        Store(library).rebuild(encoder)
    assert sorted(path.name for path in (library / "generations").iterdir()) == ["000003", "000004", "000005"]


def test_another_encoder_is_refused_until_rebuilt(library: Path) -> None:
    other = FakeEncoder("other", dimension=32)
    for action in (
        lambda: Store(library).load(other),
        lambda: Store(library).add([RIVER], other),
        lambda: Store(library).remove(["cats"], other),
    ):
        with pytest.raises(ModelMismatch, match="'fake words fake tokens', not with 'fake other fake tokens'"):
            action()
    rebuilt = Store(library).rebuild(other)
    assert rebuilt.vectors.shape == (5, 32)
    assert state(Store(library).load(other)) == state(rebuilt) == state(build_index([TROOPS, CATS], other))
    assert (Store(library).status().encoder, Store(library).status().model) == ("fake other fake tokens", "other")


def test_another_segmenter_is_refused_until_rebuilt(
    library: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = segmenter_fingerprint()
    monkeypatch.setattr("index.segment.version", lambda name: "9.9")
    assert segmenter_fingerprint().startswith("sentencex 9.9 /")
    for action in (lambda: Store(library).load(encoder), lambda: Store(library).add([RIVER], encoder)):
        with pytest.raises(SegmenterMismatch, match=f"'{before}', this is 'sentencex 9.9 .*: run `pullquote rebuild`"):
            action()
    assert Store(library).articles() == (TROOPS, CATS)
    Store(library).verify()
    Store(library).rebuild(encoder)
    assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS)
