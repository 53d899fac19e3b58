"""The lexical side of the search: BM25 over stemmed words. The only file that imports bm25s."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

# The settings of Anserini (https://github.com/castorini/anserini); for single sentences they find more than the
# customary 1.5 and 0.75.
_K1 = 0.9
_B = 0.4

# A word, a number with its separators ("2,000", "3.5"), or letters with full stops ("u.s."), which would else be lost:
# "u" and "s" say nothing, and "us" is another word.
_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|\d+(?:[.,]\d+)*|[^\W_]+")

_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)

# Stands for a sentence without a word in it, so that it keeps its row. No question holds it.
_NO_WORD = ""


class Lexical:
    """BM25 scores of a fixed row of texts. Immutable, and safe to use from several threads."""

    def __init__(self, bm25: bm25s.BM25) -> None:
        self._bm25 = bm25

    @classmethod
    def build(cls, texts: Sequence[str]) -> Lexical:
        """Index texts; a text's place is its row. The same texts give the same files, byte for byte."""
        rows = [words or [_NO_WORD] for words in _words(texts)]
        # Numbered here in the order of appearance, because bm25s numbers words in the order of a set, which changes
        # from run to run.
        numbers = {word: number for number, word in enumerate(dict.fromkeys(word for row in rows for word in row))}
        bm25 = bm25s.BM25(method="lucene", k1=_K1, b=_B, backend="numpy")
        if rows:
            bm25.index(([[numbers[word] for word in row] for row in rows], numbers), show_progress=False)
        else:  # bm25s divides by the number of texts
            empty = np.zeros(0, dtype=np.float32)
            indptr = np.zeros(2, dtype=np.int32)
            bm25.scores = {"data": empty, "indices": empty.astype(np.int32), "indptr": indptr, "num_docs": 0}
            bm25.vocab_dict, bm25.nonoccurrence_array = {_NO_WORD: 0}, None
        return cls(bm25)

    @property
    def count(self) -> int:
        """The number of texts."""
        return int(self._bm25.scores["num_docs"])

    def scores(self, question: str) -> NDArray[np.float32]:
        """Return the BM25 score of every text, `(count,)` float32: 0 where no word is shared, higher is better."""
        numbers = [self._bm25.vocab_dict[word] for word in next(_words([question])) if word in self._bm25.vocab_dict]
        if not numbers:
            return np.zeros(self.count, dtype=np.float32)
        return np.asarray(self._bm25.get_scores_from_ids(numbers), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into a folder, which need not exist. Raises `OSError`."""
        self._bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Lexical:
        """Read what `save` wrote; nothing is unpickled. Whether it was damaged is for a checksum to say."""
        return cls(bm25s.BM25.load(folder, load_corpus=False, allow_pickle=False, show_progress=False))


def _words(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the stemmed words of each text, lower case, without stop words."""
    # Made anew for each call: a stemmer must not be used by two threads at once.
    stemmer = Stemmer.Stemmer("english")
    for text in texts:
        yield stemmer.stemWords([word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS])
