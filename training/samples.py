"""What a question is trained on: windows that answer it or not, and the question as people type it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.wordpieces import Ids
from qa.windows import SENTENCE_TOKENS, Window, window_from
from training.data import Example, Text
from training.wording import Names, lean, roughen, swap

# A share of the questions is asked of a few sentences that stand apart and look like an answer, of so many tokens
# together, their separators included.
APART = 0.2
SIDE_BY_SIDE = 5
SIDE_BY_SIDE_TOKENS = 224


@dataclass(frozen=True, slots=True)
class Sample:
    """A question as it is asked in training, with windows; `right` and `unsure` are `(window, sentence)` pairs."""

    question: str
    history: str
    windows: tuple[Window, ...]
    right: dict[tuple[int, int], tuple[tuple[int, int], ...]]
    unsure: frozenset[tuple[int, int]]


def sample(example: Example, texts: list[Text], names: Names, rng: random.Random, *, negatives: int) -> Sample:
    """Make one training sample: the question roughened, its window and hard ones, sometimes without the answer.

    Or one window of sentences that stand apart and look like an answer, to be told from each other side by side.
    """
    question, spans, history = example.question, example.spans, ""
    draw = rng.random()
    foreign = draw < 0.03
    cut_out = 0.03 <= draw < 0.14 and bool(spans)  # a window lacks the sentence that answers
    elsewhere = 0.14 <= draw < 0.22 and len(example.hard) > negatives  # the window that answers is not shown
    if 0.22 <= draw < 0.29 and spans and (swapped := swap(question, names, example.text, rng)):
        question, spans = swapped, {}
    if example.before and (rng.random() < 0.12 or example.leans):
        history = example.before
        question = question if example.leans else lean(question, history, rng)
    shown = replace(example, spans={}) if elsewhere else example
    gone = {*spans, *example.unsure} if cut_out or elsewhere else set[int]()
    apart = rng.random() < APART
    if foreign:
        windows = _foreign(texts, rng, negatives)
    elif apart:
        windows = _apart(shown, texts[example.text].sentences, gone, rng)
    else:
        windows = _windows(shown, texts, rng, negatives, tempting=example.before_at if history else -1)
        if gone:
            windows = [(_without(w, texts[example.text].sentences, gone) if own else w, own) for w, own in windows]
    if foreign or gone:
        spans = {}
    return _marked(roughen(question, rng), history, [w for w in windows if w[0].sentences], spans, example.unsure)


def _windows(
    example: Example, texts: list[Text], rng: random.Random, negatives: int, *, tempting: int
) -> list[tuple[Window, Sequence[int]]]:
    """Return a window around an answer and hard ones without; with each, which sentences of the example's text it has.

    A question's history tempts to answer the question before again: `tempting` is a sentence that does, -1 for none.
    """
    windows: list[tuple[Window, Sequence[int]]] = []
    seen: set[int] = set()
    if example.spans:
        target = rng.choice(sorted(example.spans))
        first = _around(texts[example.text].sentences, target, rng)
        windows.append((first, _own(first)))
        seen = {*_own(first)}
    if tempting >= 0 and tempting not in seen and tempting not in example.spans:
        around = _around(texts[example.text].sentences, tempting, rng)
        if not seen & {*_own(around)}:
            windows.append((around, _own(around)))
            negatives -= 1
    # the nearest ones most often
    drawn = sorted((rank * rng.random(), place) for rank, place in enumerate(example.hard, 1))
    for _, (text, number) in drawn[: negatives + (0 if windows else 1)]:
        window = texts[text].windows[number]
        own = _own(window) if text == example.text else ()
        if not seen & {*own}:
            windows.append((window, own))
    return windows


def _own(window: Window) -> range:
    return range(window.first, window.first + len(window.sentences))


def _apart(
    example: Example, sentences: Sequence[Ids], gone: set[int], rng: random.Random
) -> list[tuple[Window, Sequence[int]]]:
    """Return a window of an answer, of sentences that look like one, the nearest most often, and of any others."""
    near = [s for _, s in sorted((rank * rng.random(), s) for rank, s in enumerate(example.near, 1))]
    targets = [rng.choice(sorted(example.spans))] if example.spans else []
    rest = rng.sample(range(len(sentences)), min(SIDE_BY_SIDE, len(sentences)))
    own: list[int] = []
    room = SIDE_BY_SIDE_TOKENS
    for s in dict.fromkeys([*targets, *near, *rest]):
        size = min(len(sentences[s]), SENTENCE_TOKENS) + 1
        if s not in gone and len(own) < SIDE_BY_SIDE and size <= room:
            own.append(s)
            room -= size
    own.sort()
    return [(Window(-1, tuple(sentences[s][:SENTENCE_TOKENS] for s in own)), own)]


def _foreign(texts: list[Text], rng: random.Random, negatives: int) -> list[tuple[Window, Sequence[int]]]:
    other = rng.choice(texts).windows
    return [(window, ()) for window in rng.sample(other, min(len(other), negatives + 1))]


def _marked(
    question: str,
    history: str,
    windows: list[tuple[Window, Sequence[int]]],
    spans: dict[int, tuple[tuple[int, int], ...]],
    doubtful: frozenset[int],
) -> Sample:
    right: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    unsure: set[tuple[int, int]] = set()
    for number, (_, own) in enumerate(windows):
        for j, s in enumerate(own):
            if s in spans:
                right[number, j] = spans[s]
            elif spans and s in doubtful:
                unsure.add((number, j))
    return Sample(question, history, tuple(w for w, _ in windows), right, frozenset(unsure))


def _around(sentences: Sequence[Ids], target: int, rng: random.Random) -> Window:
    """Return a window with the target anywhere in it: no place within a window may tell that a sentence answers."""
    first = target
    while first and target < first - 1 + len(window_from(sentences, first - 1).sentences):
        first -= 1
    return window_from(sentences, target - rng.randrange(target - first + 1))


def _without(window: Window, sentences: Sequence[Ids], cut: set[int]) -> Window:
    """Return the window that would begin there if some sentences had never been: as full as any other."""
    kept = [i for i in range(len(sentences)) if i not in cut]
    return window_from([sentences[i] for i in kept], sum(i < window.first for i in kept))
