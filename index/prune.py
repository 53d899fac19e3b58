"""Removing old generations."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.durable import Step
from index.folders import ASIDE, folder_of, generation_numbers


@dataclass(frozen=True, slots=True)
class Pruned:
    """The numbers of the generations that were removed, ascending, and the bytes that this gave back to the disk.

    `bytes` is None where that is not known.
    """

    generations: tuple[int, ...]
    bytes: int | None


def prune(root: Path, keep: int, step: Step) -> Pruned:
    """Remove all generations but the last `keep`, 1 or more; the newest on disk has to be the current one.

    Raises `OSError`.
    """
    if keep < 1:
        raise ValueError("the current generation is always kept")
    numbers = tuple(generation_numbers(root)[:-keep])
    folders = [folder_of(root, number) for number in numbers]
    freed = _bytes_only_in(folders)
    for folder in folders:
        aside = folder.with_suffix(ASIDE)  # so that a generation is never there in part
        step(f"prune {folder.name}")
        folder.rename(aside)
        step(f"clear {aside.name}")
        shutil.rmtree(aside)
    return Pruned(numbers, freed)


def _bytes_only_in(folders: Iterable[Path]) -> int:
    """Return the bytes of the files in some folders that no other folder shares, as generations do after a rollback."""
    found = [path.stat() for folder in folders for path in folder.rglob("*") if path.is_file()]
    links = Counter((file.st_dev, file.st_ino) for file in found)
    last = {
        (file.st_dev, file.st_ino): file.st_size for file in found if links[file.st_dev, file.st_ino] == file.st_nlink
    }
    return sum(last.values())
