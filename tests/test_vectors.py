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


@given(st.integers(1, 200), st.integers(0, 220), st.integers(0, 9), st.booleans())
def test_nearest_is_brute_force(count: int, k: int, seed: int, filtered: bool) -> None:
    rows = random_rows(count, seed=seed)
    question = random_rows(1, seed=seed + 100)[0]
    among = [row for row in range(count) if row % 3 == 1] if filtered else None
    found = Vectors.build(rows).nearest(question, k, among=None if among is None else np.array(among, dtype=np.int64))
    assert found.tolist() == brute_force(rows, question, k, among)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=300), st.integers(1, 60))
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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vectors.npy"]


def test_graph_leads_to_the_nearest_and_a_filter_stays_exact() -> None:
    rows, questions = random_rows(3000), random_rows(50, seed=1)
    vectors = Vectors.build(rows, limit=2999)
    among = np.arange(1, 3000, 3)
    right = 0
    for question in questions:
        found, exact = vectors.nearest(question, 10), brute_force(rows, question, 10)
        right += len(set(found.tolist()) & set(exact))
        cosines = vectors.similarities(question, found)
        np.testing.assert_allclose(cosines, rows[found] @ question, atol=1e-6)
        assert (np.diff(cosines) <= 0).all()
        assert vectors.nearest(question, 10, among=among).tolist() == brute_force(rows, question, 10, among.tolist())
        assert sorted(vectors.nearest(question, 4000).tolist()) == list(range(3000))
    assert right >= 0.98 * 500


def test_graph_gives_k_rows_even_where_it_leads_to_fewer() -> None:
    """Of so many equal rows, each links to some of the others only."""
    rows = random_rows(3)[np.arange(2000) % 3]
    vectors = Vectors.build(rows, limit=0)
    for k in (1, 500, 1500, 1999):
        found = vectors.nearest(rows[0], k).tolist()
        assert len(set(found)) == k
        assert found[0] % 3 == 0


def test_graph_round_trip_and_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows, questions = random_rows(2000), random_rows(20, seed=1)
    built = Vectors.build(rows, limit=1999)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    built.save(tmp_path / "one")
    loaded = Vectors.load(tmp_path / "one")
    for question in questions:
        assert loaded.nearest(question, 9).tolist() == built.nearest(question, 9).tolist()
    Vectors.build(rows, limit=1999).save(tmp_path / "two")
    contents = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")]
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == ["hnsw.faiss", "vectors.npy"]


def graph_of(vectors: Vectors, folder: Path) -> bytes | None:
    vectors.save(folder)
    path = folder / "hnsw.faiss"
    return path.read_bytes() if path.exists() else None


def test_known_graph_is_extended_when_rows_only_follow(tmp_path: Path) -> None:
    rows, questions = random_rows(3000), random_rows(50, seed=1)
    known = Vectors.build(rows[:2900], limit=2000)
    before = graph_of(known, tmp_path)
    for of_known in (known, Vectors.load(tmp_path)):
        extended = Vectors.build(rows, limit=2000, known=of_known)
        assert graph_of(known, tmp_path) == before
        found = [set(extended.nearest(question, 10).tolist()) for question in questions]
        exact = [set(brute_force(rows, question, 10)) for question in questions]
        assert sum(len(one & other) for one, other in zip(found, exact, strict=True)) >= 0.98 * 500
    anew = graph_of(Vectors.build(rows, limit=2000), tmp_path)
    assert graph_of(extended, tmp_path) != anew
    for other in (rows[1:], rows[::-1], rows[:2500]):  # not the known rows and more
        fresh = Vectors.build(np.ascontiguousarray(other), limit=2000)
        again = Vectors.build(np.ascontiguousarray(other), limit=2000, known=known)
        assert graph_of(again, tmp_path) == graph_of(fresh, tmp_path)


@pytest.mark.parametrize(("count", "limit"), [(100, 100), (99, 100), (0, 0)])
def test_up_to_the_limit_there_is_no_graph(tmp_path: Path, count: int, limit: int) -> None:
    known = Vectors.build(random_rows(count + 1), limit=0)
    assert graph_of(Vectors.build(random_rows(count), limit=limit, known=known), tmp_path) is None
    assert graph_of(Vectors.build(random_rows(limit + 1), limit=limit), tmp_path) is not None


def test_rows_cannot_be_changed(tmp_path: Path) -> None:
    given_rows = random_rows(2)
    vectors = Vectors.build(given_rows)
    given_rows[:] = 0
    assert np.array_equal(vectors.rows, random_rows(2))
    frozen = random_rows(2)
    frozen.flags.writeable = False
    assert np.shares_memory(Vectors.build(frozen).rows, frozen)
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
