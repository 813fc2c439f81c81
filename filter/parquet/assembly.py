"""A new Parquet file put together from column chunks that exist already.

Pages do not know where in a file they lie; only the footer and the offset indexes do. A chunk is
therefore copied as it is, from the input or from one freshly encoded in memory, and the places
that name its position are moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from optout.filter.errors import ShardError

from .compact import I16, I32, I64, LIST, STRUCT, CompactError, Sequence, Struct, decode, encode
from .footer import (
    ChunkField,
    FileField,
    GroupField,
    Leaf,
    MetaField,
    add_to,
    binaries,
    chunks_of,
    frame,
    meta_of,
    span_of,
)
from .tail import AGAIN, MAGIC, shard_faults
from .transfer import Output, Source, SourceError

_ORDINALS = 1 << 15
"""A row group's ordinal is a signed 16-bit number."""

_BLOOM_HEADER_BYTES = 64
_BOUNDS = (1, 2, 5, 6)
"""Of `Statistics`: max and min, in the old sense and by the column's order."""

_INDEXES = (
    (ChunkField.COLUMN_INDEX, ChunkField.COLUMN_INDEX_LENGTH),
    (ChunkField.OFFSET_INDEX, ChunkField.OFFSET_INDEX_LENGTH),
)


@dataclass(slots=True)
class _Index:
    """An index that waits for its place after the last row group."""

    chunk: Struct
    field: int
    length_field: int
    data: bytes


