"""Going back to an older generation: which one, and its files as those of a new one."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from index.durable import Step, sync_tree
from index.errors import AlreadyCurrent, GenerationNotFound
from index.folders import folder_of, generation_numbers, number_of
from index.manifest import MANIFEST, Manifest, check_files, newest_sound, now, read_manifest
from index.pointer import Pointer, read_pointer


def choose(root: Path, wanted: int | None, current: Pointer | None) -> tuple[int, Manifest]:
    """Return the generation to go back to, every byte of which is checked, and its manifest.

    `wanted` is its number, by default the one before the current. `current` is None when CURRENT or the manifest that
    it names is damaged; then the default is the newest that is sound. Raises `GenerationNotFound`, `AlreadyCurrent`,
    `DamagedGeneration`, `FormatMismatch`.
    """
    numbers = generation_numbers(root)
    if current is not None:
        numbers = [number for number in numbers if number <= current.number]
    number = _default(root, numbers, current) if wanted is None else wanted
    if number not in numbers:
        raise GenerationNotFound(str(number), numbers)
    folder = folder_of(root, number)
    is_current = current is not None and current.number == number
    manifest = read_manifest(folder, current.digest if current and is_current else None, _another)
    check_files(folder, manifest.files, _another)
    if is_current:
        raise AlreadyCurrent(number)
    return number, manifest


def copy_generation(source: Path, manifest: Manifest, folder: Path, step: Step) -> bytes:
    """Put the files of a generation into an empty folder, durably, and return the new manifest's bytes.

    The files are never changed, so both generations share them where the file system has hard links; elsewhere they are
    copied. Raises `OSError`.
    """
    for file in manifest.files:
        step(f"link {file.name}")
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(source / file.name, target)
    step(f"write {MANIFEST}")
    data = replace(manifest, created=now(), change=f"rollback to {number_of(source)}").to_bytes()
    (folder / MANIFEST).write_bytes(data)
    sync_tree(folder, step)
    return data


def _default(root: Path, numbers: list[int], current: Pointer | None) -> int:
    if current is not None:
        older = [number for number in numbers if number < current.number]
        if not older:
            raise GenerationNotFound(f"before {current.number}", numbers)
        return older[-1]
    newest = newest_sound(root)
    if newest is None:
        pointer = read_pointer(root)  # one of these two says what is damaged
        read_manifest(folder_of(root, pointer.number), pointer.digest)
        raise GenerationNotFound(f"before {pointer.number}", numbers)
    return newest


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or with too many of this file
        shutil.copyfile(source, target)


def _another(_path: Path, _folder: Path) -> str:
    return "choose another generation of those in `pullquote history`"
