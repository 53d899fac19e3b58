from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FakeEncoder
from filelock import FileLock
from stored import CATS, CATS_2, RIVER, TROOPS, make_library, state, state_of

from index.errors import (
    DamagedGeneration,
    EmptyLibrary,
    StoreLocked,
    UnwritableStore,
)
from index.store import Store
from index.types import Article


@pytest.fixture
def library(home: Path) -> Path:
    return make_library(home)


class Killed(BaseException):
    """Stands for the end of the process."""


class StopAt:
    """A step hook that stops the writer before its n-th step, and remembers the names of all."""

    def __init__(self, number: int = -1) -> None:
        self.number = number
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
        if len(self.names) == self.number:
            raise Killed(name)
        self.names.append(name)


Action = Callable[[Store], object]
ACTIONS: dict[str, tuple[list[Article], Action, tuple[Article, ...]]] = {
    "first add": ([], lambda store: store.add([RIVER], FakeEncoder()), (RIVER,)),
    "add": ([TROOPS, CATS], lambda store: store.add([CATS_2, RIVER], FakeEncoder()), (TROOPS, CATS_2, RIVER)),
    "remove": ([TROOPS, CATS], lambda store: store.remove(["troops"], FakeEncoder()), (CATS,)),
    "add that prunes": (
        [TROOPS, CATS, CATS_2, CATS],
        lambda store: store.add([RIVER], FakeEncoder()),
        (TROOPS, CATS, RIVER),
    ),
    "rollback": ([TROOPS, CATS, RIVER], lambda store: store.rollback(1), (TROOPS,)),
    "rebuild": ([TROOPS, CATS], lambda store: store.rebuild(FakeEncoder()), (TROOPS, CATS)),
}


def after_crash(root: Path, old: tuple[object, ...], new: tuple[object, ...]) -> bool:
    """See that a library is the old or the new one, whole, and can be written; tell whether it is the new one."""
    store = Store(root, patience=0)
    try:
        found = state(store.load(FakeEncoder()))
        store.verify()
    except EmptyLibrary:
        found = state_of()
    assert found in (old, new)
    added = Article("added", "Added", "One more.", "/a/added.txt")
    articles = store.articles()
    assert state(store.add([added], FakeEncoder()).index) == state_of(*articles, added)
    assert state(store.load(FakeEncoder())) == state_of(*articles, added)
    numbers = [int(path.name) for path in (root / "generations").iterdir()]  # raises for what is no generation
    assert store.generation is not None
    assert max(numbers) == store.generation
    assert not list(root.glob("*.tmp"))
    return found == new


@pytest.mark.parametrize("name", ACTIONS)
def test_stop_before_each_step_leaves_old_or_new(tmp_path: Path, name: str) -> None:
    articles, action, expected = ACTIONS[name]
    base = tmp_path / "base"
    base.mkdir()
    for article in articles:
        Store(base).add([article], FakeEncoder())
    old, new = state_of(*Store(base).articles()), state_of(*expected)
    whole = StopAt()
    shutil.copytree(base, tmp_path / "whole")
    action(Store(tmp_path / "whole", step=whole))
    assert after_crash(tmp_path / "whole", new, new)
    found = []
    for number in range(len(whole.names)):
        root = tmp_path / str(number)
        shutil.copytree(base, root)
        with pytest.raises(Killed):
            action(Store(root, step=StopAt(number)))
        found.append(after_crash(root, old, new))
    # The old one before CURRENT is replaced, and the new one from then on.
    replaced = len(whole.names) - whole.names[::-1].index("replace CURRENT")
    assert found == [old == new] * replaced + [True] * (len(whole.names) - replaced)
    written = "link articles.jsonl" if name == "rollback" else "write articles.jsonl"
    assert {written, "sync vectors.npy", "sync lexical", "rename the generation"} <= {*whole.names}


def test_stop_before_each_step_of_a_prune_leaves_whole_generations(tmp_path: Path) -> None:
    base = tmp_path / "base"
    for article in (TROOPS, CATS, RIVER):
        Store(base).add([article], FakeEncoder())
    whole = StopAt()
    shutil.copytree(base, tmp_path / "whole")
    assert Store(tmp_path / "whole", step=whole).prune(1).generations == (1, 2)
    assert len(whole.names) == 4
    for number in range(len(whole.names)):
        root = tmp_path / str(number)
        shutil.copytree(base, root)
        with pytest.raises(Killed):
            Store(root, step=StopAt(number)).prune(1)
        found = Store(root).history()
        assert [generation.number for generation in found] in ([3, 2, 1], [3, 2], [3])
        assert {generation.fault for generation in found} == {""}
        Store(root).prune(1)
        assert [path.name for path in (root / "generations").iterdir()] == ["000003"]
        assert after_crash(root, state_of(TROOPS, CATS, RIVER), state_of(TROOPS, CATS, RIVER))


@pytest.mark.parametrize("damaged", ["CURRENT", "manifest.json"])
def test_stop_before_each_step_of_a_rollback_from_damage_loses_nothing(tmp_path: Path, damaged: str) -> None:
    base = tmp_path / "base"
    for article in (TROOPS, CATS, RIVER):
        Store(base).add([article], FakeEncoder())
    path = base / "CURRENT" if damaged == "CURRENT" else base / "generations" / "000003" / "manifest.json"
    path.write_bytes(path.read_bytes()[:-9])
    expected = state_of(TROOPS, CATS, RIVER) if damaged == "CURRENT" else state_of(TROOPS, CATS)
    whole = StopAt()
    shutil.copytree(base, tmp_path / "whole")
    Store(tmp_path / "whole", step=whole).rollback()
    assert after_crash(tmp_path / "whole", expected, expected)
    for number in range(len(whole.names)):
        root = tmp_path / str(number)
        shutil.copytree(base, root)
        with pytest.raises(Killed):
            Store(root, step=StopAt(number)).rollback()
        try:
            Store(root).verify()
        except DamagedGeneration:
            assert {1, 2, 3} <= {generation.number for generation in Store(root).history()}
            Store(root).rollback()
        assert after_crash(root, expected, expected)


