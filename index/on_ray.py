"""Reading and embedding on a Ray cluster, through Ray Data. The only file that imports ray.

Files are opened by the process that was given them, and sent: the cluster need not see them. What is made comes back to
that process, which alone writes. Ray starts workers again that die, and gives their tasks to others.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Final, Generic, TypedDict, cast

import ray
import ray.data

from index.embed import Encoded
from index.encode import Encoder, encoder_of, encoder_on, fingerprint_of
from index.errors import RayUnusable, UnreadableArticle
from index.gather import Input, Outcome, read_source, taken_up
from index.load import Document
from index.processes import ATTEMPTS, Failed, Made, Task, done
from index.workers import B, Embedding, Get, Putting, unreadable, vanished, vanished_of

LOCAL: Final = "local"  # the address at which a Ray is started here, and ended afterwards

_SECONDS_TO_CONNECT = 10.0
_SECONDS_TO_START = 60.0  # a worker that says whether pullquote is there

# Sources that are read by one task, and what is on its way to the cluster at a time.
_TOGETHER = 16
_PORTION = 4096
_PORTION_BYTES = 256_000_000


class _Asked(TypedDict):
    number: int
    task: bytes


class _Said(TypedDict):
    number: int
    said: bytes


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers that embed: how many at most, and how many cores and GPUs each has."""

    size: int
    cores: int
    gpus: int


