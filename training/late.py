"""Train the late interaction: `python -m training.late --data ../shared/data --out .training/late`.

Questions and sentences are encoded apart: some consecutive sentences of an article, and several questions about them.
A softmax runs over all sentences of a step (ColBERT, Khattab & Zaharia 2020), once by the MaxSim of a sentence alone,
which finds what is read, and once by that together with the MaxSim of a sentence among those around it, which orders
what was read. The projection begins with the principal directions of the bundled model's token states.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from index.wordpieces import CLS, SEP, Ids
from training.data import WEIGHTS, Example, Text, encoded, read_development, read_training
from training.export import imported
from training.network import WIDTH, LateNetwork
from training.parts import Part, Step, assemble, best_of, max_sims, part_around
from training.run import made_ahead, parser_for, record
from training.weights import Weights

QUESTION, SENTENCE = 32, 64  # tokens that are trained on, the ends included
CHUNK = 64  # sentences run together
ALONE = 24.0  # what a MaxSim counts in the first softmax, as fitted on development questions before
TOGETHER = (12.0, 30.0)  # in the second one, chosen by hand: of a sentence alone, and among those around it
NEVER = -1e4  # a logit that counts for nothing
DEVELOPMENT = {"newsqa": 40, "squad2": 1, "covidqa": 6, "wikiqa": 120}  # articles read of each set
QUESTIONS = 300  # asked of each


def pad(rows: Sequence[Ids], most: int) -> tuple[Tensor, Tensor]:
    """Return ids and mask `(texts, tokens)`, the ends of a text put on."""
    cut = [[CLS, *ids[: most - 2], SEP] for ids in rows]
    width = max(len(ids) for ids in cut)
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in cut])
    return ids, (torch.arange(width) < torch.tensor([[len(row)] for row in cut])).long()


def loss_of(network: LateNetwork, step: Step) -> Tensor:
    """Return the listwise loss a question."""
    ids, mask = pad(step.questions, QUESTION)
    question, weights = network(network.embed(ids), mask)
    # by length: padding is work for nothing
    order = sorted(range(len(step.sentences)), key=lambda i: len(step.sentences[i]))
    found = []
    for start in range(0, len(order), CHUNK):
        ids, mask = pad([step.sentences[i] for i in order[start : start + CHUNK]], SENTENCE)
        found.append(best_of(question, network(network.embed(ids), mask)[0], mask))
    best = torch.cat(found, -1)[..., torch.tensor(order).argsort()]
    alone, around = max_sims(best, weights, step.parts)
    together = TOGETHER[0] * alone + TOGETHER[1] * around
    return _listwise(ALONE * alone, step) + _listwise(together, step)


def _listwise(table: Tensor, step: Step) -> Tensor:
    table = table.masked_fill(step.unsure, NEVER)
    good = table.masked_fill(~step.right, NEVER)
    return (table.logsumexp(1) - good.logsumexp(1)).mean()


@torch.no_grad()
def begin(network: LateNetwork, texts: list[Text]) -> None:
    """Set the projection to the principal directions of token states, which keep their cosines best."""
    rng = random.Random(0)
    states = []
    for _ in range(8):
        ids, mask = pad([rng.choice(rng.choice(texts).sentences) for _ in range(50)], SENTENCE)
        states.append(
            network.encoder(inputs_embeds=network.embed(ids), attention_mask=mask).last_hidden_state[mask > 0]
        )
    table = torch.cat(states)
    network.project.weight.copy_(torch.linalg.svd(table.T @ table)[2][:WIDTH])


@torch.inference_mode()
def report(weights: dict[str, Tensor], folder: Path) -> dict[str, dict[str, float]]:
    """Return figures of the second softmax on development questions, every sentence of their article in it, by set."""
    network = LateNetwork().eval()
    network.load_state_dict(weights, strict=False)
    network.bfloat16()
    figures = {}
    for name, limit in DEVELOPMENT.items():
        texts, examples = read_development(folder / f"{name}.jsonl", limit=limit)
        asked = [example for example in examples if example.spans][:QUESTIONS]
        vectors = {number: _vectors(network, texts[number]) for number in {example.text for example in asked}}
        found = [_found(network, example, vectors[example.text]) for example in asked]
        hits = {f"hit{k}": float(np.mean([rank < k for rank, _ in found])) for k in (1, 3)}
        figures[name] = {k: round(v, 3) for k, v in {**hits, "loss": float(np.mean([one for _, one in found]))}.items()}
    return figures


def _found(network: LateNetwork, example: Example, sentences: tuple[Tensor, Tensor]) -> tuple[int, float]:
    """Return the rank of the first answering sentence, from 0 on, and the loss."""
    ids, mask = pad([encoded(example.question)], QUESTION)
    question, weights = network(network.embed(ids), mask)
    best = best_of(question, *sentences)
    alone, around = max_sims(best, weights, [range(best.shape[-1])])
    table = (TOGETHER[0] * alone + TOGETHER[1] * around)[0]
    rank = next(rank for rank, s in enumerate((-table).argsort().tolist()) if s in example.spans)
    return rank, float(table.logsumexp(0) - table[sorted(example.spans)].logsumexp(0))


def _vectors(network: LateNetwork, text: Text) -> tuple[Tensor, Tensor]:
    ids, mask = pad(text.sentences, SENTENCE)
    parts = [network(network.embed(ids[s : s + CHUNK]), mask[s : s + CHUNK])[0] for s in range(0, len(ids), CHUNK)]
    return torch.cat(parts), mask


def steps(texts: list[Text], examples: list[Example], *, seed: int, questions: int, start: int) -> Iterator[Step]:
    """Yield steps without end, from step `start` on; the same seed gives the same steps."""
    # a question that leans on the one before is looked up by that one too: alone it names nothing to be found
    asked = [example for example in examples if example.spans and not example.leans]
    weights = np.array([WEIGHTS.get(example.dataset, 1.0) for example in asked])
    weights /= weights.sum()
    about: dict[int, list[Example]] = {}
    for example in asked:
        about.setdefault(example.text, []).append(example)

    def make(number: int) -> Step:
        rng, parts, count = random.Random(f"{seed} {number}"), list[Part](), 0
        for i in np.random.default_rng([seed, number]).choice(len(asked), questions, p=weights):
            if count < questions:
                parts.append(part_around(asked[i], about[asked[i].text], texts, rng))
                count += len(parts[-1].asked)
        return assemble(parts, texts, rng)

    return made_ahead(make, start)


def main() -> None:
    """Train, resume and report; the figures go to `log.jsonl` in the output folder."""
    parser = parser_for(__doc__, steps=1500, questions=40, rate=6e-5, every=150)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    texts, examples = read_training(options.data / "train")
    train(options, texts, examples)


def train(options: argparse.Namespace, texts: list[Text], examples: list[Example]) -> None:
    """Run the steps, from the last checkpoint on if there is one."""
    network = LateNetwork().eval()
    if options.start:
        network.load_state_dict(imported(options.start, network), strict=False)
    else:
        begin(network, texts)
    weights = Weights(network, rate=options.rate, faster=("project", "weigh"))
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        weights.load(checkpoint)
    began, seen = time.time(), []
    for step in steps(texts, examples, seed=options.seed, questions=options.questions, start=weights.steps):
        if weights.steps >= options.steps:
            break
        loss = loss_of(network, step)
        rate = weights.step(loss, steps=options.steps)
        seen.append(float(loss.detach()))
        if weights.steps % 25 == 0:
            spent = (time.time() - began) / len(seen)
            print(f"step {weights.steps} loss {np.mean(seen[-25:]):.3f} rate {rate:.1e} {spent:.1f} s", flush=True)
        if weights.steps % options.every == 0 or weights.steps == options.steps:
            weights.save(checkpoint)
            figures = report(weights.average, options.data / "dev")
            mean = float(np.mean(seen[-options.every :]))
            record(options.out, {"step": weights.steps, "loss": mean, **figures})


if __name__ == "__main__":
    main()
