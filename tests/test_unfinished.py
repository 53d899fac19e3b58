"""A change whose writer was killed goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import FakeEncoder
from numpy.typing import NDArray
from stored import CATS, RIVER, TROOPS, make_library, state, state_of

from index.durable import no_step
from index.embed import Encoded, encode_all, encode_each
from index.errors import BadVectors
from index.store import Store
from index.types import Article
from index.unfinished import UNFINISHED, Unfinished, clear_unfinished
from ui.cli import main

HERE = Path(__file__).parent
TEXTS = ["A cat sat.", "It slept.", "😀"]


def files_of(root: Path) -> list[Path]:
    return sorted((root / UNFINISHED).rglob("*.npz"))


def made(root: Path, encoder: FakeEncoder, texts: list[str]) -> Encoded:
    """What comes of texts, in batches of two."""
    batches = [texts[start : start + 2] for start in range(0, len(texts), 2)]
    unfinished = Unfinished(root, encoder, partial(encode_each, encoder=encoder), no_step)
    found = dict(unfinished.encode(batches))
    assert sorted(found) == list(range(len(batches)))
    parts = [found[number] for number in sorted(found)]
    return Encoded(np.concatenate([each.rows for each in parts]), [t for each in parts for t in each.tokens])


def same(found: Encoded, encoder: FakeEncoder, texts: list[str]) -> bool:
    expected = encode_all(texts, encoder)
    return np.array_equal(found.rows, expected.rows) and all(
        np.array_equal(one, other) for one, other in zip(found.tokens, expected.tokens, strict=True)
    )


def test_what_was_embedded_is_not_embedded_again(tmp_path: Path, encoder: FakeEncoder) -> None:
    assert same(made(tmp_path, encoder, TEXTS), FakeEncoder(), TEXTS)
    assert same(made(tmp_path, encoder, TEXTS[::-1]), FakeEncoder(), TEXTS[::-1])
    assert same(made(tmp_path, encoder, ["New.", *TEXTS]), FakeEncoder(), ["New.", *TEXTS])
    assert encoder.calls == [tuple(TEXTS[:2]), tuple(TEXTS[2:]), ("New.",)]


def test_vectors_of_another_encoder_are_not_used(tmp_path: Path, encoder: FakeEncoder) -> None:
    made(tmp_path, encoder, TEXTS)
    other = FakeEncoder("other")
    assert same(made(tmp_path, other, TEXTS), FakeEncoder("other"), TEXTS)
    assert other.calls == [tuple(TEXTS[:2]), tuple(TEXTS[2:])]


def test_damaged_file_is_not_used(tmp_path: Path, encoder: FakeEncoder) -> None:
    made(tmp_path, encoder, TEXTS)
    path = files_of(tmp_path)[0]
    data = path.read_bytes()
    for damaged in (b"", data[:-1], data[:200] + b"x" + data[201:], data + b"x"):
        path.write_bytes(damaged)
        assert same(made(tmp_path, FakeEncoder(), TEXTS), FakeEncoder(), TEXTS)


class Broken(FakeEncoder):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), self.dimension), np.nan, dtype=np.float32)


def test_bad_vectors_are_not_kept(home: Path) -> None:
    with pytest.raises(BadVectors):
        Store(home).add([CATS], Broken())
    assert files_of(home) == []
    assert state(Store(home).add([CATS], FakeEncoder()).index) == state_of(CATS)


class Interrupted(FakeEncoder):
    """Stands for a kill or Ctrl-C after the first texts."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.calls:
            raise KeyboardInterrupt
        return super().encode(texts)


LONG = Article("long", "Long", "\n\n".join(f"Sentence {n}." for n in range(300)), "/a/long.txt")


@pytest.mark.parametrize("change", ["add", "rebuild"])
def test_interrupted_change_goes_on_and_leaves_nothing(home: Path, change: str) -> None:
    def make(encoder: FakeEncoder) -> object:
        return Store(home).add([LONG, CATS], encoder) if change == "add" else Store(home).rebuild(encoder)

    if change == "rebuild":
        Store(home).add([LONG, CATS], FakeEncoder())
    with pytest.raises(KeyboardInterrupt):
        make(Interrupted())
    encoder = FakeEncoder()
    make(encoder)
    assert len(encoder.encoded) == 302 - 256
    assert state(Store(home).load(FakeEncoder())) == state_of(LONG, CATS)
    assert not (home / UNFINISHED).exists()


def test_prune_frees_what_nobody_goes_on_with(home: Path) -> None:
    make_library(home)
    with pytest.raises(KeyboardInterrupt):
        Store(home).add([LONG], Interrupted())
    size = sum(path.stat().st_size for path in files_of(home))
    assert size > 256 * 64 * 4
    assert Store(home).prune().bytes == size
    assert clear_unfinished(home) == 0
    assert state(Store(home).add([RIVER], FakeEncoder()).index) == state_of(TROOPS, CATS, RIVER)


KILLED = """
import os, signal, sys
from conftest import FakeEncoder
import ui.library
from ui.cli import main

class Killed(FakeEncoder):
    def encode(self, texts):
        if len(self.calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

ui.library.encoder_of = lambda model: Killed()
main(["--home", sys.argv[1], "add", sys.argv[2]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_two_hundred_articles_of_which_the_writer_is_killed_half_way(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stories = tmp_path / "stories"
    stories.mkdir()
    for number in range(200):
        text = " ".join(f"Story {number} has a sentence {part} of its own." for part in range(5))
        (stories / f"{number:03d}.txt").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(home), str(stories)],
        env={"PYTHONPATH": f"{HERE}:{HERE.parent}", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert Store(home).articles() == ()
    encoder = FakeEncoder()
    monkeypatch.setattr("ui.library.encoder_of", lambda model: encoder)
    assert main(["--home", str(home), "add", str(stories)]) == 0
    assert capsys.readouterr().out.count("added ") == 200
    assert len(encoder.encoded) == 1000 - 2 * 256
    assert state(Store(home).load(FakeEncoder())) == state_of(*Store(home).articles())
    assert main(["--home", str(home), "verify"]) == 0
    assert "generation 1 is sound: 200 articles, 1000 sentences" in capsys.readouterr().out