def pool_of(nodes: Sequence[Mapping[str, float]], most: int | None) -> Pool:
    """Return the workers for machines with so many "CPU" and "GPU": one a GPU, or where there is none one a core.

    `most` limits them; where it is more than there are, Ray may start further machines for the rest.
    """
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if gpus:
        cores = min(int(node.get("CPU", 0) // node["GPU"]) for node in nodes if node.get("GPU", 0) >= 1)
        return Pool(most or gpus, max(1, cores), 1)
    return Pool(most or max(1, int(sum(node.get("CPU", 0) for node in nodes))), 1, 0)


class RayWorkers:
    """The workers of a cluster that this process is connected to; `connected` makes them.

    `count` is how many there are at most, by default one for each GPU, or each core where there is no GPU. `make` gives
    each its encoder of a model. Every method raises `WorkersLost` when one after the other dies.
    """

    def __init__(self, count: int | None, make: Callable[[str | None], Encoder]) -> None:
        self._count = count
        self._make = make

    def read(self, sources: Sequence[Input], get: Get) -> Iterator[tuple[int, Outcome]]:
        """Read sources; the files among them are opened here. One of which workers die is a failure."""
        job = partial(read_source, get=get)
        pool = Pool(self._pool.size, 1, 0)
        for portion in _portions(sources):
            ready: dict[int, Input] = {}
            for number, source in portion.items():
                if isinstance(source, UnreadableArticle):
                    yield number, source
                else:
                    ready[number] = source
            yield from _spread(job, ready, pool, together=_TOGETHER, lost=unreadable)

    def encode(self, batches: Sequence[Sequence[str]], encoder: Encoder) -> Iterator[tuple[int, Encoded]]:
        """Make what an encoder makes; on a GPU it differs from that by rounding.

        Raises `ModelNotFound`, `BadVectors`, and `RayUnusable` where another version of the encoder is installed.
        """
        pool = self._pool
        return _spread(self._embedding(encoder, pool), dict(enumerate(batches)), pool, together=1, lost=vanished)

    def put(self, batches: Sequence[B], encoder: Encoder, put: Callable[[B, Encoded], None]) -> Iterator[int]:
        """Put what an encoder makes somewhere. Raises what `encode` raises, and what `put` raises."""
        pool = self._pool
        job = Putting(self._embedding(encoder, pool), put)
        return (n for n, _ in _spread(job, dict(enumerate(batches)), pool, together=1, lost=vanished_of))

    def _embedding(self, encoder: Encoder, pool: Pool) -> Embedding:
        device = "cuda" if pool.gpus else ""
        return Embedding(partial(_encoder_there, self._make, encoder.model, fingerprint_of(encoder), device))

    @property
    def _pool(self) -> Pool:
        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        return pool_of([node["Resources"] for node in nodes if node["Alive"]], self._count)


@contextmanager
def connected(
    address: str, count: int | None = None, *, make: Callable[[str | None], Encoder] = encoder_of
) -> Iterator[RayWorkers]:
    """Connect to a cluster by its address, or `auto` for that of this machine; `LOCAL` starts one meanwhile.

    Raises `RayUnusable` when it cannot be used, or no longer. What Ray would print on standard output is not.
    """
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), _settings(address):
        try:
            _connect(address, count)
            yield RayWorkers(count, make)
        except ray.exceptions.RayError as error:
            remedy = "check that it runs, and run the same command again: what is embedded already is kept"
            raise RayUnusable(address, error, remedy) from error
        finally:
            ray.shutdown()


@contextmanager
def _settings(address: str) -> Iterator[None]:
    """Set what Ray reads from the environment, where it is not set, and take it away again."""
    # It tells its makers how it is used, and prints what happens inside of it, unless told not to.
    wanted = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
    if address == LOCAL:
        # Nobody else on this machine can use it then, and no file is written to remember the token. It stays: Ray looks
        # at it once in a process.
        os.environ.setdefault("RAY_AUTH_TOKEN", token_hex(32))
    else:  # it would try to connect for many minutes; so it gives up after 40 seconds
        wanted["RAY_gcs_server_port_wait_time_s"] = "1"
    ours = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def _connect(address: str, count: int | None) -> None:
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    if address.startswith("ray://"):
        remedy = "run the command on a machine of the cluster, with --ray auto"
        raise RayUnusable(address, "Ray Data does not run through Ray's client", remedy)
    own = address == LOCAL
    try:
        _see_that_it_listens(address)
        with _silent():
            ray.init(
                address,
                num_cpus=count if own else None,
                include_dashboard=False if own else None,
                log_to_driver=False,
                configure_logging=False,
            )
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        ray.get(ray.remote(num_cpus=0)(_there).remote(), timeout=_SECONDS_TO_START)
    except (ImportError, ray.exceptions.RayTaskError) as error:
        raise RayUnusable(address, error, "install this version of pullquote on all of its machines") from error
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        remedy = "check that it runs, its address, and the variables RAY_AUTH_MODE and RAY_AUTH_TOKEN"
        raise RayUnusable(address, error, remedy) from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.max_errored_blocks = -1  # what is missing in the end is seen here, and tried again


@contextmanager
def _silent() -> Iterator[None]:
    """Let nothing be printed on standard error, not by what is no Python either."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _see_that_it_listens(address: str) -> None:
    """Raise `OSError` unless somebody listens at `host:port`: Ray would try for a minute."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()


def _there() -> None:
    """Do nothing: that this can be called says that pullquote is there."""


def _encoder_there(make: Callable[[str | None], Encoder], model: str | None, fingerprint: str, device: str) -> Encoder:
    """Return the encoder of a model on a worker, if it is the one that is meant. Raises `RayUnusable`."""
    encoder = make(model)
    if fingerprint_of(encoder) != fingerprint:
        reason = f"its encoder is {fingerprint_of(encoder)}, not {fingerprint}"
        raise RayUnusable(socket.gethostname(), reason, "install this version of pullquote and its model there")
    return encoder_on(device, model) if device else encoder


class _Doing(Generic[Task, Made]):
    """Does a job for one row of a dataset after another."""

    def __init__(self, job: Callable[[Task], Made]) -> None:
        self._job = job

    def __call__(self, row: _Asked) -> _Said:
        task: Task = pickle.loads(row["task"])  # noqa: S301  (of the one who gave the job)
        return {"number": row["number"], "said": pickle.dumps(done(self._job, task))}


def _spread(
    job: Callable[[Task], Made],
    tasks: Mapping[int, Task],
    pool: Pool,
    *,
    together: int,
    lost: Callable[[Task], Made],
) -> Iterator[tuple[int, Made]]:
    """Do a job for each task, as `processes.spread` does; up to so many together, until a worker dies of them.

    Tasks that wait for the same worker as one that kills it are counted as tried, too: what is left is tried alone.
    """
    left = dict(tasks)

    def told(rows: Iterator[_Said]) -> Iterator[tuple[int, Made]]:
        for row in rows:
            said: Made | Failed = pickle.loads(row["said"])  # noqa: S301  (of the workers, which run our code)
            if isinstance(said, Failed):
                said.tell()
            del left[row["number"]]
            yield row["number"], said

    for size in dict.fromkeys((together, 1)):
        if left:
            yield from told(_rows(job, left, pool, size))
    for number, task in list(left.items()):
        yield from told(_rows(job, {number: task}, Pool(1, pool.cores, pool.gpus), 1))
    for number, task in left.items():
        yield number, lost(task)


def _rows(job: Callable[[Task], Made], tasks: Mapping[int, Task], pool: Pool, together: int) -> Iterator[_Said]:
    """Yield what is said of tasks, but not of those of which workers die."""
    asked: list[_Asked] = [{"number": number, "task": pickle.dumps(task)} for number, task in tasks.items()]
    with warnings.catch_warnings():
        # Ray 2.60 deprecates `max_task_retries` here, has no other place for it, and would try for ever without it.
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = ray.data.from_items(asked, override_num_blocks=-(-len(asked) // together)).map(
            _Doing,  # type: ignore[arg-type]  # to Ray all rows are alike
            fn_constructor_args=[job],
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=pool.size, initial_size=pool.size),
            num_cpus=pool.cores,
            num_gpus=pool.gpus,
            max_task_retries=ATTEMPTS - 1,
        )
    for row in dataset.iter_rows():
        yield cast("_Said", row)


def _portions(sources: Sequence[Input]) -> Iterator[dict[int, Input | UnreadableArticle]]:
    """Yield sources by number, with the bytes of files, as many at a time as fit into the memory."""
    portion: dict[int, Input | UnreadableArticle] = {}
    size = 0
    for number, source in enumerate(sources):
        portion[number] = taken = taken_up(source)
        size += len(taken.data) if isinstance(taken, Document) else 0
        if len(portion) == _PORTION or size >= _PORTION_BYTES:
            yield portion
            portion, size = {}, 0
    if portion:
        yield portion
