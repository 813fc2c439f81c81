"""From the values of a batch to candidates: equal values are looked at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Leaf, LeafValues, Role, leaf_values

from .states import Kernel, State, States, Trace

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeafScan:
    """What a scan found in one leaf of a batch.

    Attributes:
        leaf: the leaf.
        states: uint8[n], a `State` for every value; a row may have none or many.
        rows: int64[m], rows of the batch with a value that may be covered, ascending.
        trace: int64[m], for each of them a position in `traces`.
        traces: what the judge needs of those values, equal ones once.
        unjudgeable: int64, rows with a value that could not be judged, ascending, each once.
    """

    leaf: Leaf
    states: States
    rows: Rows
    trace: Rows
    traces: Sequence[Trace]
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
    rows, trace, traces = _hits(scanned.traces, states, places)
    broken = held.rows[np.flatnonzero(states == State.UNJUDGEABLE)]
    if len(broken) or len(held.broken):
        broken = np.union1d(held.broken, broken)
        # A text that is no JSON is one value that could not be judged.
        states = np.append(states, np.full(len(held.broken), State.UNJUDGEABLE, np.uint8))
    return LeafScan(held.leaf, states, held.rows[rows], trace, traces, broken)


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


def _hits(
    found: Mapping[int, Trace], states: States, places: Rows | None
) -> tuple[Rows, Rows, list[Trace]]:
    """The values that may be covered, for each the number of its trace, and the traces once."""
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), []
    numbers: dict[object, int] = {}
    traces: list[Trace] = []
    number = np.empty(len(found), np.int64)
    for place, trace in enumerate(found.values()):
        key: object = trace.keys or (*trace.words.items(), *trace.hashes.items())
        number[place] = numbers.setdefault(key, len(traces))
        if number[place] == len(traces):
            traces.append(trace)
    at = np.fromiter(found, np.int64, len(found))
    if places is None:
        order = np.argsort(at)
        order = order[states[at[order]] != State.NULL]
        return at[order], number[order], traces
    of_value = np.full(int(max(at.max(), places.max())) + 2, -1, np.int64)
    of_value[at] = number
    trace_of_row = of_value[places]
    rows = np.flatnonzero(trace_of_row >= 0)
    return rows, trace_of_row[rows], traces
