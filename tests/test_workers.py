"""Reading and embedding in several processes: the same library as without them, whoever dies meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import FakeEncoder
from dying import POISON, Buggy, Mortal, Nan, fetched
from stored import files_of, generation_folder, state, state_of

from index.errors import BadVectors, WorkersLost
from index.gather import Input, Upload
from index.store import Store
from index.types import Article
from index.unfinished import UNFINISHED
from index.workers import LocalWorkers, Workers
from ui.cli import main
from ui.library import Library

HERE = Path(__file__).parent
DATA = HERE / "data"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def article(number: int, sentences: int = 300) -> Article:
    text = " ".join(f"Story {number} has a sentence {part} of its own." for part in range(sentences))
    return Article(f"story-{number}", f"Story {number}", text, f"/stories/{number}.txt")


def contents(home: Path) -> dict[str, object]:
    """The files of the current generation; of its manifest all but the time and what depends on it."""
    found: dict[str, object] = {path.name: path.read_bytes() for path in files_of(home) if path.name != "CURRENT"}
    manifest = json.loads((generation_folder(home) / "manifest.json").read_bytes())
    return {**found, "manifest.json": {k: v for k, v in manifest.items() if k not in ("created", "sha256")}}


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries have an encoder that needs no model."""
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())


@pytest.mark.usefixtures("encoders")
def test_library_is_the_same_as_without_workers(tmp_path: Path) -> None:
    stories = tmp_path / "stories"
    shutil.copytree(DATA, stories / "data")
    for number in range(3):
        (stories / f"{number}.txt").write_text(article(number).text)
    inputs: list[Input] = [
        stories,
        tmp_path / "missing.txt",
        Upload(stories / "0.txt"),
        article(9),
        "https://example.com/bridge",
        "ftp://example.com/ferry",
    ]
    told: dict[str, list[tuple[int, int]]] = {}

    def add(home: str, workers: Workers | None) -> tuple[object, ...]:
        read, embedded = told.setdefault(f"{home} read", []), told.setdefault(f"{home} embedded", [])
        added = Library(tmp_path / home).add(
            inputs,
            get=fetched,
            workers=workers,
            reading=lambda *how_far: read.append(how_far),
            progress=lambda *how_far: embedded.append(how_far),
        )
        return added.admissions, [str(failure) for failure in added.failures], contents(tmp_path / home)

    expected = add("alone", None)
    assert len(expected[1]) >= 2  # type: ignore[arg-type]
    assert add("together", LocalWorkers(2, make=FakeEncoder)) == expected
    assert told["together read"] == told["alone read"]
    assert told["together embedded"][-1] == told["alone embedded"][-1]


@pytest.mark.model
def test_vectors_of_the_bundled_model_are_the_same_as_without_workers(tmp_path: Path) -> None:
    seeds = str(HERE.parent / "seeds" / "articles")
    assert main(["--home", str(tmp_path / "alone"), "add", seeds]) == 0
    assert main(["--home", str(tmp_path / "together"), "add", seeds, "--workers", "2"]) == 0
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")


