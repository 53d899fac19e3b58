"""Sentences that late interaction takes for the answer and that are not: the negatives that teach it most.

As ColBERTv2 does (Santhanam et al. 2022), they are found by a network that was trained before, the shipped one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from index.late import LateEncoder, TokenVectors
from training.data import Example, Text, answers_in

# Articles with many questions each; the long pages and stories of the other sets take four times as long.
SETS = {"squad2", "squad11_articles", "squadshifts_wiki", "selqa", "whole", "written", "crowd", "various"}
LONG = 12  # sentences of a text: of a shorter one, nearly all are drawn anyway
KEPT = 12  # sentences of each question
WINDOWS = 14  # that are hard to tell from one that answers


def with_near(examples: Sequence[Example], texts: Sequence[Text]) -> list[Example]:
    """Give each question of a long text the sentences of highest MaxSim that do not answer it, best first.

    Their windows become hard ones, in turn with those that share its rare words.
    """
    late = LateEncoder()
    asked: dict[tuple[str, ...], list[int]] = {}  # by the text itself: several sets ask of the same articles
    for number, example in enumerate(examples):
        plain = texts[example.text].plain
        if example.dataset in SETS and len(plain) > LONG:
            asked.setdefault(plain, []).append(number)
    out = list(examples)
    for done, (plain, numbers) in enumerate(asked.items(), 1):
        tokens = TokenVectors.build(late.encode(plain))
        for number in numbers:
            near = _near(examples[number], tokens, late)
            out[number] = replace(out[number], near=near, hard=_hard(examples[number], near, texts))
        if done % 200 == 0:
            print(f"mined {done}/{len(asked)} texts", flush=True)
    return out


def _near(example: Example, tokens: TokenVectors, late: LateEncoder) -> tuple[int, ...]:
    query, every = late.encode_question(example.question), range(len(tokens))
    scores = tokens.max_sims(query, every).sum(axis=0)
    good = {*example.spans, *example.unsure}
    order = np.argsort(-scores, kind="stable")[: KEPT + len(good)].tolist()
    return tuple(s for s in order if s not in good)[:KEPT]


def _hard(example: Example, near: Sequence[int], texts: Sequence[Text]) -> tuple[tuple[int, int], ...]:
    ends = [window.first + len(window.sentences) for window in texts[example.text].windows]
    alike = [(example.text, bisect_right(ends, s)) for s in near]
    alike = [place for place in alike if not answers_in(example, texts, place)]
    mixed = [place for pair in zip_longest(dict.fromkeys(alike), example.hard) for place in pair if place]
    return tuple(dict.fromkeys(mixed))[:WINDOWS]
