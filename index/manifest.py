"""What a generation on disk says of itself, and the check of its files against that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

from index.checksum import sha256_of
from index.errors import BadManifest, ChecksumMismatch, DamagedGeneration, FormatMismatch, MissingFile, TruncatedFile
from index.folders import folder_of, generation_numbers

# Raise this number when what is written changes, and add a function to index/migrations.py that reads what was before.
FORMAT = 3

MANIFEST = "manifest.json"
ARTICLES = "articles.jsonl"

_REBUILD = "run `pullquote rebuild`"

# The key of a manifest's SHA-256 of itself, taken while the value is empty. Early manifests have none.
_OWN = "sha256"

# Told a damaged file and its generation's folder, says what to do.
Remedy = Callable[[Path, Path], str]

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
    """What a generation was made of and with. `created` is UTC, as ISO 8601; `model` is None for the bundled one.

    `change` is what made it ("add", "remove", "rebuild", "rollback to 3"), and empty where that was not written down.
    """

    format: int
    created: str
    model: str | None
    encoder: str
    segmenter: str
    articles: int
    sentences: int
    dimension: int
    files: tuple[StoredFile, ...]
    change: str = ""

    def to_bytes(self) -> bytes:
        """Return the manifest as it is written, with the SHA-256 of itself: CURRENT has that of one generation only."""
        own = sha256(self._to_bytes("")).hexdigest()
        return self._to_bytes(own)

    def _to_bytes(self, own: str) -> bytes:
        return (json.dumps(asdict(self) | {_OWN: own}, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def now() -> str:
    """Return the time, UTC, as a manifest tells it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def describe(folder: Path) -> tuple[StoredFile, ...]:
    """Return the files of a folder as they are, in the order of their names. Raises `OSError`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        StoredFile(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path)) for path in files
    )


def read_manifest(folder: Path, digest: str | None, remedy: Remedy | None = None) -> Manifest:
    """Return the manifest of a generation, whose SHA-256 has to be `digest`, or where that is None what it says itself.

    Raises `MissingFile`, `ChecksumMismatch`, `BadManifest`, `FormatMismatch`.
    """
    path, remedy = folder / MANIFEST, remedy or remedy_for
    data = read_file(path, remedy)
    if digest is not None and sha256(data).hexdigest() != digest:
        raise ChecksumMismatch(path, "is not what was written", remedy(path, folder))
    try:
        fields = json.loads(data)
        own = fields.pop(_OWN, None)
        if digest is None and own is not None and sha256(data.replace(own.encode(), b"", 1)).hexdigest() != own:
            raise ChecksumMismatch(path, "is not what was written", remedy(path, folder))
        found = fields["format"]
        if not 1 <= found <= FORMAT:
            raise FormatMismatch(path, found, FORMAT)
        files = tuple(StoredFile(**file) for file in fields.pop("files"))
        return Manifest(**fields, files=files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadManifest(path, f"cannot be understood ({error})", remedy(path, folder)) from error


def check_files(folder: Path, files: Iterable[StoredFile], remedy: Remedy | None = None) -> None:
    """Compare files with what the manifest says. Raises `MissingFile`, `TruncatedFile`, `ChecksumMismatch`."""
    files = tuple(files)
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        # The largest first, so that the others are hashed beside it; told is the first damaged one by name.
        largest_first = sorted(files, key=lambda file: -file.size)
        checks = {file.name: pool.submit(_check_file, folder, file, remedy or remedy_for) for file in largest_first}
        for file in files:
            checks[file.name].result()


def _check_file(folder: Path, file: StoredFile, remedy: Remedy) -> None:
    path = folder / file.name
    try:
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise _unreadable(path, error, remedy(path, folder)) from error
    if size < file.size:
        raise TruncatedFile(path, f"has {size} bytes instead of {file.size}", remedy(path, folder))
    if digest != file.sha256:
        raise ChecksumMismatch(path, "is not what was written", remedy(path, folder))


def read_file(path: Path, remedy: Remedy | None = None) -> bytes:
    """Return a file's bytes; its folder is the generation's. Raises `MissingFile`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, (remedy or remedy_for)(path, path.parent)) from error


def remedy_for(path: Path, folder: Path) -> str:
    """Return what to do about a damaged file: all but the articles themselves can be made anew from them."""
    return add_again(folder) if path.name in (MANIFEST, ARTICLES) else _REBUILD


def add_again(folder: Path) -> str:
    """Return what to do when articles are lost; `folder` is the generation's, which need not exist."""
    root = folder.parent.parent
    sound = newest_sound(root)
    if sound is not None:
        return f"go back to the last generation that is sound with `pullquote rollback {sound}`"
    return f"restore it from a copy, or remove the folder {root} and add the articles again with `pullquote add PATH`"


def newest_sound(root: Path) -> int | None:
    """Return the newest generation of a library whose every byte is sound; None without one."""
    for number in reversed(generation_numbers(root)):
        folder = folder_of(root, number)
        try:
            check_files(folder, read_manifest(folder, None, no_remedy).files, no_remedy)
        except (DamagedGeneration, FormatMismatch):
            continue
        return number
    return None


def no_remedy(_path: Path, _folder: Path) -> str:
    """Say nothing: for damage that is only looked for."""
    return ""


def _unreadable(path: Path, error: OSError, remedy: str) -> DamagedGeneration:
    what = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
    return MissingFile(path, what, remedy)
