"""The generations of a library that are on disk, the damaged ones among them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from index.errors import DamagedGeneration, FormatMismatch
from index.folders import folder_of, generation_numbers
from index.manifest import Manifest, check_files, no_remedy, read_manifest
from index.pointer import Pointer, read_pointer


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation that is kept. `created` is UTC, `bytes` its size, None if that is not known.

    `fault` says what is damaged, empty where nothing is. `change` is what made it, empty where that was not written
    down. What a damaged manifest would say is None.
    """

    number: int
    current: bool
    created: str | None
    change: str | None
    model: str | None
    articles: int | None
    sentences: int | None
    bytes: int | None
    fault: str


def read_history(root: Path) -> tuple[Generation, ...]:
    """Return the generations of a library, newest first, after a check of every byte of them.

    What a killed writer left is none of them. When CURRENT is damaged, none is current and all on disk are there.
    """
    current = _pointer(root)
    numbers = generation_numbers(root)
    if trusted(root) is not None and current is not None:
        numbers = [number for number in numbers if number <= current.number]
    found = (_generation(root, number, current) for number in reversed(numbers))
    return tuple(generation for generation in found if generation is not None)


def trusted(root: Path) -> Pointer | None:
    """Return what is current in a library, None when CURRENT or the manifest that it names is damaged.

    Which of the two it is cannot be told: a damaged CURRENT may name another generation than it did.
    """
    try:
        pointer = read_pointer(root)
        if pointer.number:
            read_manifest(folder_of(root, pointer.number), pointer.digest, no_remedy)
    except DamagedGeneration:
        return None
    except FormatMismatch:  # told after the comparison with CURRENT
        pass
    return pointer


def _pointer(root: Path) -> Pointer | None:
    try:
        return read_pointer(root)
    except DamagedGeneration:
        return None


def _generation(root: Path, number: int, current: Pointer | None) -> Generation | None:
    """Return what a generation is like, None when a writer has removed it meanwhile."""
    folder = folder_of(root, number)
    digest = current.digest if current is not None and current.number == number else None
    manifest: Manifest | None = None
    fault = ""
    try:
        manifest = read_manifest(folder, digest, no_remedy)
        check_files(folder, manifest.files, no_remedy)
    except DamagedGeneration as error:
        fault = f"{error.path.relative_to(folder).as_posix()} {error.what}"
    except FormatMismatch as error:
        fault = str(error)
    size = _size_of(folder)
    if not folder.is_dir():
        return None
    return Generation(
        number=number,
        current=digest is not None,
        created=manifest.created if manifest else None,
        change=manifest.change if manifest else None,
        model=manifest.model if manifest else None,
        articles=manifest.articles if manifest else None,
        sentences=manifest.sentences if manifest else None,
        bytes=size,
        fault=fault,
    )


def _size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder, as far as they are there."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size += path.stat().st_size if path.is_file() else 0
    return size
