"""A library on a Milvus when something goes wrong: writers and servers that are killed, damage, wrong addresses."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from dataclasses import asdict
from itertools import count
from pathlib import Path

import grpc
import numpy as np
import pytest
from conftest import FakeEncoder
from engines import Hands
from lite_server import LiteServer
from milvus_lite import MilvusLite
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from numpy.typing import NDArray
from pymilvus.grpc_gen import milvus_pb2_grpc
from stored import CATS, CATS_2, RIVER, TROOPS
from test_engines import holds

from index.embed import Encoded, encode_each
from index.errors import (
    BadRows,
    EngineFailed,
    EngineMissing,
    EngineRefused,
    EngineUnreachable,
    SchemaMismatch,
    StoreLocked,
)
from index.lock import Writer
from index.manifest import now
from index.milvus.client import Client, Row
from index.milvus.rows import NO_VECTOR, searched_words
from index.milvus.schema import INDEXES, lock_fields
from index.milvus.store import MilvusStore
from index.milvus.version import Version
from index.types import Article
from ui.cli import main

MANY = Article("many", "Many", "\n\n".join(f"Sentence {n} waited." for n in range(700)), "/a/many.txt")
FIRST = Version("pullquote", 1)


class Stopped(BaseException):
    """The process is killed."""


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "library.db")


def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[int]:
    """Have the writing call of a number, and all after it, never be made."""
    steps = count()
    for name in ("create", "upsert", "delete", "point", "drop", "unpoint", "settle", "release"):
        made = getattr(Client, name)

        def stopped(*given: object, made: object = made, **options: object) -> object:
            if next(steps) >= at:
                raise Stopped
            return made(*given, **options)  # type: ignore[operator]

        monkeypatch.setattr(Client, name, stopped)
    return steps


@pytest.mark.parametrize("change", ["first", "add", "remove", "rebuild"])
def test_a_writer_killed_before_any_step_leaves_the_old_or_the_new_and_the_next_one_finishes(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(engine: MilvusStore) -> None:
        if change == "remove":
            engine.remove(["cats"], FakeEncoder())
        elif change == "rebuild":
            engine.rebuild(FakeEncoder())
        else:
            engine.add([CATS_2, RIVER], FakeEncoder())

    before = {"first": ()}.get(change, (TROOPS, CATS))
    after = {"first": (CATS_2, RIVER), "add": (TROOPS, CATS_2, RIVER), "remove": (TROOPS,)}.get(change, before)
    for at in count(4):  # what comes before is the lock
        uri = str(tmp_path / f"{at}.db")
        engine = MilvusStore(uri)
        if before:
            engine.add(before, FakeEncoder())
        with monkeypatch.context() as patch:
            stopping(patch, at)
            try:
                make(engine)
                break
            except Stopped:
                pass
        _let_go(uri)
        if before or engine.exists:
            engine.verify()
            assert set(engine.articles()) <= {*before, *after}
            assert {each.id for each in before} & {each.id for each in after} <= {each.id for each in engine.articles()}
        if change == "remove" and engine.articles() == after:
            engine.prune()
        else:
            make(engine)
        assert holds(engine, *after)
        sentences = Client(uri).count(engine._versions.current().sentences)
        assert sentences == sum(engine.sentence_counts().values())  # nothing is left behind
    assert at > 8


def _let_go(uri: str) -> None:
    """Have the lock be held by a process that is there no more."""
    client = Client(uri)
    if holder := client.target("pullquote_writer"):
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        writer = Writer(gone.pid, socket.gethostname(), "add", now())
        client.upsert(holder, [_seen(writer, time.time())])


def _seen(writer: Writer, at: float) -> Row:
    return {"id": "holder", "text": json.dumps(asdict(writer)), "seen": int(at), "vector": NO_VECTOR}


def test_a_change_that_was_killed_goes_on_where_it_stopped(uri: str) -> None:
    def failing(batches: list[list[str]]) -> Iterator[tuple[int, Encoded]]:
        for number, made in encode_each(batches, FakeEncoder()):
            if number == 2:
                raise Stopped
            yield number, made

    engine = MilvusStore(uri)
    engine.add([TROOPS], FakeEncoder())
    with pytest.raises(Stopped):
        engine.add([MANY], FakeEncoder(), workers=Hands(failing))
    assert holds(engine, TROOPS)
    encoder = FakeEncoder()
    MilvusStore(uri).add([MANY], encoder)
    assert len(encoder.encoded) == 700 - 2 * 256
    assert holds(engine, TROOPS, MANY)


class _Killing(FakeEncoder):
    """Has the server killed, and started again, while it encodes for the second time."""

    def __init__(self, server: LiteServer) -> None:
        super().__init__()
        self._server = server

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(self.calls) == 1:
            self._server.kill()
            threading.Timer(0.5, self._server.start).start()
        return super().encode(texts)


def test_the_server_is_killed_during_changes_and_questions(tmp_path: Path) -> None:
    server = LiteServer(tmp_path / "data")
    server.start()
    try:
        engine = MilvusStore(server.uri, seconds=20)
        engine.add([TROOPS, CATS], FakeEncoder())

        engine.add([MANY], _Killing(server))
        assert holds(engine, TROOPS, CATS, MANY)
        engine.rebuild(_Killing(server))
        assert [each.number for each in engine.history()] == [2, 1]
        assert holds(engine, TROOPS, CATS, MANY)
        index = engine.load(FakeEncoder())
        query = index.query("Sentence 77 waited")
        expected = [hit.sentence for hit in index.search(query, 5)]
        for asked in range(12):
            if asked == 4:
                server.kill()
                threading.Timer(0.5, server.start).start()
            assert [hit.sentence for hit in index.search(query, 5)] == expected
        assert holds(engine, TROOPS, CATS, MANY)
    finally:
        server.kill()


def test_another_writer_is_waited_for_and_one_that_is_gone_is_not(uri: str) -> None:
    engine, client = MilvusStore(uri, patience=0.3), Client(uri)
    engine.add([TROOPS], FakeEncoder())
    client.create("pullquote_writer_a", lock_fields(), INDEXES["FLAT"])
    client.upsert("pullquote_writer_a", [_seen(Writer(1, "elsewhere", "add", "today"), time.time())])
    assert client.claim("pullquote_writer", "pullquote_writer_a")
    assert not client.claim("pullquote_writer", FIRST.articles)
    with pytest.raises(StoreLocked, match=r"by process 1 on elsewhere \(pullquote add, since today\); waited 0.3 s"):
        engine.add([CATS], FakeEncoder())
    client.upsert("pullquote_writer_a", [_seen(Writer(1, "elsewhere", "add", "today"), time.time() - 400)])
    engine.add([CATS], FakeEncoder())
    assert holds(engine, TROOPS, CATS)
    assert client.target("pullquote_writer") is None
    assert sorted(client.collections()) == [FIRST.articles, FIRST.sentences]


def test_two_writers_at_once_come_one_after_the_other(uri: str) -> None:
    articles = [Article(f"a{n}", f"A{n}", f"Text {n} waited.", f"/{n}.txt") for n in range(4)]
    MilvusStore(uri).add([TROOPS], FakeEncoder())
    threads = [threading.Thread(target=MilvusStore(uri).add, args=([each], FakeEncoder())) for each in articles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    MilvusStore(uri).verify()
    assert {each.id for each in MilvusStore(uri).articles()} == {"troops", "a0", "a1", "a2", "a3"}


def test_damage_is_found(uri: str) -> None:
    engine, client = MilvusStore(uri), Client(uri)
    engine.add([TROOPS, CATS, RIVER], FakeEncoder())
    [part] = client.rows(FIRST.articles, f'kind == "part" and digest == "" and text == "{CATS.text}"', ["*"])
    [row] = client.rows(FIRST.sentences, "end == 33", ["*"])
    whole = {name: value for name, value in row.items() if name != "sparse"}

    client.upsert(FIRST.articles, [{**part, "text": CATS.text.replace("cat", "dog")}])
    with pytest.raises(BadRows, match="another text of 'cats' than was written: remove the article"):
        engine.verify()
    client.upsert(FIRST.articles, [part])
    engine.verify()

    client.upsert(FIRST.sentences, [{**whole, "start": 21}])
    with pytest.raises(BadRows, match="sentence 1 of 'cats' is not in its text: run `pullquote rebuild`"):
        engine.verify()
    client.upsert(FIRST.sentences, [{**whole, "id": "another key"}])
    client.upsert(FIRST.sentences, [whole])
    with pytest.raises(BadRows, match="holds 3 of the 2 sentences of 'cats'"):
        engine.verify()
    client.delete(FIRST.sentences, 'id == "another key"')
    engine.verify()

    client.delete(FIRST.sentences, f'id == "{row["id"]}"')
    with pytest.raises(BadRows, match="holds 1 of the 2 sentences of 'cats'"):
        engine.verify()
    with pytest.raises(BadRows, match="lacks 1 of 2 sentences"):
        engine.load(FakeEncoder()).sentences_of("cats")
    engine.rebuild(FakeEncoder())
    assert holds(engine, TROOPS, CATS, RIVER)


def test_rows_that_no_article_has_are_found(uri: str) -> None:
    engine, client = MilvusStore(uri), Client(uri)
    engine.add([CATS], FakeEncoder())
    [row] = client.rows(FIRST.sentences, "ordinal == 1", ["*"])
    client.upsert(
        FIRST.sentences,
        [{**{n: v for n, v in row.items() if n != "sparse"}, "id": "x", "article": "x", "revision": "x"}],
    )
    with pytest.raises(BadRows, match="holds 3 sentences, and its articles have 2"):
        engine.verify()
    assert [
        hit.sentence.ordinal for hit in engine.load(FakeEncoder()).search(engine.load(FakeEncoder()).query("cat"), 2)
    ]


def test_collections_of_another_schema_are_refused(uri: str) -> None:
    engine, client = MilvusStore(uri), Client(uri)
    engine.add([CATS], FakeEncoder())
    [row] = client.rows(FIRST.articles, 'kind == "manifest"', ["*"])
    client.upsert(FIRST.articles, [{**row, "text": str(row["text"]).replace('"schema": 1', '"schema": 2')}])
    for ask in (engine.status, engine.verify, lambda: engine.load(FakeEncoder()), lambda: engine.prune(1)):
        with pytest.raises(SchemaMismatch, match="schema 2, this version reads schema 1"):
            ask()
    client.delete(FIRST.articles, 'kind == "manifest"')
    with pytest.raises(BadRows, match="does not say what it is"):
        engine.status()


def test_a_server_that_is_away(tmp_path: Path) -> None:
    server = LiteServer(tmp_path)
    with pytest.raises(EngineUnreachable, match=rf"'{server.uri}' failed \(no answer in 0.5 s: .*--uri"):
        MilvusStore(server.uri, seconds=0.5).status()


class _Guard(grpc.ServerInterceptor):  # type: ignore[misc]
    """Lets in whoever has the token, as a Milvus with authorization does."""

    def intercept_service(self, go_on, call):  # type: ignore[no-untyped-def]
        if dict(call.invocation_metadata).get("authorization") == "YW5uYTpzZWNyZXQ=":  # anna:secret
            return go_on(call)

        def refuse(request: object, context: grpc.ServicerContext) -> None:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check username and password")

        return grpc.unary_unary_rpc_method_handler(refuse)


def test_a_token_that_is_wrong(tmp_path: Path) -> None:
    data = MilvusLite(str(tmp_path / "data"))
    server = grpc.server(futures.ThreadPoolExecutor(), interceptors=[_Guard()])
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(data), server)
    address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        assert MilvusStore(address, "anna:secret", seconds=5).generation is None
        for token in ("", "anna:wrong"):
            with pytest.raises(EngineRefused, match=r"auth check failure.*give --token USER:PASSWORD"):
                MilvusStore(address, token, seconds=5).status()
    finally:
        server.stop(0).wait()
        data.close()


def test_a_file_that_another_process_has_open(uri: str) -> None:
    code = f"from milvus_lite import MilvusLite; MilvusLite({uri!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(EngineFailed, match=r"no other process has it open.*milvus-lite server"):
            MilvusStore(uri).status()
        other.kill()


def test_vectors_are_found_by_what_was_asked_for(tmp_path: Path) -> None:
    engine = MilvusStore(str(tmp_path / "hnsw.db"), index="HNSW")
    engine.add([TROOPS, MANY], FakeEncoder())
    assert engine.status().dense == "HNSW"
    index = engine.load(FakeEncoder())
    found = index.search(index.query("Biden sent troops"), 2)
    assert [list(own.values()) for own in index.texts_of([("troops", range(1))])] == [["Biden sent troops."]]
    assert (found[0].sentence.article_id, found[0].sentence.ordinal) == ("troops", 0)
    for name in ("IVF_PQ", "DISKANN"):
        with pytest.raises(EngineFailed, match=f"Milvus Lite has no {name}.*give --vector-index FLAT or HNSW"):
            MilvusStore(str(tmp_path / "other.db"), index=name).add([TROOPS], FakeEncoder())


@pytest.mark.parametrize("address", ["nowhere", "ftp://here:19530"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(EngineFailed, match=r"give --uri http://HOST:PORT, or a file whose name ends in \.db"):
        MilvusStore(address).status()


def test_packages_that_are_not_installed(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(EngineMissing, match=r"needs the package 'pymilvus': pip install 'pullquote\[milvus\]'"):
        MilvusStore(uri).status()


def test_words_are_those_of_the_local_engine_and_no_tokenizer_parts_them() -> None:
    assert searched_words("The U.S. sent 2,000 troops, 3.5 % more, waiting.") == "uꞏsꞏ sent 2ꞏ000 troop 3ꞏ5 wait"
    assert searched_words("of the") == ""
    long = searched_words(" ".join(f"wörd{n}" for n in range(20_000)))
    assert 65_500 < len(long.encode()) <= 65_535
    assert long.endswith("7213") or long.rpartition(" ")[2].startswith("wörd")


def test_commands_keep_a_library_on_a_milvus(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())
    file = tmp_path / "bridge.txt"
    file.write_text("Bridge\n\nThe bridge opens in May. It is 90 metres long.", encoding="utf-8")

    def said(*arguments: str) -> str:
        assert main(["--engine", "milvus", "--uri", uri, *arguments]) == 0
        return capsys.readouterr().out

    assert said("add", str(file)) == "added bridge: Bridge\n"
    assert json.loads(said("list", "--json"))[0]["sentences"] == 3
    assert said("rebuild") == "generation 2: 1 articles, 3 sentences\n"
    assert said("verify") == "generation 2 is sound: 1 articles, 3 sentences\n"
    assert [line.split()[0] for line in said("history").splitlines()] == ["GENERATION", "2", "1"]
    assert said("rollback") == "generation 1 is current again: 1 articles, 3 sentences\n"
    assert said("prune", "--keep", "1") == "removed generation 2\n"
    assert f"root        {uri}" in said("status")
    assert said("remove", "bridge") == "removed bridge\n"


def test_an_engine_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULLQUOTE_ENGINE", "faiss")
    assert main(["--home", str(tmp_path), "list"]) == 1
    assert capsys.readouterr().err == (
        "pullquote: no engine 'faiss': give --engine or PULLQUOTE_ENGINE local or milvus\n"
    )


def test_without_a_milvus_nothing_of_it_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from ui.cli import main; main(['--home', sys.argv[1], 'list']);"
        "print([name for name in ('pymilvus', 'grpc', 'milvus_lite', 'pyarrow') if name in sys.modules])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULLQUOTE_")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines()[-1] == "[]"
