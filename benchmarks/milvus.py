"""What a library of many sentences costs on Milvus Lite, beside one in a folder: `python -m benchmarks.milvus FILE...`.

The sentences and vectors are those of `benchmarks.scale`, and what is measured is the same. A library is filled in one
process and asked in another; Milvus Lite runs in the process that uses it, so its memory is counted there. Vectors are
made beforehand: filling is all but embedding.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale import (
    PreparedEncoder,
    Real,
    articles_of,
    asked,
    in_another_process,
    perturbed,
    real,
    recall,
    resident,
)
from ui.engines import ENGINES, engine_of


@dataclass(frozen=True)
class Filled:
    """What it took to fill a library; bytes are those of its files, `memory` the most that the process took."""

    seconds: float
    cpu: float
    memory: int
    bytes: int


@dataclass(frozen=True)
class Asked:
    """What it takes to use it: seconds to open it and be answered once, milliseconds of a question, p50 and p95."""

    first: float
    memory: int
    wall: tuple[float, float]
    cpu: tuple[float, float]
    recall: float


def fill(base: Real, count: int, engine: str, root: Path) -> Filled:
    """Fill a library of so many sentences."""
    shutil.rmtree(root, ignore_errors=True)
    texts, rows = _all(base, count)
    encoder = PreparedEncoder(texts, rows)
    articles = articles_of(texts)
    before, wall, cpu = resident(), time.perf_counter(), time.process_time()
    engine_of(engine, root, uri=None, token="", vector_index=None).add(articles, encoder)
    wall, cpu = time.perf_counter() - wall - encoder.seconds, time.process_time() - cpu - encoder.cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return Filled(wall, cpu, peak, sum(path.stat().st_size for path in root.rglob("*") if path.is_file()))


def ask(base: Real, count: int, engine: str, root: Path) -> Asked:
    """Open a library and ask it."""
    encoder = PreparedEncoder(base.questions, base.question_rows)
    before, start = resident(), time.perf_counter()
    index = engine_of(engine, root, uri=None, token="", vector_index=None).load(encoder)
    asked(base.questions[0], index)
    first = time.perf_counter() - start
    times = np.array([asked(question, index) for question in base.questions]) * 1000
    memory = resident() - before
    wall, cpu = np.percentile(times, [50, 95], axis=0).T.tolist()
    return Asked(first, memory, tuple(wall), tuple(cpu), recall(base, _all(base, count)[1], index))


def _all(base: Real, count: int) -> tuple[list[str], np.ndarray[Any, np.dtype[np.float32]]]:
    blocks = list(perturbed(base, count))
    return [text for texts, _ in blocks for text in texts], np.concatenate([rows for _, rows in blocks])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table of all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="as for benchmarks.scale")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--real", type=int, default=20_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--asked", type=int, default=200, help="questions asked, up to 200 (default: %(default)s)")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--work", type=Path, required=True, help="folder for the libraries")
    parser.add_argument("--step", choices=["fill", "ask"], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    whole = real(options.files, options.questions, options.real, options.work)
    base = replace(
        whole, questions=whole.questions[: options.asked], question_rows=whole.question_rows[: options.asked]
    )
    if options.step:
        size, engine = options.sizes[0], options.engines[0]
        step = {"fill": fill, "ask": ask}[options.step]
        print(json.dumps(asdict(step(base, size, engine, options.work / f"{engine}-{size}"))))
        return
    print(HEADING)
    for size in options.sizes:
        for engine in options.engines:
            rest = {
                "real": options.real,
                "asked": options.asked,
                "sizes": size,
                "engines": engine,
                "work": options.work,
            }
            steps = [{**rest, "work": options.work, "step": step} for step in ("fill", "ask")]
            told = [in_another_process("benchmarks.milvus", options, each) for each in steps]
            print(row(size, engine, *told), flush=True)


COLUMNS = (
    "sentences",
    "engine",
    "fill, s (CPU)",
    "filling, GB",
    "first answer, s",
    "bytes in memory",
    "p50, ms (CPU)",
    "p95, ms (CPU)",
    "Recall@10",
    "bytes on disk",
)
HEADING = f"| {' | '.join(COLUMNS)} |\n|--:|---|{'--:|' * (len(COLUMNS) - 2)}"


def row(count: int, engine: str, filled: dict[str, Any], told: dict[str, Any]) -> str:
    """Return a line of the table; bytes are those of a sentence."""
    times = [f"{wall:.1f} ({cpu:.1f})" for wall, cpu in zip(told["wall"], told["cpu"], strict=True)]
    cells = [
        f"{count:,}",
        {"local": "FAISS, in a folder", "milvus": "Milvus Lite"}[engine],
        f"{filled['seconds']:.1f} ({filled['cpu']:.1f})",
        f"{filled['memory'] / 1e9:.2f}",
        f"{told['first']:.2f}",
        f"{told['memory'] / count:,.0f}",
        *times,
        f"{told['recall']:.3f}",
        f"{filled['bytes'] / count:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
