"""Reading and embedding on a real Ray: the same library as without it, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import FakeEncoder
from dying import POISON, fetched
from lite_server import LiteServer
from numpy.typing import NDArray
from test_engines import holds
from test_workers import DATA, HERE, article, contents

from index.engine import Engine
from index.errors import RayUnusable
from index.milvus.store import MilvusStore
from index.on_ray import Pool, RayWorkers, connected, pool_of
from index.processes import ATTEMPTS
from index.store import Store
from ui.cli import main
from ui.library import Library

pytestmark = [pytest.mark.ray, pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")]


@pytest.mark.parametrize(
    ("nodes", "most", "expected"),
    [
        ([{"CPU": 4.0}, {"CPU": 8.0}], None, Pool(12, 1, 0)),
        ([{"CPU": 4.0}, {"CPU": 8.0}], 3, Pool(3, 1, 0)),
        ([{"CPU": 64.0}, {"CPU": 16.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 2.0}], None, Pool(4, 4, 1)),
        ([{"CPU": 1.0, "GPU": 4.0}], 2, Pool(2, 1, 1)),
        ([{}], None, Pool(1, 1, 0)),
        ([{}], 9, Pool(9, 1, 0)),
    ],
)
def test_a_worker_has_a_gpu_where_there_are_any_and_a_core_where_there_are_none(
    nodes: list[dict[str, float]], most: int | None, expected: Pool
) -> None:
    assert pool_of(nodes, most) == expected


@pytest.mark.model
def test_command_fills_the_same_library_as_without_ray(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    given = [str(DATA), str(HERE.parent / "seeds" / "articles"), str(tmp_path / "missing.txt")]
    assert main(["--home", str(tmp_path / "alone"), "add", *given]) == 1
    expected = capfd.readouterr()
    assert main(["--home", str(tmp_path / "ray"), "add", *given, "--ray", "local", "--workers", "2"]) == 1
    assert capfd.readouterr() == expected
    assert contents(tmp_path / "ray") == contents(tmp_path / "alone")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Ray of two cores, whose workers find what the tests import; and where they say who they are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", f"{HERE}:{HERE.parent}")
        patched.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        with connected("local", 2):
            yield tmp_path_factory.mktemp("workers")


class Noted(FakeEncoder):
    """Says in a folder by which process it is used."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(name)
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        (self._folder / str(os.getpid())).touch()
        return super().encode(texts)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries have an encoder that needs no model."""
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())


@pytest.fixture(params=["local", "milvus"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A library in a folder; and one on a Milvus, into which the workers write themselves."""
    if request.param == "local":
        yield Store(tmp_path / "library")
        return
    server = LiteServer(tmp_path / "milvus")
    server.start()
    yield MilvusStore(server.uri)
    server.kill()


def test_worker_that_is_killed_loses_nothing(cluster: Path, engine: Engine) -> None:
    inputs = [article(number) for number in range(3)]
    killed: list[int] = []

    def told(done: int, total: int) -> None:
        if not killed:
            killed.append(int(max(cluster.iterdir(), key=lambda path: path.stat().st_mtime_ns).name))
            os.kill(killed[0], signal.SIGKILL)

    engine.add(inputs, FakeEncoder(), workers=RayWorkers(2, partial(Noted, cluster)), progress=told)
    assert killed
    assert holds(engine, *inputs)


@pytest.mark.usefixtures("alone", "cluster")
def test_source_of_which_workers_die_is_a_failure_and_the_rest_is_added(home: Path) -> None:
    urls = [f"https://example.com/{name}" for name in ("one", POISON, "two")]
    added = Library(home).add(urls, get=fetched, workers=RayWorkers(2, FakeEncoder))
    assert [each.article.text for each in added.admissions] == ["This is one.", "This is two."]
    assert [str(each) for each in added.failures] == [
        f"cannot read the article 'https://example.com/{POISON}': 3 worker processes ended while they read it; "
        "leave it out, or give another copy of it"
    ]


class Unlucky(FakeEncoder):
    """Its process is killed as often as a task is tried with others, as if one of them did it."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(name)
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tried = len(list(self._folder.iterdir()))
        if tried < ATTEMPTS:
            (self._folder / str(tried)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)


@pytest.mark.usefixtures("cluster")
def test_task_that_others_took_along_is_tried_alone(tmp_path: Path) -> None:
    ((number, made),) = RayWorkers(1, partial(Unlucky, tmp_path)).encode([["One."]], FakeEncoder())
    assert number == 0
    assert np.array_equal(made.rows, FakeEncoder().encode(["One."]))
    assert len(list(tmp_path.iterdir())) == ATTEMPTS


@pytest.mark.usefixtures("cluster")
def test_another_version_on_the_workers_is_told() -> None:
    workers = RayWorkers(1, lambda model: FakeEncoder("of another version"))
    with pytest.raises(RayUnusable, match="its encoder is fake of another version fake tokens, not fake words fake"):
        list(workers.encode([["One."]], FakeEncoder()))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "ray://127.0.0.1:1",
            "Ray Data does not run through Ray's client): run the command on a machine of the cluster",
        ),
        ("127.0.0.1:1", "Connection refused): check that it runs, its address"),
        ("auto", "check that it runs, its address"),
    ],
)
def test_cluster_that_cannot_be_reached_is_told_in_one_line(
    home: Path, capfd: pytest.CaptureFixture[str], address: str, said: str
) -> None:
    assert main(["--home", str(home), "add", str(DATA), "--ray", address]) == 1
    out, errors = capfd.readouterr()
    assert out == ""
    (line,) = errors.splitlines()
    assert line.startswith(f"pullquote: cannot use the Ray '{address}' (")
    assert said in line
    assert not home.exists()


def test_missing_package_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "index.on_ray")
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["--home", str(home), "add", str(DATA), "--ray", "local"]) == 1
    assert capsys.readouterr().err == "pullquote: --ray needs the package 'ray': pip install 'pullquote[ray]'\n"
