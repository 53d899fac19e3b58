"""What each way to find candidates brings: `python -m benchmarks.retrieval ../shared/data/dev/newsqa.jsonl ...`.

One article at a time, no reader: cosine of the sentence, of the sentence with its neighbours, BM25, MaxSim of the
sentence, of the sentence among those around it, and their sums. The figure that matters for what follows is recall:
what is not among the candidates can never be cited.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.build import Index, build_index
from index.encode import Encoder
from index.minilm import MiniLMEncoder
from qa.questions import Question, load_questions

WAYS = {  # weights of cosine, cosine with neighbours, BM25 as a share of the best, MaxSim, MaxSim among those around
    "MiniLM": (1.0, 0.0, 0.0, 0.0, 0.0),
    "MiniLM, sentence with neighbours": (0.0, 1.0, 0.0, 0.0, 0.0),
    "BM25": (0.0, 0.0, 1.0, 0.0, 0.0),
    "MiniLM + BM25 / 2": (1.0, 0.0, 0.5, 0.0, 0.0),
    "MiniLM + neighbours / 2 + BM25 / 2": (1.0, 0.5, 0.5, 0.0, 0.0),
    "MaxSim": (0.0, 0.0, 0.0, 1.0, 0.0),
    "MaxSim + BM25 / 5": (0.0, 0.0, 0.2, 1.0, 0.0),
    "MaxSim among those around": (0.0, 0.0, 0.0, 0.0, 1.0),
    "MaxSim + BM25 / 5 + twice that among those around": (0.0, 0.0, 0.2, 1.0, 2.0),
}


def scores(question: Question, index: Index, wide: NDArray[np.float32], encoder: Encoder) -> NDArray[np.float64]:
    """Return `(sentences, 5)`, columns as the weights of `WAYS`."""
    query = index.query(question.text)
    hits = index.search(query, len(index.sentences))
    table = np.zeros((len(index.sentences), 5))
    best = max(hit.lexical for hit in hits) or 1.0
    for hit in hits:
        table[hit.sentence.ordinal, [0, 2, 3]] = hit.similarity, hit.lexical / best, hit.late
    table[:, 1] = wide @ encoder.encode([question.text])[0]
    table[:, 4] = index.max_sims(query, [question.article_id])[question.article_id][1]
    return table


def ranks(path: Path, encoder: Encoder, articles: int) -> dict[str, list[int]]:
    """Return the rank (from 0) of the first right sentence for each answerable question, by way."""
    found: dict[str, list[int]] = {name: [] for name in WAYS}
    questions = load_questions(path)
    for article in questions.articles[:articles]:
        index = build_index([article], encoder)
        texts = [index.text_of(sentence) for sentence in index.sentences]
        wide = encoder.encode([" ".join(texts[max(0, i - 1) : i + 2]) for i in range(len(texts))])
        for question in questions.questions:
            if question.article_id != article.id or not question.answers:
                continue
            right = [any(a.overlaps(s.start, s.end) for a in question.answers) for s in index.sentences]
            table = scores(question, index, wide, encoder)
            for name, weights in WAYS.items():
                order = np.argsort(-(table @ np.array(weights)), kind="stable")
                found[name].append(next(rank for rank, row in enumerate(order) if right[row]))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each question file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--articles", type=int, default=60, help="articles of each file")
    options = parser.parse_args(arguments)
    encoder = MiniLMEncoder()
    for path in options.files:
        found = ranks(path, encoder, options.articles)
        print(f"\n| {path.stem}, {len(found['BM25'])} questions | Hit@1 | Hit@3 | Recall@10 | Recall@30 |")
        print("|---|--:|--:|--:|--:|")
        for name, places in found.items():
            shares = [np.mean([place < k for place in places]) for k in (1, 3, 10, 30)]
            print(f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


if __name__ == "__main__":
    main()
