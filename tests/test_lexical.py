from __future__ import annotations

import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import bm25s
import numpy as np
import pytest
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS

from index.lexical import _STOP_WORDS, Lexical

TEXTS = [
    "The U.S. sent 2,000 troops to Germany.",
    "Us two were waiting there.",
    "Putin's troops waited; the troops of Putin wait.",
    "???",
    "NATO expanded by 3.5 percent, and expanding goes on.",
    "It was the same for them.",
]
# What the words of TEXTS are, by hand: stems, without stop words.
ROWS = [
    ["u.s.", "sent", "2,000", "troop", "germani"],
    ["us", "two", "wait"],
    ["putin", "troop", "wait", "troop", "putin", "wait"],
    [""],
    ["nato", "expand", "3.5", "percent", "expand", "goe"],
    [""],
]


def bm25(words: list[str]) -> list[float]:
    """The formula of Lucene's BM25, k1 = 0.9 and b = 0.4, over ROWS: Kamphuis et al., 2020, table 1."""
    mean = sum(map(len, ROWS)) / len(ROWS)
    scores = [0.0] * len(ROWS)
    for word in words:
        holding = sum(word in row for row in ROWS)
        idf = math.log(1 + (len(ROWS) - holding + 0.5) / (holding + 0.5))
        for number, row in enumerate(ROWS):
            count = row.count(word)
            scores[number] += idf * count / (count + 0.9 * (1 - 0.4 + 0.4 * len(row) / mean))
    return scores


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many TROOPS did the U.S. send?", ["troop", "u.s.", "send"]),
        ("waiting for us", ["wait", "us"]),
        ("expansion? expand expands 3.5", ["expans", "expand", "expand", "3.5"]),
        ("2,000", ["2,000"]),
        ("2000", ["2000"]),
        ("who is it", []),
        ("", []),
        ("? ()", []),
        ("zebra", ["zebra"]),
        ("Putin’s", ["putin"]),
    ],
)
def test_scores_are_bm25_of_the_stems(question: str, words: list[str]) -> None:
    scores = Lexical.build(TEXTS).scores(question)
    assert (scores.dtype, scores.shape) == (np.float32, (len(TEXTS),))
    np.testing.assert_allclose(scores, bm25(words), rtol=1e-5)


@pytest.mark.parametrize("texts", [TEXTS, ["???"], ["it", "the"], ["", ""], []])
def test_round_trip_gives_the_same_scores(tmp_path: Path, texts: list[str]) -> None:
    built = Lexical.build(texts)
    built.save(tmp_path / "lexical")
    loaded = Lexical.load(tmp_path / "lexical")
    assert loaded.count == built.count == len(texts)
    for question in ["troops U.S.", "waiting", "zebra", ""]:
        assert np.array_equal(loaded.scores(question), built.scores(question))
        assert np.array_equal(built.scores(question), Lexical.build(texts).scores(question))


@pytest.mark.parametrize("texts", [TEXTS, ["???"]])
def test_scores_and_files_are_those_of_bm25s(tmp_path: Path, texts: list[str]) -> None:
    built = Lexical.build(texts)
    built.save(tmp_path)
    theirs = bm25s.BM25.load(tmp_path, load_corpus=False, show_progress=False)
    for word, number in theirs.vocab_dict.items():
        if word:
            assert np.array_equal(built.scores(f"{word} {word}"), theirs.get_scores_from_ids([number, number]))
    theirs.save(tmp_path / "theirs", show_progress=False)
    for path in (tmp_path / "theirs").iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_stop_words_are_those_of_bm25s() -> None:
    scores = Lexical.build([" ".join(STOPWORDS_EN_PLUS), "troop"]).scores
    assert all(scores(word).tolist() == [0, 0] for word in STOPWORDS_EN_PLUS)
    assert set(STOPWORDS_EN_PLUS) == _STOP_WORDS


def test_files_are_the_same_in_every_run_and_nothing_is_printed(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from index.lexical import Lexical; Lexical.build({TEXTS!r}).save(Path('x'))"
    digests = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("", "")
        digests.append({path.name: sha256(path.read_bytes()).hexdigest() for path in (folder / "x").iterdir()})
    assert digests[0] == digests[1]
    assert len(digests[0]) >= 4


def test_threads_share_one() -> None:
    lexical = Lexical.build(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lexical.scores, ["U.S. troops waited for Putin"] * 64))
    assert all(np.array_equal(scores, found[0]) for scores in found)


def test_hand_made_words_are_the_stemmers() -> None:
    assert Stemmer.Stemmer("english").stemWords(["waiting", "germany", "goes"]) == ["wait", "germani", "goe"]
