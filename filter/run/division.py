"""How many processes work on a run, and how many threads in each: a function of what there is.

Compiled kernels, Parquet's codecs, hashing and the decoders of pictures run without the
interpreter's lock: threads share one snapshot and one set of kernels, and start at once. What is
done in Python itself gains nothing from them. Around every picture there is some of it, a third of
the time at 256 pixels: two threads decoded as many as two processes did, but many wait for each
other. So pictures are for processes, shard by shard, and for threads where shards are few. A thread
works on a row group, a process on a shard.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from optout.filter.columns import JSON, Leaf, base_role
from optout.filter.scan import are_compiled
from optout.registry.errors import UsageError

PAYS_FROM = 64 << 20
"""Bytes of input below which starting processes costs more than it saves."""

MANY = 1000
"""Shards from which processes pay whatever their size: they wait for the disk side by side."""

THREADS = 4
"""Of a process, where there are shards enough: beyond them the interpreter's lock is felt."""

LEAST_MEMORY = 256 << 20
"""Bytes with which a process can filter addresses, one row group at a time."""

PROCESS_MEMORY = 1 << 30
"""Bytes that a process may come to need for pictures, or to encode a row group anew."""

_THREAD_MEMORY = 256 << 20
"""Bytes that another thread may come to need where words are looked at."""

_SMALLEST_BATCH, _LARGEST_BATCH = 1 << 20, 16 << 20
_ENOUGH = 1 << 62
_BATCHES_IN_MEMORY = 32
"""How many times a batch is in memory at most: as read, as Python values, decoded."""


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to do.

    Attributes:
        sizes: bytes of every shard.
        row_groups: of all shards together.
        interpreted: whether most of the work is done in Python itself.
    """

    sizes: tuple[int, ...]
    row_groups: int
    interpreted: bool

    @property
    def pays(self) -> bool:
        """Whether there is enough to start processes for."""
        return sum(self.sizes) >= PAYS_FROM or len(self.sizes) >= MANY


@dataclass(frozen=True, slots=True)
class Division:
    """Who does it.

    Attributes:
        processes: how many; one is this process alone.
        threads: row groups that each looks at at once.
        encoders: row groups that each encodes anew at once.
        memory: bytes for each process.
    """

    processes: int = 1
    threads: int = 1
    encoders: int = 1
    memory: int = PROCESS_MEMORY

    @property
    def batch_bytes(self) -> int:
        """The size of what a thread looks at together."""
        share = self.memory // (self.threads * _BATCHES_IN_MEMORY)
        return max(_SMALLEST_BATCH, min(_LARGEST_BATCH, share))


def divide(cores: int, memory: int, load: Load) -> Division:
    """Divide work among processes and threads; no byte that is written depends on it.

    Args:
        cores: how many may be busy at once.
        memory: bytes for all of them.
        load: what there is to do.
    """
    shards = max(1, len(load.sizes))
    groups = max(1, load.row_groups // shards)
    # A shard that is one row group is one thread's; so is one that is looked at in Python.
    side_by_side = 1 if load.interpreted else min(groups, THREADS)
    each = PROCESS_MEMORY if load.interpreted else LEAST_MEMORY
    wanted = min(shards, max(1, cores // side_by_side)) if load.pays else 1
    processes = max(1, min(wanted, memory // each))
    share, left = memory // processes, cores // processes
    if load.interpreted:
        threads = max(1, min(left, THREADS, share // PROCESS_MEMORY))
    else:
        threads = max(1, min(left, share // _THREAD_MEMORY))
    encoders = max(1, min(left, share // PROCESS_MEMORY))
    return Division(processes, threads, encoders, share)


def shortage(cores: int, memory: int, load: Load) -> str:
    """That fewer workers fit into memory than are wanted, in words; empty where all do."""
    fitting, whole = divide(cores, memory, load), divide(cores, _ENOUGH, load)
    busy, wanted = (each.processes * each.threads for each in (fitting, whole))
    if busy >= wanted or not load.pays:
        return ""
    needed = wanted * (PROCESS_MEMORY if load.interpreted else _THREAD_MEMORY)
    return (
        f"{busy} of {wanted} workers fit into the memory allowed; "
        f"{-(-needed >> 30)}GiB would do for all"
    )


def check_limits(asked: int | None, memory: int) -> int:
    """How many cores may be busy: as many as were asked for, or as there are.

    Args:
        asked: None for all.
        memory: bytes.

    Raises:
        UsageError: an argument means nothing.
    """
    if asked is not None and asked < 1:
        raise UsageError(f"{asked} workers cannot filter anything", "Give 1 or more.")
    if memory < LEAST_MEMORY:
        raise UsageError(f"{memory} bytes of memory are too few", "Give at least 256MiB.")
    return asked or _cores()


def is_interpreted(leaves: Iterable[Leaf]) -> bool:
    """Whether most of the work on some leaves is done in Python: pictures, and what is in JSON."""
    if not are_compiled():
        return True
    return any(base_role(leaf.role) == "image" or JSON in leaf.path for leaf in leaves)


def _cores() -> int:
    """How many cores this process may use; not every system can tell these from all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
