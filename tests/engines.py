"""The engines that keep a library, for tests that hold for each: made anew, as another process would."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from conftest import FakeEncoder

from index.embed import Encode, Encoded
from index.engine import Engine
from index.milvus.client import Client
from index.milvus.store import MilvusStore
from index.store import Store
from index.workers import Batch

URI = "PULLQUOTE_MILVUS_URI"  # of a server that tests may write to
NAMES = ["local", "milvus", pytest.param("server", marks=pytest.mark.milvus)]


class Hands:
    """Workers of this process, who embed by a function."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def encode(self, batches: Sequence[Sequence[str]], encoder: FakeEncoder) -> Iterator[tuple[int, Encoded]]:
        return self._encode(batches)

    def put(
        self, batches: Sequence[Batch], encoder: FakeEncoder, put: Callable[[Batch, Encoded], None]
    ) -> Iterator[int]:
        for number, made in self._encode([batch.texts for batch in batches]):
            put(batches[number], made)
            yield number


def opened(name: str, folder: Path) -> Iterator[Callable[[], Engine]]:
    """Yield what opens one library again and again; "milvus" is Milvus Lite in a file."""
    if name == "local":
        yield lambda: Store(folder / "library")
    elif name == "milvus":
        yield lambda: MilvusStore(str(folder / "library.db"))
    elif URI not in os.environ:
        pytest.skip(f"{URI} names no server")
    else:
        uri, token, library = os.environ[URI], os.environ.get("PULLQUOTE_MILVUS_TOKEN", ""), f"test_{uuid4().hex}"
        try:
            yield lambda: MilvusStore(uri, token, name=library)
        finally:
            clear(Client(uri, token), library)


def clear(client: Client, library: str) -> None:
    """Remove all that tests have left of a library."""
    if client.target(library):
        client.unpoint(library)
    for collection in client.collections():
        if collection.startswith(f"{library}_"):
            client.drop(collection)
    client.close()
