"""What vectors depend on: a model in a folder, or our own files."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from index.checksum import sha256_of
from index.errors import ModelNotFound


def folder_fingerprint(folder: Path, name: str) -> str:
    """Return a model's name, the SHA-256 of its weights and a digest of its settings. Raises `ModelNotFound`.

    Tokenizer, pooling and length limit change vectors as much as weights do.
    """
    weights = _files(folder, ".safetensors") or _files(folder, ".bin")
    if not weights:
        raise ModelNotFound(name, "the folder holds no model.safetensors")
    settings = _files(folder, ".json", ".txt", ".model")
    return f"{name} sha256:{_digest(folder, weights)} settings:{_digest(folder, settings)[:16]}"


def files_fingerprint(files: Sequence[Path]) -> str:
    """Return sixteen hexadecimal digits that change with what one of some files holds. Raises `OSError`."""
    return sha256("".join(map(sha256_of, files)).encode()).hexdigest()[:16]


def _files(folder: Path, *suffixes: str) -> list[Path]:
    """Return a model's files of some kinds, in order; a module's own are one folder down, as in `1_Pooling`."""
    return sorted(path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix in suffixes)


def _digest(folder: Path, files: Sequence[Path]) -> str:
    """Return the SHA-256 of a file, or of the names and digests of several."""
    digests = [sha256_of(path) for path in files]
    if len(files) == 1:
        return digests[0]
    names = (path.relative_to(folder).as_posix() for path in files)
    return sha256(
        "".join(f"{name} {digest}\n" for name, digest in zip(names, digests, strict=True)).encode()
    ).hexdigest()
