"""Figures of a network on the development sets, while it is being trained: the reader alone, a few questions a set."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from index.wordpieces import SEP
from qa.windows import lay_out, stack
from training.data import Example, Text, ignored, read_development, tokenizer
from training.network import ReaderNetwork, sentence_scores

SETS = {"newsqa": 40, "squad2": 2, "covidqa": 6, "wikiqa": 120}  # articles read of each
QUESTIONS = 90  # asked of each


def report(weights: dict[str, Tensor], folder: Path) -> dict[str, dict[str, float]]:
    """Return Hit@1, Hit@3, AUROC of answerable questions and the share of answers overlapped by the span, by set."""
    network = ReaderNetwork()
    network.load_state_dict(weights, strict=False)
    network.eval()
    sets = {name: read_development(folder / f"{name}.jsonl", limit=limit) for name, limit in SETS.items()}
    return {name: _figures(network, *texts_and_examples) for name, texts_and_examples in sets.items()}


def _figures(network: ReaderNetwork, texts: list[Text], examples: list[Example]) -> dict[str, float]:
    rng = random.Random(0)
    chosen = rng.sample(examples, min(QUESTIONS, len(examples)))
    ranks, best, answerable = [], [], []
    for example in chosen:
        scores = score(
            network,
            example.question,
            texts[example.text],
            list(range(len(texts[example.text].windows)))
            if len(texts[example.text].windows) <= 12
            else _candidates(example, texts),
        )
        order = sorted(scores, key=lambda s: -scores[s])
        best.append(scores[order[0]])
        answerable.append(bool(example.spans))
        if example.spans:
            ranks.append(next((r for r, s in enumerate(order) if s in example.spans), 99))
        elif example.dataset == "squad2":
            continue
    figures = {"hit1": float(np.mean([r < 1 for r in ranks])), "hit3": float(np.mean([r < 3 for r in ranks]))}
    if not all(answerable):
        yes, no = (
            [b for b, a in zip(best, answerable, strict=True) if a],
            [b for b, a in zip(best, answerable, strict=True) if not a],
        )
        figures["auroc"] = float(np.mean([(y > n) + 0.5 * (y == n) for y in yes for n in no]))
    else:
        other = []
        for example in chosen[:60]:
            text = texts[(example.text + 1) % len(texts)]
            scores = score(network, example.question, text, list(range(min(6, len(text.windows)))))
            other.append(max(scores.values()))
        figures["auroc_made"] = float(np.mean([(y > n) + 0.5 * (y == n) for y in best for n in other]))
    return {k: round(v, 3) for k, v in figures.items()}


def _candidates(example: Example, texts: list[Text]) -> list[int]:
    text = texts[example.text]
    right = [
        w
        for w, window in enumerate(text.windows)
        if any(window.first <= s < window.first + len(window.sentences) for s in example.spans)
    ]
    return sorted({w for t, w in example.hard if t == example.text} | set(right[:1]))[:12]


@torch.inference_mode()
def score(network: ReaderNetwork, question: str, text: Text, numbers: list[int]) -> dict[int, float]:
    """Return the score of each sentence of some windows of a text."""
    windows = [text.windows[n] for n in numbers]
    asked = np.array(tokenizer().encode(question, add_special_tokens=False).ids, dtype=np.int32)
    batch = stack(lay_out(asked, [], windows, ignored()))
    ids = torch.from_numpy(batch.ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(network.embed(ids), torch.from_numpy(batch.types), torch.from_numpy(batch.mask)).float()
    table, exists = sentence_scores(out, torch.from_numpy(batch.owner), ids, SEP)
    return {
        w.first + j: float(table[i, j]) for i, w in enumerate(windows) for j in range(len(w.sentences)) if exists[i, j]
    }
