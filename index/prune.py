"""Removing old generations."""

from __future__ import annotations

import shutil
from pathlib import Path

from index.durable import Step
from index.folders import ASIDE, folder_of, generation_numbers


def prune(root: Path, keep: int, step: Step) -> None:
    """Remove all generations but the last `keep`, 1 or more; the newest on disk has to be the current one.

    Raises `OSError`.
    """
    if keep < 1:
        raise ValueError("the current generation is always kept")
    for number in generation_numbers(root)[:-keep]:
        folder = folder_of(root, number)
        aside = folder.with_suffix(ASIDE)  # so that a generation is never there in part
        step(f"prune {folder.name}")
        folder.rename(aside)
        step(f"clear {aside.name}")
        shutil.rmtree(aside)
