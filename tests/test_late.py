"""Late interaction: MaxSim against its definition, and the shipped network."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.late import LONGEST, NETWORK, QUESTION_SCALE, REACH, SCALE, LateEncoder, TokenQuery, TokenVectors
from index.wordpieces import WordPieces
from tests.pieces import asked, kept, unit


def drawn(
    rng: np.random.Generator, lengths: list[int], pieces: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64], TokenQuery]:
    """Sentences of so many pieces, a question's pieces and what each is worth, and both as they are asked."""
    sentences, question, weights = [unit(rng, n) for n in lengths], unit(rng, pieces), rng.random(pieces) + 0.1
    weights /= weights.sum()
    return sentences, question, weights, asked(question, weights)


@given(st.integers(0, 10_000), st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 7))
def test_max_sim_is_the_weighted_mean_of_the_best_cosines(seed: int, lengths: list[int], asked: int) -> None:
    sentences, question, weights, query = drawn(np.random.default_rng(seed), lengths, asked)
    expected = [float((question @ s.T).max(axis=1) @ weights) for s in sentences]
    tokens = TokenVectors.build([kept(s) for s in sentences])
    every = tokens.max_sim(query, np.arange(len(lengths)))
    assert every.tolist() == pytest.approx(expected, abs=0.02)
    # the same to the last bit, whatever else is scored
    assert [float(tokens.max_sim(query, np.array([row]))[0]) for row in range(len(lengths))] == every.tolist()
    rows = np.random.default_rng(seed).permutation(len(lengths))[: seed % (len(lengths) + 1)]
    assert tokens.max_sim(query, rows).tolist() == every[rows].tolist()


@given(st.integers(0, 10_000), st.lists(st.integers(1, 5), min_size=1, max_size=9), st.integers(1, 4))
def test_a_sentence_borrows_from_those_around_it_for_a_price(seed: int, lengths: list[int], asked: int) -> None:
    rng = np.random.default_rng(seed)
    sentences, question, weights, query = drawn(rng, lengths, asked)
    best = np.array([(question @ s.T).max(axis=1) for s in sentences])
    n = len(lengths)
    price = np.array([[(0.06 if j < i else 0.08) * abs(i - j) ** 0.5 for j in range(n)] for i in range(n)])
    expected = (best[None] - price[:, :, None]).max(axis=1) @ weights
    tokens = TokenVectors.build([kept(unit(rng, 3)), *(kept(s) for s in sentences), kept(unit(rng, 2))])
    alone, around = tokens.max_sims(query, range(1, 1 + n))
    assert around.tolist() == pytest.approx(expected.tolist(), abs=0.02)
    assert alone.tolist() == tokens.max_sim(query, np.arange(1, 1 + n)).tolist()
    assert tokens.max_sims(query, range(0)).shape == (2, 0)


def test_a_sentence_borrows_from_no_farther_than_it_reaches() -> None:
    one, other = np.eye(2, dtype=np.float32)
    query = TokenQuery(one[None] * QUESTION_SCALE, np.ones(1, dtype=np.float32))
    rows = [other] * 40 + [one] + [other] * 40
    _, scores = TokenVectors.build([kept(row[None]) for row in rows]).max_sims(query, range(81))
    assert scores[40] == pytest.approx(1.0)
    assert scores[[72, 8]].tolist() == pytest.approx([1 - 0.06 * REACH**0.5, 1 - 0.08 * REACH**0.5], abs=1e-4)
    assert scores[[73, 7]].tolist() == [0.0, 0.0]


def test_many_word_pieces_are_compared_a_part_at_a_time() -> None:
    rng = np.random.default_rng(0)
    lengths = [*rng.integers(1, 129, size=600).tolist(), 20_000, 3, 16_384, 1]
    sentences = [rng.integers(-127, 128, size=(n, 2)).astype(np.int8) for n in lengths]
    tokens = TokenVectors.build(sentences)
    query = TokenQuery(np.array([[2047.0, 0.0], [0.0, 2047.0]], dtype=np.float32), np.full(2, 0.5, dtype=np.float32))
    expected = [float(vectors.max(axis=0).mean()) / SCALE for vectors in sentences]
    rows = np.concatenate([np.arange(300, 604), np.arange(7), np.arange(7, 300)])
    assert tokens.max_sim(query, rows).tolist() == pytest.approx([expected[row] for row in rows])


