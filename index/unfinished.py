"""Vectors of a change that has not been finished: after a kill the next one does not begin from nothing.

    root/unfinished/<SHA-256 of the encoder's fingerprint>/<SHA-256 of the file>.npz

Each file holds the SHA-256 of some sentences and their vectors. It is not synced, and needs no order: a file that is
not what its name says is not used, and its sentences are embedded again.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.commit import telling
from index.durable import Step
from index.encode import Encoder
from index.vectors import checked_rows

UNFINISHED = "unfinished"


class Unfinished:
    """What an encoder has embedded for a library since its last change, on disk. For the one writer only."""

    def __init__(self, root: Path, encoder: Encoder, step: Step) -> None:
        self._root = root
        self._folder = root / UNFINISHED / sha256(encoder.fingerprint.encode()).hexdigest()
        self._encoder = encoder
        self._step = step
        self._rows: dict[bytes, NDArray[np.float32]] | None = None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` rows of unit length as the encoder does, which is asked only for what is not on disk.

        Raises what the encoder raises, and `BadVectors`, `UnwritableStore`.
        """
        if self._rows is None:
            self._rows = self._read()
        keys = [sha256(text.encode("utf-8")).digest() for text in texts]
        new = [number for number, key in enumerate(keys) if key not in self._rows]
        if new:
            rows = checked_rows(self._encoder.encode([texts[number] for number in new]), self._encoder.dimension)
            if len(rows) != len(new):
                return rows  # which the caller refuses
            self._write(np.array([list(keys[number]) for number in new], dtype=np.uint8), rows)
            self._rows.update((keys[number], row) for number, row in zip(new, rows, strict=True))
        return np.stack([self._rows[key] for key in keys])

    def _read(self) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors on disk by the SHA-256 of their sentences."""
        found: dict[bytes, NDArray[np.float32]] = {}
        for path in sorted(self._folder.glob("*.npz")):
            with telling(self._root):
                data = path.read_bytes()
            if sha256(data).hexdigest() != path.stem:
                continue  # cut off by a crash
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                keys, rows = arrays["keys"], arrays["rows"]
            found.update((key.tobytes(), row) for key, row in zip(keys, rows, strict=True))
        return found

    def _write(self, keys: NDArray[np.uint8], rows: NDArray[np.float32]) -> None:
        data = io.BytesIO()
        np.savez(data, keys=keys, rows=rows)
        name = sha256(data.getvalue()).hexdigest()
        self._step("write unfinished vectors")
        with telling(self._root):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.npz").write_bytes(data.getvalue())


def clear_unfinished(root: Path) -> int:
    """Remove the vectors of changes that were not finished, and return the bytes that they took."""
    folder = root / UNFINISHED
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder, ignore_errors=True)
    return size
