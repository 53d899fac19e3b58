"""Writing sentences where their vectors are made: in the one writer, or in its workers, which need not send them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from index.embed import Encode, Encoded, encode_each
from index.encode import Encoder
from index.milvus.client import Client
from index.milvus.rows import Revision, parted, sentence_row
from index.types import Sentence
from index.workers import Workers

BATCH: Final = 256  # sentences embedded and written by a call: about 1 MB of the 64 that Milvus takes


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that are embedded together, and for each the sentences that it is, with the revisions they are of."""

    texts: tuple[str, ...]
    sentences: tuple[tuple[tuple[Revision, Sentence], ...], ...]

    @property
    def count(self) -> int:
        """The number of sentences."""
        return sum(map(len, self.sentences))


# Embeds batches and writes them; yields the number of each as it is done.
Insert = Callable[[Sequence[Batch]], Iterator[int]]


class Insertion:
    """Writes batches into a collection of sentences. It can be sent to another process, which connects by itself."""

    def __init__(self, client: Client, collection: str) -> None:
        self._client, self._collection = client, collection

    def __call__(self, batch: Batch, made: Encoded) -> None:
        """Write a batch of which vectors were made; written twice, it is there once. Raises `EngineFailed`."""
        rows = [
            sentence_row(sentence, text, revision, vector, pieces)
            for text, own, vector, pieces in zip(batch.texts, batch.sentences, made.rows, made.tokens, strict=True)
            for revision, sentence in own
        ]
        for some in parted(rows, BATCH):
            self._client.upsert(self._collection, some)


def insert_with(workers: Workers | None, encoder: Encoder, client: Client, collection: str) -> Insert:
    """Return what embeds and writes: workers themselves, where other processes can reach the Milvus."""
    put = Insertion(client, collection)
    if workers is not None and client.shared:
        return partial(workers.put, encoder=encoder, put=put)
    return partial(_inserted, partial(workers.encode if workers else encode_each, encoder=encoder), put)


def _inserted(encode: Encode, put: Insertion, batches: Sequence[Batch]) -> Iterator[int]:
    for number, made in encode([batch.texts for batch in batches]):
        put(batches[number], made)
        yield number
