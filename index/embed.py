"""Sentences as vectors: one of the whole, and one of each word piece. Nothing is encoded that is known already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encode import Encoder, encode_both
from index.errors import BadVectors
from index.late import TokenVectors
from index.vectors import checked_rows

# Told how many sentences are embedded, and of how many.
Progress = Callable[[int, int], None]

# Sentences embedded at a time, after which progress is told: eight batches of sentence-transformers.
_BATCH = 256

_NONE = np.zeros((0, 0), dtype=np.int8)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder makes of texts: `rows` `(n, dimension)` float32, and each text's `tokens` `(pieces, width)`."""

    rows: NDArray[np.float32]
    tokens: Sequence[NDArray[np.int8]]


# Turns batches of texts into vectors, as `encode_each` does.
Encode = Callable[[Sequence[Sequence[str]]], Iterator[tuple[int, Encoded]]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts as vectors: `rows` `(n, dimension)` float32 of unit length, `tokens` of each; `places` has a text's row."""

    places: Mapping[str, int]
    rows: NDArray[np.float32]
    tokens: TokenVectors


def encode_all(texts: Sequence[str], encoder: Encoder) -> Encoded:
    """Return what an encoder makes of texts. Raises `ModelNotFound`, `BadVectors`."""
    made, tokens = encode_both(texts, encoder)
    rows = checked_rows(made, encoder.dimension)
    if len(rows) != len(texts):
        raise BadVectors(f"{len(rows)} came for {len(texts)} sentences")
    return Encoded(rows, tokens)


def encode_each(batches: Sequence[Sequence[str]], encoder: Encoder) -> Iterator[tuple[int, Encoded]]:
    """Yield the number of each batch of texts and what an encoder makes of it. Raises `ModelNotFound`, `BadVectors`."""
    for number, texts in enumerate(batches):
        yield number, encode_all(texts, encoder)


def embed(
    texts: Sequence[str], encoder: Encoder, *, encode: Encode, known: Embedded | None, progress: Progress | None
) -> Embedded:
    """Return texts as vectors, row by row; each different text is encoded once, if it is not known.

    `encode` does it for the encoder, and yields batches in any order. Raises `ModelNotFound`, `BadVectors`.
    """
    places = {text: row for row, text in reversed(list(enumerate(texts)))}
    # The longest first: batches of like length need little padding, and what remains is never slower than foretold.
    new = sorted((t for t in places if known is None or t not in known.places), key=lambda text: (-len(text), text))
    # A model need not be loaded where nothing is new.
    dimension = known.rows.shape[1] if known and not new else encoder.dimension
    rows = np.empty((len(texts), dimension), dtype=np.float32)
    tokens = [_NONE] * len(texts)
    batches, done = [new[start : start + _BATCH] for start in range(0, len(new), _BATCH)], 0
    for number, made in encode(batches):
        for text, row, pieces in zip(batches[number], made.rows, made.tokens, strict=True):
            rows[places[text]], tokens[places[text]] = row, pieces
        done += len(batches[number])
        if progress:
            progress(done, len(new))
    for row, text in enumerate(texts):
        if known and text in known.places:
            rows[row], tokens[row] = known.rows[known.places[text]], known.tokens.of(known.places[text])
        else:
            rows[row], tokens[row] = rows[places[text]], tokens[places[text]]
    rows.flags.writeable = False  # so that nobody needs a copy
    return Embedded(places, rows, TokenVectors.build(tokens))
