"""Measure Pullquote beside what people would use instead, in one run: `make bench`.

`python -m benchmarks.speed --data DATA` where DATA holds dev/newsqa.jsonl and test/newsqa.jsonl. Every program has the
same MiniLM and the same sentences: the article in seeds/ (64), and the stories of those two files. Each peer is
installed once, into an environment of its own; what cannot be installed is left out, and said so. Pullquote has such an
environment, too: this one's other packages would count as its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.own import stories
from benchmarks.serving import Started, serve
from benchmarks.table import Own, Peer, table, written
from index.segment import sentences_of_article
from ui.library import SEEDS

HERE = Path(__file__).parent
PEERS = ("langchain", "llamaindex", "haystack", "txtai")
ROOT = HERE.parent
QUESTIONS = ROOT / "seeds" / "questions.jsonl"
COLD = "Who is the head of NATO?"
STORIES = "stories.jsonl"


@dataclass(frozen=True, slots=True)
class _Took:
    """What a process printed first, and last, and the seconds until its first line, of the clock and of processors."""

    last: dict[str, float]
    until_first: float
    processor: float


def main() -> None:
    """Measure, print the table and write it to benchmarks/README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stories", type=int, default=319, help="how many of them (default: %(default)s, all)")
    parser.add_argument("--questions", type=int, default=40, help="asked of each library (default: %(default)s)")
    parser.add_argument("--environments", type=Path, default=HERE / "peers" / ".environments")
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS, metavar="PEER")
    parser.add_argument("--repeats", type=int, default=3, help="cold starts, of which the fastest counts")
    parser.add_argument("--no-write", action="store_true", help="leave benchmarks/README.md as it is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _corpora(options.data, options.stories, options.questions, work)
        python = _installed("pullquote", options.environments, [["-c", str(ROOT / "constraints.txt"), str(ROOT)]])
        if python is None:
            raise SystemExit(1)
        own = _own(python, work, options.repeats)
        peers = {name: _peer(name, options.environments, work, options.repeats) for name in options.peers}
    made = table(own, {name: peer for name, peer in peers.items() if peer}, options.stories)
    print(made)
    if not options.no_write:
        written(HERE / "README.md", made)


def _corpora(data: Path, count: int, questions: int, work: Path) -> None:
    """Write the stories, the sentences of both libraries, and what is asked of them."""
    lines = [
        line
        for part in ("dev", "test")
        for line in (data / part / "newsqa.jsonl").read_text(encoding="utf-8").splitlines()
    ][:count]
    (work / STORIES).write_text("\n".join(lines), encoding="utf-8")
    seed = next(SEEDS.glob("*.txt"))
    record = {"id": seed.stem, "text": seed.read_text(encoding="utf-8")}
    (work / "seed.jsonl").write_text(json.dumps(record), encoding="utf-8")
    for name in ("seed", "stories"):
        articles = stories(work / f"{name}.jsonl")
        texts = [a.text[s.start : s.end] for a in articles for s in sentences_of_article(a)]
        (work / f"{name}.sentences").write_text("".join(json.dumps(t) + "\n" for t in texts), encoding="utf-8")
    asked = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()][:questions]
    everywhere = [json.loads(line)["questions"][0]["question"] for line in lines][:questions]
    (work / "everywhere.json").write_text(json.dumps(everywhere))
    (work / "cold.json").write_text(json.dumps([COLD]))
    (work / "asked.json").write_text(json.dumps({"article": seed.stem, "questions": asked, "all": everywhere}))


def _own(python: Path, work: Path, repeats: int) -> Own:
    """Measure Pullquote, as it is here."""
    module = [str(python), "-m"]
    home, large = work / "home", work / "large"
    _run([*module, "ui.cli", "--home", str(home), "ask", COLD])  # indexes the seed article
    cold = [_run([*module, "ui.cli", "--home", str(home), "ask", COLD]) for _ in range(repeats)]
    started = [serve(python, home) for _ in range(repeats)]
    built = _run([*module, "benchmarks.own", "build", str(large), str(work / STORIES)]).last
    _run([*module, "ui.cli", "--home", str(large), "add", str(next(SEEDS.glob("*.txt")))])
    asked = _run([*module, "benchmarks.own", "ask", str(large), str(work / "asked.json")]).last
    loaded = serve(python, large, questions=json.loads((work / "everywhere.json").read_text()))
    best = min(cold, key=lambda took: took.until_first)
    page = min(each.page for each in started)
    first = min(each.answer for each in started)
    return Own(best.until_first, best.processor, Started(page, first, loaded.memory), built, asked)


def _peer(name: str, environments: Path, work: Path, repeats: int) -> Peer | None:
    """Measure a peer; None where it cannot be installed."""
    wanted = (HERE / "peers" / f"{name}.txt").read_text(encoding="utf-8").split()
    # torch first and by its exact version: where a CPU build of it is at hand, pip takes that one
    torch = next(each for each in wanted if each.startswith("torch=="))
    python = _installed(name, environments, [[torch], wanted])
    if python is None:
        return None
    script = [str(python), "-W", "ignore", str(HERE / "peers" / f"with_{name}.py")]
    _run([*script, "build", str(work / "seed.sentences"), str(work / f"{name}-seed")])
    built = _run([*script, "build", str(work / "stories.sentences"), str(work / f"{name}-stories")]).last
    cold = [_run([*script, "ask", str(work / f"{name}-seed"), str(work / "cold.json")]) for _ in range(repeats)]
    warm = _run([*script, "ask", str(work / f"{name}-stories"), str(work / "everywhere.json")]).last
    best = min(cold, key=lambda took: took.until_first)
    size = sum(path.stat().st_size for path in python.parent.parent.rglob("*") if path.is_file())
    return Peer(best.until_first, best.processor, built, warm, size)


def _installed(name: str, environments: Path, steps: Sequence[Sequence[str]]) -> Path | None:
    """Return the Python of an environment, made if it is not there; None, with a word, where a step of pip's fails."""
    folder = environments / name
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        for packages in steps:
            subprocess.run(
                [python, "-m", "pip", "install", "-q", *packages], check=True, capture_output=True, text=True
            )
    except subprocess.CalledProcessError as error:
        reason = str(error.stderr or error).strip().splitlines()[-1:]
        print(f"{name} is left out, it cannot be installed: {''.join(reason)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        return None
    done.touch()
    return python


def _run(command: Sequence[str]) -> _Took:
    """Run a program; raise what it said where it fails."""
    with _processor() as used:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_plain())
        assert process.stdout is not None
        first = process.stdout.readline()
        until_first = time.perf_counter() - began
        rest, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{errors}")
    lines = [line for line in [first, *rest.splitlines()] if line.startswith("{")]
    return _Took(json.loads(lines[-1]) if lines else {}, until_first, used[0])


@contextmanager
def _processor() -> Iterator[list[float]]:
    """Yield a list that in the end holds the seconds of processors that child processes took meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    used: list[float] = []
    yield used
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _plain() -> dict[str, str]:
    """Return the environment without what would let one program find another's packages."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PULLQUOTE_HOME"}}


if __name__ == "__main__":
    main()
