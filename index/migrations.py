"""What changed from each format of the library to the next, as functions on one line of the articles' file.

A generation is never rewritten: one of an older format is read through these, and the next write makes one of today's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypedDict

from index.manifest import FORMAT


class Record(TypedDict, total=False):
    """An article as it is written: a line of JSON. Older formats lack keys."""

    id: str
    title: str
    source: str
    author: str
    date: str
    pages: list[int]
    sha256: str
    text: str


def migrated(record: Record, found: int) -> Record:
    """Return an article as today's format writes it, of one that was written in the format `found`."""
    for number in range(found, FORMAT):
        record = MIGRATIONS[number](record)
    return record


def _from_1(record: Record) -> Record:
    """Articles had no author, date and pages before format 2."""
    return {**record, "author": "", "date": "", "pages": []}


def _from_2(record: Record) -> Record:
    """Word pieces came with format 3, beside the articles: `load` refuses an index without them until it is rebuilt."""
    return record


# The number of a format, and what makes the next one of it.
MIGRATIONS: Mapping[int, Callable[[Record], Record]] = MappingProxyType({1: _from_1, 2: _from_2})
