"""What a library of many sentences costs: `python -m benchmarks.scale FILE... --questions FILE --work FOLDER`.

Up to `--real` sentences the library holds real ones, with their vectors. Beyond, each further one is a real one that is
perturbed: a third of its words are replaced by words drawn from the real text, frequent ones more often, and to its
vector half the difference of two other real vectors is added, so that it strays in the directions in which real vectors
do; their cosine is 0.82 in the mean. Sentences are written without marks inside, so that they are split again as they
were. The questions are real. A library is built in one process and measured in another, from files in the page cache.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.engine import Searchable
from index.late import QUESTION_SCALE, SCALE, TokenQuery
from index.minilm import MiniLMEncoder
from index.segment import sentences_of_article
from index.store import Store
from index.types import Article
from index.vectors import EXACT_LIMIT
from qa.questions import load_questions
from qa.retrieve import likeliest, passages, retrieve

ARTICLE = 50  # sentences of an article
STRAY = 0.5  # of the difference of two vectors
SWAPPED = 1 / 3  # of the words
BLOCK = 10_000

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Real:
    """Sentences and questions with their vectors, `(n, dimension)` float32 of unit length."""

    sentences: tuple[str, ...]
    rows: Rows
    questions: tuple[str, ...]
    question_rows: Rows


@dataclass(frozen=True)
class Built:
    """What it took to build a library, without the time to embed; bytes are those of its files."""

    sentences: int
    dense: str
    seconds: float
    cpu: float
    memory: int
    bytes: int


@dataclass(frozen=True)
class Measured:
    """What it takes to use a library: seconds and seconds of a processor to load it, milliseconds to ask a question.

    The latter are those at the 50th and the 95th percentile.
    """

    load: tuple[float, float]
    memory: int
    wall: tuple[float, float]
    cpu: tuple[float, float]
    recall: float


class PreparedTokens:
    """Gives each word one of a thousand vectors: in number and size what there would be, which is all that counts."""

    fingerprint = "tokens"

    def __init__(self) -> None:
        vectors = np.random.default_rng(0).standard_normal((1000, 64))
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int8]]:
        """Return a vector for each word of each text, and for its two ends."""
        kept = np.rint(self._vectors * SCALE).astype(np.int8)
        return [kept[self._places(text)] for text in texts]

    def encode_question(self, question: str) -> TokenQuery:
        """Return a question's words, each worth the same."""
        rows = np.rint(self._vectors[self._places(question)] * QUESTION_SCALE).astype(np.float32)
        return TokenQuery(rows, np.full(len(rows), 1 / len(rows), dtype=np.float32))

    def _places(self, text: str) -> list[int]:
        return [0, *(crc32(word.encode()) % 1000 for word in text.split()), 0]


