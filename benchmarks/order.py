"""What each score brings to the order of sentences: `python -m benchmarks.order`, after `python -m training.calibrate`.

Asked are the development questions that the calibration was fitted on, whose candidates it has kept. Each row's weights
are those of a conditional logit over the sentences that were read, fitted on all sets together; the last row is the
shipped order.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.calibration import Calibration
from qa.reader import MODELS
from training.calibrate import Asked, conditional_logit, reordered

# The first two are the reader's: of the sentence, and of its answering words; then the same side by side.
COLUMNS = ("sentence", "words", "sentence again", "words again", "MaxSim")
READER = COLUMNS[:2]
WAYS = (READER[:1], READER[1:], READER, COLUMNS[:4], ("MaxSim",), (*READER, "MaxSim"), COLUMNS)


def table(asked: Asked) -> NDArray[np.float64]:
    """Return `(sentences read, 5)`: each score about as large as the others."""
    rows = []
    for one, _ in asked.read:
        readings = [each for each in (one.reading, one.again or one.reading) if each]
        rows.append([*(score for each in readings for score in (each.score, each.span)), 10 * one.late])
    return np.array(rows)


def row(label: str, names: Sequence[str], firsts: Sequence[NDArray[np.bool_]]) -> str:
    """Return a row of Hit@1 / Hit@3 by set, of what was right in the order of each question."""
    cells = []
    for name in dict.fromkeys(names):
        own = [first for n, first in zip(names, firsts, strict=True) if n == name]
        cells.append(" / ".join(f"{np.mean([first[:k].any() for first in own]):.3f}" for k in (1, 3)))
    return f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path(".training/candidates.pickle"))
    options = parser.parse_args()
    asked = [one for one in pickle.loads(options.kept.read_bytes()) if one.answerable]
    names = [one.dataset for one in asked]
    tables = [table(one) for one in asked]
    rights = [np.array([right for _, right in one.read]) for one in asked]
    print(f"| Hit@1 / Hit@3 | {' | '.join(dict.fromkeys(names))} |\n|---|{'--:|' * len(set(names))}")
    for way in WAYS:
        columns = [COLUMNS.index(name) for name in way]
        chosen = [(t[:, columns], g) for t, g in zip(tables, rights, strict=True) if g.any()]
        counts, start = np.ones(len(chosen)), np.full(len(columns), 0.5)
        weights = conditional_logit([t for t, _ in chosen], [g for _, g in chosen], counts=counts, start=start)
        orders = [np.argsort(-(t[:, columns] @ weights), kind="stable") for t in tables]
        print(row(" + ".join(way), names, [g[o] for g, o in zip(rights, orders, strict=True)]))
    shipped = Calibration.load(MODELS / "calibration.json")
    again = [reordered(one, shipped) for one in asked]
    print(row("shipped", names, [np.array(one.right) for one in again]))


if __name__ == "__main__":
    main()
