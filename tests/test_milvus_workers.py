"""Workers that write what they embed into a Milvus themselves."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FakeEncoder
from dying import POISON, Mortal
from lite_server import LiteServer
from stored import CATS, CATS_2, RIVER
from test_engines import holds
from test_workers import article, killing

from index.embed import Encoded
from index.errors import EngineUnreachable, WorkersLost
from index.milvus.client import Client
from index.milvus.insert import Insertion
from index.milvus.store import MilvusStore
from index.types import Article
from index.workers import LocalWorkers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


class Reticent(LocalWorkers):
    """Workers that send no vector back."""

    def encode(self, batches: object, encoder: object) -> Iterator[tuple[int, Encoded]]:
        raise AssertionError("the vectors come back")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiteServer]:
    server = LiteServer(tmp_path / "milvus")
    server.start()
    yield server
    server.kill()


def test_workers_write_themselves_and_one_that_is_killed_loses_nothing(server: LiteServer) -> None:
    engine = MilvusStore(server.uri)
    inputs = [CATS, RIVER, *(article(number) for number in range(3))]
    told: list[tuple[int, int]] = []
    kill = killing()

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        kill(done, total)

    engine.add(inputs, FakeEncoder(), workers=Reticent(2, make=FakeEncoder), progress=progress)
    assert told[-1] == (904, 904)
    assert holds(engine, *inputs)
    engine.add([CATS_2], FakeEncoder(), workers=Reticent(2, make=FakeEncoder))
    assert holds(engine, CATS_2, *inputs[1:])


def test_what_was_written_before_workers_died_is_not_written_again(server: LiteServer) -> None:
    engine = MilvusStore(server.uri)
    inputs = [article(1, 600), Article("bad", "Bad", f"{POISON}.", "/bad.txt")]
    with pytest.raises(WorkersLost, match="at the 89 sentences of which the first is 'Story 1 has"):
        engine.add(inputs, FakeEncoder(), workers=Reticent(2, make=Mortal))
    encoder = FakeEncoder()
    engine.add(inputs, encoder)
    assert len(encoder.encoded) == 601 - 2 * 256
    assert holds(engine, *inputs)


def test_file_of_milvus_lite_is_written_by_one_process(tmp_path: Path) -> None:
    engine = MilvusStore(str(tmp_path / "library.db"))
    engine.add([CATS, RIVER], FakeEncoder(), workers=LocalWorkers(2, make=FakeEncoder))
    assert holds(engine, CATS, RIVER)


def test_error_of_a_milvus_that_a_worker_does_not_reach_comes_back() -> None:
    put = pickle.loads(pickle.dumps(Insertion(Client("http://127.0.0.1:1", "secret", seconds=0.5), "sentences")))
    assert (put._client._token, put._client._seconds) == ("secret", 0.5)
    workers = LocalWorkers(1, make=FakeEncoder)
    with pytest.raises(EngineUnreachable, match=r"http://127\.0\.0\.1:1"):
        list(workers.put([OneText()], FakeEncoder(), Unreachable(put._client)))


class OneText:
    texts = ("One.",)


class Unreachable:
    """Asks a Milvus that is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, batch: OneText, made: Encoded) -> None:
        self._client.collections()