class PreparedEncoder:
    """Knows the vectors of all texts beforehand."""

    fingerprint = model = "benchmarks.scale"
    late = PreparedTokens()

    def __init__(self, texts: Sequence[str], rows: Rows) -> None:
        self._places = {text: row for row, text in enumerate(texts)}
        self._rows = rows
        self.dimension = rows.shape[1]
        self.seconds = self.cpu = 0.0

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return the vectors of texts."""
        wall, cpu = time.perf_counter(), time.process_time()
        rows = self._rows[[self._places[text] for text in texts]]
        self.seconds += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return rows


def real(files: Sequence[Path], questions: Path, count: int, folder: Path) -> Real:
    """Return sentences of the files, each once, embedded; what is in the folder already is read from there."""
    path = folder / f"real-{count}.npz"
    if not path.exists():
        texts = dict.fromkeys(
            text
            for file in files
            for article in load_questions(file).articles
            for sentence in sentences_of_article(article)
            if 4 <= (text := _plain(article.text[sentence.start : sentence.end])).count(" ") < 60
        )
        if len(texts) < count:
            sys.exit(f"the files hold {len(texts)} sentences of use, not {count}")
        chosen = np.random.default_rng(0).choice(list(texts), count, replace=False).tolist()
        asked = list(dict.fromkeys(question.text for question in load_questions(questions).questions))[:200]
        rows = _embedded([*chosen, *asked])
        np.savez(path, sentences=chosen, questions=asked, rows=rows[:count], question_rows=rows[count:])
    with np.load(path) as kept:
        return Real(
            tuple(kept["sentences"].tolist()), kept["rows"], tuple(kept["questions"].tolist()), kept["question_rows"]
        )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text)) + "."


def _embedded(texts: Sequence[str]) -> Rows:
    encoder = MiniLMEncoder()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    rows = np.empty((len(texts), encoder.dimension), dtype=np.float32)
    for start in range(0, len(order), 256):
        part = order[start : start + 256]
        rows[part] = encoder.encode([texts[at] for at in part])
        print(f"\rembedded {start + len(part)}/{len(texts)}", end="", file=sys.stderr, flush=True)
    return rows


def perturbed(base: Real, count: int) -> Iterator[tuple[list[str], Rows]]:
    """Yield sentences and vectors, block by block: the real ones, then as many perturbed ones as it takes."""
    rng = np.random.default_rng(1)
    words = np.array(" ".join(text[:-1] for text in base.sentences).split())
    seen: set[str] = set()
    for start in range(0, count, BLOCK):
        places = np.arange(start, min(start + BLOCK, count))
        fresh = places >= len(base.sentences)
        rows = base.rows[places % len(base.rows)]
        one, other = rng.integers(len(base.rows), size=(2, len(places)))
        rows = rows + fresh[:, np.newaxis] * np.float32(STRAY) * (base.rows[one] - base.rows[other])
        texts = [base.sentences[place % len(base.sentences)] for place in places]
        for at in np.flatnonzero(fresh):
            text = texts[at]
            while text in seen or text == texts[at]:
                own = np.array(texts[at][:-1].split(), dtype=words.dtype)
                swapped = rng.random(len(own)) < SWAPPED
                own[swapped] = words[rng.integers(len(words), size=swapped.sum())]
                text = " ".join(own.tolist()) + "."
            texts[at] = text
        seen.update(texts)
        yield texts, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def articles_of(texts: Sequence[str]) -> list[Article]:
    """Return articles of `ARTICLE` sentences each, whose ids are "a" and the number of their first sentence."""
    return [
        Article(f"a{start}", f"Article {start}", "\n\n".join(texts[start : start + ARTICLE]), f"{start}.txt")
        for start in range(0, len(texts), ARTICLE)
    ]


def build(base: Real, count: int, limit: int, root: Path) -> Built:
    """Make a library of so many sentences."""
    texts: list[str] = []
    # In a file, so that they do not count as memory.
    rows = np.lib.format.open_memmap(root.with_suffix(".npy"), "w+", np.float32, (count, base.rows.shape[1]))
    for sentences, vectors in perturbed(base, count):
        rows[len(texts) : len(texts) + len(sentences)] = vectors
        texts += sentences
    encoder = PreparedEncoder(texts, rows)
    articles = articles_of(texts)
    store = Store(root, limit=limit)
    wall, cpu = time.perf_counter(), time.process_time()
    store.add(articles, encoder)
    wall, cpu = time.perf_counter() - wall - encoder.seconds, time.process_time() - cpu - encoder.cpu
    status = store.status()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Built(status.sentences, status.dense, wall, cpu, peak, status.bytes)


def measure(base: Real, root: Path) -> Measured:
    """Load a library and ask it."""
    encoder = PreparedEncoder(base.questions, base.question_rows)
    before = resident()
    start, cpu_start = time.perf_counter(), time.process_time()
    index = Store(root).load(encoder)
    load = time.perf_counter() - start, time.process_time() - cpu_start
    times = np.array([asked(question, index) for question in base.questions]) * 1000
    memory = resident() - before
    wall, cpu = np.percentile(times, [50, 95], axis=0).T.tolist()
    return Measured(load, memory, tuple(wall), tuple(cpu), recall(base, index.vectors, index))


def asked(question: str, index: Searchable) -> tuple[float, float]:
    """Return the time and the time on a processor that it takes to find the passages that are read."""
    wall, cpu = time.perf_counter(), time.process_time()
    query = index.query(question)
    hits = retrieve(query, index, article_ids=None)
    passages(hits, index.max_sims(query, likeliest(hits)), index)
    return time.perf_counter() - wall, time.process_time() - cpu


def recall(base: Real, rows: Rows, index: Searchable) -> float:
    """Return the share of the ten nearest sentences of a question that are among its ten nearest hits.

    `rows` are the vectors of all sentences, in their order.
    """
    shares = []
    for start in range(0, len(base.questions), 10):
        cosines = base.question_rows[start : start + 10] @ rows.T
        exact = np.argpartition(-cosines, 9, axis=1)[:, :10].tolist()
        for question, nearest in zip(base.questions[start : start + 10], exact, strict=True):
            hits = [hit.sentence for hit in index.search(index.query(question), 60)[:10]]
            found = [int(sentence.article_id[1:]) + sentence.ordinal for sentence in hits]
            shares.append(len({*nearest} & {*found}) / 10)
    return float(np.mean(shares))


def resident() -> int:
    """Return the bytes of this process that are in memory, the pages of mapped files among them (Linux)."""
    line = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line[1]) * 1024 if line else 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table of all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "files", nargs="+", type=Path, help="question files whose articles the sentences are taken from"
    )
    parser.add_argument("--questions", type=Path, required=True, help="question file of what is asked")
    parser.add_argument("--real", type=int, default=20_000, help="real sentences (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--limit", type=int, default=EXACT_LIMIT, help="sentences above which there is a graph")
    parser.add_argument("--work", type=Path, required=True, help="folder for the libraries: 3 GB for a million")
    parser.add_argument("--step", choices=["build", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    base = real(options.files, options.questions, options.real, options.work)
    size, root = options.sizes[0], options.work / f"library-{options.sizes[0]}-{options.limit}"
    if options.step == "build":
        print(json.dumps(asdict(build(base, size, options.limit, root))))
    elif options.step == "measure":
        print(json.dumps(asdict(measure(base, root))))
    else:
        print(HEADING)
        for size in options.sizes:
            rest = {"real": options.real, "sizes": size, "limit": options.limit, "work": options.work}
            steps = [{**rest, "step": step} for step in ("build", "measure")]
            print(row(*(in_another_process("benchmarks.scale", options, each) for each in steps)), flush=True)


def in_another_process(module: str, options: argparse.Namespace, rest: Mapping[str, object]) -> dict[str, Any]:
    """Return what a step of a benchmark says: of the files and questions, and with the other options given."""
    command = [sys.executable, "-m", module, *options.files, "--questions", options.questions]
    flags = [part for name, value in rest.items() for part in (f"--{name}", str(value))]
    said = subprocess.run([*command, *flags], check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


COLUMNS = (
    "sentences",
    "dense",
    "build, s (CPU)",
    "building, GB",
    "load, s (CPU)",
    "bytes in memory",
    "p50, ms (CPU)",
    "p95, ms (CPU)",
    "Recall@10",
    "bytes on disk",
)
HEADING = f"| {' | '.join(COLUMNS)} |\n|--:|---|{'--:|' * (len(COLUMNS) - 2)}"


def row(built: dict[str, Any], measured: dict[str, Any]) -> str:
    """Return a line of the table; bytes are those of a sentence."""
    count = built["sentences"]
    times = [f"{wall:.1f} ({cpu:.1f})" for wall, cpu in zip(measured["wall"], measured["cpu"], strict=True)]
    cells = [
        f"{count:,}",
        built["dense"],
        f"{built['seconds']:.1f} ({built['cpu']:.1f})",
        f"{built['memory'] / 1e9:.1f}",
        "{:.2f} ({:.2f})".format(*measured["load"]),
        f"{measured['memory'] / count:,.0f}",
        *times,
        f"{measured['recall']:.3f}",
        f"{built['bytes'] / count:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
