"""How fast `pullquote add` fills a library, with workers and on a Ray: `python -m benchmarks.filling --data DATA`.

DATA holds dev/newsqa.jsonl and test/newsqa.jsonl, whose stories are written to a folder of text files, one each. Every
command fills an empty library of its own, at a terminal of its own, where it tells how far it is: so the time until the
first sentences are embedded (starting, reading, loading the model) is known beside the rest. Seconds of processors are
those of the command and of all that it starts, as /proc shows them (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.equality import FILES
from qa.questions import load_questions

LOOK = 0.2  # seconds between two looks at the processes
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in /proc
WORKERS = ("--workers 1", "--workers 2")
RAYS = tuple(f"--ray local {workers}" for workers in WORKERS)
ROWS = [*(("local", way) for way in ("", *WORKERS, *RAYS)), *(("milvus", way) for way in WORKERS)]
HEADING = (
    "| library | option | s (CPU) | sentences a second | first embedded after, s | a second from then on | load |\n"
    "|---|---|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds that a command took, and of processors; `marks` are the seconds at which so many sentences were embedded.

    `load` is the load average of the minute before.
    """

    seconds: float
    processor: float
    marks: tuple[tuple[float, int], ...]
    load: float

    @property
    def rate(self) -> float:
        """Sentences a second after the first that were embedded; nan where all were embedded at once."""
        (first, before), (last, count) = self.marks[0], self.marks[-1]
        return (count - before) / (last - first) if last > first else float("nan")


class Processes:
    """A process and all that come of it, and the seconds of processors that each had taken when it was last seen."""

    def __init__(self, pid: int) -> None:
        self._seconds = {pid: 0.0}

    @property
    def seconds(self) -> float:
        """The seconds of all together."""
        return sum(self._seconds.values())

    def look(self) -> None:
        """See what there is, and what it has taken."""
        parents: dict[int, int] = {}
        taken: dict[int, float] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has ended
                words = path.read_text(errors="replace").rpartition(")")[2].split()
                pid = int(path.parent.name)
                parents[pid], taken[pid] = int(words[1]), (int(words[11]) + int(words[12])) / TICKS
        while new := {pid for pid, parent in parents.items() if parent in self._seconds} - self._seconds.keys():
            self._seconds.update(dict.fromkeys(new, 0.0))
        self._seconds.update((pid, seconds) for pid, seconds in taken.items() if pid in self._seconds)


def followed(command: Sequence[str]) -> Took:
    """Run a command at a terminal, and follow what it draws there. Raises `RuntimeError` with that where it fails."""
    here, there = os.openpty()
    marks, drawn = [], b""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=there) as process:
        os.close(there)
        processes = Processes(process.pid)
        while process.poll() is None or select.select([here], [], [], 0)[0]:
            processes.look()
            if select.select([here], [], [], LOOK)[0]:
                try:
                    said = os.read(here, 65536)
                except OSError:  # nobody has it open any more
                    break
                drawn += said
                if found := re.findall(rb"Indexing \[.{30}\] (\d+)/", said):
                    marks.append((time.perf_counter() - began, int(found[-1])))
    seconds = time.perf_counter() - began
    os.close(here)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{drawn.decode(errors='replace')}")
    return Took(seconds, processes.seconds, tuple(marks), os.getloadavg()[0])


def row(engine: str, way: str, took: Took, sentences: int) -> str:
    """Return a line of the table."""
    cells = [
        {"local": "folder", "milvus": "Milvus Lite"}[engine],
        f"`{way}`" if way else "none",
        f"{took.seconds:.1f} ({took.processor:.1f})",
        f"{sentences / took.seconds:.0f}",
        f"{took.marks[0][0]:.1f}",
        f"{took.rate:.0f}",
        f"{took.load:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _filled(stories: Path, engine: str, way: str) -> tuple[Took, int]:
    """Fill a new library; return what that took, and how many sentences it holds."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "ui.cli", "--home", home, "--engine", engine, "--uri", f"{home}/milvus.db"]
        took = followed([*command, "add", str(stories), *way.split()])
        said = subprocess.run([*command, "status", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return took, int(json.loads(said)["sentences"])


def main() -> None:
    """Fill, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stories", type=int, help="how many of them (default: all)")
    parser.add_argument("--repeats", type=int, default=2, help="of which the fastest counts (default: %(default)s)")
    options = parser.parse_args()
    articles = [article for name in FILES for article in load_questions(options.data / name).articles]
    with tempfile.TemporaryDirectory() as folder:
        for number, article in enumerate(articles[: options.stories]):
            (Path(folder) / f"{number:03}.txt").write_text(article.text, encoding="utf-8")
        print(HEADING)
        for engine, way in ROWS:
            tries = [_filled(Path(folder), engine, way) for _ in range(options.repeats)]
            print(row(engine, way, *min(tries, key=lambda each: each[0].seconds)), flush=True)


if __name__ == "__main__":
    main()
