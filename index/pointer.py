"""The file CURRENT of a library: which generation is current, and the SHA-256 of its manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from index.durable import Step, replace_file
from index.errors import BadManifest, DamagedGeneration, MissingFile
from index.folders import GENERATIONS, folder_of, generation_numbers
from index.manifest import add_again

CURRENT = "CURRENT"

_LINE = re.compile(rb"(\d{6,}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The number of a generation and the SHA-256 of its manifest in hexadecimal."""

    number: int
    digest: str


# What a library points to until something is added. A number 0 with any other digest is damage.
NONE_YET = Pointer(0, sha256(b"").hexdigest())


def read_pointer(root: Path) -> Pointer:
    """Return what is current in a library, which need not exist. Raises `MissingFile`, `BadManifest`."""
    path = root / CURRENT
    try:
        data = path.read_bytes()
    except OSError as error:
        # CURRENT comes before the first generation, so only a library that was never written to has neither.
        if isinstance(error, FileNotFoundError | NotADirectoryError) and not (root / GENERATIONS).is_dir():
            return NONE_YET
        raise MissingFile(path, f"cannot be read ({error.strerror})", add_again(folder_of(root, 0))) from error
    found = _LINE.fullmatch(data)
    pointer = Pointer(int(found[1]), found[2].decode()) if found else None
    if pointer is None or (pointer.number == 0 and pointer != NONE_YET):
        raise BadManifest(path, "cannot be understood", add_again(folder_of(root, 0)))
    return pointer


def write_pointer(root: Path, pointer: Pointer, step: Step) -> None:
    """Make a generation the current one, at once and durably. Raises `OSError`."""
    replace_file(root / CURRENT, f"{pointer.number:06d} {pointer.digest}\n".encode(), step)


def next_number(root: Path) -> int:
    """Return a number above that of every generation there ever was, as far as CURRENT and the disk can tell."""
    try:
        current = read_pointer(root).number
    except DamagedGeneration:
        current = 0
    return max([current, *generation_numbers(root)]) + 1
