"""Shards on several processes: each is a fresh interpreter, and one that is killed is replaced.

A worker is started by its own command and not through `multiprocessing`, so that a caller's
`__main__` is never run again. It ends when its pipe to the parent does, also in the middle of a
shard: what it was writing is then absent, never half there.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa
from optout.filter.errors import ShardError
from optout.registry.errors import OptOutError
from optout.registry.interpreter import fresh

ATTEMPTS = 3
"""Workers that may die over one shard before it is given up."""

_START = "from optout.filter.run.workers import serve; serve(*map(int, sys.argv[2:]))"


class Task(Hashable, Protocol):
    """One shard's share of a job; picklable."""

    @property
    def name(self) -> str:
        """The shard's name."""


Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")
AnyTask = TypeVar("AnyTask", bound=Task)
AnyTask_contra = TypeVar("AnyTask_contra", bound=Task, contravariant=True)
Tell = Callable[[int, str], None]
"""Told of rows that are done, and of the shard they are from."""


class Job(Protocol[AnyTask_contra, Result_co]):
    """What is done with every shard; picklable, stateless, the same however often it is done."""

    def __call__(self, task: AnyTask_contra, tell: Tell) -> Result_co:
        """Do it for one shard."""


def do_all(
    job: Job[AnyTask, Result],
    tasks: Sequence[AnyTask],
    *,
    workers: int,
    tell: Tell,
    threads: int = 1,
) -> Iterator[tuple[AnyTask, Result | ShardError]]:
    """Do a job for every task, in any order.

    Args:
        job: what to do.
        tasks: for which shards.
        workers: processes; with one, everything happens here.
        tell: hears of rows that are done.
        threads: that libraries may use in each process, beside those that the job starts.

    Yields:
        Every task with its result, or with what is wrong with its shard.

    Raises:
        OptOutError: something that is no single shard's fault: a full disk, a damaged snapshot.
    """
    if workers > 1 and len(tasks) > 1:
        yield from _Pool(job, tasks, min(workers, len(tasks)), tell, threads).results()
        return
    for task in tasks:
        yield task, _attempt(job, task, tell)


def _attempt(job: Job[AnyTask, Result], task: AnyTask, tell: Tell) -> Result | ShardError:
    """Do it, and take for the shard's fault whatever is not known to be something else's."""
    try:
        return job(task, tell)
    except ShardError as fault:
        return fault
    except OptOutError:
        raise
    except MemoryError:
        return ShardError(
            task.name, f"{task.name} does not fit into memory", "Give more memory, fewer workers."
        )
    except Exception as fault:
        kind = type(fault).__name__
        return ShardError(task.name, f"{task.name} cannot be filtered: {kind}: {fault}")


@dataclass(eq=False)
class _Worker(Generic[AnyTask]):
    """A process, the pipe to it, and the shard it has in hand."""

    process: subprocess.Popen[bytes]
    pipe: Connection[Any, Any]
    ready: bool = False
    task: AnyTask | None = None


class _Pool(Generic[AnyTask, Result]):
    def __init__(
        self,
        job: Job[AnyTask, Result],
        tasks: Sequence[AnyTask],
        count: int,
        tell: Tell,
        threads: int,
    ) -> None:
        self._job = job
        self._threads = threads
        self._waiting = deque(tasks)
        self._left = len(tasks)
        self._count = count
        self._tell = tell
        self._deaths: Counter[AnyTask] = Counter()
        self._workers: dict[Connection[Any, Any], _Worker[AnyTask]] = {}
        self._cannot_start = False

    def results(self) -> Iterator[tuple[AnyTask, Result | ShardError]]:
        try:
            while self._left:
                while self._waiting and len(self._workers) < self._count:
                    if self._cannot_start:
                        break
                    self._start()
                if not self._workers:
                    yield from self._do_here()
                    return
                for pipe in wait(list(self._workers)):
                    for outcome in self._hear(self._workers[pipe]):  # type: ignore[index]
                        self._left -= 1
                        yield outcome
        finally:
            for worker in list(self._workers.values()):
                self._bury(worker)

    def _start(self) -> None:
        ours, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            try:
                process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own code
                    fresh(_START, str(descriptor), str(self._threads)),
                    pass_fds=[descriptor],
                    stdin=subprocess.DEVNULL,
                    # An interrupt at the terminal is the parent's to answer: it ends its workers.
                    process_group=0,
                )
            except OSError:  # no interpreter, or no room for a process: it is done here
                ours.close()
                self._cannot_start = True
                return
        worker = _Worker[AnyTask](process, ours)
        self._workers[ours] = worker
        with suppress(OSError):  # it died at once: `wait` will say so
            ours.send(self._job)

    def _hear(self, worker: _Worker[AnyTask]) -> Iterator[tuple[AnyTask, Result | ShardError]]:
        try:
            word, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._died(worker)
            return
        if word == "rows":
            self._tell(*rest)
        elif word == "ready":
            worker.ready = True
            self._hand_out(worker)
        elif word == "done":
            task, worker.task = worker.task, None
            self._hand_out(worker)
            if task is not None:
                yield task, rest[0]
        else:
            raise rest[0]

    def _hand_out(self, worker: _Worker[AnyTask]) -> None:
        if not self._waiting:
            self._bury(worker)
            return
        worker.task = self._waiting.popleft()
        with suppress(OSError):
            worker.pipe.send(worker.task)

    def _died(self, worker: _Worker[AnyTask]) -> Iterator[tuple[AnyTask, Result | ShardError]]:
        self._bury(worker)
        self._cannot_start |= not worker.ready
        if worker.task is None:
            return
        self._deaths[worker.task] += 1
        if self._deaths[worker.task] < ATTEMPTS:
            self._waiting.append(worker.task)
            return
        name = worker.task.name
        yield (
            worker.task,
            ShardError(
                name,
                f"{name} was given up: {ATTEMPTS} workers died over it",
                "They may have run out of memory: use fewer workers.",
            ),
        )

    def _do_here(self) -> Iterator[tuple[AnyTask, Result | ShardError]]:
        """Where no process can be started, the work is done without."""
        while self._waiting:
            task = self._waiting.popleft()
            self._left -= 1
            yield task, _attempt(self._job, task, self._tell)

    def _bury(self, worker: _Worker[AnyTask]) -> None:
        self._workers.pop(worker.pipe, None)
        worker.pipe.close()
        worker.process.kill()
        worker.process.wait()


def serve(descriptor: int, threads: int) -> None:
    """A worker's life: one job, then task after task, until the parent is gone."""
    pa.set_cpu_count(threads)
    pipe: Connection[Any, Any] = Connection(descriptor)
    threading.Thread(target=_end_with_parent, args=[descriptor], daemon=True).start()
    try:
        job = pipe.recv()
        pipe.send(("ready",))
        while True:
            task = pipe.recv()
            try:
                outcome = _attempt(job, task, lambda rows, name: pipe.send(("rows", rows, name)))
            except OptOutError as fault:
                pipe.send(("fatal", fault))
                return
            pipe.send(("done", outcome))
    except (EOFError, OSError):
        return


def _end_with_parent(descriptor: int) -> None:
    hangup = select.poll()
    hangup.register(descriptor, 0)  # nothing is read here: only the end is waited for
    hangup.poll()
    os._exit(1)
