"""A question in other words: with another name, leaning on the one before it, or written as people type."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from qa.reader import STOP_WORDS
from training.data import Example

NAME = re.compile(r"(?<!^)(?<![.?!] )\b(?:[A-Z][\w’'-]+)(?: (?:of |the )?[A-Z][\w’'-]+)*|\b\d[\d,.]*\d\b|\b\d\b")
PAIRS = (
    "first last, before after, largest smallest, highest lowest, more fewer, most least, "
    "increase decrease, north south, east west, northern southern, eastern western, won lost, win lose, "
    "began ended, begin end, start stop, started stopped, male female, men women, old new, older newer, "
    "early late, earliest latest, oldest newest, above below, inside outside, true false, good bad, "
    "best worst, strong weak, high low, long short, major minor, majority minority, support oppose, "
    "supported opposed, allowed forbade, accept reject, accepted rejected, joined left, arrive leave, "
    "arrived left, gained lost, rise fall, rose fell, buy sell, bought sold, with without, always never, "
    "can cannot, is isn't, was wasn't, did didn't, does doesn't, were weren't, are aren't, "
    "public private, positive negative, legal illegal, open closed"
)
OPPOSITES = {a: b for pair in PAIRS.split(", ") for x, y in [pair.split()] for a, b in ((x, y), (y, x))}
PRONOUNS = ("he", "she", "it", "they", "this", "that")


def swap(question: str, names: Names, text: int, rng: random.Random) -> str | None:
    """Put another name, number or the opposite word in the question, so that the text no longer answers it."""
    if rng.random() < 0.3 and (turned := _opposite(question, rng)):
        return turned
    found = list(NAME.finditer(question))
    if not found:
        return _opposite(question, rng)
    old = rng.choice(found)
    # a name that the same text speaks of is the harder one to tell apart
    pool = names.of_text.get(text, ()) if rng.random() < 0.6 else rng.sample(names.all, min(60, len(names.all)))
    alike = [n for n in pool if n[0].isdigit() == old.group()[0].isdigit() and n not in question]
    if not alike:
        return None
    return question[: old.start()] + rng.choice(alike) + question[old.end() :]


def _opposite(question: str, rng: random.Random) -> str | None:
    words = question.split()
    places = [i for i, word in enumerate(words) if word.lower().rstrip("?,") in OPPOSITES]
    if not places:
        return None
    at = rng.choice(places)
    word = words[at].lower().rstrip("?,")
    words[at] = OPPOSITES[word] + words[at][len(word) :]
    return " ".join(words)


def lean(question: str, history: str, rng: random.Random) -> str:
    """Put a pronoun for a name that the question before it holds too."""
    shared = [m for m in NAME.finditer(question) if m.group() in history and not m.group()[0].isdigit()]
    if not shared or rng.random() < 0.2:
        return question
    name = shared[0]
    return question[: name.start()] + rng.choice(PRONOUNS) + question[name.end() :]


def roughen(question: str, rng: random.Random) -> str:
    """Write the question as people type it: lower case, slips of the finger, no question mark, keywords alone."""
    if rng.random() < 0.22:
        question = question.rstrip("? ")
    if rng.random() < 0.04:
        kept = [w for w in question.split() if w.lower().strip("?,") not in STOP_WORDS]
        question = " ".join(kept) if len(kept) > 1 else question
    if rng.random() < 0.08:
        question = " ".join(_slip(w, rng) if rng.random() < 0.25 else w for w in question.split())
    return question


def _slip(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]


@dataclass(frozen=True, slots=True)
class Names:
    """The names and numbers that questions hold: of all, and of the questions about each text."""

    all: list[str]
    of_text: dict[int, list[str]]


def names_in(examples: Iterable[Example]) -> Names:
    """Collect names and numbers of questions, to swap them."""
    of_text: dict[int, set[str]] = {}
    for example in examples:
        if example.dataset.startswith(("squad", "nq", "timeqa", "fairytaleqa")):
            of_text.setdefault(example.text, set()).update(m.group() for m in NAME.finditer(example.question))
    everything = sorted(set().union(*of_text.values())) if of_text else []
    return Names(everything, {text: sorted(found) for text, found in of_text.items()})
