"""Every place of a schema where values stand, under the path that names it.

A path is matched against the schema and never taken apart by itself: a column's name may hold dots
and brackets too.
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

ELEMENTS = -1
"""The step from a list to its elements; any other step is the number of a struct's field."""

JSON = "{}"
"""In a path: what follows stands in JSON in a text."""

REST = "*"
"""Behind `JSON`: whatever stands in it anywhere under a path that is not looked at by itself."""

OPENINGS = (".", "[", "{")
"""What a path goes on with below a place."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place of a schema.

    Attributes:
        path: names it.
        column: the position of the top-level column it belongs to.
        steps: the way from the column to it.
        type: of its values, without extensions, dictionaries and runs around them.
        shown: its type as the schema has it.
    """

    path: str
    column: int
    steps: tuple[int, ...]
    type: pa.DataType
    shown: pa.DataType

    @property
    def has_parts(self) -> bool:
        """Whether others stand below it."""
        return pt.is_struct(self.type) or is_list(self.type)


def carried(kind: pa.DataType) -> pa.DataType:
    """The type of the values themselves, without extensions, dictionaries and runs."""
    if isinstance(kind, pa.BaseExtensionType):
        return carried(kind.storage_type)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return carried(kind.value_type)
    return kind


def is_list(kind: pa.DataType) -> bool:
    """Whether values of this type are lists of any sort; a map is a list of pairs."""
    return bool(
        pt.is_list(kind)
        or pt.is_large_list(kind)
        or pt.is_list_view(kind)
        or pt.is_large_list_view(kind)
        or pt.is_fixed_size_list(kind)
        or pt.is_map(kind)
    )


def nodes(schema: pa.Schema) -> Iterator[Node]:
    """Every place of a schema, each before those below it, in the schema's order."""
    for number, field in enumerate(schema):
        yield from _nodes(Node(field.name, number, (), carried(field.type), field.type))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    kind = node.type
    if pt.is_map(kind):
        pair = pa.struct([kind.key_field, kind.item_field])
        yield from _nodes(_below(node, "[]", ELEMENTS, pair))
    elif is_list(kind):
        yield from _nodes(_below(node, "[]", ELEMENTS, kind.value_type))
    elif pt.is_struct(kind):
        for number in range(kind.num_fields):
            part = kind.field(number)
            yield from _nodes(_below(node, f".{part.name}", number, part.type))


def _below(node: Node, path: str, step: int, kind: pa.DataType) -> Node:
    return Node(node.path + path, node.column, (*node.steps, step), carried(kind), kind)


def is_below(path: str, above: str) -> bool:
    """Whether a path names a place, or one below it."""
    return path == above or (path.startswith(above) and path[len(above) :].startswith(OPENINGS))


def places(schema: pa.Schema, path: str) -> list[tuple[Node, str | None]]:
    """The places that a path names: none, one, or several of one name.

    Returns:
        Each with the path inside the JSON that stands there; None where the values themselves are
        meant.
    """
    found: list[tuple[Node, str | None]] = []
    for node in nodes(schema):
        if node.path == path:
            found.append((node, None))
        elif path.startswith(node.path + JSON) and not node.has_parts:
            found.append((node, path[len(node.path) + len(JSON) :]))
    return found


def node_values(batch: pa.RecordBatch, node: Node) -> tuple[pa.Array, Rows]:
    """The values that stand at a place, and the row of the batch that each belongs to.

    A list that is null or empty has none. Values in a dictionary come as they are.
    """
    rows = np.arange(batch.num_rows, dtype=np.int64)
    array = batch.column(node.column)
    for step in node.steps:
        array = plain(array)
        if step == ELEMENTS:
            parents = pc.list_parent_indices(array).to_numpy(zero_copy_only=False)
            array, rows = array.flatten(), rows[parents]
        else:
            array = pc.struct_field(array, [step])
    return array, rows


def plain(array: pa.Array) -> pa.Array:
    """The same values without extensions, dictionaries, runs and maps around them."""
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
