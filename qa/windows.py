"""What the reader reads: a question and a window of consecutive sentences, as token ids.

A window is laid out `[CLS] (history [SEP])* question [SEP] (sentence [SEP])+`. Training and answering share this file,
so that the reader meets the same input in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.wordpieces import CLS, PAD, SEP, Ids

WINDOW_TOKENS = 128  # of sentences in a window, their separators included
SENTENCE_TOKENS = 100  # a longer sentence is read up to here
SIDE_BY_SIDE = 8  # sentences that stand apart are read together, at most
QUESTION_TOKENS = 48  # each of the question and its history is read up to here

# Type ids: what is asked, what is read, and what is read that occurs in the question too (the exact-match feature of
# DrQA, Chen et al. 2017): a hint that lets a small network learn to compare within hours.
ASKED, READ, MATCHED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive sentences `first .. first + len(sentences) - 1` of an article, as token ids."""

    first: int
    sentences: tuple[Ids, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows laid out for the network, each array `(windows, tokens)`.

    `ids` holds token ids, `types` ASKED, READ or MATCHED, `mask` 1 for a token and 0 for padding; `owner` is the
    position within its window of the sentence that a token belongs to (its separator included), -1 for none.
    """

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    mask: NDArray[np.int64]
    owner: NDArray[np.int64]


def cut_windows(sentences: Sequence[Ids], *, overlap: int = 0) -> list[Window]:
    """Cut an article's sentences into windows of at most WINDOW_TOKENS; `overlap` sentences stand in two windows."""
    return [_window(sentences, own) for own in cut_ranges([len(ids) for ids in sentences], overlap=overlap)]


def cut_ranges(lengths: Sequence[int], *, overlap: int = 0) -> list[range]:
    """Return which sentences stand in each window, where they have so many tokens; see `cut_windows`."""
    ranges: list[range] = []
    first = 0
    while first < len(lengths):
        own = _range_from(lengths, first)
        ranges.append(own)
        if own.stop >= len(lengths):
            break
        first = max(first + 1, own.stop - overlap)
    return ranges


def side_by_side(lengths: Sequence[int]) -> list[int]:
    """Return which of the likeliest sentences of an article are read together, where they have so many tokens.

    Of `lengths`, the likeliest sentence's first, each that fits is taken into WINDOW_TOKENS.
    """
    chosen, room = [], WINDOW_TOKENS
    for number, length in enumerate(lengths[:SIDE_BY_SIDE]):
        size = min(length, SENTENCE_TOKENS) + 1
        if size <= room:
            chosen.append(number)
            room -= size
    return chosen


def window_from(sentences: Sequence[Ids], first: int) -> Window:
    """Return the window that begins at sentence `first`: as many as fit into WINDOW_TOKENS, but at least one."""
    return _window(sentences, _range_from([len(ids) for ids in sentences], first))


def _range_from(lengths: Sequence[int], first: int) -> range:
    stop, room = first, WINDOW_TOKENS
    while stop < len(lengths) and (stop == first or min(lengths[stop], SENTENCE_TOKENS) < room):
        room -= min(lengths[stop], SENTENCE_TOKENS) + 1
        stop += 1
    return range(first, stop)


def _window(sentences: Sequence[Ids], own: range) -> Window:
    return Window(own.start, tuple(sentences[i][:SENTENCE_TOKENS] for i in own))


def lay_out(question: Ids, history: Sequence[Ids], windows: Iterable[Window], ignored: frozenset[int]) -> list[Batch]:
    """Lay out a question with each window as a batch of one row; `ignored` ids (stop words) never count as matched."""
    asked = [np.array([CLS], dtype=np.int32)]
    for earlier in history:
        asked += [earlier[:QUESTION_TOKENS], np.array([SEP], dtype=np.int32)]
    asked += [question[:QUESTION_TOKENS], np.array([SEP], dtype=np.int32)]
    head = np.concatenate(asked)
    wanted = np.array(sorted(set(head.tolist()) - ignored - {CLS, SEP}), dtype=np.int32)
    return [_row(head, window, wanted) for window in windows]


def _row(head: Ids, window: Window, wanted: Ids) -> Batch:
    separator = np.array([SEP], dtype=np.int32)
    body = np.concatenate([part for ids in window.sentences for part in (ids, separator)])
    owner = np.repeat(np.arange(len(window.sentences)), [len(ids) + 1 for ids in window.sentences])
    types = np.where(np.isin(body, wanted), MATCHED, READ)
    ids = np.concatenate([head, body]).astype(np.int64)
    return Batch(
        ids=ids[None],
        types=np.concatenate([np.full(len(head), ASKED), types]).astype(np.int64)[None],
        mask=np.ones_like(ids)[None],
        owner=np.concatenate([np.full(len(head), -1), owner]).astype(np.int64)[None],
    )


def stack(rows: Sequence[Batch]) -> Batch:
    """Stack one-row batches into one, padded to the longest."""
    width = max(row.ids.shape[1] for row in rows)

    def padded(name: str, filler: int) -> NDArray[np.int64]:
        out = np.full((len(rows), width), filler, dtype=np.int64)
        for i, row in enumerate(rows):
            values = getattr(row, name)[0]
            out[i, : len(values)] = values
        return out

    return Batch(padded("ids", PAD), padded("types", READ), padded("mask", 0), padded("owner", -1))
