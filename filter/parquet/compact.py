"""Thrift's compact protocol without a schema: what Parquet footers and page headers are made of.

A structure is read into the numbers of its fields and written back from them, so that fields
which this version knows nothing of survive. Every codec in `reference` order:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any

TRUE, FALSE, I8, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = range(1, 14)

_DEEPEST = 64
"""Parquet nests six deep; a file made to exhaust the stack nests deeper."""


class Struct(dict[int, tuple[int, Any]]):
    """A structure: the number of a field -> its type and value."""

    __slots__ = ()

    def value(self, field: int, default: Any = None) -> Any:  # noqa: ANN401  # any Thrift value
        """The value of a field, or `default` where it is not set."""
        found = self.get(field)
        return default if found is None else found[1]

    def set(self, field: int, kind: int, value: Any) -> None:  # noqa: ANN401  # any Thrift value
        """Set a field, whether it was there or not."""
        self[field] = (kind, value)

    def drop(self, *fields: int) -> None:
        """Leave fields out."""
        for field in fields:
            self.pop(field, None)


class Sequence(list[Any]):
    """A list or set, and the type of its elements."""

    __slots__ = ("kind",)

    def __init__(self, kind: int, items: Any = ()) -> None:  # noqa: ANN401  # any Thrift values
        super().__init__(items)
        self.kind = kind


class Pairs(list[tuple[Any, Any]]):
    """A map, and the types of its keys and values."""

    __slots__ = ("key", "value")

    def __init__(self, key: int, value: int, items: Any = ()) -> None:  # noqa: ANN401
        super().__init__(items)
        self.key = key
        self.value = value


class CompactError(ValueError):
    """The bytes are no compact Thrift."""


def decode(data: bytes, position: int = 0) -> tuple[Struct, int]:
    """Read the structure that begins at `position`.

    Returns:
        The structure, and the position of the first byte after it.

    Raises:
        CompactError: the bytes end too early, nest too deep, or are no Thrift.
    """
    try:
        return _read_struct(data, position, 0)
    except IndexError:
        raise CompactError("the bytes end in the middle of a structure") from None


def encode(struct: Struct) -> bytes:
    """The bytes of a structure, fields in ascending order as every known writer has them."""
    out = bytearray()
    _write(out, STRUCT, struct)
    return bytes(out)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
        if shift > 63:
            raise CompactError("an integer is longer than 64 bits")


def _read_struct(data: bytes, position: int, depth: int) -> tuple[Struct, int]:
    if depth > _DEEPEST:
        raise CompactError("structures nest too deep")
    struct = Struct()
    field = 0
    while True:
        header = data[position]
        position += 1
        if header == 0:
            return struct, position
        kind, delta = header & 0x0F, header >> 4
        if delta:
            field += delta
        else:
            raw, position = _read_varint(data, position)
            field = (raw >> 1) ^ -(raw & 1)
        if kind in (TRUE, FALSE):
            struct[field] = (TRUE, kind == TRUE)
        else:
            value, position = _read(data, position, kind, depth)
            struct[field] = (kind, value)


def _read(data: bytes, position: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (I16, I32, I64):
        raw, position = _read_varint(data, position)
        return (raw >> 1) ^ -(raw & 1), position
    if kind == BINARY:
        length, position = _read_varint(data, position)
        return _read_bytes(data, position, length)
    if kind == STRUCT:
        return _read_struct(data, position, depth + 1)
    if kind in (LIST, SET):
        return _read_sequence(data, position, depth + 1)
    if kind == MAP:
        return _read_map(data, position, depth + 1)
    if kind in (TRUE, FALSE):  # an element of a list: one byte of its own
        return data[position] == TRUE, position + 1
    if kind == I8:
        return data[position], position + 1
    if kind in (DOUBLE, UUID):
        return _read_bytes(data, position, 8 if kind == DOUBLE else 16)
    raise CompactError(f"there is no type {kind}")


def _read_bytes(data: bytes, position: int, length: int) -> tuple[bytes, int]:
    end = position + length
    if end > len(data):
        raise CompactError("a value is longer than what holds it")
    return bytes(data[position:end]), end


def _read_sequence(data: bytes, position: int, depth: int) -> tuple[Sequence, int]:
    if depth > _DEEPEST:
        raise CompactError("lists nest too deep")
    header = data[position]
    position += 1
    count, kind = header >> 4, header & 0x0F
    if count == 15:
        count, position = _read_varint(data, position)
    if count > len(data) - position:
        raise CompactError("a list is longer than what holds it")
    items = Sequence(kind)
    for _ in range(count):
        item, position = _read(data, position, kind, depth)
        items.append(item)
    return items, position


def _read_map(data: bytes, position: int, depth: int) -> tuple[Pairs, int]:
    if depth > _DEEPEST:
        raise CompactError("maps nest too deep")
    count, position = _read_varint(data, position)
    if not count:
        return Pairs(0, 0), position
    if count > len(data) - position:
        raise CompactError("a map is longer than what holds it")
    kinds = data[position]
    position += 1
    pairs = Pairs(kinds >> 4, kinds & 0x0F)
    for _ in range(count):
        key, position = _read(data, position, pairs.key, depth)
        value, position = _read(data, position, pairs.value, depth)
        pairs.append((key, value))
    return pairs, position


def _write_varint(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _write_signed(out: bytearray, number: int) -> None:
    _write_varint(out, number << 1 if number >= 0 else (-number << 1) - 1)


def _write_struct(out: bytearray, struct: Struct) -> None:
    previous = 0
    for field in sorted(struct):
        kind, value = struct[field]
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        delta = field - previous
        if 0 < delta < 16:
            out.append(delta << 4 | kind)
        else:
            out.append(kind)
            _write_signed(out, field)
        previous = field
        if kind not in (TRUE, FALSE):
            _write(out, kind, value)
    out.append(0)


def _write(out: bytearray, kind: int, value: Any) -> None:  # noqa: ANN401  # any Thrift value
    if kind in (I16, I32, I64):
        _write_signed(out, value)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == STRUCT:
        _write_struct(out, value)
    elif kind in (LIST, SET):
        if len(value) < 15:
            out.append(len(value) << 4 | value.kind)
        else:
            out.append(0xF0 | value.kind)
            _write_varint(out, len(value))
        for item in value:
            _write(out, value.kind, item)
    elif kind == MAP:
        _write_varint(out, len(value))
        if value:
            out.append(value.key << 4 | value.value)
        for key, item in value:
            _write(out, value.key, key)
            _write(out, value.value, item)
    elif kind in (TRUE, FALSE):
        out.append(TRUE if value else FALSE)
    elif kind == I8:
        out.append(value)
    elif kind in (DOUBLE, UUID):
        out += value
    else:
        raise CompactError(f"there is no type {kind}")


def leading_integers(data: bytes) -> dict[int, int]:
    """The integers that a structure begins with, up to its first field of another type.

    A page header holds its kind, sizes and checksum there; what follows may be of any length.
    """
    found: dict[int, int] = {}
    field = position = 0
    try:
        while data[position] & 0x0F in (I16, I32, I64) and data[position] >> 4:
            kind = data[position] & 0x0F
            field += data[position] >> 4
            found[field], position = _read(data, position + 1, kind, 0)
    except IndexError:
        raise CompactError("the bytes end in the middle of a structure") from None
    return found