KILL = """
import os, signal, sys
from pathlib import Path
from conftest import FakeEncoder
from test_store_crashes import ACTIONS, StopAt
from index.store import Store

class KillAt(StopAt):
    def __call__(self, name):
        if len(self.names) == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        self.names.append(name)

for number, root in enumerate(sys.argv[2:]):
    child = os.fork()
    if child == 0:
        ACTIONS[sys.argv[1]][1](Store(Path(root), step=KillAt(number)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("name", ["add", "rollback"])
def test_killed_process_leaves_old_or_new_and_no_lock(tmp_path: Path, name: str) -> None:
    articles, action, expected = ACTIONS[name]
    base = tmp_path / "base"
    for article in articles:
        Store(base).add([article], FakeEncoder())
    shutil.copytree(base, tmp_path / "whole")
    whole = StopAt()
    action(Store(tmp_path / "whole", step=whole))
    roots = [shutil.copytree(base, tmp_path / str(number)) for number in range(len(whole.names))]
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", KILL, name, *map(str, roots)],
        env={"PYTHONPATH": f"{here}:{here.parent}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == ["-9"] * len(roots), done.stderr
    found = [after_crash(root, state_of(*articles), state_of(*expected)) for root in roots]
    assert found == sorted(found)
    assert {*found} == {False, True}


FULL = """
import resource, sys
from pathlib import Path
from conftest import FakeEncoder
from index.store import Store
from index.types import Article

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    Store(Path(sys.argv[1])).add([Article("big", "Big", "Many words. " * 50, "/b/big")] + [
        Article(str(n), "Big", f"Sentence number {n} of many.", f"/b/{n}") for n in range(int(sys.argv[2]))
    ], FakeEncoder(dimension=int(sys.argv[3])))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of file sizes")
@pytest.mark.parametrize(("articles", "dimension"), [(500, 8), (150, 64)])
def test_full_disk_leaves_the_old_generation_and_nothing_else(tmp_path: Path, articles: int, dimension: int) -> None:
    root = tmp_path / "library"
    Store(root).add([TROOPS], FakeEncoder(dimension=dimension))
    before = {*root.rglob("*")}
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(root), str(articles), str(dimension)],
        env={"PYTHONPATH": f"{here}:{here.parent}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.startswith(f"UnwritableStore cannot write the library '{root}' ("), done.stderr
    assert done.stdout.count("\n") == 1
    assert {*root.rglob("*")} == before
    assert Store(root).articles() == (TROOPS,)
    Store(root).verify()


def test_folder_that_cannot_be_written(tmp_path: Path, encoder: FakeEncoder) -> None:
    (tmp_path / "file").write_text("no folder")
    for root in (tmp_path / "file", tmp_path / "file" / "library"):
        assert not Store(root).exists
        with pytest.raises(UnwritableStore, match="--home"):
            Store(root).add([CATS], encoder)


def test_second_writer_waits_or_says_so(library: Path, encoder: FakeEncoder) -> None:
    with FileLock(library / "lock"):
        with pytest.raises(StoreLocked, match=r"being written by another process; waited 0\.05 s"):
            Store(library, patience=0.05).add([RIVER], encoder)
        assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS)
        waiting = threading.Thread(target=lambda: Store(library, patience=60).add([RIVER], FakeEncoder()))
        waiting.start()
    waiting.join()
    assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS, RIVER)


class Overtaken(FakeEncoder):
    """Lets three generations come, and the one that is being read go, while a reader asks for its fingerprint."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.coming = [CATS, RIVER, CATS_2]
        self.root = root

    @property
    def fingerprint(self) -> str:
        while self.coming:
            Store(self.root).add([self.coming.pop()], FakeEncoder())
        return "fake words"

    @fingerprint.setter
    def fingerprint(self, _value: str) -> None:
        pass


def test_reader_whose_generation_is_pruned_reads_the_next(library: Path) -> None:
    encoder = Overtaken(library)
    assert state(Store(library).load(encoder)) == state_of(TROOPS, CATS, RIVER)
    assert encoder.coming == []
    assert sorted(path.name for path in (library / "generations").iterdir()) == ["000003", "000004", "000005"]


def test_readers_never_fail_or_see_a_mix_while_generations_come_and_go(library: Path) -> None:
    allowed = [state_of(TROOPS, CATS), state_of(TROOPS, CATS_2)]
    done = threading.Event()
    problems: list[str] = []
    seen: list[tuple[object, ...]] = []

    def read() -> None:
        try:
            while not done.is_set():
                seen.append(state(Store(library).load(FakeEncoder())))
        except Exception as error:  # whatever it is, the assertion below has to show it
            problems.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(30):
        Store(library).add([(CATS_2, CATS)[number % 2]], FakeEncoder())
    done.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert [found for found in seen if found not in allowed] == []
    assert len(seen) >= 2
    assert Store(library).generation == 32
