"""The generations of a library as a table."""

from __future__ import annotations

from collections.abc import Iterable

from index.history import Generation
from ui.terminal import size_of

_HEAD = ("GENERATION", "STATE", "CREATED", "CHANGE", "ARTICLES", "SENTENCES", "SIZE")


def history_rows(generations: Iterable[Generation]) -> list[tuple[str, ...]]:
    """Return the rows of the table, the head first; what is not known is "-"."""
    return [_HEAD, *map(_row, generations)]


def _row(generation: Generation) -> tuple[str, ...]:
    state = ["current"] * generation.current + ["damaged"] * bool(generation.fault)
    told = (generation.created, generation.change, generation.articles, generation.sentences)
    shown = ("-" if value in (None, "") else str(value) for value in told)
    return str(generation.number), ", ".join(state), *shown, size_of(generation.bytes)
