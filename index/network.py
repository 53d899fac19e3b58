"""A trained network in a file, run by ONNX Runtime. The only file that imports onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Network:
    """An ONNX file, loaded when first needed. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def run(self, inputs: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
        """Return the network's outputs, in their order."""
        with self._lock:
            session = self._session
        outputs: list[NDArray[np.float32]] = session.run(None, dict(inputs))
        return outputs

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime  # imported here: 0.3 s that commands which answer no question do without

        return onnxruntime.InferenceSession(str(self._path), providers=["CPUExecutionProvider"])
