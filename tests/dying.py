"""Encoders and fetchers of which the process dies that runs them."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import numpy as np
from conftest import FakeEncoder
from numpy.typing import NDArray

from index.fetch import Fetched

POISON = "poison"


class Mortal(FakeEncoder):
    """Its process is killed by a sentence that holds `POISON`."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(POISON in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)


class Buggy(FakeEncoder):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ZeroDivisionError("a bug")


class Nan(FakeEncoder):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), self.dimension), np.nan, dtype=np.float32)


def fetched(url: str) -> Fetched:
    """A page that says its own address; the process is killed by an address that holds `POISON`."""
    if POISON in url:
        os.kill(os.getpid(), signal.SIGKILL)
    name = url.rpartition("/")[2]
    return Fetched(f"This is {name}.".encode(), ".txt", "utf-8", name)
