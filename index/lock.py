"""The lock of the one writer of a library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from index.commit import telling
from index.errors import StoreLocked

LOCK = "lock"


@contextmanager
def write_lock(root: Path, patience: float) -> Iterator[None]:
    """Be the one writer of a library, whose folder is made if it is not there; wait `patience` seconds for another.

    The operating system lets go of the lock of a process that dies. Raises `StoreLocked`, `UnwritableStore`.
    """
    lock = FileLock(root / LOCK, timeout=patience)
    with telling(root):
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise StoreLocked(root, patience) from error
    try:
        yield
    finally:
        lock.release()
