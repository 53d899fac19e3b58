"""A trained network in a file, run by ONNX Runtime. The only file that imports onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.mapped import give_back, let_go, map_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Inputs = Mapping[str, NDArray[np.generic]]
Weights = Mapping[str, NDArray[np.generic]]

_Job = TypeVar("_Job")
_Made = TypeVar("_Made")


class Cores:
    """Threads, one for each core that this process may use, made when they are first needed."""

    def spread(self, work: Callable[[_Job], _Made], jobs: Sequence[_Job]) -> list[_Made]:
        """Return what the work makes of each job, in their order; jobs are done side by side."""
        return [work(jobs[0])] if len(jobs) == 1 else list(self._pool.map(work, jobs))

    def beside(self, one: Callable[[], _Job], other: Callable[[], _Made]) -> tuple[_Job, _Made]:
        """Return what two works make, done side by side."""
        ahead = self._pool.submit(other)
        return one(), ahead.result()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_cores())


class Network:
    """An ONNX file, or a compressed one (`.zst`), loaded when first needed. Safe to use from several threads.

    `weights` gives the weights that the file leaves out, by name; they are used where they lie.
    """

    def __init__(self, path: Path, weights: Callable[[], Weights] = dict) -> None:
        self._path = path
        self._weights = weights
        self._lock = Lock()
        self._session: InferenceSession | None = None

    def run(self, inputs: Inputs) -> list[NDArray[np.float32]]:
        """Return the network's outputs, in their order.

        It takes one core; `Cores` makes several runs take several, and what comes out depends on none of that.
        """
        with self._lock:
            session = self._session = self._session or self._loaded()
        made: list[NDArray[np.float32]] = session.run(None, dict(inputs))
        return made

    def _loaded(self) -> InferenceSession:
        import onnxruntime  # imported here: 0.3 s that commands which answer no question do without

        options = onnxruntime.SessionOptions()
        # Within a run the threads of the runtime wait for each other, in a busy loop: runs side by side do without.
        options.intra_op_num_threads = 1
        if not _has_vnni():  # a sum of two products of 8 bits could overflow: to be made another, slower way
            options.add_session_config_entry("session.x64quantprecision", "1")
        weights = self._weights()
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
        options.add_external_initializers(list(weights), values)
        with _plain(self._path) as path:
            session = onnxruntime.InferenceSession(
                str(path),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=["SkipLayerNormFusion"],  # the fused operator takes four times as long
            )
        self._kept = values  # the session uses them, and does not keep them
        for mapped in {map_of(each) for each in weights.values()}:
            let_go(mapped)  # matrices have been copied as products need them
        give_back()
        return session


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Give a network's file as ONNX Runtime reads it; a session would keep the bytes that it is given instead."""
    if path.suffix != ".zst":
        yield path
        return
    from zstandard import ZstdDecompressor  # imported here: commands that answer no question do without

    with TemporaryDirectory() as folder:
        plain = Path(folder) / path.stem
        with path.open("rb") as packed, plain.open("wb") as file:
            ZstdDecompressor().copy_stream(packed, file)
        yield plain


@cache
def _has_vnni() -> bool:
    """Tell whether the processor says that it multiplies 8 bits without an overflow; where it cannot be told, not."""
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def _cores() -> int:
    """Return how many cores this process may use: OMP_NUM_THREADS says it, which Ray sets, or the system."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told):
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
