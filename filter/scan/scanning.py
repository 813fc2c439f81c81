"""From the values of a batch to candidates: equal values are looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Leaf, LeafValues, Role, leaf_values
from optout.registry.identifiers import KeyColumns

from .states import Kernel, State, States, Trace

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows with a value that may be covered; a row may have many.

    Attributes:
        rows: int64[m], of the batch, ascending.
        which: int64[m], for each of them a position among what the judge needs of the values.
    """

    rows: Rows
    which: Rows


@dataclass(frozen=True, slots=True)
class LeafScan:
    """What a scan found in one leaf of a batch.

    Attributes:
        leaf: the leaf.
        states: uint8[n], a `State` for every value; a row may have none or many.
        traces: what the judge needs of values that may be covered, equal ones once.
        traced: in which rows they are.
        keys: of values that may be covered, where that is known.
        keyed: in which rows they are.
        unjudgeable: int64, rows with a value that could not be judged, ascending, each once.
    """

    leaf: Leaf
    states: States
    traces: Sequence[Trace]
    traced: Hits
    keys: KeyColumns
    keyed: Hits
    unjudgeable: Rows


def scan_batch(
    batch: pa.RecordBatch, leaves: Sequence[Leaf], kernels: Mapping[Role, Kernel]
) -> Iterator[LeafScan]:
    """Look at every planned leaf of a batch.

    Args:
        batch: some rows, with at least the columns of the leaves.
        leaves: where to look; those that the batch does not carry are passed over.
        kernels: by role.
    """
    for held in leaf_values(batch, leaves):
        yield _scan_leaf(held, kernels[held.leaf.role])


def _scan_leaf(held: LeafValues, kernel: Kernel) -> LeafScan:
    values, places = held.values, held.places
    if kernel.distinct and places is None:
        values, places = _distinct(values)
    scanned = kernel(without_nulls(values))
    states = _placed(scanned.states, values, places)
    traces, numbers = _once(scanned.traces)
    traced = _in_rows(*numbers, states, held.rows, places)
    keys = scanned.registered.keys
    which = np.arange(len(keys))
    keyed = _in_rows(scanned.registered.values, which, states, held.rows, places)
    broken = held.rows[np.flatnonzero(states == State.UNJUDGEABLE)]
    if len(broken) or len(held.broken):
        broken = np.union1d(held.broken, broken)
        # A text that is no JSON is one value that could not be judged.
        states = np.append(states, np.full(len(held.broken), State.UNJUDGEABLE, np.uint8))
    return LeafScan(held.leaf, states, traces, traced, keys, keyed, broken)


def _distinct(values: pa.LargeBinaryArray) -> tuple[pa.LargeBinaryArray, Rows]:
    """Every value once, and for each row the position of its value (-1: null)."""
    folded = values.dictionary_encode()
    position = folded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return folded.dictionary, position


def without_nulls(values: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    """The same values, with whatever bytes stand in the place of a null."""
    if not values.null_count:
        return values
    _, *buffers = values.buffers()
    return pa.Array.from_buffers(
        values.type, len(values), [None, *buffers], null_count=0, offset=values.offset
    )


def _placed(states: States, values: pa.LargeBinaryArray, places: Rows | None) -> States:
    """The state of every row's value."""
    if places is not None:
        # One place more, for the values that are null.
        return np.append(states, np.uint8(State.NULL))[places]
    if values.null_count:
        np.putmask(states, values.is_null().to_numpy(zero_copy_only=False), State.NULL)
    return states


def _once(found: Mapping[int, Trace]) -> tuple[list[Trace], tuple[Rows, Rows]]:
    """The traces of some values, equal ones once; and the values, each with its trace's number."""
    numbers: dict[object, int] = {}
    traces: list[Trace] = []
    number = np.empty(len(found), np.int64)
    for place, trace in enumerate(found.values()):
        key = tuple(tuple(of.items()) for of in (trace.words, trace.hashes, trace.mirrored))
        number[place] = numbers.setdefault(key, len(traces))
        if number[place] == len(traces):
            traces.append(trace)
    at = np.fromiter(found, np.int64, len(found))
    order = np.argsort(at)
    return traces, (at[order], number[order])


def _in_rows(values: Rows, which: Rows, states: States, rows: Rows, places: Rows | None) -> Hits:
    """Where values are that have something: in which rows.

    Args:
        values: int64[m], ascending, a value once for everything that it has.
        which: int64[m], what.
        states: of every row's value.
        rows: of every value, or, with `places`, of everything that has one.
        places: see `LeafValues`.
    """
    if not len(values):
        return Hits(values, which)
    if places is None:
        there = np.flatnonzero(states[values] != State.NULL)
        return Hits(rows[values[there]], which[there])
    times = np.zeros(int(max(values[-1], places.max(initial=0))) + 2, np.int64)  # the last: of null
    np.add.at(times, values, 1)
    starts = np.cumsum(times) - times
    return Hits(np.repeat(rows, times[places]), which[stretches(starts[places], times[places])])


def stretches(starts: Rows, lengths: Rows) -> Rows:
    """The numbers from `start` to below `start + length` of every stretch, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    places: Rows = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return places
