"""What a generation on disk says of itself, and the check of its files against that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from index.checksum import sha256_of
from index.errors import BadManifest, ChecksumMismatch, DamagedGeneration, FormatMismatch, MissingFile, TruncatedFile

# Raise this number when what is written changes, and add a function to index/migrations.py that reads what was before.
FORMAT = 2

MANIFEST = "manifest.json"
ARTICLES = "articles.jsonl"

_REBUILD = "run `pullquote rebuild`"

# Files hashed side by side; hashlib lets go of the interpreter meanwhile.
_HASHED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a generation: its name in the folder, its length in bytes and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was made of and with. `created` is UTC, as ISO 8601; `model` is None for the bundled one."""

    format: int
    created: str
    model: str | None
    encoder: str
    segmenter: str
    articles: int
    sentences: int
    dimension: int
    files: tuple[StoredFile, ...]

    def to_bytes(self) -> bytes:
        """Return the manifest as it is written."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def describe(folder: Path) -> tuple[StoredFile, ...]:
    """Return the files of a folder as they are, in the order of their names. Raises `OSError`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        StoredFile(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path)) for path in files
    )


def read_manifest(folder: Path, digest: str) -> Manifest:
    """Return the manifest of a generation, whose SHA-256 has to be `digest`.

    Raises `MissingFile`, `ChecksumMismatch`, `BadManifest`, `FormatMismatch`.
    """
    path = folder / MANIFEST
    data = read_file(path)
    if sha256(data).hexdigest() != digest:
        raise ChecksumMismatch(path, "is not what was written", add_again(folder))
    try:
        fields = json.loads(data)
        found = fields["format"]
        if not 1 <= found <= FORMAT:
            raise FormatMismatch(path, found, FORMAT)
        files = tuple(StoredFile(**file) for file in fields.pop("files"))
        return Manifest(**fields, files=files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadManifest(path, f"cannot be understood ({error})", add_again(folder)) from error


def check_files(folder: Path, files: Iterable[StoredFile]) -> None:
    """Compare files with what the manifest says. Raises `MissingFile`, `TruncatedFile`, `ChecksumMismatch`."""
    files = tuple(files)
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        # The largest first, so that the others are hashed beside it; told is the first damaged one by name.
        largest_first = sorted(files, key=lambda file: -file.size)
        checks = {file.name: pool.submit(_check_file, folder, file) for file in largest_first}
        for file in files:
            checks[file.name].result()


def _check_file(folder: Path, file: StoredFile) -> None:
    path = folder / file.name
    remedy = remedy_for(path, folder)
    try:
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise _unreadable(path, error, remedy) from error
    if size < file.size:
        raise TruncatedFile(path, f"has {size} bytes instead of {file.size}", remedy)
    if digest != file.sha256:
        raise ChecksumMismatch(path, "is not what was written", remedy)


def read_file(path: Path) -> bytes:
    """Return a file's bytes. Raises `MissingFile`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, remedy_for(path, path.parent)) from error


def remedy_for(path: Path, folder: Path) -> str:
    """Return what to do about a damaged file: all but the articles themselves can be made anew from them."""
    return add_again(folder) if path.name in (MANIFEST, ARTICLES) else _REBUILD


def add_again(folder: Path) -> str:
    """Return what to do when articles are lost; `folder` is the generation's."""
    root = folder.parent.parent
    return f"restore it from a copy, or remove the folder {root} and add the articles again with `pullquote add PATH`"


def _unreadable(path: Path, error: OSError, remedy: str) -> DamagedGeneration:
    what = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return MissingFile(path, what, remedy)
