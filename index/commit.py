"""The write steps of a library: what a killed writer left is cleared, a new generation made the current one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from index.durable import Step, sync
from index.errors import UnwritableStore
from index.folders import ASIDE, GENERATIONS, folder_of, number_of
from index.manifest import read_manifest
from index.pointer import NONE_YET, Pointer, next_number, read_pointer, write_pointer
from index.prune import prune

# How many generations stay on the disk, the current one among them.
KEPT = 3


@contextmanager
def telling(root: Path) -> Iterator[None]:
    """Tell of a disk that is full or may not be written. Raises `UnwritableStore`."""
    try:
        yield
    except OSError as error:
        raise UnwritableStore(root, error.strerror or error) from error


def prepare(root: Path, step: Step) -> None:
    """Make the folders of an empty library; remove what is no generation.

    Raises `DamagedGeneration`, `FormatMismatch`, `UnwritableStore`.
    """
    with telling(root):
        current = read_pointer(root)
        if current == NONE_YET:
            # Before there are generations, so that a missing CURRENT is always damage.
            write_pointer(root, current, step)
            (root / GENERATIONS).mkdir(exist_ok=True)
        else:
            # Or else a damaged number in CURRENT would make good generations look like leavings.
            read_manifest(folder_of(root, current.number), current.digest)
        clear_leavings(root, current.number, step)


def clear_leavings(root: Path, current: int | None, step: Step) -> None:
    """Remove what killed writers left; whole generations only above the current, none when that is None.

    Raises `OSError`.
    """
    for folder in sorted((root / GENERATIONS).iterdir()):
        if folder.suffix == ASIDE or (current is not None and (number_of(folder) or 0) > current):
            step(f"clear {folder.name}")
            shutil.rmtree(folder)


def publish(root: Path, write: Callable[[Path], bytes], step: Step) -> None:
    """Make a new generation, which `write` puts into an empty folder, the current one; then prune.

    `write` returns the manifest's bytes. Raises `UnwritableStore`, and then nothing has changed.
    """
    number = next_number(root)
    folder = folder_of(root, number)
    aside = folder.with_suffix(ASIDE)
    with telling(root):
        try:
            aside.mkdir()
            manifest = write(aside)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)  # so that a full disk is not left fuller
            raise
        step("rename the generation")
        aside.rename(folder)
        step("sync the generations")
        sync(folder.parent)
        write_pointer(root, Pointer(number, sha256(manifest).hexdigest()), step)
    # A generation that cannot be removed now, because someone reads it on Windows, is removed after the next write.
    with suppress(OSError):
        prune(root, KEPT, step)
