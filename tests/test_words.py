"""The reader's word embeddings: four bits a number, and a scale for 64 of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from qa.words import FILE, Words, unpacked
from training.words import packed


def test_numbers_that_fit_come_back_as_they_were() -> None:
    whole = np.arange(256, dtype=np.float32).reshape(2, 128) % 15 - 7  # from -7 to 7
    table = whole * np.repeat(np.float32([[0.5, 0.25], [2.0, 0.0]]), 64, axis=1)
    rows = packed(table)
    assert (rows.dtype, rows.shape) == (np.uint8, (2, 68))  # 64 bytes of numbers, two scales of 2 bytes
    np.testing.assert_array_equal(unpacked(rows), table)


def test_others_are_rounded_with_the_scale_that_loses_least() -> None:
    table = np.random.default_rng(0).standard_normal((50, 768), dtype=np.float32)
    rows = packed(table)
    off = np.square(unpacked(rows) - table).mean()
    most = np.abs(table.reshape(50, 12, 64)).max(axis=2, keepdims=True) / 7
    plain = (np.rint(table.reshape(50, 12, 64) / most) * most).reshape(50, 768)
    assert off < 0.9 * np.square(plain - table).mean()
    assert off < 0.11**2


def test_words_are_rows_of_the_file(tmp_path: Path) -> None:
    table = np.random.default_rng(0).standard_normal((9, 64), dtype=np.float32)
    np.save(tmp_path / FILE, packed(table))
    ids = np.array([[3, 8], [3, 0]])
    np.testing.assert_array_equal(Words(tmp_path).embed(ids), unpacked(packed(table))[ids])
