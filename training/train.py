"""Train the reader: `python -m training.train --data ../shared/data --out .training/reader`.

One question is asked of a window that answers it and of hard windows of the same article together; a softmax runs over
the sentences of all of them and a "none of these" fixed at 0 (shared normalisation, Clark & Gardner 2018), and others
over all their words for an answer's first and last, so that windows are comparable with each other and silence in many
of them cannot outvote one answer.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from index.wordpieces import SEP
from qa.windows import Batch, lay_out, stack
from training.data import WEIGHTS, Example, Text, encoded, ignored, read_training
from training.development import report
from training.export import imported
from training.mine import with_near
from training.network import ReaderNetwork, sentence_scores
from training.run import made_ahead, parser_for, record
from training.samples import Sample, sample
from training.weights import Weights
from training.wording import names_in


@dataclass(frozen=True, slots=True)
class Step:
    """The input of one step: batches of similar length, and where in their outputs to look.

    `cell` `(sentences,)` indexes the batches' flattened sentence scores; `question` and `column` place each in a table
    of a row a question; `right` and `unsure` mark sentences. `token` `(questions, most tokens)` indexes the batches'
    flattened tokens of each question's sentences, -1 beyond them; `begin` and `end` mark its answers' ends among them.
    `worded` `(questions,)` are those whose answering words are known: all but those that a whole sentence answers.
    """

    batches: tuple[Batch, ...]
    cell: Tensor
    question: Tensor
    column: Tensor
    right: Tensor
    unsure: Tensor
    token: Tensor
    begin: Tensor
    end: Tensor
    worded: Tensor
    questions: int


def assemble(samples: list[Sample]) -> Step:
    """Lay the samples out in batches of windows of similar length."""
    rows = sorted(_rows(samples), key=lambda r: r[0].ids.shape[1])
    batches, place = [], []
    tokens: list[list[tuple[np.ndarray, tuple[tuple[int, int], ...]]]] = [[] for _ in samples]
    cells = first = 0
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        batch = stack([r[0] for r in chunk])
        width, most = batch.ids.shape[1], int(batch.owner.max()) + 1
        for i, (row, q, w) in enumerate(chunk):
            for j in range(int(row.owner.max()) + 1):
                one = samples[q]
                place.append((cells + i * most + j, q, (w, j) in one.right, (w, j) in one.unsure))
                if (w, j) not in one.unsure:
                    inside = np.flatnonzero(row.owner[0] == j)[:-1]  # the separator answers nothing
                    tokens[q].append((first + i * width + inside, one.right.get((w, j), ())))
        cells, first = cells + len(chunk) * most, first + len(chunk) * width
        batches.append(batch)
    cell, question, right, unsure = (np.array(column) for column in zip(*place, strict=True))
    column = np.zeros(len(question), dtype=np.int64)
    for q in range(len(samples)):
        column[question == q] = np.arange(1, 1 + (question == q).sum())
    at = [torch.from_numpy(numbers) for numbers in (cell, question, column)]
    marks = [torch.from_numpy(flags) for flags in (right, unsure)]
    words = [torch.from_numpy(numbers) for numbers in _marks(tokens)]
    worded = torch.tensor([all(one.right.values()) for one in samples])
    return Step(
        tuple(batches), at[0], at[1], at[2], marks[0], marks[1], words[0], words[1], words[2], worded, len(samples)
    )


def _rows(samples: list[Sample]) -> Iterator[tuple[Batch, int, int]]:
    for q, one in enumerate(samples):
        history = [encoded(one.history)] if one.history else []
        for w, row in enumerate(lay_out(encoded(one.question), history, one.windows, ignored())):
            yield row, q, w


def _marks(tokens: list[list[tuple[np.ndarray, tuple[tuple[int, int], ...]]]]) -> tuple[np.ndarray, ...]:
    """Return tokens, and which of them begin and end an answer, a row a question."""
    most = max(sum(len(inside) for inside, _ in own) for own in tokens)
    token = np.full((len(tokens), most), -1, dtype=np.int64)
    begin, end = np.zeros_like(token, dtype=bool), np.zeros_like(token, dtype=bool)
    for q, own in enumerate(tokens):
        at = 0
        for inside, answers in own:
            token[q, at : at + len(inside)] = inside
            for first, last in answers:
                begin[q, at + first] = end[q, at + last] = True
            at += len(inside)
    return token, begin, end


NEVER = -1e4  # a logit that counts for nothing
CHUNK = 8  # windows run together: more leave the processor's caches, and are padded more
NEGATIVES = 2  # windows a question that do not answer it: from among many more its sentence has to be told


def losses(network: ReaderNetwork, step: Step) -> tuple[Tensor, Tensor]:
    """Return the listwise loss and the span loss a question."""
    outs, scores = [], []
    for batch in step.batches:
        ids = torch.from_numpy(batch.ids)
        outs.append(network(network.embed(ids), torch.from_numpy(batch.types), torch.from_numpy(batch.mask)))
    for batch, out in zip(step.batches, outs, strict=True):
        table, _ = sentence_scores(out.float(), torch.from_numpy(batch.owner), torch.from_numpy(batch.ids), SEP)
        scores.append(table.flatten())
    flat = torch.cat(scores)[step.cell]
    at = (step.question, step.column)
    empty = torch.full((step.questions, 1 + int(step.column.max())), NEVER)
    none = torch.zeros(step.questions)
    table = empty.index_put(at, flat.masked_fill(step.unsure, NEVER))
    table = torch.cat([none[:, None], table[:, 1:]], 1)
    good = empty.index_put(at, flat.masked_fill(~step.right, NEVER))
    none[step.question[step.right]] = NEVER
    good = torch.cat([none[:, None], good[:, 1:]], 1)
    return (table.logsumexp(1) - good.logsumexp(1)).mean(), _span_loss(
        torch.cat([o.float().flatten(0, 1) for o in outs]), step
    )


def _span_loss(out: Tensor, step: Step) -> Tensor:
    """Return the loss of an answer's first and last token among all tokens of its question, and none at 0."""
    logits = out[step.token.clamp(min=0)][..., 2:].masked_fill((step.token < 0)[..., None], NEVER)
    logits = torch.cat([torch.zeros_like(logits[:, :1]), logits], 1)
    good = torch.stack([step.begin, step.end], -1)
    good = torch.cat([~good.any(1, keepdim=True), good], 1)
    loss = logits.logsumexp(1) - logits.masked_fill(~good, NEVER).logsumexp(1)
    return (loss.sum(1) * step.worded).sum() / step.worded.sum().clamp(min=1)


