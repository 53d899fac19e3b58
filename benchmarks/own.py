"""What `benchmarks.speed` measures of Pullquote, in a process of its own; each command prints one line of JSON.

`python -m benchmarks.own build HOME STORIES`, and `ask HOME QUESTIONS`, which are {"articles": ..., "all": ...}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.peers.protocol import memory
from index.load import load_text
from index.minilm import MiniLMEncoder
from index.store import Store
from index.types import Article
from qa.retrieve import retrieve
from qa.windows import SENTENCE_TOKENS
from ui.library import Library

AT_ONCE = 8
LAYERS, WIDTH, INNER = 12, 768, 3072  # of the reader


def stories(path: Path) -> list[Article]:
    """Return the articles of a file of them."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [load_text(record["text"], title=record["id"], source=record["id"]) for record in records]


def build(home: Path, path: Path) -> dict[str, float]:
    """Index articles as `pullquote add` does, and embed their sentences with the vectors of whole sentences alone."""
    encoder = MiniLMEncoder()
    encoder.encode_both(["a"])
    articles = stories(path)
    began, processor = time.perf_counter(), time.process_time()
    index = Store(home).add(articles, encoder).index
    whole = time.perf_counter() - began
    whole_processor = time.process_time() - processor
    texts = sorted({index.text_of(sentence) for sentence in index.sentences})[:2000]
    began = time.perf_counter()
    encoder.encode(texts)
    return {
        "sentences": len(index.sentences),
        "seconds": whole,
        "processor": whole_processor,
        "embedding": len(texts) / (time.perf_counter() - began),
    }


def ask(home: Path, questions: Path) -> dict[str, float]:
    """Ask one article and all of them, one by one, and one article by several people at once."""
    asked = json.loads(questions.read_text(encoding="utf-8"))
    library = Library(home)
    library.warm()
    index = library.index()
    everywhere = _times(lambda q: retrieve(index.query(q), index, article_ids=None), asked["all"])
    one = [asked["article"]]
    retrieved = _times(lambda q: retrieve(index.query(q), index, article_ids=one), asked["questions"])
    answered = _times(lambda q: library.ask(q, article_ids=one), asked["questions"])
    whole = _times(library.ask, asked["all"])
    many, per_second = _together(lambda q: library.ask(q, article_ids=one), asked["questions"])
    flops = float(np.mean([_flops(library, q, one[0]) for q in asked["questions"][:8]]))
    peak = _peak()
    return {
        "retrieval p50": float(np.median(everywhere)),
        "retrieval of one article p50": float(np.median(retrieved)),
        "answer p50": float(np.median(answered)),
        "answer p95": float(np.quantile(answered, 0.95)),
        "answer from all p50": float(np.median(whole)),
        "answer from all p95": float(np.quantile(whole, 0.95)),
        "one by one": len(answered) / sum(answered),
        "at once": per_second,
        "at once p95": float(np.quantile(many, 0.95)),
        "flops": flops,
        "peak": peak,
        "share": flops / peak / float(np.median(answered)),
        "memory": float(memory()),
    }


def _times(ask_one: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    ask_one(questions[0])
    times = []
    for question in questions:
        began = time.perf_counter()
        ask_one(question)
        times.append(time.perf_counter() - began)
    return times


def _together(ask_one: Callable[[str], object], questions: Sequence[str]) -> tuple[list[float], float]:
    """Ask by `AT_ONCE` people, each of whom waits for an answer before the next question; return questions a second."""

    def timed(question: str) -> float:
        began = time.perf_counter()
        ask_one(question)
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        times = list(pool.map(timed, questions))
    return times, len(questions) / (time.perf_counter() - began)


def _flops(library: Library, question: str, article_id: str) -> float:
    """Return the operations that reading takes: products of the layers, and of attention."""
    reader = library.reader()
    with patch.object(reader, "read", wraps=reader.read) as read:
        library.ask(question, article_ids=[article_id])
    lengths = []  # of what is read, in tokens: `[CLS] question [SEP] (sentence [SEP])+`
    for asked, windows in (call.args for call in read.call_args_list):
        own = len(reader.tokens([asked])[0].ids)
        lengths += [2 + own + sum(min(len(p.ids), SENTENCE_TOKENS) + 1 for p in window) for window in windows]
    return float(sum(n * LAYERS * (2 * (4 * WIDTH**2 + 2 * WIDTH * INNER) + 4 * n * WIDTH) for n in lengths))


def _peak() -> float:
    """Return the most operations a second that a product of two large matrices reaches here, on all cores."""
    generator = np.random.default_rng(0)
    one = generator.standard_normal((2048, 1536), dtype=np.float32)
    other = generator.standard_normal((1536, 1536), dtype=np.float32)
    best = 0.0
    with threadpool_limits(os.cpu_count(), user_api="blas"):  # a library that answers keeps it to one
        for _ in range(12):
            began = time.perf_counter()
            one @ other
            best = max(best, 2 * 2048 * 1536 * 1536 / (time.perf_counter() - began))
    return best


def main() -> None:
    """Do what the command line says."""
    command, home, path = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps({"build": build, "ask": ask}[command](home, path)))


if __name__ == "__main__":
    main()
