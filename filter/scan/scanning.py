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
    distinct, position = (_distinct if kernel.distinct else _present)(held.values)
    scanned = kernel(distinct)
    # One place more, for the values that are null.
    states = np.append(scanned.states, np.uint8(State.NULL))[position]
    number = np.full(len(distinct) + 1, -1, np.int64)
    number[list(scanned.traces)] = np.arange(len(scanned.traces))
    trace = number[position]
    hits = np.flatnonzero(trace >= 0)
    broken = np.union1d(held.broken, held.rows[states == State.UNJUDGEABLE])
    # A text that is no JSON is one value that could not be judged.
    states = np.append(states, np.full(len(held.broken), State.UNJUDGEABLE, np.uint8))
    return LeafScan(
        held.leaf, states, held.rows[hits], trace[hits], list(scanned.traces.values()), broken
    )


def _distinct(values: pa.LargeBinaryArray) -> tuple[pa.LargeBinaryArray, Rows]:
    """Every value once, and for each row the position of its value (-1: null)."""
    folded = values.dictionary_encode()
    position = folded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return folded.dictionary, position


def _present(values: pa.LargeBinaryArray) -> tuple[pa.LargeBinaryArray, Rows]:
    """The values that are not null as they are, and for each row the position of its value."""
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    position = np.where(valid, np.cumsum(valid) - 1, -1)
    return (values if valid.all() else values.drop_null()), position
