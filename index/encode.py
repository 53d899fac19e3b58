"""Turn texts into vectors: with the bundled model, or with any other of sentence-transformers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelNotFound
from index.fingerprint import folder_fingerprint
from index.late import LateEncoder, TokenEncoder, TokenQuery
from index.minilm import MiniLMEncoder
from index.weights import bundled_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Long enough for a slow line; without it the libraries try for more than a minute when there is no network.
_SECONDS_TO_REACH_HUB = 10.0


class Encoder(Protocol):
    """Whatever turns texts into vectors."""

    @property
    def fingerprint(self) -> str:
        """What the vectors depend on: encoders with the same fingerprint give the same vectors."""
        ...

    @property
    def model(self) -> str | None:
        """What it can be made of again: a folder, a name, or None for the bundled model."""
        ...

    @property
    def dimension(self) -> int:
        """The number of columns of the vectors."""
        ...

    @property
    def late(self) -> TokenEncoder:
        """What turns a text into a vector for each of its word pieces."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` rows of unit length, in the order of the texts."""
        ...


def fingerprint_of(encoder: Encoder) -> str:
    """Return what all vectors of an index depend on, those of word pieces among them."""
    return f"{encoder.fingerprint} {encoder.late.fingerprint}"


def encode_both(texts: Sequence[str], encoder: Encoder) -> tuple[NDArray[np.float32], list[NDArray[np.int8]]]:
    """Return what `encode` and what `late.encode` make of texts; the bundled model makes both at once."""
    if isinstance(encoder, MiniLMEncoder):
        return encoder.encode_both(texts)
    return encoder.encode(texts), encoder.late.encode(texts)


def encode_question(question: str, encoder: Encoder) -> tuple[NDArray[np.float32], TokenQuery]:
    """Return a question's vector `(dimension,)` and its word pieces; the bundled model makes both at once."""
    if isinstance(encoder, MiniLMEncoder):
        return encoder.encode_question(question)
    return encoder.encode([question])[0], encoder.late.encode_question(question)


def encoder_of(model: str | None) -> Encoder:
    """Return the encoder of a model, by folder or by its name on the Hugging Face hub, or the bundled one.

    Nothing is loaded yet. Raises `ModelNotFound` for a folder that is not there.
    """
    return MiniLMEncoder() if model is None else SentenceTransformerEncoder(model)


def encoder_on(device: str, model: str | None) -> Encoder:
    """Return an encoder of a model that runs on a device of PyTorch, as "cuda"; the bundled one, too.

    Its vectors differ by rounding from those of `encoder_of`. Those of word pieces are made on the CPU.
    """
    return SentenceTransformerEncoder(str(bundled_folder()) if model is None else model, device=device)


class SentenceTransformerEncoder:
    """A sentence-transformers model, loaded when it is first needed; safe to use from several threads.

    `model` is a folder, from which nothing is ever fetched, or a name on the Hugging Face hub. The model runs on the
    CPU unless a `device` is asked for, because the same text must give the same vector on every machine.
    """

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        self._name = model
        self._device = device
        self._folder = _folder_of(model)
        self.late: TokenEncoder = LateEncoder()
        self._lock = Lock()  # a tokenizer that two threads use at once raises "Already borrowed"

    @property
    def model(self) -> str:
        """The model's absolute folder or its name on the hub."""
        return str(self._folder or self._name)

    @cached_property
    def fingerprint(self) -> str:
        """The model's name, the SHA-256 of its weights and a digest of its settings; for a hub name the name alone.

        Reads the weights but does not load the model. Raises `ModelNotFound`.
        """
        return self._name if self._folder is None else folder_fingerprint(self._folder, self._folder.name)

    @property
    def dimension(self) -> int:
        """The number of columns of the vectors. Loads the model; raises `ModelNotFound`."""
        with self._lock:
            return self._dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` float32 rows of unit length. Loads the model; raises `ModelNotFound`.

        A text is read up to the model's limit.
        """
        with self._lock:
            if not texts:
                return np.zeros((0, self._dimension), dtype=np.float32)
            rows = self._model.encode(
                list(texts), convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
            )
            return np.asarray(rows, dtype=np.float32)

    @cached_property
    def _dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or self._model.encode(["a"]).shape[1])

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._folder is not None:
            # Read at import by huggingface_hub: the library would else ask the hub about a model that is all here, and
            # an install without a network would wait for it. A model named by its hub name must stay reachable.
            os.environ["HF_HUB_OFFLINE"] = "1"
            return _load(str(self._folder), self._device, name=self._name, local=True)
        try:
            return _load(
                self._name, self._device, name=self._name, local=True
            )  # from the cache: no network for what is here
        except ModelNotFound:
            _see_that_it_exists(self._name)
            return _load(self._name, self._device, name=self._name, local=False)


def _folder_of(model: str) -> Path | None:
    """Return the folder that a model's name means, or None if it is the name of a model on the hub."""
    folder = Path(model).expanduser()
    if not model.strip():
        raise ModelNotFound(model, "the name is empty")
    if folder.is_dir():
        return folder.resolve()
    if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ModelNotFound(model, "there is no such folder")
    return None


def _load(path: str, device: str, *, name: str, local: bool) -> SentenceTransformer:
    """Load a model from a folder, the hub's cache or the hub; say nothing meanwhile."""
    # Imported here: torch and transformers take seconds, which `pullquote list` and `--help` need not wait for.
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        return SentenceTransformer(path, device=device, local_files_only=local)
    except Exception as error:  # OSError, ValueError, KeyError, SafetensorError, HTTP errors: no common base
        raise ModelNotFound(name, error) from error


def _see_that_it_exists(name: str) -> None:
    """Ask the hub once for a model: loading one that is not there tries again and again, and says so on stderr."""
    reason = _asked(name)
    if reason and "/" not in name:  # sentence-transformers looks there for names without an owner
        reason = _asked(f"sentence-transformers/{name}")
    if reason:
        raise ModelNotFound(name, reason)


def _asked(name: str) -> str:
    """Return why the hub has no model of this name, or nothing if it has."""
    from huggingface_hub import HfApi  # imported here for the reason given in _load

    try:
        HfApi().model_info(name, timeout=_SECONDS_TO_REACH_HUB)
    except Exception as error:  # of requests, httpx or httpx2, as the version of huggingface_hub has it
        return str(error) or type(error).__name__
    return ""