def test_nothing_asked_of_nothing() -> None:
    query = TokenQuery(np.zeros((1, 64), dtype=np.float32), np.ones(1, dtype=np.float32))
    assert TokenVectors.build([]).max_sim(query, np.arange(0)).tolist() == []


def test_round_trip(tmp_path: Path) -> None:
    sentences = [kept(unit(np.random.default_rng(n), n)) for n in (3, 1, 5)]
    TokenVectors.build(sentences).save(tmp_path)
    loaded = TokenVectors.load(tmp_path)
    assert len(loaded) == 3
    for row, sentence in enumerate(sentences):
        np.testing.assert_array_equal(loaded.of(row), sentence)
    TokenVectors.build([]).save(tmp_path)
    assert len(TokenVectors.load(tmp_path)) == 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what is in memory")
def test_what_a_question_touched_does_not_stay_in_memory(tmp_path: Path) -> None:
    TokenVectors.build([np.ones((100, 64), dtype=np.int8)] * 100).save(tmp_path)
    tokens = TokenVectors.load(tmp_path)
    query = TokenQuery(np.ones((2, 64), dtype=np.float32), np.full(2, 0.5, dtype=np.float32))
    assert tokens.of(99).sum() == 6400
    assert _in_memory(tmp_path / "tokens.npy") > 0
    assert len(tokens.max_sim(query, np.arange(100))) == 100
    assert _in_memory(tmp_path / "tokens.npy") == 0
    assert tokens.of(99).sum() == 6400


def _in_memory(path: Path) -> int:
    """Return the kilobytes of a mapped file that count as this process's."""
    mapped = Path("/proc/self/smaps").read_text().split(str(path))[1]
    return int(re.search(r"Rss:\s+(\d+) kB", mapped)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def late() -> LateEncoder:
    return LateEncoder()


SENTENCES = [
    "Anna came home late.",
    "She had lost her purple umbrella on the train.",
    "The bridge was built in 1932.",
    "It is 503 metres long and carries eight lanes of traffic.",
    "Tolls ended in 1971.",
]


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "row"),
    [("What did Anna lose?", 1), ("In which year was the bridge built?", 2), ("how long is the bridge", 3)],
)
def test_the_sentence_that_answers_scores_highest(late: LateEncoder, question: str, row: int) -> None:
    tokens = TokenVectors.build(late.encode(SENTENCES))
    scores = tokens.max_sim(late.encode_question(question), np.arange(len(SENTENCES)))
    assert int(scores.argmax()) == row
    assert -1 <= scores.min() <= scores.max() <= 1


@pytest.mark.model
def test_vectors_are_of_unit_length_one_for_each_word_piece(late: LateEncoder) -> None:
    short, empty, long = late.encode(["Tolls ended.", "\u200b", "word " * 400])
    assert (short.shape, empty.shape, long.shape) == ((6, 64), (2, 64), (128, 64))  # toll ##s ended . and the two ends
    lengths = np.linalg.norm(short.astype(float) / SCALE, axis=1)
    assert lengths.tolist() == pytest.approx([1.0] * 6, abs=0.03)
    query = late.encode_question("Tolls ended when?")
    assert float(query.weights.sum()) == pytest.approx(1.0)
    assert np.linalg.norm(query.vectors / QUESTION_SCALE, axis=1).tolist() == pytest.approx([1.0] * 7, abs=0.01)


@pytest.mark.model
def test_lengths_are_those_of_the_tokenizer(late: LateEncoder) -> None:
    texts = [*SENTENCES, "\u200b", "word " * 400, "Zürich–Genève: 3,5 €", "x" * 300]
    counted = TokenVectors.build(late.encode(texts)).lengths(range(len(texts)))
    assert counted == [min(len(pieces.ids), LONGEST - 2) for pieces in WordPieces().encode(texts)]


@pytest.mark.model
def test_a_text_alone_has_the_vectors_that_it_has_among_others(late: LateEncoder) -> None:
    together = late.encode(SENTENCES)
    for text, vectors in zip(SENTENCES, together, strict=True):
        assert np.abs(late.encode([text])[0].astype(int) - vectors.astype(int)).max() <= 1


def test_the_shipped_network_is_small() -> None:
    assert NETWORK.stat().st_size < 7e6
