"""Generations as people manage them: listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import RIVER, make_library

from index.errors import (
    EmptyLibrary,
)
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
    for action in (Store(home).history,):
        with pytest.raises(EmptyLibrary):
            action()
    assert not home.exists()


def test_manifest_of_before_has_no_change_and_is_read(library: Path, encoder: FakeEncoder) -> None:
    path = folder(library, 2) / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["change"], fields["sha256"]
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert [(g.number, g.change, g.fault) for g in Store(library).history()][1] == (2, "", "")


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
