"""Every string and binary value of a batch, wherever it is nested.

A leaf is named by its path: `URL`, `image.bytes`, `images[]`, `images[].bytes`. What stands inside
strings of JSON is `inside`'s. Nothing here knows what a run has planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one leaf in one batch.

    Attributes:
        path: the leaf's path.
        values: a `large_binary` array: the bytes as they are stored, text or not, null or not.
        rows: int64[len(values)], the row of the shard that each value belongs to, ascending.
    """

    path: str
    values: pa.LargeBinaryArray
    rows: Rows

    def of(self, rows: Rows) -> Values:
        """The values of some rows, given ascending by their number in the shard."""
        there = is_among(self.rows, rows)
        if there.all():
            return self
        return Values(self.path, self.values.filter(pa.array(there)), self.rows[there])


def is_among(rows: Rows, some: Rows) -> npt.NDArray[np.bool_]:
    """bool[len(rows)]: which of the rows are among some others, both ascending."""
    if not len(rows):
        return np.zeros(0, bool)
    low, high = np.searchsorted(some, [rows[0], rows[-1] + 1])
    found = np.zeros(int(rows[-1] - rows[0]) + 1, bool)
    found[some[low:high] - rows[0]] = True
    there: npt.NDArray[np.bool_] = found[rows - rows[0]]
    return there


def is_text_or_bytes(kind: pa.DataType) -> bool:
    """Whether values of this type are strings or bytes themselves."""
    return bool(
        pt.is_string(kind)
        or pt.is_large_string(kind)
        or pt.is_string_view(kind)
        or pt.is_binary(kind)
        or pt.is_large_binary(kind)
        or pt.is_binary_view(kind)
        or pt.is_fixed_size_binary(kind)
    )


def is_list(kind: pa.DataType) -> bool:
    """Whether values of this type are lists of any sort; maps are lists of pairs."""
    return bool(
        pt.is_list(kind)
        or pt.is_large_list(kind)
        or pt.is_list_view(kind)
        or pt.is_large_list_view(kind)
        or pt.is_fixed_size_list(kind)
        or pt.is_map(kind)
    )


def plain(array: pa.Array) -> pa.Array:
    """The same values without extension types, dictionaries, runs and maps around them."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(array.storage)
    if pt.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if pt.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(array))
    if pt.is_map(kind):
        return array.cast(pa.list_(pa.struct([kind.key_field, kind.item_field])))
    return array


def leaf_paths(schema: pa.Schema) -> list[str]:
    """The path of every string and binary leaf of a schema, in the schema's order."""
    return [path for field in schema for path in leaf_paths_of(field)]


def leaf_paths_of(field: pa.Field) -> list[str]:
    """The path of every string and binary leaf of a column."""
    return list(_paths(field.type, field.name))


def _paths(kind: pa.DataType, path: str) -> Iterator[str]:
    if isinstance(kind, pa.BaseExtensionType):
        yield from _paths(kind.storage_type, path)
    elif pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        yield from _paths(kind.value_type, path)
    elif pt.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _paths(kind.field(number).type, f"{path}.{kind.field(number).name}")
    elif pt.is_map(kind):
        yield from _paths(kind.key_type, f"{path}[].{kind.key_field.name}")
        yield from _paths(kind.item_type, f"{path}[].{kind.item_field.name}")
    elif is_list(kind):
        yield from _paths(kind.value_type, f"{path}[]")
    elif is_text_or_bytes(kind):
        yield path


def text_columns(schema: pa.Schema) -> list[str]:
    """The top-level columns that have a string or binary leaf, each once."""
    found = (field.name for field in schema if next(_paths(field.type, ""), None) is not None)
    return list(dict.fromkeys(found))


def column_of(path: str, schema: pa.Schema) -> str | None:
    """The top-level column that a leaf belongs to; None where the schema has no such leaf.

    What stands in documents of JSON, `meta{}.url`, belongs to the column of the documents.
    """
    for field in schema:
        if any(path == leaf or path.startswith(f"{leaf}{{}}") for leaf in leaf_paths_of(field)):
            return str(field.name)
    return None


def leaf_values(batch: pa.RecordBatch, first_row: int) -> Iterator[Values]:
    """Every leaf of a batch.

    Args:
        batch: some rows of a shard.
        first_row: the number of the batch's first row in the shard, from 0.
    """
    rows = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
    for field, column in zip(batch.schema, batch.columns, strict=True):
        yield from _values(column, field.name, rows)


def _values(array: pa.Array, path: str, rows: Rows) -> Iterator[Values]:
    array = plain(array)
    kind = array.type
    if pt.is_struct(kind):
        for number, child in enumerate(array.flatten()):
            yield from _values(child, f"{path}.{kind.field(number).name}", rows)
    elif is_list(kind):
        parents = pc.list_parent_indices(array).to_numpy(zero_copy_only=False)
        yield from _values(array.flatten(), f"{path}[]", rows[parents])
    elif is_text_or_bytes(kind):
        yield Values(path, array.cast(pa.large_binary()), rows)
