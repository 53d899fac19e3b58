"""Several processes at one library: who writes is named, and what a killed one held or had done is taken over."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, RIVER, TROOPS, make_library, state, state_of

from index.errors import StoreLocked
from index.store import Store

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


@pytest.mark.parametrize("note", ["", "{", "[1]", '{"pid": 1}', "\ud800"])
def test_note_that_cannot_be_read_names_nobody(library: Path, child: Child, note: str) -> None:
    holder = child(HOLD, library)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    (library / "writer.json").write_bytes(note.encode("utf-8", "surrogatepass"))
    with pytest.raises(StoreLocked, match="is being written by another process; waited"):
        Store(library, patience=0.05).add([CATS], FakeEncoder())
