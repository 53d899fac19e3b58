"""The sentences of many articles as a table of numbers, from which a sentence is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from index.segment import sentences_of_article
from index.types import Article, Sentence


class Sentences(Sequence[Sentence]):
    """Sentences by row; an article's have consecutive rows. Immutable, and equal to any sequence of equal sentences.

    A row takes 16 bytes. A million `Sentence` objects would take a hundred times the memory of a few, and seconds.
    """

    def __init__(self, article_ids: Sequence[str], table: NDArray[np.int32]) -> None:
        """Take rows `(n, 4)`: the number of the article in `article_ids`, the paragraph, start and end.

        Raises `ValueError` when the rows are not in the order of the articles.
        """
        numbers = table[:, 0]
        if numbers.size and not (numbers[0] >= 0 and numbers[-1] < len(article_ids) and (np.diff(numbers) >= 0).all()):
            raise ValueError("the sentences are not in the order of their articles")
        self.table = table
        self.article_ids = tuple(article_ids)
        self._numbers = {article_id: number for number, article_id in enumerate(article_ids)}
        # The first row of each article, and where the last one ends.
        self._firsts: list[int] = np.searchsorted(numbers, np.arange(len(article_ids) + 1)).tolist()

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Sentences:
        """Split articles."""
        rows = [
            (number, sentence.paragraph, sentence.start, sentence.end)
            for number, article in enumerate(articles)
            for sentence in sentences_of_article(article)
        ]
        return cls([article.id for article in articles], np.array(rows, dtype=np.int32).reshape(len(rows), 4))

    def rows_of(self, article_id: str) -> range:
        """Return the rows of an article's sentences. Raises `KeyError`."""
        number = self._numbers[article_id]
        return range(self._firsts[number], self._firsts[number + 1])

    def at(self, rows: NDArray[np.int64]) -> list[Sentence]:
        """Return the sentences of rows from 0, in the order of the rows."""
        ids, firsts = self.article_ids, self._firsts
        return [
            Sentence(ids[number], row - firsts[number], paragraph, start, end)
            for row, (number, paragraph, start, end) in zip(rows.tolist(), self.table[rows].tolist(), strict=True)
        ]

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, at: SupportsIndex) -> Sentence: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Sentence, ...]: ...
    def __getitem__(self, at: SupportsIndex | slice) -> Sentence | tuple[Sentence, ...]:
        rows = range(len(self.table))[at]
        if isinstance(rows, range):
            return tuple(self.at(np.array(rows, dtype=np.int64)))
        return self.at(np.array([rows]))[0]

    def __iter__(self) -> Iterator[Sentence]:
        for article_id, first, last in zip(self.article_ids, self._firsts, self._firsts[1:], strict=False):
            for ordinal, (_, paragraph, start, end) in enumerate(self.table[first:last].tolist()):
                yield Sentence(article_id, ordinal, paragraph, start, end)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]