def steps(texts: list[Text], examples: list[Example], *, seed: int, questions: int, start: int) -> Iterator[Step]:
    """Yield steps without end, from step `start` on; the same seed gives the same steps."""
    names = names_in(examples)
    weights = np.array([WEIGHTS.get(e.dataset, 1.0) for e in examples])
    weights /= weights.sum()

    def make(number: int) -> Step:
        rng = random.Random(f"{seed} {number}")
        picks = np.random.default_rng([seed, number]).choice(len(examples), questions, p=weights)
        samples = [sample(examples[i], texts, names, rng, negatives=NEGATIVES) for i in picks]
        return assemble([s for s in samples if s.windows])

    return made_ahead(make, start)


def main() -> None:
    """Train, resume and report; the figures go to `log.jsonl` in the output folder."""
    parser = parser_for(__doc__, steps=5000, questions=12, rate=5e-5, every=250)
    parser.add_argument("--base", type=Path, help="a folder of all-mpnet-base-v2, with whose layers to begin")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    began = time.time()
    texts, examples = read_training(options.data / "train")
    print(f"{len(texts)} texts, {len(examples)} questions read in {time.time() - began:.0f} s", flush=True)
    train(options, texts, with_near(examples, texts))


def train(options: argparse.Namespace, texts: list[Text], examples: list[Example]) -> None:
    """Run the steps, from the last checkpoint on if there is one."""
    network = ReaderNetwork(options.base).train()
    if options.start:
        network.load_state_dict(imported(options.start, network), strict=False)
    new = () if options.start else ("head", "embeddings.token_type_embeddings")
    weights, checkpoint = Weights(network, rate=options.rate, faster=new), options.out / "checkpoint.pt"
    if checkpoint.exists():
        weights.load(checkpoint)
    began, seen, tokens = time.time(), [], 0
    for step in steps(texts, examples, seed=options.seed, questions=options.questions, start=weights.steps):
        if weights.steps >= options.steps:
            break
        listwise, span = losses(network, step)
        rate = weights.step(listwise + 0.3 * span, steps=options.steps)
        seen.append((float(listwise.detach()), float(span.detach())))
        tokens += sum(b.ids.size for b in step.batches)
        if weights.steps % 25 == 0:
            a, b = np.mean(seen[-25:], axis=0)
            speed = tokens / (time.time() - began)
            print(
                f"step {weights.steps} listwise {a:.3f} span {b:.3f} rate {rate:.1e} {speed:.0f} tokens/s", flush=True
            )
        if weights.steps % options.every == 0 or weights.steps == options.steps:
            weights.save(checkpoint)
            figures = report(weights.average, options.data / "dev")
            loss = list(np.mean(seen[-options.every :], axis=0))
            record(options.out, {"step": weights.steps, "loss": loss, **figures})


if __name__ == "__main__":
    main()
