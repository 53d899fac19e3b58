"""The questions about manuals, laws, interviews and stories: whole, marked word for word, and free to give away.

Those of `kinds.jsonl` are asked by the calibration, those of `various.jsonl` by the training.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qa.questions import load_questions
from training.calibrate import KINDS, QUESTIONS
from training.data import VARIOUS

FREE = {
    KINDS: {
        "public domain",
        "CC0-1.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-3.0",
        "CC-BY-SA-4.0",
        "MIT",
        "MIT OR Apache-2.0",
        "BSD-2-Clause",
        "lsof",
    },
    VARIOUS: {
        "public domain",
        "CC0-1.0",
        "CC-BY-2.5",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-4.0",
        "MIT",
        "MIT OR Apache-2.0",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Unlicense",
    },
}
RUN = 10  # words in a row that two texts share by chance only where both say who published them

both = pytest.mark.parametrize("path", [KINDS, VARIOUS], ids=lambda path: path.stem)


@cache
def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


@both
def test_every_answer_is_a_slice_of_its_article_and_only_the_unanswerable_have_none(path: Path) -> None:
    for record in _records(path):
        for asked in record["questions"]:
            assert bool(asked["answers"]) == asked["answerable"], asked["id"]
            for said in asked["answers"]:
                start = said["start"]
                assert said["text"] == record["text"][start : start + len(said["text"])], asked["id"]


@both
def test_each_text_says_whence_it_is_and_may_be_given_away(path: Path) -> None:
    assert all(record["source"] and record["title"] for record in _records(path))
    assert {record["licence"] for record in _records(path)} == FREE[path]


def test_what_is_trained_on_is_not_what_is_calibrated_on() -> None:
    calibrated = {run for record in _records(KINDS) for run in _runs(record["text"])}
    for record in _records(VARIOUS):
        own = _runs(record["text"])
        assert len(own & calibrated) < 0.05 * len(own), record["id"]


def test_a_question_that_leans_on_another_comes_behind_it() -> None:
    for record in _records(VARIOUS):
        texts = [asked["question"] for asked in record["questions"]]
        for at, asked in enumerate(record["questions"]):
            assert all(before in texts[:at] for before in asked.get("history", ())), asked["id"]


def test_the_training_file_is_read_as_any_other() -> None:
    asked = load_questions(VARIOUS)
    assert (asked.name, len(asked.articles), len(asked.questions)) == ("various", 294, 4156)
    assert Counter(bool(question.answers) for question in asked.questions) == {True: 2686, False: 1470}


def test_the_file_is_read_as_any_other() -> None:
    asked = load_questions(KINDS)
    assert (asked.name, len(asked.articles), len(asked.questions)) == ("kinds", 46, QUESTIONS["kinds"])
    assert len({question.id for question in asked.questions}) == 550
    assert Counter(bool(question.answers) for question in asked.questions) == {True: 366, False: 184}
