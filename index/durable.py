"""Writing that survives a crash: what is synced is on the disk, what is replaced is there whole, old or new."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Called with the name of each write step before it is made; tests stop the writer there.
Step = Callable[[str], None]


def no_step(_name: str) -> None:
    """Let every step pass."""


def replace_file(path: Path, data: bytes, step: Step) -> None:
    """Put bytes in a file's place at once: whoever reads it sees the old ones or the new ones. Raises `OSError`."""
    beside = path.with_name(path.name + ".tmp")
    step(f"write {path.name}")
    beside.write_bytes(data)
    step(f"sync {path.name}")
    sync(beside)
    step(f"replace {path.name}")
    beside.replace(path)
    step(f"sync the folder of {path.name}")
    sync(path.parent)


def sync_tree(folder: Path, step: Step) -> None:
    """Force all files of a folder, and the folder itself, to the disk. Raises `OSError`."""
    for path in sorted(folder.rglob("*"), reverse=True):
        step(f"sync {path.relative_to(folder).as_posix()}")
        sync(path)
    step("sync the generation")
    sync(folder)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk. Raises `OSError`."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders, and writes their names through
    # Windows syncs only what is open for writing; elsewhere reading is enough, and all that a folder allows.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
