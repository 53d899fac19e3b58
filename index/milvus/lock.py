"""The lock of the one writer of a library on a Milvus, which knows no locks.

A writer makes a collection of its own and then an alias for it: of several that try to make the same alias one
succeeds. In the collection stands who it is and when it was last seen, so that a writer that was killed can be told.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Final
from uuid import uuid4

from index.errors import EngineFailed, StoreLocked
from index.lock import Writer
from index.manifest import now
from index.milvus.client import Client
from index.milvus.rows import NO_VECTOR
from index.milvus.schema import INDEXES, lock_fields

_SEEN_EVERY: Final = 30.0  # seconds between two signs of life
_GONE_AFTER: Final = 300.0  # without one: clocks of two machines may differ by some of it
_ASKED_EVERY: Final = 0.2

_HOLDER: Final = "holder"


@contextmanager
def write_lock(client: Client, library: str, change: str, patience: float) -> Iterator[None]:
    """Be the one writer of a library; wait `patience` seconds for another one. Raises `StoreLocked`."""
    alias = f"{library}_writer"
    own = f"{library}_writer_{uuid4().hex}"
    client.create(own, lock_fields(), INDEXES["FLAT"])
    until = time.monotonic() + patience
    try:
        _be_seen(client, own, change)
        while not client.claim(alias, own):
            _clear(client, alias)
            if time.monotonic() >= until:
                raise StoreLocked(client.uri, patience, _holder(client, alias))
            time.sleep(_ASKED_EVERY)
        with _seen(client, own, change):
            yield
    finally:
        with suppress(EngineFailed):  # away: the next writer sees that this one is gone
            if client.target(alias) == own:
                client.unpoint(alias)
            client.drop(own)


@contextmanager
def _seen(client: Client, own: str, change: str) -> Iterator[None]:
    """Tell from time to time that this writer lives."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_SEEN_EVERY):
            with suppress(EngineFailed):
                _be_seen(client, own, change)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _be_seen(client: Client, own: str, change: str) -> None:
    writer = Writer(os.getpid(), socket.gethostname(), change, now())
    told = json.dumps(asdict(writer))
    client.upsert(own, [{"id": _HOLDER, "text": told, "seen": int(time.time()), "vector": NO_VECTOR}])


def _clear(client: Client, alias: str) -> None:
    """Let go of the lock for a writer that was killed."""
    with suppress(EngineFailed):  # it may let go itself meanwhile
        holder = client.target(alias)
        if holder is None:
            return
        told = client.rows(holder, f'id == "{_HOLDER}"', ["text", "seen"])
        if told and _lives(Writer(**json.loads(str(told[0]["text"]))), float(str(told[0]["seen"]))):
            return
        if client.target(alias) == holder:
            client.unpoint(alias)
        client.drop(holder)


def _lives(writer: Writer, seen: float) -> bool:
    """Tell whether a writer still writes: on this machine by its process, on another by its signs of life."""
    if writer.host != socket.gethostname():
        return time.time() - seen < _GONE_AFTER
    if writer.pid == os.getpid():
        return True
    try:
        os.kill(writer.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _holder(client: Client, alias: str) -> str:
    """Return who holds the lock as far as that can be told."""
    with suppress(EngineFailed):
        if holder := client.target(alias):
            for row in client.rows(holder, f'id == "{_HOLDER}"', ["text"]):
                return str(Writer(**json.loads(str(row["text"]))))
    return "another process"