class Assembly:
    """Writes a file with the footer of another: its schema, its key-values, its column orders.

    Args:
        output: where to.
        footer: of the input; its row groups are replaced.
        leaves: its columns.
        name: the input's, for messages.
    """

    def __init__(self, output: Output, footer: Struct, leaves: list[Leaf], name: str) -> None:
        self._output = output
        self._footer = footer
        self._leaves = leaves
        self._name = name
        self._groups = Sequence(STRUCT)
        self._indexes: list[_Index] = []
        self._rows = 0
        output.write(MAGIC)

    def splice(self, source: Source, group: Struct) -> None:
        """Copy a row group of the input as it is."""
        start = self._output.position
        for chunk in chunks_of(group):
            indexes = [self._read_index(source, chunk, *fields) for fields in _INDEXES]
            self._place(source, chunk, [index for index in indexes if index])
        self._add(group, group, start)

    def graft(self, source: Source, group: Struct, original: Struct) -> None:
        """Take a row group that was encoded anew into the place of one of the input.

        Args:
            source: the small file it was encoded into.
            group: the row group there.
            original: what it stands for; lends it all that the schema and its user said.
        """
        start = self._output.position
        pairs = zip(chunks_of(group), chunks_of(original), self._leaves, strict=True)
        for chunk, old, leaf in pairs:
            meta = meta_of(chunk)
            meta.set(MetaField.TYPE, I32, leaf.type)
            meta.set(MetaField.PATH, LIST, binaries(leaf.path))
            if MetaField.KEY_VALUES in meta_of(old):
                meta[MetaField.KEY_VALUES] = meta_of(old)[MetaField.KEY_VALUES]
            _trim_statistics(meta, meta_of(old))
            indexes = [
                self._read_index(source, chunk, *fields) for fields in _INDEXES if fields[0] in old
            ]
            self._place(source, chunk, [index for index in indexes if index])
        self._add(group, original, start)

    def finish(self) -> None:
        """Write the indexes and the footer."""
        for field, _ in _INDEXES:  # in the order other writers have: by kind, then by chunk
            for index in self._indexes:
                if index.field == field:
                    index.chunk.set(index.field, I64, self._output.position)
                    index.chunk.set(index.length_field, I32, len(index.data))
                    self._output.write(index.data)
        self._footer.set(FileField.ROW_GROUPS, LIST, self._groups)
        self._footer.set(FileField.ROWS, I64, self._rows)
        self._output.write(frame(self._footer))

    def _add(self, group: Struct, original: Struct, start: int) -> None:
        added = Struct(group)
        added.drop(GroupField.SORTING, GroupField.OFFSET, GroupField.ORDINAL)
        if GroupField.SORTING in original:
            added[GroupField.SORTING] = original[GroupField.SORTING]
        if GroupField.OFFSET in original:
            added.set(GroupField.OFFSET, I64, start)
        if GroupField.ORDINAL in original and len(self._groups) < _ORDINALS:
            added.set(GroupField.ORDINAL, I16, len(self._groups))
        self._groups.append(added)
        self._rows += added[GroupField.ROWS][1]

    def _place(self, source: Source, chunk: Struct, indexes: list[_Index]) -> None:
        meta = meta_of(chunk)
        start, length = span_of(meta)
        move = self._output.position - start
        try:
            source.send(self._output, start, length)
        except SourceError as fault:
            raise _damaged(self._name, "column chunk: it ends after the file") from fault
        bloom = self._read_bloom(source, meta)
        if bloom:
            meta.set(MetaField.BLOOM, I64, self._output.position)
            meta.set(MetaField.BLOOM_LENGTH, I32, len(bloom))
            self._output.write(bloom)
        else:
            meta.drop(MetaField.BLOOM, MetaField.BLOOM_LENGTH)
        for field in (MetaField.DATA_PAGE, MetaField.INDEX_PAGE, MetaField.DICTIONARY_PAGE):
            add_to(meta, field, move)
        # Some name the first page here, some the metadata behind the chunk, which is not copied.
        placed = chunk.value(ChunkField.OFFSET) == start
        chunk.set(ChunkField.OFFSET, I64, start + move if placed else 0)
        chunk.drop(*(field for fields in _INDEXES for field in fields))
        for index in indexes:
            if index.field == ChunkField.OFFSET_INDEX:
                index.data = _moved(index.data, move, self._name)
            self._indexes.append(index)

    def _read_index(
        self, source: Source, chunk: Struct, field: int, length_field: int
    ) -> _Index | None:
        start, length = chunk.value(field, 0), chunk.value(length_field, 0)
        if start <= 0 or length <= 0:
            return None
        data = _read(source, start, length, self._name)
        return _Index(chunk, field, length_field, data)

    def _read_bloom(self, source: Source, meta: Struct) -> bytes:
        start = meta.value(MetaField.BLOOM, 0)
        if start <= 0:
            return b""
        length = meta.value(MetaField.BLOOM_LENGTH, 0)
        if length <= 0:  # early writers gave no length: the filter says it itself
            with shard_faults(self._name):
                head = source.read(start, _BLOOM_HEADER_BYTES)
            try:
                header, end = decode(head)
                length = end + header[1][1]
            except (CompactError, KeyError) as fault:
                raise _damaged(self._name, "Bloom filter") from fault
        return _read(source, start, length, self._name)


def _read(source: Source, start: int, length: int, name: str) -> bytes:
    with shard_faults(name):
        data = source.read(start, length)
    if len(data) != length:
        raise _damaged(name, "column chunk: it ends after the file")
    return data


def _trim_statistics(meta: Struct, old: Struct) -> None:
    """Keep no more kinds of statistics than there were."""
    statistics, known = meta.value(MetaField.STATISTICS), old.value(MetaField.STATISTICS)
    if statistics is None:
        return
    if known is None:
        meta.drop(MetaField.STATISTICS)
        return
    statistics.drop(*(set(_BOUNDS) - known.keys()))


def _moved(data: bytes, move: int, name: str) -> bytes:
    """An offset index whose pages lie somewhere else now."""
    try:
        index, _ = decode(data)
        for page in index[1][1]:
            add_to(page, 1, move)
    except (CompactError, KeyError, AttributeError, TypeError) as fault:
        raise _damaged(name, "offset index") from fault
    return encode(index)


def _damaged(name: str, what: str) -> ShardError:
    return ShardError(name, f"{name} has a damaged {what}", AGAIN)
