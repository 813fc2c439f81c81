"""Taking the values of a leaf out of a batch, whatever Arrow type carries them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from .leaf import Leaf


def carried(kind: pa.DataType) -> pa.DataType:
    """The type of the values themselves, without extensions, dictionaries and runs."""
    if isinstance(kind, pa.BaseExtensionType):
        return carried(kind.storage_type)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return carried(kind.value_type)
    return kind


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are strings."""
    kind = carried(kind)
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values of this type are bytes that nobody called text."""
    kind = carried(kind)
    return bool(
        pt.is_binary(kind)
        or pt.is_large_binary(kind)
        or pt.is_binary_view(kind)
        or pt.is_fixed_size_binary(kind)
    )


def fits(kind: pa.DataType, role: str) -> bool:
    """Whether a column of this type can play the role.

    Pictures are bytes. Addresses and digests may be bytes too: some writers leave out that they
    are text. A column of nothing but nulls says nothing of its values, and has none to miss.
    """
    return pt.is_null(kind) or is_bytes(kind) or (role != "image" and is_text(kind))


def leaf_types(schema: pa.Schema, leaf: Leaf) -> list[pa.DataType]:
    """The types under which a schema has this leaf: none, one, or several of one name."""
    return [field.type for field in schema if field.name == leaf.path]


def carries(schema: pa.Schema, leaf: Leaf) -> bool:
    """Whether a schema has this leaf, in a type that its role can use."""
    return any(fits(kind, leaf.role) for kind in leaf_types(schema, leaf))


def leaf_values(batch: pa.RecordBatch | pa.Table, leaf: Leaf) -> Iterator[pa.LargeBinaryArray]:
    """The values of a leaf, one a row: the bytes as they are stored, null or not.

    Args:
        batch: some rows.
        leaf: a leaf that the batch's schema carries.

    Yields:
        A `large_binary` array for every column of the leaf's name.
    """
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if field.name == leaf.path and fits(field.type, leaf.role):
            yield as_bytes(column)


def as_bytes(column: pa.Array | pa.ChunkedArray) -> pa.LargeBinaryArray:
    """A column's values as they are stored; text is not checked on the way."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return _plain(column).cast(pa.large_binary())


def _plain(array: pa.Array) -> pa.Array:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(array.storage)
    if pt.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if pt.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(array))
    return array
