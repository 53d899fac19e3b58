"""The trained reader: a question and windows of sentences in; how well each answers, and with which words, out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.network import Cores, Network
from index.wordpieces import SEP, Pieces, WordPieces
from qa.calibration import UNREAD, Calibration
from qa.types import Reading
from qa.windows import SENTENCE_TOKENS, Batch, Window, lay_out
from qa.words import Words

MODELS: Final = Path(__file__).parent / "models"
ANSWER_TOKENS = 30  # the longest answer that is marked inside a sentence; longer ones are the sentence itself

# Words that say nothing about what is asked: meeting them again is no match.
_WORDS: Final = (
    "a an and are as at be by did do does for from had has have he her him his how i in is it its of on or s "
    "she that the their they this to was were what when where which who whom whose why will with"
)
STOP_WORDS: Final = frozenset([*_WORDS.split(), *"?,.'\""])


class Reader:
    """The network `reader.onnx.zst` of a folder behind MiniLM's tokenizer. Safe to use from threads.

    `calibration` turns its scores into an order and probabilities.
    """

    def __init__(self, folder: Path = MODELS) -> None:
        self.calibration = Calibration.load(folder / "calibration.json")
        self._pieces = WordPieces()
        self._words = Words(folder)
        self._cores = Cores()
        self._network = Network(folder / "reader.onnx.zst")
        self._ignored = frozenset(i for pieces in self._pieces.encode(sorted(STOP_WORDS)) for i in pieces.ids.tolist())

    def tokens(self, texts: Sequence[str]) -> list[Pieces]:
        """Return the word pieces of sentences."""
        return self._pieces.encode(texts)

    def read(
        self, question: str, windows: Sequence[Sequence[Pieces]], *, history: Sequence[str] = ()
    ) -> list[list[Reading]]:
        """Return a reading of each sentence of each window; a window holds sentences of one article, in order."""
        asked = self._pieces.encode([question, *history])
        rows = lay_out(
            asked[0].ids,
            [earlier.ids for earlier in asked[1:]],
            [Window(0, tuple(t.ids[:SENTENCE_TOKENS] for t in window)) for window in windows],
            self._ignored,
        )
        # Each window by itself: put together they are no faster, and would need padding.
        outputs = self._cores.spread(self._run, rows)
        return [_readings(out, row, window) for out, row, window in zip(outputs, rows, windows, strict=True)]

    def _run(self, row: Batch) -> NDArray[np.float32]:
        """Return the network's four numbers for each token of a window, `(tokens, 4)`."""
        # embedded here: of all windows at once it would be much memory, which is not all given back
        (outputs,) = self._network.run({"embedded": self._words.embed(row.ids), "types": row.types})
        first: NDArray[np.float32] = outputs[0]
        return first


def _readings(out: NDArray[np.float32], row: Batch, window: Sequence[Pieces]) -> list[Reading]:
    owner, ids = row.owner[0], row.ids[0]
    readings = []
    for j, sentence in enumerate(window):
        inside = owner == j
        closing = float(out[inside & (ids == SEP), 0].sum())
        score = closing + float(out[inside, 1].mean())
        begin, end = out[inside, 2][:-1], out[inside, 3][:-1]  # the separator answers nothing
        readings.append(Reading(score, *_span(begin, end, sentence.offsets)))
    return readings


def _span(
    begin: NDArray[np.float32], end: NDArray[np.float32], offsets: Sequence[tuple[int, int]]
) -> tuple[float, int, int]:
    """Return the logit and the code points of the likeliest answer in a sentence."""
    if not len(begin):
        return UNREAD, 0, 0
    joint = begin[:, None] + end[None, :]
    allowed = np.triu(np.ones_like(joint, dtype=bool)) & ~np.triu(np.ones_like(joint, dtype=bool), ANSWER_TOKENS)
    joint = np.where(allowed, joint, -np.inf)
    first, last = divmod(int(joint.argmax()), joint.shape[1])
    return float(joint[first, last]), offsets[first][0], offsets[last][1]
