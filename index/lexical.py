"""The lexical side of the search: BM25 over stemmed words. The only file that imports bm25s."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import Stemmer
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bm25s import BM25

# The settings of Anserini (https://github.com/castorini/anserini); for single sentences they find more than the
# customary 1.5 and 0.75.
_K1 = 0.9
_B = 0.4

# A word, a number with its separators ("2,000", "3.5"), or letters with full stops ("u.s."), which would else be lost:
# "u" and "s" say nothing, and "us" is another word.
_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|\d+(?:[.,]\d+)*|[^\W_]+")

# bm25s.stopwords.STOPWORDS_EN_PLUS, which cannot be had without importing SciPy.
_STOPPED = (
    "a about above after again against ain all am an and any are aren aren't as at be because been before being "
    "below between both but by can couldn couldn't d did didn didn't do does doesn doesn't doing don don't down "
    "during each few for from further had hadn hadn't has hasn hasn't have haven haven't having he her here hers "
    "herself him himself his how i if in into is isn isn't it it's its itself just ll m ma me mightn mightn't "
    "more most mustn mustn't my myself needn needn't no nor not now o of off on once only or other our ours "
    "ourselves out over own re s same shan shan't she she's should should've shouldn shouldn't so some such t "
    "than that that'll the their theirs them themselves then there these they this those through to too under "
    "until up ve very was wasn wasn't we were weren weren't what when where which while who whom why will with "
    "won won't wouldn wouldn't y you you'd you'll you're you've your yours yourself yourselves"
)
_STOP_WORDS = frozenset(_STOPPED.split())

# Stands for a sentence without a word in it, so that it keeps its row. No question holds it.
_NO_WORD = ""


class Lexical:
    """BM25 scores of a fixed row of texts. Immutable, and safe to use from several threads.

    The texts with the word of number `n` are `rows[bounds[n] : bounds[n + 1]]`, and what it adds to their scores stands
    at the same places of `added`; bm25s works that out beforehand.
    """

    def __init__(
        self,
        count: int,
        numbers: Mapping[str, int],
        *,
        bounds: NDArray[np.integer],
        rows: NDArray[np.int32],
        added: NDArray[np.float32],
    ) -> None:
        self._count, self._numbers = count, numbers
        self._bounds, self._rows, self._added = bounds, rows, added

    @classmethod
    def build(cls, texts: Sequence[str]) -> Lexical:
        """Index texts; a text's place is its row. The same texts give the same files, byte for byte."""
        words = [found or [_NO_WORD] for found in _words(texts)]
        # Numbered here in the order of appearance, because bm25s numbers words in the order of a set, which changes
        # from run to run.
        numbers = {word: number for number, word in enumerate(dict.fromkeys(word for row in words for word in row))}
        if not words:  # bm25s divides by the number of texts
            bounds, none = np.zeros(2, dtype=np.int32), np.zeros(0, dtype=np.float32)
            return cls(0, {_NO_WORD: 0}, bounds=bounds, rows=none.astype(np.int32), added=none)
        bm25 = _bm25()
        bm25.index(([[numbers[word] for word in row] for row in words], numbers), show_progress=False)
        made = bm25.scores
        return cls(len(words), numbers, bounds=made["indptr"], rows=made["indices"], added=made["data"])

    @property
    def count(self) -> int:
        """The number of texts."""
        return self._count

    def scores(self, question: str) -> NDArray[np.float32]:
        """Return the BM25 score of every text, `(count,)` float32: 0 where no word is shared, higher is better."""
        scores = np.zeros(self._count, dtype=np.float32)
        for word in next(_words([question])):
            if word in self._numbers:
                number = self._numbers[word]
                places = slice(self._bounds[number], self._bounds[number + 1])
                scores[self._rows[places]] += self._added[places]  # no text stands there twice
        return scores

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into a folder, which need not exist. Raises `OSError`."""
        bm25 = _bm25()
        arrays = {"data": self._added, "indices": self._rows, "indptr": self._bounds}
        bm25.scores = {**arrays, "num_docs": self._count}
        bm25.vocab_dict, bm25.nonoccurrence_array = dict(self._numbers), None
        bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Lexical:
        """Read what `save` wrote; nothing is unpickled. Whether it was damaged is for a checksum to say."""
        bounds, rows, added = (
            np.load(folder / f"{name}.csc.index.npy", allow_pickle=False) for name in ("indptr", "indices", "data")
        )
        count = json.loads((folder / "params.index.json").read_bytes())["num_docs"]
        numbers = json.loads((folder / "vocab.index.json").read_bytes())
        return cls(count, numbers, bounds=bounds, rows=rows, added=added)


def _bm25() -> BM25:
    """Return bm25s without texts."""
    from bm25s import BM25  # imported here: it brings SciPy, half of what a question would wait for

    return BM25(method="lucene", k1=_K1, b=_B, backend="numpy")


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are searched: stemmed, lower case, without stop words."""
    return next(_words([text]))


def _words(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the stemmed words of each text, lower case, without stop words."""
    # Made anew for each call: a stemmer must not be used by two threads at once.
    stemmer = Stemmer.Stemmer("english")
    for text in texts:
        yield stemmer.stemWords([word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS])
