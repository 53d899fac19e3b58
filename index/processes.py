"""A job done by processes of this machine, side by side: one that dies is replaced, and its task is tried again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, NoReturn, TypeVar

from index.errors import PullquoteError, WorkersLost

Task = TypeVar("Task")
Made = TypeVar("Made")

# How many processes may die of a task: one may have been ended for want of memory, or by somebody.
ATTEMPTS = 3

_STARTING = -1  # in the place of a task's number
_SECONDS_TO_END = 5.0


@dataclass(frozen=True, slots=True)
class Failed:
    """What a job raised; `error` is None for a bug."""

    error: PullquoteError | None
    trace: str

    def tell(self) -> NoReturn:
        """Raise it here."""
        raise self.error or RuntimeError(f"in a worker process: {self.trace}")


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    place: int  # which of the workers it is
    task: int = _STARTING


def spread(
    job: Callable[[Task], Made], tasks: Sequence[Task], count: int, *, lost: Callable[[Task], Made]
) -> Iterator[tuple[int, Made]]:
    """Do a job for each task in up to `count` processes; yield each task's number and what came of it, as it is done.

    Job, tasks and what is made are pickled; the job once for a process, so it may keep what it has loaded. Of a task
    of which `ATTEMPTS` processes died comes what `lost` makes. Raises what the job raises, and `WorkersLost` when no
    process can be started. No process is left when the iterator is closed, and none outlives this one for long.
    """
    crew = _Crew(job, tasks, count)
    try:
        crew.begin()
        while crew.workers:
            for pipe in crew.ready():
                number = crew.workers[pipe].task
                try:
                    said: Made | Failed | None = pipe.recv()
                except (EOFError, OSError):  # it is dead
                    if crew.buried(pipe):
                        yield number, lost(tasks[number])
                    continue
                crew.occupy(pipe)  # before anybody looks at what it made
                if isinstance(said, Failed):
                    said.tell()
                if number != _STARTING:
                    yield number, said  # type: ignore[misc]  # None is said by a process that starts
    finally:
        crew.end()


class _Crew(Generic[Task, Made]):
    """The processes, by the pipes that lead to them, and what is still to be done."""

    def __init__(self, job: Callable[[Task], Made], tasks: Sequence[Task], count: int) -> None:
        self.workers: dict[Connection, _Worker] = {}
        self._job, self._tasks, self._count = job, tasks, count
        self._waiting = deque(range(len(tasks)))
        self._deaths = Counter[int]()
        self._ending: list[SpawnProcess] = []

    def begin(self) -> None:
        """Start the processes. Raises `WorkersLost`."""
        for place in range(min(self._count, len(self._tasks))):
            self._hire(place)

    def ready(self) -> list[Connection]:
        """Wait, and return the pipes by which something is said, or the end of a worker can be seen."""
        return [pipe for pipe in wait(list(self.workers)) if isinstance(pipe, Connection)]

    def occupy(self, pipe: Connection) -> None:
        """Give a worker its next task, or let it go where there is none."""
        if self.workers[pipe].task == _STARTING:
            self._deaths[_STARTING] = 0
        if not self._waiting:
            self._ending.append(self.workers.pop(pipe).process)
            pipe.close()
            return
        worker = self.workers[pipe]
        worker.task = self._waiting.popleft()
        with suppress(OSError):  # it is dead: that is noticed when it says nothing
            pipe.send(self._tasks[worker.task])

    def buried(self, pipe: Connection) -> bool:
        """Replace a dead worker; return whether its task is given up. Raises `WorkersLost` when none can be started."""
        worker = self.workers.pop(pipe)
        self._ending.append(worker.process)
        pipe.close()
        self._deaths[worker.task] += 1
        given_up = self._deaths[worker.task] == ATTEMPTS
        if worker.task == _STARTING and given_up:
            raise WorkersLost("as they started")
        if worker.task != _STARTING and not given_up:
            self._waiting.appendleft(worker.task)
        if self._waiting:
            self._hire(worker.place)
        return given_up

    def end(self) -> None:
        """End all processes, whatever they are at."""
        for pipe, worker in self.workers.items():
            worker.process.terminate()
            pipe.close()
        for process in [*self._ending, *(worker.process for worker in self.workers.values())]:
            process.join(_SECONDS_TO_END)
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()

    def _hire(self, place: int) -> None:
        # spawn, not fork: a copy of a process with threads may wait for ever for a lock that one of them held
        here, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_work, args=(there, self._job, _share(place, self._count)), daemon=True)
        try:
            with _no_interrupt():
                process.start()
        except OSError as error:  # there is no room for another
            raise WorkersLost(f"as they started ({error.strerror})") from error
        finally:
            there.close()
        self.workers[here] = _Worker(process, place)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back, also from a process that is started meanwhile: it would print where that reached it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _share(place: int, count: int) -> list[int]:
    """Return the cores for one of the workers; nothing where the system does not say which there are."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    cores = sorted(os.sched_getaffinity(0))
    return cores[place % len(cores) :: count]


def _work(pipe: Connection, job: Callable[[Task], Made], cores: Sequence[int]) -> None:
    """Do the job for one task after another, until the pipe is closed at its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the tasks
    if cores:
        os.sched_setaffinity(0, cores)  # so that all workers together start as many threads as there are cores
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send(None)
        while True:
            pipe.send(done(job, pipe.recv()))


def done(job: Callable[[Task], Made], task: Task) -> Made | Failed:
    """Do the job for a task, and return what it raises."""
    try:
        return job(task)
    except Exception as error:  # told where the tasks come from
        return Failed(error if isinstance(error, PullquoteError) else None, traceback.format_exc())
