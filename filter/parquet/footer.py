"""The footer of a Parquet file, field by field as parquet.thrift numbers them.

https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
What is not named here is carried along untouched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optout.filter.errors import ShardError

from .compact import (
    BINARY,
    I16,
    I32,
    I64,
    LIST,
    STRUCT,
    CompactError,
    Sequence,
    Struct,
    decode,
    encode,
)
from .tail import AGAIN, DECRYPT, MAGIC, Tail


class FileField:
    """Fields of `FileMetaData`."""

    SCHEMA, ROWS, ROW_GROUPS, KEY_VALUES, CREATED_BY = 2, 3, 4, 5, 6
    ENCRYPTION, SIGNING_KEY = 8, 9


class ElementField:
    """Fields of `SchemaElement`."""

    TYPE, LENGTH, REPETITION, NAME, CHILDREN, CONVERTED = 1, 2, 3, 4, 5, 6
    SCALE, PRECISION, FIELD_ID, LOGICAL = 7, 8, 9, 10


class GroupField:
    """Fields of `RowGroup`."""

    CHUNKS, BYTES, ROWS, SORTING, OFFSET, COMPRESSED, ORDINAL = 1, 2, 3, 4, 5, 6, 7


class ChunkField:
    """Fields of `ColumnChunk`."""

    FILE, OFFSET, META = 1, 2, 3
    OFFSET_INDEX, OFFSET_INDEX_LENGTH, COLUMN_INDEX, COLUMN_INDEX_LENGTH = 4, 5, 6, 7
    CRYPTO, ENCRYPTED = 8, 9


class MetaField:
    """Fields of `ColumnMetaData`."""

    TYPE, ENCODINGS, PATH, CODEC, VALUES, UNCOMPRESSED, COMPRESSED = 1, 2, 3, 4, 5, 6, 7
    KEY_VALUES, DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE = 8, 9, 10, 11
    STATISTICS, ENCODING_STATS, BLOOM, BLOOM_LENGTH, SIZES, GEOGRAPHY = 12, 13, 14, 15, 16, 17


class Physical:
    """Physical types."""

    BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)


REQUIRED, OPTIONAL, REPEATED = range(3)

_DEEPEST = 100
"""Groups in groups that pyarrow reads; a file made to exhaust memory has more."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column as it is stored.

    Attributes:
        element: its place in the flat list of schema elements.
        path: names from the root down.
        type: physical type.
        length: bytes of a value, of FIXED only.
        definition: highest definition level.
        repetition: highest repetition level.
    """

    element: int
    path: tuple[bytes, ...]
    type: int
    length: int
    definition: int
    repetition: int

    @property
    def storage(self) -> tuple[int, int, int, int]:
        """All that the bytes of its pages depend on."""
        if self.type == Physical.INT96:  # twelve bytes a value, in pages like any other twelve
            return Physical.FIXED, 12, self.definition, self.repetition
        return self.type, self.length, self.definition, self.repetition


def parse_footer(data: bytes, name: str) -> Struct:
    """Read a serialised `FileMetaData`.

    Raises:
        ShardError: it is damaged.
    """
    try:
        footer, _ = decode(data)
        _check_shape(footer)
    except CompactError as fault:
        raise ShardError(name, f"{name} has a damaged footer: {fault}", AGAIN) from fault
    return footer


def read_footer(tail: Tail, name: str) -> Struct:
    """Read the footer of a shard that can be rewritten.

    Raises:
        ShardError: it is damaged, encrypted, or keeps its columns in other files.
    """
    footer = parse_footer(tail.footer, name)
    encrypted = FileField.ENCRYPTION in footer
    for group in footer.value(FileField.ROW_GROUPS):
        for chunk in chunks_of(group):
            encrypted |= ChunkField.CRYPTO in chunk or ChunkField.ENCRYPTED in chunk
            if chunk.value(ChunkField.FILE):
                raise ShardError(
                    name, f"{name} keeps columns in other files", "Write it as one file first."
                )
    if encrypted:
        raise ShardError(name, f"{name} has encrypted columns", DECRYPT)
    return footer


_LIST_OF_STRUCTS = (LIST, STRUCT)
_ELEMENT = {1: I32, 2: I32, 3: I32, 4: BINARY, 5: I32, 6: I32, 10: STRUCT}
_PAIR = {1: BINARY, 2: BINARY}
_GROUP = {1: _LIST_OF_STRUCTS, 2: I64, 3: I64, 4: _LIST_OF_STRUCTS, 5: I64, 7: I16}
_CHUNK = {1: BINARY, 2: I64, 3: STRUCT, 4: I64, 5: I32, 6: I64, 7: I32}
_META = {
    1: I32,
    2: (LIST, I32),
    3: (LIST, BINARY),
    4: I32,
    5: I64,
    6: I64,
    7: I64,
    8: _LIST_OF_STRUCTS,
    9: I64,
    10: I64,
    11: I64,
    12: STRUCT,
    14: I64,
    15: I32,
}
_FILE = {2: _LIST_OF_STRUCTS, 3: I64, 4: _LIST_OF_STRUCTS, 5: _LIST_OF_STRUCTS, 6: BINARY}


def _check_shape(footer: Struct) -> None:
    """See that every field used here is of its type: what a damaged footer is not."""
    _check(footer, _FILE, required=(2, 3, 4))
    for element in footer.value(FileField.SCHEMA):
        _check(element, _ELEMENT, required=(4,))
        kinds = element.value(ElementField.LOGICAL, Struct()).values()
        if any(kind != STRUCT for kind, _ in kinds):
            raise CompactError("a logical type is no structure")
        physical = element.value(ElementField.TYPE, 0), element.value(ElementField.REPETITION, 0)
        if not (0 <= physical[0] <= Physical.FIXED and 0 <= physical[1] <= REPEATED):
            raise CompactError("there is no such type of column")
    for pair in footer.value(FileField.KEY_VALUES, ()):
        _check(pair, _PAIR, required=(1,))
    leaves = list(leaves_of(footer))
    for group in footer.value(FileField.ROW_GROUPS):
        _check(group, _GROUP, required=(1, 3))
        if group.value(GroupField.ROWS) < 0 or len(chunks_of(group)) != len(leaves):
            raise CompactError("a row group has not one chunk for each column")
        for chunk, leaf in zip(chunks_of(group), leaves, strict=True):
            _check(chunk, _CHUNK)
            if ChunkField.META in chunk:  # an encrypted one may keep it elsewhere
                _check(meta_of(chunk), _META, required=(1, 4, 5, 6, 7, 9))
                if meta_of(chunk).value(MetaField.TYPE) != leaf.type:
                    raise CompactError("a column chunk is of another type than its column")
            elif ChunkField.CRYPTO not in chunk:
                raise CompactError("a column chunk has no metadata")


def _check(struct: Struct, kinds: dict[int, Any], required: tuple[int, ...] = ()) -> None:
    for field in required:
        if field not in struct:
            raise CompactError(f"field {field} is missing")
    for field, (kind, value) in struct.items():
        known = kinds.get(field, kind)
        if isinstance(known, tuple):
            if kind != known[0] or (value and value.kind != known[1]):
                raise CompactError(f"field {field} is no list of its type")
        elif kind != known:
            raise CompactError(f"field {field} is of another type")


def chunks_of(group: Struct) -> list[Struct]:
    """The column chunks of a row group."""
    return group[GroupField.CHUNKS][1]  # type: ignore[no-any-return]  # Thrift has no types here


def meta_of(chunk: Struct) -> Struct:
    """The metadata of a column chunk."""
    return chunk[ChunkField.META][1]  # type: ignore[no-any-return]  # Thrift has no types here


def span_of(meta: Struct) -> tuple[int, int]:
    """Where the pages of a column chunk begin, and how many bytes they have."""
    start = meta[MetaField.DATA_PAGE][1]
    dictionary = meta.value(MetaField.DICTIONARY_PAGE, 0)
    if 0 < dictionary < start:
        start = dictionary
    return start, meta[MetaField.COMPRESSED][1]


def leaves_of(footer: Struct) -> Iterator[Leaf]:
    """The leaf columns in the order of their chunks."""
    elements = footer.value(FileField.SCHEMA)
    if not elements:
        raise CompactError("there is no schema")
    # What is still to come: (children left, path, definition, repetition) from the root down.
    stack: list[list[Any]] = [[elements[0].value(ElementField.CHILDREN, 0), (), 0, 0]]
    for place, element in enumerate(elements[1:], start=1):
        while stack and stack[-1][0] == 0:
            stack.pop()
        if not stack:
            raise CompactError("the schema has more columns than it says")
        stack[-1][0] -= 1
        _, path, definition, repetition = stack[-1]
        path = (*path, element[ElementField.NAME][1])
        kind = element.value(ElementField.REPETITION, REQUIRED)
        definition += kind != REQUIRED
        repetition += kind == REPEATED
        children = element.value(ElementField.CHILDREN, 0)
        if ElementField.TYPE not in element:
            if len(stack) > _DEEPEST:
                raise CompactError("its columns nest too deep")
            stack.append([children, path, definition, repetition])
            continue
        physical = element[ElementField.TYPE][1]
        length = element.value(ElementField.LENGTH, 0) if physical == Physical.FIXED else 0
        yield Leaf(place, path, physical, length, definition, repetition)
    if any(left for left, *_ in stack):
        raise CompactError("the schema has fewer columns than it says")


def key_values(footer: Struct) -> dict[bytes, bytes]:
    """The key-value metadata of the file."""
    pairs = footer.value(FileField.KEY_VALUES, ())
    return {pair.value(1, b""): pair.value(2, b"") for pair in pairs}


def add_to(struct: Struct, field: int, amount: int) -> None:
    """Move an offset that is set; 0 and less mean "there is none"."""
    if struct.value(field, 0) > 0:
        struct.set(field, struct[field][0], struct[field][1] + amount)


def frame(footer: Struct) -> bytes:
    """The end of a file: footer, its length, magic."""
    data = encode(footer)
    return data + struct.pack("<I", len(data)) + MAGIC


def binaries(items: tuple[bytes, ...]) -> Sequence:
    """A Thrift list of byte strings."""
    return Sequence(BINARY, items)
