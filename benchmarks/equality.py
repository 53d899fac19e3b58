"""Whether a library on a Milvus answers as one in a folder: `python -m benchmarks.equality --data DATA`.

DATA holds dev/newsqa.jsonl and test/newsqa.jsonl, whose stories are put into a library of each engine. Both are asked
the same: the share of the ten nearest sentences that are the same; how often the first sentence of an answer is right,
when the article of a question is asked and when all are; and the first citation of each question in seeds/.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.build import Index
from index.embed import Embedded
from index.encode import Encoder
from index.engine import Searchable
from index.late import TokenEncoder
from index.load import load_article
from index.milvus.client import Client
from index.milvus.rows import PART_KIND
from index.milvus.searchable import MilvusIndex
from index.milvus.store import MilvusStore
from index.milvus.version import Version
from index.minilm import MiniLMEncoder
from index.store import Store
from index.types import Article
from qa.answer import answer
from qa.questions import Question, load_questions
from qa.reader import Reader
from qa.types import Answer
from ui.library import SEEDS

FILES = ("dev/newsqa.jsonl", "test/newsqa.jsonl")
NEAREST = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--uri", help="a Milvus to fill (default: Milvus Lite, in a temporary file)")
    parser.add_argument("--asked", type=int, default=400, help="questions asked for answers (default: %(default)s)")
    options = parser.parse_args()
    sets = [load_questions(options.data / name) for name in FILES]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        articles = [replace(article, source=article.id) for each in sets for article in each.articles]
        local, milvus = both(articles, work / "news", options.uri or str(work / "news.db"), "pullquote_news")
        # a story that is there twice is stored once
        questions = [q for each in sets for q in each.questions if q.answers and q.article_id in local.articles]
        print(f"{len(articles)} articles, {local.count()} sentences, {len(questions)} questions")
        print(_bytes(options.uri or str(work / "news.db"), "pullquote_news"))
        print(f"of the {NEAREST} nearest sentences the same: {overlap(questions, local, milvus):.4f}")
        for everywhere in (False, True):
            _print_answers(questions[:: max(1, len(questions) // options.asked)], local, milvus, everywhere=everywhere)
        seeds = load_questions(SEEDS.parent / "questions.jsonl")
        story = [load_article(path) for path in sorted(SEEDS.glob("*.txt"))]
        local, milvus = both(story, work / "seeds", options.uri or str(work / "seeds.db"), "pullquote_seeds")
        reader = Reader()
        said = [
            [_first(answer(q.text, i, reader, history=q.history)) for q in seeds.questions] for i in (local, milvus)
        ]
        same = sum(one == other for one, other in zip(*said, strict=True))
        print(
            f"seeds: the same first sentence, with the same probability, for {same} of {len(seeds.questions)} questions"
        )


class _Known:
    """Has the vectors that an encoder has made for an index."""

    def __init__(self, encoder: Encoder, embedded: Embedded) -> None:
        self._encoder, self._embedded = encoder, embedded
        self.fingerprint, self.model, self.dimension = encoder.fingerprint, encoder.model, encoder.dimension
        self.late: TokenEncoder = _KnownTokens(encoder.late, embedded)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embedded.rows[[self._embedded.places[text] for text in texts]]


class _KnownTokens:
    def __init__(self, encoder: TokenEncoder, embedded: Embedded) -> None:
        self.fingerprint, self.encode_question, self._embedded = encoder.fingerprint, encoder.encode_question, embedded

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        return [self._embedded.tokens.of(self._embedded.places[text]) for text in texts]


def both(articles: Sequence[Article], home: Path, uri: str, name: str) -> tuple[Index, MilvusIndex]:
    """Return a library of each engine; what is embedded for the one is given to the other."""
    encoder = MiniLMEncoder()
    local = Store(home).add(articles, encoder).index
    store = MilvusStore(uri, name=name)
    store.add(articles, _Known(encoder, local.embedded()))
    store.verify()
    return local, store.load(encoder)


def _bytes(uri: str, name: str) -> str:
    """Return how many bytes of UTF-8 a sentence takes on the Milvus, in the mean, without its vector and its keys."""
    client, version, taken = Client(uri), Version(name, 1), {"words": 0, "pieces": 0, "text": 0}
    for page in client.scan(version.sentences, "ordinal >= 0", ["words", "pieces"]):
        for row in page:
            taken["words"] += len(str(row["words"]).encode())
            taken["pieces"] += len(str(row["pieces"]))
    for page in client.scan(version.articles, f'kind == "{PART_KIND}"', ["text"]):
        taken["text"] += sum(len(str(row["text"]).encode()) for row in page)
    count = client.count(version.sentences)
    return "bytes of a sentence: " + ", ".join(f"{name} {total / count:,.0f}" for name, total in taken.items())


def overlap(questions: Sequence[Question], one: Searchable, other: Searchable) -> float:
    """Return the share of the nearest sentences of a question that both find, by the dense search alone."""
    shares = []
    for question in questions:
        query = one.query(question.text)
        found = [{hit.sentence for hit in each.search(query, 2 * NEAREST)[:NEAREST]} for each in (one, other)]
        shares.append(len(found[0] & found[1]) / NEAREST)
    return float(np.mean(shares))


def _print_answers(questions: Sequence[Question], local: Index, milvus: MilvusIndex, *, everywhere: bool) -> None:
    reader, right, seconds, same = Reader(), [0, 0], [0.0, 0.0], 0
    for question in questions:
        chosen = None if everywhere else [question.article_id]
        said = [answer(question.text, index, reader, article_ids=chosen) for index in (local, milvus)]
        same += _first(said[0]) == _first(said[1])
        for at, each in enumerate(said):
            right[at] += _is_right(question, each)
            seconds[at] += each.seconds
    count, what = len(questions), "all articles" if everywhere else "the article"
    print(
        f"{count} questions to {what}: Hit@1 {right[0] / count:.4f}, on the Milvus {right[1] / count:.4f}; the same "
        f"first sentence for {same}; {seconds[0] / count:.3f} and {seconds[1] / count:.3f} s an answer"
    )


def _is_right(question: Question, said: Answer) -> bool:
    first = said.nearest[0]
    return first.article_id == question.article_id and any(a.overlaps(first.start, first.end) for a in question.answers)


def _first(said: Answer) -> tuple[str, int, float]:
    return said.nearest[0].article_id, said.nearest[0].start, round(said.nearest[0].probability, 6)


if __name__ == "__main__":
    main()
