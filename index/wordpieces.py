"""MiniLM's tokenizer and word embeddings, out of the bundled model's package: our networks begin with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.mapped import let_go, map_of
from index.weights import WORDS, bundled_folder, bundled_weights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = NDArray[np.int32]

CLS, SEP, PAD = 101, 102, 0  # of the BERT vocabulary that MiniLM uses


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as word pieces: their ids, and each one's code points `[start, end)` in the text."""

    ids: Ids
    offsets: tuple[tuple[int, int], ...]


class WordPieces:
    """Texts to word pieces, and those to vectors. Safe to use from several threads; loaded when first needed."""

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """Return the word pieces of texts, without the marks of beginning and end."""
        coded = _tokenizer().encode_batch(list(texts), add_special_tokens=False)
        return [Pieces(np.array(c.ids, dtype=np.int32), tuple(c.offsets)) for c in coded]

    def embed(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the word embeddings `(..., 384)` of ids. Many at once: the table's pages are given back afterwards."""
        embedded: NDArray[np.float32] = self._table[ids]
        let_go(map_of(self._table))
        return embedded

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """The table `(30522, 384)`: only the words that are met are read."""
        return bundled_weights()[WORDS]


@lru_cache(maxsize=1)  # reader and embedding model share it: 6 MB of memory
def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer  # imported here: commands that answer no question do without

    made = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
    made.no_padding()  # its file pads everything to 128 tokens
    made.no_truncation()
    return made
