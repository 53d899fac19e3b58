"""The shipped reader: its weights load, and what it says of a sentence depends on the question and the window alone."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import torch

from index.network import Network
from qa.calibration import UNREAD, Calibration
from qa.reader import MODELS, Reader
from qa.windows import MATCHED, SENTENCE_TOKENS
from qa.words import Words
from training.export import imported
from training.network import ReaderNetwork

pytestmark = pytest.mark.model

WINDOWS = [
    ["Anna came home late.", "She had lost her purple umbrella on the train.", "It was raining."],
    [
        "The bridge was built in 1932.",
        "It is 503 metres long and carries eight lanes of traffic.",
        "Tolls ended in 1971.",
    ],
    ["Bread needs flour."],
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def read(reader: Reader, question: str, windows: list[list[str]]) -> list[list[tuple[float, ...]]]:
    readings = reader.read(question, [reader.tokens(window) for window in windows])
    return [[astuple(reading) for reading in window] for window in readings]


@pytest.mark.parametrize(
    ("question", "place", "words"),
    [
        ("What did Anna lose?", (0, 1), "purple umbrella"),
        ("In which year was the bridge built?", (1, 0), "1932"),
        ("how long is the bridge", (1, 1), "503 metres"),
    ],
)
def test_the_sentence_that_answers_scores_highest_and_its_words_are_marked(
    reader: Reader, question: str, place: tuple[int, int], words: str
) -> None:
    readings = read(reader, question, WINDOWS)
    best = max(((w, s) for w in range(3) for s in range(len(WINDOWS[w]))), key=lambda at: readings[at[0]][at[1]][0])
    assert best == place
    score, span, start, end = readings[place[0]][place[1]]
    assert score > 0
    assert span == max(reading[1] for window in readings for reading in window)
    assert words in WINDOWS[place[0]][place[1]][int(start) : int(end)]


def test_nothing_to_read_gives_no_reading(reader: Reader) -> None:
    assert reader.read("What did Anna lose?", []) == []


def test_a_reading_does_not_depend_on_the_other_windows(reader: Reader) -> None:
    together = read(reader, "What did Anna lose?", WINDOWS)
    for number, window in enumerate(WINDOWS):
        alone = read(reader, "What did Anna lose?", [window])[0]
        for one, other in zip(alone, together[number], strict=True):
            assert one == pytest.approx(other, abs=2e-3)


def test_words_lie_inside_their_sentence(reader: Reader) -> None:
    for window, readings in zip(WINDOWS, read(reader, "Why?", WINDOWS), strict=True):
        for sentence, (*_, start, end) in zip(window, readings, strict=True):
            assert 0 <= start < end <= len(sentence)


def test_a_sentence_longer_than_what_is_read_at_once_is_read_up_to_there(reader: Reader) -> None:
    long = "word " * 1000
    (readings,) = read(reader, "Which word?", [["Anna came home late.", long]])
    assert readings[1][3] <= 5 * SENTENCE_TOKENS


def test_a_sentence_without_a_token_has_no_words(reader: Reader) -> None:
    (readings,) = read(reader, "Who?", [["\u200b"]])
    assert readings[0][1:] == (UNREAD, 0, 0)


def test_the_shipped_network_gives_what_the_trained_one_gives() -> None:
    rng = np.random.default_rng(0)
    ids, types = rng.integers(1000, 30_000, (1, 230)), rng.integers(0, MATCHED + 1, (1, 230))
    embedded = Words(MODELS).embed(ids)
    trained = ReaderNetwork().eval()
    trained.load_state_dict(imported(MODELS / "reader.onnx.zst", trained), strict=False)
    with torch.inference_mode():
        expected = trained(torch.from_numpy(embedded), torch.from_numpy(types), None).numpy()
    (made,) = Network(MODELS / "reader.onnx.zst").run({"embedded": embedded, "types": types})
    assert made.shape == (1, 230, 4)
    assert np.abs(made - expected).mean() < 0.05 * expected.std()  # what is multiplied is rounded, too


def test_the_shipped_files_are_small_and_the_calibration_is_fitted() -> None:
    assert sum(file.stat().st_size for file in Path(MODELS).iterdir()) < 50e6
    calibration = Calibration.load(MODELS / "calibration.json")
    assert 0 < calibration.threshold < 1
    assert 0 < calibration.also < 1