def killing() -> Callable[[int, int], None]:
    """Return what kills a worker when it is told of progress for the first time."""
    killed: list[int] = []

    def told(done: int, total: int) -> None:
        if not killed and done < total:
            killed.append(multiprocessing.active_children()[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    return told


@pytest.mark.usefixtures("encoders")
def test_worker_that_is_killed_loses_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [article(number) for number in range(6)]
    added = Library(home).add(inputs, workers=LocalWorkers(2, make=FakeEncoder), reading=killing(), progress=killing())
    assert [each.outcome for each in added.admissions] == ["added"] * 6
    assert state(Store(home).load(FakeEncoder())) == state_of(*inputs)
    assert main(["--home", str(home), "verify"]) == 0
    assert "is sound: 6 articles, 1800 sentences" in capsys.readouterr().out
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("encoders")
def test_source_of_which_workers_die_is_a_failure_and_the_rest_is_added(home: Path) -> None:
    urls = [f"https://example.com/{name}" for name in ("one", POISON, "two", "three")]
    added = Library(home).add(urls, get=fetched, workers=LocalWorkers(2, make=FakeEncoder))
    assert [each.article.text for each in added.admissions] == ["This is one.", "This is two.", "This is three."]
    assert [str(each) for each in added.failures] == [
        f"cannot read the article 'https://example.com/{POISON}': 3 worker processes ended while they read it; "
        "leave it out, or give another copy of it"
    ]


@pytest.mark.usefixtures("encoders")
def test_sentences_of_which_workers_die_are_told_and_the_others_are_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = [article(1, 600), Article("bad", "Bad", f"{POISON}.", "/bad.txt")]
    with pytest.raises(WorkersLost, match=r"at the 89 sentences of which the first is 'Story 1 has.*fewer of them"):
        Library(home).add(inputs, workers=LocalWorkers(2, make=Mortal))
    assert Store(home).articles() == ()
    assert len(list((home / UNFINISHED).rglob("*.npz"))) == 2
    encoder = FakeEncoder()
    monkeypatch.setattr("ui.library.encoder_of", lambda model: encoder)
    Library(home).add(inputs)
    assert len(encoder.encoded) == 601 - 2 * 256
    assert state(Store(home).load(FakeEncoder())) == state_of(*inputs)


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [(Nan, BadVectors, "row 0 has the length nan"), (Buggy, RuntimeError, "in encode\n.*ZeroDivisionError: a bug")],
)
@pytest.mark.usefixtures("encoders")
def test_error_of_a_worker_is_raised_and_a_bug_keeps_its_traceback(
    home: Path, make: type[FakeEncoder], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=f"(?s){said}"):
        Library(home).add([article(1)], workers=LocalWorkers(1, make=make))
    assert multiprocessing.active_children() == []


def test_workers_that_cannot_be_started_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: os.fsencode(shutil.which("false") or ""))
    with pytest.raises(WorkersLost, match="one after the other as they started: take fewer"):
        list(LocalWorkers(2).encode([["One."]], FakeEncoder()))


def test_processes_for_which_there_is_no_room_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: b"/no/such/python")
    with pytest.raises(WorkersLost, match="one after the other as they started"):
        list(LocalWorkers(2).encode([["One."]], FakeEncoder()))
    assert multiprocessing.active_children() == []


STOPPED = """
import multiprocessing, signal, sys
from conftest import FakeEncoder
from test_workers import article
from index.workers import LocalWorkers
import ui.library
import ui.cli

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background

def told(done, total):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    sys.stdin.readline()

ui.library.encoder_of = lambda model: FakeEncoder()
ui.cli.LocalWorkers = lambda count: LocalWorkers(count, make=FakeEncoder)
ui.cli.progress_bar = lambda what: told if what == "Indexing" else None
sys.exit(ui.cli.main(["--home", sys.argv[1], "add", *sys.argv[2:], "--workers", "2"]))
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.usefixtures("encoders")
def test_change_that_is_stopped_leaves_no_worker_and_goes_on(
    home: Path, tmp_path: Path, stop: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(article(number).text)
    paths = [str(tmp_path / f"{number}.txt") for number in range(4)]
    adding = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(home), *paths],
        env={"PYTHONPATH": f"{HERE}:{HERE.parent}", "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert adding.stdout is not None
    workers = [int(pid) for pid in adding.stdout.readline().split()]
    assert len(workers) == 2
    if stop == signal.SIGINT:
        os.killpg(adding.pid, stop)  # as a terminal does
    else:
        adding.send_signal(stop)
    _, errors = adding.communicate(timeout=60)
    assert (adding.returncode, errors) == (130 if stop == signal.SIGINT else -stop, "")
    assert gone(workers)
    assert Store(home).articles() == ()
    encoder = FakeEncoder()
    monkeypatch.setattr("ui.library.encoder_of", lambda model: encoder)
    assert main(["--home", str(home), "add", *paths]) == 0
    assert len(encoder.encoded) <= 1200 - 256
    assert state(Store(home).load(FakeEncoder())) == state_of(*Store(home).articles())


def gone(pids: Sequence[int], seconds: float = 30) -> bool:
    """Whether processes end within a time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_number_of_workers_is_a_number(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["add", "a.txt", f"--workers={number}"])
    assert f"argument --workers: '{number}' is no number from 1 on" in capsys.readouterr().err
