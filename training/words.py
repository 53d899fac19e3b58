"""Pack the reader's word embeddings: `python -m training.words BASE qa/models/words.npy`, BASE a folder of MPNet."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from index.wordpieces import CLS, PAD, SEP
from qa.words import GROUP, HIGHEST, Packed
from training.data import VOCABULARY

MARKS = {CLS: 0, PAD: 1, SEP: 2}  # what MPNet calls them; its other word pieces are MiniLM's, four further back
BEHIND = 4


def packed(table: NDArray[np.float32]) -> Packed:
    """Return rows `(rows, width)` as bytes `(rows, 17 / 32 width)`: numbers from 1 to 15, two a byte, then scales.

    Of some scales for each group, that of the least square error is taken.
    """
    groups = table.reshape(len(table), -1, GROUP)
    most = np.abs(groups).max(axis=2) / HIGHEST
    best, least = most.astype(np.float16), np.full(most.shape, np.inf, dtype=np.float32)
    for share in np.linspace(0.6, 1.0, 9, dtype=np.float32):
        scales = (most * share).astype(np.float16)
        off = np.square(_whole(groups, scales) * scales[..., None].astype(np.float32) - groups).sum(axis=2)
        best, least = np.where(off < least, scales, best), np.minimum(off, least)
    numbers = (_whole(groups, best) + HIGHEST + 1).astype(np.uint8).reshape(table.shape)
    return np.concatenate([numbers[:, ::2] | numbers[:, 1::2] << 4, best.view(np.uint8)], axis=1)


def _whole(groups: NDArray[np.float32], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    least = np.float32(np.finfo(np.float16).tiny)
    whole: NDArray[np.float32] = np.rint(groups / np.maximum(scales[..., None].astype(np.float32), least))
    return whole.clip(-HIGHEST, HIGHEST)


def main() -> None:
    """Write the table, its rows in the order of MiniLM's word pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("words", type=Path)
    options = parser.parse_args()
    ids = np.arange(VOCABULARY) + BEHIND
    ids[list(MARKS)] = list(MARKS.values())
    np.save(
        options.words, packed(load_file(options.base / "model.safetensors")["embeddings.word_embeddings.weight"][ids])
    )


if __name__ == "__main__":
    main()
