"""Taking the values of leaves out of a batch, whatever Arrow type carries them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from . import looks, names
from .json_text import BrokenJsonError, parsed, texts_anywhere, texts_at
from .leaf import Leaf, Role
from .paths import JSON, REST, Node, Rows, carried, node_values, nodes, places, plain

MOST_JSON_DEPTH = 3
"""JSON within JSON is looked into so deep."""


@dataclass(frozen=True, slots=True)
class LeafValues:
    """The values of a leaf in a batch.

    Attributes:
        leaf: the leaf.
        values: a `large_binary` array: the bytes as they are stored, null or not.
        rows: int64[n], the row of the batch that each value belongs to, ascending; a row may have
            none or many.
        broken: int64, the rows whose text should be JSON and is none; ascending.
        places: int64[n], where in `values` each of them stands, -1 for null, where equal values
            stand there once; None where they stand in the order of `rows`.
    """

    leaf: Leaf
    values: pa.LargeBinaryArray
    rows: Rows
    broken: Rows
    places: Rows | None = None


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


def fits(kind: pa.DataType, role: Role) -> bool:
    """Whether values of this type can play the role.

    Pictures are bytes. Everything else may be text or bytes: some writers leave out that theirs
    are text. A column of nothing but nulls says nothing of its values, and has none to miss.
    """
    return pt.is_null(kind) or is_bytes(kind) or (role != "image" and is_text(kind))


def text_columns(schema: pa.Schema) -> list[str]:
    """The top-level columns in which text or bytes stand, each name once."""
    there = (
        schema.field(node.column).name
        for node in nodes(schema)
        if is_text(node.type) or is_bytes(node.type)
    )
    return list(dict.fromkeys(there))


def leaf_types(schema: pa.Schema, leaf: Leaf) -> list[pa.DataType]:
    """The types under which a schema has this leaf: none, one, or several of one name.

    What stands in JSON has the type of the text that holds it.
    """
    return [node.shown for node, _ in places(schema, leaf.path)]


def leaf_columns(schema: pa.Schema, leaf: Leaf) -> list[str]:
    """The top-level columns that hold a leaf in a type that its role can use."""
    found = (schema.field(node.column).name for node, _ in _usable(schema, leaf))
    return list(dict.fromkeys(found))


def carries(schema: pa.Schema, leaf: Leaf) -> bool:
    """Whether a schema has this leaf, in a type that its role can use."""
    return bool(_usable(schema, leaf))


def _usable(schema: pa.Schema, leaf: Leaf) -> list[tuple[Node, str | None]]:
    return [
        (node, inside)
        for node, inside in places(schema, leaf.path)
        if fits(node.type, leaf.role) and not (inside is not None and leaf.role == "image")
    ]


def leaf_values(batch: pa.RecordBatch, leaves: Sequence[Leaf]) -> Iterator[LeafValues]:
    """The values of leaves.

    Args:
        batch: some rows.
        leaves: those that the batch does not carry are passed over.

    Yields:
        For every leaf, and every place of its name, its values.
    """
    inside: dict[Node, list[tuple[Leaf, str]]] = {}
    for leaf in leaves:
        for node, tail in _usable(batch.schema, leaf):
            if tail is None:
                array, rows = node_values(batch, node)
                values, standing = _unfolded(array)
                yield LeafValues(leaf, values, rows, np.empty(0, np.int64), standing)
            else:
                inside.setdefault(node, []).append((leaf, tail))
    # A text is parsed once, whatever number of leaves stand in it.
    for node, wanted in inside.items():
        yield from _json_values(node, *node_values(batch, node), wanted)


def _unfolded(array: pa.Array) -> tuple[pa.LargeBinaryArray, Rows | None]:
    """The bytes of values, and where each stands among them if they stand in a dictionary."""
    if isinstance(array.type, pa.BaseExtensionType):
        return _unfolded(array.storage)
    # Of a dictionary larger than this batch most is used by others: what is used here is less.
    if not pt.is_dictionary(array.type) or len(array.dictionary) > len(array):
        return as_bytes(array), None
    values = as_bytes(array.dictionary)
    indices = array.indices.cast(pa.int64())
    standing: Rows = indices.fill_null(-1).to_numpy(zero_copy_only=False)
    if values.null_count:
        lacking = np.append(values.is_null().to_numpy(zero_copy_only=False), False)
        standing = np.where(lacking[standing], -1, standing)
    return values, standing


@dataclass
class _Gathered:
    """The values of one leaf in JSON, as they are met."""

    values: list[bytes | None] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    def add(self, row: int, values: Iterable[bytes | None]) -> None:
        try:
            for value in values:
                self.values.append(value)
                self.rows.append(row)
        except BrokenJsonError:
            self.broken.append(row)


def _json_values(
    node: Node, array: pa.Array, rows: Rows, wanted: Sequence[tuple[Leaf, str]]
) -> Iterator[LeafValues]:
    by_path = [each for each in wanted if each[1] != REST]
    others = [leaf for leaf, tail in wanted if tail == REST]
    gathered = [_Gathered() for _ in by_path]
    rest = [_Gathered() for _ in others]
    known = {leaf.path for leaf, _ in by_path}
    for row, item in zip(rows.tolist(), as_bytes(array), strict=True):
        text = item.as_py()
        if not text:
            for each in gathered:
                each.add(row, [text])
            continue
        try:
            value = parsed(text)
        except BrokenJsonError:
            for each in gathered:
                each.broken.append(row)
            continue
        for each, (_, tail) in zip(gathered, by_path, strict=True):
            each.add(row, texts_at(value, tail))
        if not others:
            continue
        # Broken JSON in which nothing is looked at by itself says nothing.
        for path, inner in texts_anywhere(value, node.path + JSON, MOST_JSON_DEPTH - 1):
            if path not in known:
                for each, leaf in zip(rest, others, strict=True):
                    if _may_play(leaf.role, path, inner):
                        each.add(row, [inner])
    leaves = [*(leaf for leaf, _ in by_path), *others]
    for each, leaf in zip([*gathered, *rest], leaves, strict=True):
        yield LeafValues(
            leaf,
            pa.array(each.values, pa.large_binary()),
            np.array(each.rows, np.int64),
            np.unique(np.array(each.broken, np.int64)),
        )


def _may_play(role: Role, path: str, value: bytes) -> bool:
    """Whether a text that nobody has looked at before may be what a role asks for."""
    if role == "url":
        return looks.may_lead(value, bare=names.names_address(path))
    return role != "work" or looks.is_work(value)


def as_bytes(column: pa.Array | pa.ChunkedArray) -> pa.LargeBinaryArray:
    """A column's values as they are stored; text is not checked on the way."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return plain(column).cast(pa.large_binary())
