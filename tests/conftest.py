"""What tests share: a small encoder that needs no model, a home that is not the user's, a page in a browser."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from index.late import QUESTION_SCALE, SCALE, TokenQuery

if TYPE_CHECKING:
    from fakes import FakeLibrary
    from playwright.sync_api import Browser, Page

# The same examples in every run; no deadline, because a busy machine is no failure.
settings.register_profile("pullquote", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("pullquote")

SEEDS = Path(__file__).parent.parent / "seeds"


class FakeTokens:
    """A vector for each word, one of 16 directions: a question's MaxSim is the share of its words that a text holds."""

    fingerprint = "fake tokens"

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        # The two ends of a text are like no word.
        return [np.pad(SCALE * self._rows(text), ((1, 1), (0, 0))).astype(np.int8) for text in texts]

    def encode_question(self, question: str) -> TokenQuery:
        rows = self._rows(question)
        return TokenQuery(QUESTION_SCALE * rows, np.full(len(rows), 1 / len(rows), dtype=np.float32))

    def _rows(self, text: str) -> NDArray[np.float32]:
        words = re.findall(r"\w+", text.lower()) or [text]
        return np.eye(16, dtype=np.float32)[[sha256(word.encode()).digest()[0] % 16 for word in words]]


class FakeEncoder:
    """Hashed bags of words as unit vectors: texts that share words are near. It counts what it was asked to encode."""

    def __init__(self, name: str = "words", dimension: int = 64) -> None:
        self.fingerprint = f"fake {name}"
        self.model = name
        self.dimension = dimension
        self.late = FakeTokens()
        self.calls: list[tuple[str, ...]] = []

    @property
    def encoded(self) -> list[str]:
        return [text for call in self.calls for text in call]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(tuple(texts))
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [text]:
                digest = sha256(f"{self.fingerprint} {word}".encode()).digest()
                vectors[row, int.from_bytes(digest[:4], "big") % self.dimension] += 1 if digest[4] % 2 else -1
            if not vectors[row].any():
                vectors[row, 0] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def work() -> Callable[[Callable[[], object]], int]:
    """Count the lines and calls of Python that something takes: the same on every machine, however busy."""

    def count(action: Callable[[], object]) -> int:
        events = 0

        def seen(frame: object, event: str, arg: object) -> object:
            nonlocal events
            events += 1
            return seen

        before = sys.gettrace()
        sys.settrace(seen)
        try:
            action()
        finally:
            sys.settrace(before)
        return events

    return count


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library folder; the variables that could lead to the user's own are turned away from it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PULLQUOTE_HOME", str(folder))
    return folder


# What follows is imported where it is used: Gradio and Playwright take seconds, and most tests need neither.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, started once for the tests of a file."""
    from chromium import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def library() -> FakeLibrary:
    """A library of one article that knows a few answers; a file of tests may have another in its place."""
    from fakes import FakeLibrary
    from visitor import ANSWERS, HARBOUR

    return FakeLibrary(HARBOUR, answers=ANSWERS)


@pytest.fixture(scope="module")
def address(library: FakeLibrary) -> Iterator[str]:
    """The address of the library's web chat, served while the tests of a file run."""
    from serving import served

    with served(library) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A new visitor's page."""
    from visitor import opened

    with opened(browser, address) as page:
        yield page
