"""The lock of the one writer of a library, and the note that says who holds it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index.commit import telling
from index.errors import StoreLocked
from index.manifest import now

LOCK = "lock"
WRITER = "writer.json"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes to a library: the process, its machine, what it does ("add") and since when, UTC as ISO 8601."""

    pid: int
    host: str
    change: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} (pullquote {self.change}, since {self.since})"


@contextmanager
def write_lock(root: Path, change: str, patience: float) -> Iterator[None]:
    """Be the one writer of a library, whose folder is made if it is not there; wait `patience` seconds for another.

    The operating system lets go of the lock of a process that dies. The note beside it is for the message alone: nobody
    trusts it, and a killed writer's is overwritten by the next. Raises `StoreLocked`, `UnwritableStore`.
    """
    lock = FileLock(root / LOCK, timeout=patience)
    with telling(root):
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise StoreLocked(root, patience, _holder(root)) from error
    note = root / WRITER
    try:
        with suppress(OSError):  # a full disk, which `prune` has to be able to free
            note.write_text(json.dumps(asdict(Writer(os.getpid(), socket.gethostname(), change, now()))) + "\n")
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _holder(root: Path) -> str:
    """Return who holds the lock as far as the note can be read."""
    try:
        return str(Writer(**json.loads((root / WRITER).read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError):
        return "another process"
