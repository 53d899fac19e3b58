"""Vectors of a change that has not been finished: after a kill the next one does not begin from nothing.

    root/unfinished/<SHA-256 of the encoder's fingerprint>/<SHA-256 of the file>.npz

Each file holds the SHA-256 of some sentences and their vectors. It is not synced, and needs no order: a file that is
not what its name says is not used, and its sentences are embedded again.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.commit import telling
from index.durable import Step
from index.embed import Encode, Encoded
from index.encode import Encoder, fingerprint_of

UNFINISHED = "unfinished"


class Unfinished:
    """What an encoder has embedded for a library since its last change, on disk. For the one writer only."""

    def __init__(self, root: Path, encoder: Encoder, encode: Encode, step: Step) -> None:
        self._root = root
        self._folder = root / UNFINISHED / sha256(fingerprint_of(encoder).encode()).hexdigest()
        self._encode = encode
        self._step = step
        self._known: dict[bytes, tuple[NDArray[np.float32], NDArray[np.int8]]] | None = None

    def encode(self, batches: Sequence[Sequence[str]]) -> Iterator[tuple[int, Encoded]]:
        """Yield the number of each batch of texts and what the encoder makes of it, as it is done.

        `encode`, which does that for the encoder, is asked only for what is not on disk. Raises what that raises, and
        `UnwritableStore`.
        """
        if self._known is None:
            self._known = self._read()
        keys = [[sha256(text.encode("utf-8")).digest() for text in texts] for texts in batches]
        new = [[at for at, key in enumerate(each) if key not in self._known] for each in keys]
        for number, places in enumerate(new):
            if not places:
                yield number, self._found(keys[number])
        asked = [number for number, places in enumerate(new) if places]
        for place, made in self._encode([[batches[number][at] for at in new[number]] for number in asked]):
            number = asked[place]
            made_of = [keys[number][at] for at in new[number]]
            self._write(made_of, made)
            self._known |= zip(made_of, zip(made.rows, made.tokens, strict=True), strict=True)
            yield number, self._found(keys[number])

    def _found(self, keys: Sequence[bytes]) -> Encoded:
        found = [self._known[key] for key in keys] if self._known else []
        return Encoded(np.stack([row for row, _ in found]), [tokens for _, tokens in found])

    def _read(self) -> dict[bytes, tuple[NDArray[np.float32], NDArray[np.int8]]]:
        """Return the vectors on disk by the SHA-256 of their sentences."""
        known: dict[bytes, tuple[NDArray[np.float32], NDArray[np.int8]]] = {}
        for path in sorted(self._folder.glob("*.npz")):
            with telling(self._root):
                data = path.read_bytes()
            if sha256(data).hexdigest() != path.stem:
                continue  # cut off by a crash
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                tokens = np.split(arrays["tokens"], arrays["ends"][:-1])
                keys = [key.tobytes() for key in arrays["keys"]]
                known |= zip(keys, zip(arrays["rows"], tokens, strict=True), strict=True)
        return known

    def _write(self, keys: Sequence[bytes], made: Encoded) -> None:
        data = io.BytesIO()
        np.savez(
            data,
            keys=np.array([list(key) for key in keys], dtype=np.uint8),
            rows=made.rows,
            tokens=np.concatenate(list(made.tokens)),
            ends=np.cumsum([len(tokens) for tokens in made.tokens]),
        )
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
