from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.errors import BadVectors
from index.vectors import Vectors, checked_rows

Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def random_rows(count: int, dimension: int = 16, seed: int = 0) -> Rows:
    return unit(np.random.default_rng(seed).normal(size=(count, dimension)))


def brute_force(rows: Rows, question: Rows, k: int, among: list[int] | None = None) -> list[int]:
    """Sort the rows by exact cosine, then by number."""
    cosines = rows.astype(np.float64) @ question.astype(np.float64)
    wanted = range(len(rows)) if among is None else sorted(set(among))
    return sorted(wanted, key=lambda row: (-round(float(cosines[row]), 6), row))[:k]


@given(st.integers(1, 80), st.integers(0, 100), st.integers(0, 9), st.booleans())
def test_nearest_is_brute_force(count: int, k: int, seed: int, filtered: bool) -> None:
    rows = random_rows(count, seed=seed)
    question = random_rows(1, seed=seed + 100)[0]
    among = [row for row in range(count) if row % 3 == 1] if filtered else None
    found = Vectors.build(rows).nearest(question, k, among=None if among is None else np.array(among, dtype=np.int64))
    assert found.tolist() == brute_force(rows, question, k, among)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 60))
def test_ties_come_in_the_order_of_rows(kinds: list[int], k: int) -> None:
    """Few directions, each many times: faiss itself gives any of the equal ones, in any order."""
    rows = random_rows(4)[kinds]
    question = random_rows(1, seed=7)[0]
    assert Vectors.build(rows).nearest(question, k).tolist() == brute_force(rows, question, k)


def test_k_is_clamped() -> None:
    vectors = Vectors.build(random_rows(3))
    question = random_rows(1, seed=1)[0]
    assert sorted(vectors.nearest(question, 1000).tolist()) == [0, 1, 2]
    assert vectors.nearest(question, 0).tolist() == []
    assert vectors.nearest(question, -1).tolist() == []
    assert vectors.nearest(question, 5, among=np.array([2, 2, 0])).tolist() == brute_force(
        vectors.rows, question, 5, [0, 2]
    )
    assert vectors.nearest(question, 5, among=np.zeros(0, dtype=np.int64)).tolist() == []
    assert Vectors.build(np.zeros((0, 16), dtype=np.float32)).nearest(question, 5).tolist() == []


def test_similarity_does_not_depend_on_the_other_rows() -> None:
    vectors = Vectors.build(random_rows(500, 384))
    question = random_rows(1, 384, seed=1)[0]
    alone = [vectors.similarities(question, np.array([row]))[0] for row in range(500)]
    assert vectors.similarities(question, np.arange(500)).tolist() == alone
    np.testing.assert_allclose(alone, vectors.rows @ question, atol=1e-6)
    assert vectors.similarities(vectors.rows[3], np.array([3]))[0] <= 1


@pytest.mark.parametrize("count", [0, 1, 200])
def test_round_trip(tmp_path: Path, count: int) -> None:
    built = Vectors.build(random_rows(count))
    built.save(tmp_path)
    loaded = Vectors.load(tmp_path)
    assert np.array_equal(loaded.rows, built.rows)
    question = random_rows(1, seed=1)[0]
    assert loaded.nearest(question, 7).tolist() == brute_force(built.rows, question, 7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.faiss", "vectors.npy"]


def test_rows_cannot_be_changed(tmp_path: Path) -> None:
    given_rows = random_rows(2)
    vectors = Vectors.build(given_rows)
    given_rows[:] = 0
    assert np.array_equal(vectors.rows, random_rows(2))
    vectors.save(tmp_path)
    for rows in (vectors.rows, Vectors.load(tmp_path).rows):
        with pytest.raises(ValueError, match="read-only"):
            rows[0, 0] = 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, 1e30])
def test_refuses_a_row_that_is_no_unit_vector(value: float) -> None:
    rows = random_rows(5)
    rows[3] = value
    with pytest.raises(BadVectors, match="row 3 has the length"):
        Vectors.build(rows)
    with pytest.raises(BadVectors, match="row 0 has the length"):
        Vectors.build(random_rows(5)).nearest(rows[3], 1)


def test_refuses_another_shape_or_kind_of_number() -> None:
    vectors = Vectors.build(random_rows(5))
    for question in (random_rows(1, 15)[0], random_rows(1), random_rows(1)[0].astype(np.float64)):
        with pytest.raises(BadVectors):
            vectors.nearest(question, 1)
        with pytest.raises(BadVectors):
            vectors.similarities(question, np.array([0]))
    with pytest.raises(BadVectors, match=r"their shape is \(5, 16\), not \(n, 8\)"):
        checked_rows(random_rows(5), 8)
    with pytest.raises(BadVectors, match="float64, not float32"):
        Vectors.build(random_rows(5).astype(np.float64))
    with pytest.raises(BadVectors, match="their shape is"):
        Vectors.build(np.zeros((3, 0), dtype=np.float32))
