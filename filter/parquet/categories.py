"""Columns that are categorical in Arrow: their dictionaries are content, in order.

pyarrow writes all categories of a dictionary array into every row group, in the array's order,
also those that no row there uses; pandas and Polars make ordered types of that order. So when rows
go, the categories that only they used have to go everywhere, and the others keep their order.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .compact import Struct
from .footer import FileField, Leaf, MetaField, Physical, chunks_of, key_values, meta_of

Rows = npt.NDArray[np.int64]
BatchesOf = Callable[[int, str], Iterator[pa.RecordBatch]]
"""Reads one column of a row group as dictionary arrays."""


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of one column, the same in every row group of the input.

    Attributes:
        kept: all but those that only removed rows use, in the order of the input. One that no
            row ever used is part of the type, and stays.
        complete: whether these are all.
    """

    kept: pa.Array
    complete: bool


@dataclass(frozen=True, slots=True)
class CategoricalLeaves:
    """Which leaves have a dictionary that may name more than the rows of their row group do.

    Attributes:
        leaves: their numbers.
        obstacle: what to say where they cannot be told; empty where they can.
    """

    leaves: frozenset[int]
    obstacle: str = ""


def categorical_leaves(footer: Struct, leaves: list[Leaf]) -> CategoricalLeaves:
    """Find the leaves that were written from Arrow dictionary arrays.

    Other writers make the dictionary of a chunk from the values of the chunk: then a row group
    without a removed row holds no removed value.
    """
    written = key_values(footer).get(b"ARROW:schema")
    if written is not None:
        try:
            schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(written)))
        except (pa.ArrowException, ValueError, OSError):
            return CategoricalLeaves(frozenset(), "its Arrow schema cannot be read")
        marks = [mark for field in schema for mark in _marks(field.type)]
        if len(marks) != len(leaves):
            return CategoricalLeaves(frozenset(), "its Arrow schema is of other columns")
        return CategoricalLeaves(frozenset(i for i, mark in enumerate(marks) if mark))
    if footer.value(FileField.CREATED_BY, b"").startswith(b"parquet-cpp"):
        metas = [meta_of(c) for g in footer.value(FileField.ROW_GROUPS) for c in chunks_of(g)]
        if any(MetaField.DICTIONARY_PAGE in meta for meta in metas):
            return CategoricalLeaves(frozenset(), "its dictionaries may name removed values")
    return CategoricalLeaves(frozenset())


def _marks(type_: pa.DataType) -> Iterator[bool]:
    """For each leaf of an Arrow type, in Parquet's order, whether it is a dictionary."""
    if isinstance(type_, pa.BaseExtensionType):
        yield from _marks(type_.storage_type)
    elif pa.types.is_dictionary(type_):
        yield True
    elif type_.num_fields:
        for number in range(type_.num_fields):
            yield from _marks(type_.field(number).type)
    else:
        yield False


def can_keep_order(leaf: Leaf) -> bool:
    """Whether pyarrow reads such a column back as a dictionary, whose order then matters."""
    return leaf.type == Physical.BYTE_ARRAY and len(leaf.path) == 1


def find_categories(
    path: str, groups: list[int], removed: Rows, batches: BatchesOf
) -> Categories | None:
    """Find the categories of a column that may stay.

    Args:
        path: of the column, in the physical view.
        groups: rows of each row group.
        removed: numbers of the removed rows, ascending.
        batches: reads the column.

    Returns:
        None where the row groups list different categories: then no order holds for all of them.
    """
    listed: pa.Array | None = None
    used = lost = np.zeros(0, dtype=bool)
    row = 0
    for number, rows in enumerate(groups):
        end = row + rows
        for batch in batches(number, path) if rows else ():
            column = batch.column(0)
            keep = np.ones(len(column), dtype=bool)
            low, high = np.searchsorted(removed, (row, row + len(column)))
            keep[removed[low:high] - row] = False
            row += len(column)
            if not len(column.dictionary):
                continue
            if listed is None:
                listed = column.dictionary
                used = np.zeros(len(listed), dtype=bool)
                lost = used.copy()
            elif not column.dictionary.equals(listed):
                return None
            for marks, chosen in ((used, keep), (lost, ~keep)):
                places = column.indices.filter(pa.array(chosen)).drop_null()
                marks[places.to_numpy(zero_copy_only=False)] = True
        row = end
    if listed is None:
        return None
    gone = lost & ~used
    return Categories(listed.filter(pa.array(~gone)), not gone.any())


def restrict(column: pa.ChunkedArray, kept: pa.Array) -> pa.DictionaryArray:
    """The same values over a dictionary of the kept categories alone."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.unify_dictionaries().combine_chunks()
    places = pc.index_in(whole.dictionary, value_set=kept)
    return pa.DictionaryArray.from_arrays(places.take(whole.indices), kept)
