"""Several processes at one library: who writes is named, and what a killed one held or had done is taken over."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, RIVER, TROOPS, make_library, state, state_of
from test_answer import WordReader

from index.errors import StoreLocked
from index.store import Store
from index.types import Article
from qa.answer import answer
from ui.library import Library

HERE = Path(__file__).parent
Child = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def library(home: Path) -> Path:
    return make_library(home)


@pytest.fixture
def child() -> Iterator[Child]:
    """Start Python processes that import what the tests do; none outlives the test."""
    children: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        children.append(
            subprocess.Popen(
                [sys.executable, "-c", program, *map(str, arguments)],
                env={"PYTHONPATH": f"{HERE}:{HERE.parent}", "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return children[-1]

    yield start
    for process in children:
        process.kill()
        process.communicate()


HOLD = """
import sys, time
from pathlib import Path
from conftest import FakeEncoder
from stored import RIVER
from index.store import Store

def step(name):
    if name == "rename the generation":
        print("holding", flush=True)
        time.sleep(120)

Store(Path(sys.argv[1]), step=step).add([RIVER], FakeEncoder())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_writer_is_named_while_it_writes_and_its_lock_is_taken_over_when_it_is_killed(
    library: Path, child: Child
) -> None:
    holder = child(HOLD, library)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    who = rf"by process {holder.pid} on {re.escape(socket.gethostname())} \(pullquote add, since 20\d\d-.*\+00:00\)"
    for action in (lambda store: store.add([CATS], FakeEncoder()), Store.rollback, Store.prune):
        with pytest.raises(StoreLocked, match=rf"is being written {who}; waited 0.05 s for it: try again") as caught:
            action(Store(library, patience=0.05))
        assert "\n" not in str(caught.value)
    assert state(Store(library).load(FakeEncoder())) == state_of(TROOPS, CATS)
    holder.send_signal(signal.SIGKILL)
    assert holder.wait(30) == -signal.SIGKILL
    assert json.loads((library / "writer.json").read_text())["pid"] == holder.pid  # nobody trusts it
    assert state(Store(library, patience=0.05).add([RIVER], FakeEncoder()).index) == state_of(TROOPS, CATS, RIVER)
    assert not (library / "writer.json").exists()


def test_note_that_cannot_be_read_names_nobody(library: Path, child: Child) -> None:
    holder = child(HOLD, library)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    for note in (b"", b"{", b"[1]", b'{"pid": 1}', b"\xff"):
        (library / "writer.json").write_bytes(note)
        with pytest.raises(StoreLocked, match="is being written by another process; waited"):
            Store(library, patience=0.05).add([CATS], FakeEncoder())


ADD_IN_VAIN = """
import os, sys
from pathlib import Path
from conftest import FakeEncoder
from stored import CATS, RIVER, state, state_of, TROOPS
from index.errors import UnwritableStore
from index.store import Store

store = Store(Path(sys.argv[1]))
store.load(FakeEncoder())  # Python itself may lie where only its owner reads: what is imported late is imported now
os.setgid(65534)
os.setuid(65534)
assert state(store.load(FakeEncoder())) == state_of(TROOPS, CATS)
store.verify()
assert [generation.fault for generation in store.history()] == ["", ""]
for action in (lambda: store.add([RIVER], FakeEncoder()), store.rollback, lambda: store.prune(1)):
    try:
        action()
    except UnwritableStore as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users")
def test_folder_that_may_only_be_read_is_read_and_left_as_it_was(child: Child) -> None:
    if os.getuid() != 0:
        pytest.skip("the permissions of another user's files: needs root to have any")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        library = make_library(root / "library")
        before = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}
        out, errors = child(ADD_IN_VAIN, library).communicate(timeout=120)
        assert (
            out.splitlines()
            == [
                f"cannot write the library '{library}' (Permission denied): free space or permissions there, "
                "or choose another folder with --home"
            ]
            * 3
        ), errors
        after = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}
        assert after == before


REBUILD = """
import sys
from pathlib import Path
from conftest import FakeEncoder
from test_writers import edition
from index.store import Store

store = Store(Path(sys.argv[1]))
for number in range(1, 51):
    store.add(edition(number), FakeEncoder())
    store.rebuild(FakeEncoder())
    print(number, flush=True)
"""


def edition(number: int) -> list[Article]:
    """Two articles that change together: sentences of two editions have different words at different places."""
    word = ("amber", "violet")[number % 2]
    return [
        Article(name, name, " ".join(f"The {word} {name} has {word} part {n}." for n in range(5)), f"/{name}.txt")
        for name in ("ferry", "bridge")
    ]


def test_reader_sees_one_generation_at_a_time_while_another_process_rebuilds_fifty_times(
    home: Path, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())
    Store(home).add(edition(0), FakeEncoder())
    library = Library(home)
    writer = child(REBUILD, home)

    def ask(number: int) -> str:
        index = library.index()
        said = answer(f"Which part of the ferry is amber or violet {number % 5}?", index, WordReader())
        for citation in said.nearest:
            assert citation.text == index.article(citation.article_id).text[citation.start : citation.end]
        assert {article.text for article in index.articles.values()} in ALLOWED
        (word,) = {citation.text.split()[1] for citation in said.nearest}
        return word

    seen: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        while writer.poll() is None or len(seen) < 500:
            seen += pool.map(ask, range(20))
    out, errors = writer.communicate()
    assert (out.split()[-1:], writer.returncode) == (["50"], 0), errors
    assert {*seen} == {"amber", "violet"}
    assert library.index().articles["ferry"] == edition(50)[0]


ALLOWED = [{article.text for article in edition(number)} for number in (0, 1)]
