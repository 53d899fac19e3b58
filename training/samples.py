"""What a question is trained on: windows that answer it or not, and the question as people type it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.wordpieces import Ids
from qa.windows import Window, window_from
from training.data import Example, Text
from training.wording import Names, lean, roughen, swap


@dataclass(frozen=True, slots=True)
class Sample:
    """A question as it is asked in training, with windows; `right` and `unsure` are `(window, sentence)` pairs."""

    question: str
    history: str
    windows: tuple[Window, ...]
    right: dict[tuple[int, int], tuple[tuple[int, int], ...]]
    unsure: frozenset[tuple[int, int]]


def sample(example: Example, texts: list[Text], names: Names, rng: random.Random, *, negatives: int) -> Sample:
    """Make one training sample: the question roughened, its window and hard ones, sometimes without the answer."""
    question, spans, history = example.question, example.spans, ""
    draw = rng.random()
    foreign = draw < 0.03
    cut_out = 0.03 <= draw < 0.14 and bool(spans)  # a window lacks the sentence that answers
    elsewhere = 0.14 <= draw < 0.22 and len(example.hard) > negatives  # the window that answers is not shown
    if 0.22 <= draw < 0.36 and spans and (swapped := swap(question, names, example.text, rng)):
        question, spans = swapped, {}
    if example.before and (rng.random() < 0.12 or example.leans):
        history = example.before
        question = question if example.leans else lean(question, history, rng)
    if foreign:
        windows = _foreign(texts, rng, negatives)
    else:
        shown = replace(example, spans={}) if elsewhere else example
        windows = _windows(shown, texts, rng, negatives, tempting=example.before_at if history else -1)
    if cut_out or elsewhere:
        gone = set(spans) | example.unsure
        windows = [(_without(w, gone) if mine else w, mine) for w, mine in windows]
    if foreign or cut_out or elsewhere:
        spans = {}
    return _marked(roughen(question, rng), history, [w for w in windows if w[0].sentences], spans, example.unsure)


def _windows(
    example: Example, texts: list[Text], rng: random.Random, negatives: int, *, tempting: int
) -> list[tuple[Window, bool]]:
    """Return a window around an answer and hard ones without; with each, whether it is of the example's text.

    A question's history tempts to answer the question before again: `tempting` is a sentence that does, -1 for none.
    """
    windows: list[tuple[Window, bool]] = []
    seen: set[int] = set()
    if example.spans:
        target = rng.choice(sorted(example.spans))
        first = _around(texts[example.text].sentences, target, rng)
        seen = set(range(first.first, first.first + len(first.sentences)))
        windows.append((first, True))
    if tempting >= 0 and tempting not in seen and tempting not in example.spans:
        around = _around(texts[example.text].sentences, tempting, rng)
        if not seen & set(range(around.first, around.first + len(around.sentences))):
            windows.append((around, True))
            negatives -= 1
    # the nearest ones most often
    drawn = sorted((rank * rng.random(), place) for rank, place in enumerate(example.hard, 1))
    for _, (text, number) in drawn[: negatives + (0 if windows else 1)]:
        window, mine = texts[text].windows[number], text == example.text
        if not (mine and seen & set(range(window.first, window.first + len(window.sentences)))):
            windows.append((window, mine))
    return windows


def _foreign(texts: list[Text], rng: random.Random, negatives: int) -> list[tuple[Window, bool]]:
    other = rng.choice(texts).windows
    return [(window, False) for window in rng.sample(other, min(len(other), negatives + 1))]


def _marked(
    question: str,
    history: str,
    windows: list[tuple[Window, bool]],
    spans: dict[int, tuple[tuple[int, int], ...]],
    doubtful: frozenset[int],
) -> Sample:
    right: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    unsure: set[tuple[int, int]] = set()
    for number, (window, mine) in enumerate(windows):
        for j in range(len(window.sentences)):
            if mine and window.first + j in spans:
                right[number, j] = spans[window.first + j]
            elif mine and spans and window.first + j in doubtful:
                unsure.add((number, j))
    return Sample(question, history, tuple(w for w, _ in windows), right, frozenset(unsure))


def _around(sentences: Sequence[Ids], target: int, rng: random.Random) -> Window:
    """Return a window with the target anywhere in it: no place within a window may tell that a sentence answers."""
    first = target
    while first and target < first - 1 + len(window_from(sentences, first - 1).sentences):
        first -= 1
    return window_from(sentences, target - rng.randrange(target - first + 1))


def _without(window: Window, cut: set[int]) -> Window:
    kept = tuple(ids for j, ids in enumerate(window.sentences) if window.first + j not in cut)
    return Window(window.first, kept)
