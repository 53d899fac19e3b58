"""Train the late interaction: `python -m training.late --data ../shared/data --out .training/late`.

Questions and sentences are encoded apart. A softmax runs over an answering sentence, others of the same article that
stand beside it, share words with the question or look like its answer to the shipped network (`--mine`), and those of
the step's other questions (ColBERT, Khattab & Zaharia 2020). The projection begins with the principal directions of the
bundled model's token states.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from index.wordpieces import CLS, SEP, Ids
from training.data import WEIGHTS, Example, Text, ignored, read_development, read_training, tokenizer
from training.export import imported
from training.mine import with_near
from training.network import WIDTH, LateNetwork
from training.run import made_ahead, parser_for, record
from training.weights import Weights
from training.wording import roughen

QUESTION, SENTENCE = 32, 64  # tokens that are trained on, the ends included
OTHERS = 8  # sentences of the same article that a question is to tell from the one that answers
CHUNK = 64  # sentences run together
NEVER = -1e4  # a logit that counts for nothing
DEVELOPMENT = {"newsqa": 40, "squad2": 1, "covidqa": 6, "wikiqa": 120}  # articles read of each set
QUESTIONS = 300  # asked of each


@dataclass(frozen=True, slots=True)
class Step:
    """Questions, and sentences for all of them; `right` and `unsure` are `(questions, sentences)`."""

    questions: list[Ids]
    sentences: list[Ids]
    right: Tensor
    unsure: Tensor


def assemble(examples: list[Example], texts: list[Text], rng: random.Random) -> Step:
    """Draw sentences for each question and lay them side by side, by length: padding is work for nothing."""
    questions = [_encoded(roughen(example.question, rng)) for example in examples]
    drawn = [place for example in examples for place in _drawn(example, texts, rng)]
    places = sorted(drawn, key=lambda place: len(texts[place[0]].sentences[place[1]]))
    right = [[t == e.text and s in e.spans for t, s in places] for e in examples]
    unsure = [[t == e.text and s in e.unsure for t, s in places] for e in examples]
    return Step(questions, [texts[t].sentences[s] for t, s in places], torch.tensor(right), torch.tensor(unsure))


def _encoded(question: str) -> Ids:
    return np.array(tokenizer().encode(question, add_special_tokens=False).ids, dtype=np.int32)


def _drawn(example: Example, texts: list[Text], rng: random.Random) -> list[tuple[int, int]]:
    """Return an answering sentence and others: beside it, sharing words with the question, and any."""
    size = len(texts[example.text].sentences)
    target = rng.choice(sorted(example.spans))
    beside = [(example.text, target + step) for step in (-2, -1, 1, 2) if 0 <= target + step < size]
    chosen = rng.sample(beside, min(2, len(beside)))
    # the nearest most often; the first may be an answer that nobody marked
    near = sorted((rank * rng.random(), s) for rank, s in enumerate(example.near[1:], 2))
    chosen += [(example.text, s) for _, s in near[: (OTHERS - len(chosen)) * 2 // 3]]
    chosen += _sharing_words(example, texts, rng)[: OTHERS - len(chosen) - 1]
    while len(chosen) < OTHERS and size > OTHERS + 2:
        chosen.append((example.text, rng.randrange(size)))
    good = {(example.text, s) for s in (*example.spans, *example.unsure)}
    return [(example.text, target), *sorted({(t, s) for t, s in chosen if len(texts[t].sentences[s])} - good)]


def _sharing_words(example: Example, texts: list[Text], rng: random.Random) -> list[tuple[int, int]]:
    wanted = set(_encoded(example.question).tolist()) - ignored()
    near = []
    for text, number in example.hard[:OTHERS]:
        window = texts[text].windows[number]
        for j, ids in enumerate(window.sentences):
            near.append((len(wanted & set(ids.tolist())) + rng.random(), (text, window.first + j)))
    return [place for _, place in sorted(near, reverse=True)]


def pad(rows: Sequence[Ids], most: int) -> tuple[Tensor, Tensor]:
    """Return ids and mask `(texts, tokens)`, the ends of a text put on."""
    cut = [[CLS, *ids[: most - 2], SEP] for ids in rows]
    width = max(len(ids) for ids in cut)
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in cut])
    return ids, (torch.arange(width) < torch.tensor([[len(row)] for row in cut])).long()


def max_sim(question: Tensor, weights: Tensor, sentences: Tensor, mask: Tensor) -> Tensor:
    """Return the MaxSims `(questions, sentences)` of the tokens of questions and sentences."""
    count, length, width = sentences.shape
    cosines = (question @ sentences.reshape(-1, width).T).view(*question.shape[:2], count, length)
    best = cosines.masked_fill(mask == 0, -1.0).amax(-1)
    return torch.einsum("qtn,qt->qn", best, weights / weights.sum(1, keepdim=True))


def loss_of(network: LateNetwork, step: Step) -> Tensor:
    """Return the listwise loss a question."""
    ids, mask = pad(step.questions, QUESTION)
    question, weights = network(network.embed(ids), mask)
    scores = []
    for start in range(0, len(step.sentences), CHUNK):
        ids, mask = pad(step.sentences[start : start + CHUNK], SENTENCE)
        scores.append(max_sim(question, weights, network(network.embed(ids), mask)[0], mask))
    table = (torch.cat(scores, 1) * network.scale).masked_fill(step.unsure, NEVER)
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
    """Return Hit@1 and Hit@3 on development questions, every sentence of their article a candidate, by set."""
    network = LateNetwork().eval()
    network.load_state_dict(weights, strict=False)
    network.bfloat16()
    figures = {}
    for name, limit in DEVELOPMENT.items():
        texts, examples = read_development(folder / f"{name}.jsonl", limit=limit)
        asked = [example for example in examples if example.spans][:QUESTIONS]
        vectors = {number: _vectors(network, texts[number]) for number in {example.text for example in asked}}
        ranks = [_rank(network, example, vectors[example.text]) for example in asked]
        figures[name] = {f"hit{k}": round(float(np.mean([r < k for r in ranks])), 3) for k in (1, 3)}
    return figures


def _rank(network: LateNetwork, example: Example, sentences: tuple[Tensor, Tensor]) -> int:
    ids, mask = pad([_encoded(example.question)], QUESTION)
    question, weights = network(network.embed(ids), mask)
    order = (-max_sim(question, weights, *sentences)[0]).argsort().tolist()
    return next(rank for rank, s in enumerate(order) if s in example.spans)


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

    def make(number: int) -> Step:
        picks = np.random.default_rng([seed, number]).choice(len(asked), questions, p=weights)
        return assemble([asked[i] for i in picks], texts, random.Random(f"{seed} {number}"))

    return made_ahead(make, start)


def main() -> None:
    """Train, resume and report; the figures go to `log.jsonl` in the output folder."""
    parser = parser_for(__doc__, steps=1500, questions=40, rate=6e-5, every=150)
    parser.add_argument("--mine", action="store_true", help="train on sentences that the shipped network confuses")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    texts, examples = read_training(options.data / "train")
    train(options, texts, with_near(examples, texts) if options.mine else examples)


def train(options: argparse.Namespace, texts: list[Text], examples: list[Example]) -> None:
    """Run the steps, from the last checkpoint on if there is one."""
    network = LateNetwork().eval()
    if options.start:
        network.load_state_dict(imported(options.start, network), strict=False)
    else:
        begin(network, texts)
    weights = Weights(network, rate=options.rate, faster=("project", "weigh", "scale"))
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
