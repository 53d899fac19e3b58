"""Whoever reads and embeds for a library, side by side: processes of this machine, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from index.embed import Encoded, encode_all
from index.encode import Encoder, encoder_of
from index.errors import UnreadableArticle, WorkersLost
from index.fetch import Fetched
from index.gather import Input, Outcome, name_of, read_source
from index.processes import ATTEMPTS, spread

Get = Callable[[str], Fetched]


class Batch(Protocol):
    """Texts that are embedded together, and what else there is to know of them."""

    @property
    def texts(self) -> Sequence[str]:
        """The texts."""
        ...


B = TypeVar("B", bound=Batch)


class Workers(Protocol):
    """Does work side by side; what comes of it is the same as without."""

    def read(self, sources: Sequence[Input], get: Get) -> Iterator[tuple[int, Outcome]]:
        """Read sources, as `gather.read_each` does; yield the number of each and what came of it, as it is done."""
        ...

    def encode(self, batches: Sequence[Sequence[str]], encoder: Encoder) -> Iterator[tuple[int, Encoded]]:
        """Make what an encoder makes, as `embed.encode_each` does; yield each batch's number and it, as it is done."""
        ...

    def put(self, batches: Sequence[B], encoder: Encoder, put: Callable[[B, Encoded], None]) -> Iterator[int]:
        """Do with batches, and with what an encoder makes of their texts, what `put` does; yield numbers as it is done.

        It is done by the workers, and may be done twice of a batch, when one of them dies.
        """
        ...


class LocalWorkers:
    """Processes of this machine, which share its cores. They are there only while there is something to do.

    `make` gives each its encoder of a model. Every method raises `WorkersLost` when processes die one after the other.
    """

    def __init__(self, count: int, *, make: Callable[[str | None], Encoder] = encoder_of) -> None:
        self._count = count
        self._make = make

    def read(self, sources: Sequence[Input], get: Get) -> Iterator[tuple[int, Outcome]]:
        """Read sources; one of which processes die is a failure."""
        return spread(partial(read_source, get=get), sources, self._count, lost=unreadable)

    def encode(self, batches: Sequence[Sequence[str]], encoder: Encoder) -> Iterator[tuple[int, Encoded]]:
        """Make what an encoder makes. Raises `ModelNotFound`, `BadVectors`."""
        return spread(Embedding(partial(self._make, encoder.model)), batches, self._count, lost=vanished)

    def put(self, batches: Sequence[B], encoder: Encoder, put: Callable[[B, Encoded], None]) -> Iterator[int]:
        """Put what an encoder makes somewhere. Raises `ModelNotFound`, `BadVectors`, and what `put` raises."""
        job = Putting(Embedding(partial(self._make, encoder.model)), put)
        return (number for number, _ in spread(job, batches, self._count, lost=vanished_of))


class Embedding:
    """Makes vectors of texts, with an encoder that is made where it is first needed: it can be sent away until then."""

    def __init__(self, make: Callable[[], Encoder]) -> None:
        self._make: Final = make
        self._encoder: Encoder | None = None

    def __call__(self, texts: Sequence[str]) -> Encoded:
        """Return what the encoder makes of texts. Raises `ModelNotFound`, `BadVectors`."""
        self._encoder = self._encoder or self._make()
        return encode_all(texts, self._encoder)


class Putting(Generic[B]):
    """Makes vectors of batches, and puts them somewhere."""

    def __init__(self, embedding: Embedding, put: Callable[[B, Encoded], None]) -> None:
        self._embedding, self._put = embedding, put

    def __call__(self, batch: B) -> None:
        """Do it. Raises what the encoder and `put` raise."""
        self._put(batch, self._embedding(batch.texts))


def unreadable(source: Input) -> Outcome:
    """Return what comes of a source of which workers die."""
    reason = f"{ATTEMPTS} worker processes ended while they read it"
    return UnreadableArticle(name_of(source), reason, "leave it out, or give another copy of it")


def vanished(texts: Sequence[str]) -> NoReturn:
    """Say that workers die of texts. Raises `WorkersLost`."""
    raise WorkersLost(f"at the {len(texts)} sentences of which the first is {texts[0][:60]!r}")


def vanished_of(batch: Batch) -> NoReturn:
    """Say that workers die of a batch. Raises `WorkersLost`."""
    vanished(batch.texts)
