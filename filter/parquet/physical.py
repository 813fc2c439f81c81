"""A file seen as what it stores: numbers, booleans and bytes, without what they stand for.

Rows are copied from one encoding to another at this level. Whatever a column means (a date, a
decimal, a picture, a type of next year) its values pass bit by bit: 96-bit timestamps that no
64 bits can hold, payloads of NaN, text that is no UTF-8. What they mean stands in the schema of
the footer, which is carried over as it is.

Nesting is seen as definition and repetition levels. An unannotated repeated group makes the same
levels as a list or a map, so that the old ways of writing lists need no rules here.
"""

from __future__ import annotations

import io

import pyarrow.parquet as pq

from .compact import I32, LIST, STRUCT, Sequence, Struct
from .footer import (
    ChunkField,
    ElementField,
    FileField,
    GroupField,
    Leaf,
    MetaField,
    Physical,
    binaries,
    chunks_of,
    frame,
    meta_of,
)
from .tail import MAGIC

_BYTEWISE_CONVERTED = {0, 4, 19, 20}
"""UTF8, ENUM, JSON, BSON: compared byte by byte."""

_BYTEWISE_LOGICAL = {1, 4, 12, 13, 14}
"""STRING, ENUM, JSON, BSON, UUID."""

_UNSIGNED_CONVERTED = {11, 12, 13, 14}
"""UINT_8 to UINT_64."""

_DECIMAL_CONVERTED, _UINT32_CONVERTED, _UINT64_CONVERTED = 5, 13, 14
_DECIMAL_LOGICAL, _INTEGER_LOGICAL, _FLOAT16_LOGICAL = 5, 10, 15
_WIDEST = 76
"""Digits of the widest decimal that Arrow knows."""


def physical_view(footer: Struct, leaves: list[Leaf]) -> tuple[Struct, list[bool]]:
    """Describe a file to pyarrow by its physical types alone.

    Args:
        footer: of the file; stays as it is.
        leaves: its columns.

    Returns:
        A footer to open the file with, and for each column whether pyarrow, seeing it so, orders
        its values as the file's own schema does: only then are its statistics true.
    """
    elements = footer.value(FileField.SCHEMA)
    orders = []
    seen = Sequence(STRUCT, [_bare(element, place) for place, element in enumerate(elements)])
    for leaf in leaves:
        seen[leaf.element], ordered = _bare_leaf(elements[leaf.element], leaf)
        orders.append(ordered)
    view = Struct(footer)
    view.set(FileField.SCHEMA, LIST, seen)
    view.set(
        FileField.ROW_GROUPS,
        LIST,
        Sequence(STRUCT, [_bare_group(g, leaves) for g in footer.value(FileField.ROW_GROUPS)]),
    )
    # Among the key-values is the Arrow schema, which would bring the logical types back.
    view.drop(FileField.KEY_VALUES, 7)
    return view, orders


def metadata_of(view: Struct) -> pq.FileMetaData:
    """What pyarrow makes of a footer."""
    return pq.read_metadata(io.BytesIO(MAGIC + frame(view)))


def _name(place: int) -> bytes:
    """Names of our own: theirs may be empty, equal, or have dots, which pyarrow takes for paths."""
    return b"c%d" % place


def _bare(element: Struct, place: int) -> Struct:
    bare = Struct(element)
    bare.drop(*(field for field in element if field > ElementField.CHILDREN))
    if place:
        bare[ElementField.NAME] = (bare[ElementField.NAME][0], _name(place))
    return bare


def _bare_leaf(element: Struct, leaf: Leaf) -> tuple[Struct, bool]:
    bare = _bare(element, leaf.element)
    physical, length, *_ = leaf.storage
    bare.set(ElementField.TYPE, I32, physical)
    if physical == Physical.FIXED:
        bare.set(ElementField.LENGTH, I32, length)
    converted = element.value(ElementField.CONVERTED)
    logical = next(iter(element.value(ElementField.LOGICAL, {})), None)
    if leaf.type == Physical.INT96:
        return bare, False
    if leaf.type in (Physical.INT32, Physical.INT64):
        if _is_unsigned(element, converted, logical):
            wide = leaf.type == Physical.INT64
            bare.set(ElementField.CONVERTED, I32, _UINT64_CONVERTED if wide else _UINT32_CONVERTED)
        return bare, True
    if leaf.type not in (Physical.BYTE_ARRAY, Physical.FIXED):
        return bare, True
    if logical == _FLOAT16_LOGICAL and length == 2:
        bare[ElementField.LOGICAL] = element[ElementField.LOGICAL]
        return bare, True
    if logical == _DECIMAL_LOGICAL or converted == _DECIMAL_CONVERTED:
        return _bare_decimal(bare, leaf)
    if logical is not None:
        return bare, logical in _BYTEWISE_LOGICAL
    return bare, converted is None or converted in _BYTEWISE_CONVERTED


def _is_unsigned(element: Struct, converted: int | None, logical: int | None) -> bool:
    if logical == _INTEGER_LOGICAL:
        integer = element.value(ElementField.LOGICAL).value(_INTEGER_LOGICAL)
        return not integer.value(2, True)
    return converted in _UNSIGNED_CONVERTED


def _bare_decimal(bare: Struct, leaf: Leaf) -> tuple[Struct, bool]:
    """A decimal is ordered by its sign; pyarrow knows that of decimals it would store so wide."""
    precision = next((p for p in range(_WIDEST, 0, -1) if _decimal_width(p) == leaf.length), 0)
    if leaf.type != Physical.FIXED or not precision:
        return bare, False
    bare.set(ElementField.CONVERTED, I32, _DECIMAL_CONVERTED)
    bare.set(ElementField.PRECISION, I32, precision)
    bare.set(ElementField.SCALE, I32, 0)
    return bare, True


def _decimal_width(precision: int) -> int:
    """Bytes of the narrowest two's complement that holds so many digits."""
    largest: int = 10**precision - 1
    return (largest.bit_length() + 8) // 8


def _bare_group(group: Struct, leaves: list[Leaf]) -> Struct:
    chunks = Sequence(STRUCT)
    for chunk, leaf in zip(chunks_of(group), leaves, strict=True):
        meta = Struct(meta_of(chunk))
        meta.set(MetaField.TYPE, I32, leaf.storage[0])
        meta.set(MetaField.PATH, LIST, binaries((_name(leaf.element),)))
        meta.drop(MetaField.STATISTICS, MetaField.KEY_VALUES, MetaField.SIZES, MetaField.GEOGRAPHY)
        seen = Struct(chunk)
        seen.set(ChunkField.META, STRUCT, meta)
        chunks.append(seen)
    seen_group = Struct(group)
    seen_group.set(GroupField.CHUNKS, LIST, chunks)
    seen_group.drop(GroupField.SORTING)
    return seen_group
