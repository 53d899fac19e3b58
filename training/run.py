"""What the trainings share: their options, the steps made ahead, the log of figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

_Step = TypeVar("_Step")


def parser_for(about: str | None, *, steps: int, questions: int, rate: float, every: int) -> argparse.ArgumentParser:
    """Return the parser of a training's options, with these defaults."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--questions", type=int, default=questions, help="questions a step")
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="go on from this exported network, not from the bundled model")
    parser.add_argument("--every", type=int, default=every, help="steps between checkpoints")
    return parser


def made_ahead(make: Callable[[int], _Step], start: int) -> Iterator[_Step]:
    """Yield the steps from number `start` on, without end; the next one is made while one is trained on."""
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(make, start)
        for number in range(start, 10**9):
            now, ahead = ahead.result(), pool.submit(make, number + 1)
            yield now


def record(folder: Path, figures: Mapping[str, object]) -> None:
    """Print figures, and add them to the folder's `log.jsonl`."""
    line = json.dumps(figures)
    print(line, flush=True)
    with (folder / "log.jsonl").open("a") as log:
        log.write(line + "\n")
