"""How a row group was written, read from its footer, in pyarrow's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
from optout.filter.errors import ShardError

from .compact import CompactError, Struct, leading_integers
from .footer import ChunkField, Leaf, MetaField, Physical, chunks_of, meta_of
from .tail import AGAIN, shard_faults
from .transfer import FileSource

_CODECS = {0: "NONE", 1: "SNAPPY", 2: "GZIP", 4: "BROTLI", 5: "LZ4", 6: "ZSTD", 7: "LZ4"}
"""Codecs by number; 5, a framing of LZ4 that only old Hadoop wrote, becomes today's."""

_PLAIN_DICTIONARY, _RLE_DICTIONARY = 2, 8

_ENCODINGS = {
    5: ("DELTA_BINARY_PACKED", {Physical.INT32, Physical.INT64}),
    6: ("DELTA_LENGTH_BYTE_ARRAY", {Physical.BYTE_ARRAY}),
    7: ("DELTA_BYTE_ARRAY", {Physical.BYTE_ARRAY, Physical.FIXED}),
    9: (
        "BYTE_STREAM_SPLIT",
        {Physical.INT32, Physical.INT64, Physical.FLOAT, Physical.DOUBLE, Physical.FIXED},
    ),
}
"""Encodings of values by number, and the physical types pyarrow writes them for."""

_DATA_PAGE_V2 = 3
_PAGE_KIND, _PAGE_CHECKSUM = 1, 4
_HEADER_BYTES = 64
_PAGE_BYTES = 1 << 20
_USUAL_BATCH = 1024


def writer_options(
    group: Struct,
    leaves: Sequence[Leaf],
    paths: Sequence[str],
    orders: Sequence[bool],
    source: FileSource,
    name: str,
    *,
    level: int | None = None,
    categorical: Collection[str] = (),
) -> dict[str, Any]:
    """Arguments of `ParquetWriter` that write a row group as this one was written.

    Args:
        group: the row group.
        leaves: its columns.
        paths: what pyarrow's writer calls them.
        orders: whether pyarrow orders a column's values as the schema does.
        source: the file.
        name: what to call it in a message.
        level: of compression, where a codec has levels; its usual one where None, because no
            footer says which it was.
        categorical: those of `paths` whose values the schema calls categories: pyarrow reads no
            encoding of such a column but plain ones and dictionaries.

    Raises:
        ShardError: a codec or a page header that this pyarrow does not know.
    """
    metas = [meta_of(chunk) for chunk in chunks_of(group)]
    codecs = {}
    dictionaries = []
    encodings = {}
    statistics = []
    blooms = {}
    for leaf, path, ordered, meta in zip(leaves, paths, orders, metas, strict=True):
        codec = meta.value(MetaField.CODEC, 0)
        if codec not in _CODECS:
            raise ShardError(
                name,
                f"{name} is compressed with a codec that cannot be read here (number {codec})",
                "Write it with zstd first, or leave it out of the input.",
            )
        codecs[path] = _CODECS[codec]
        used = set(meta.value(MetaField.ENCODINGS, ()))
        if used & {_PLAIN_DICTIONARY, _RLE_DICTIONARY} and leaf.type != Physical.BOOLEAN:
            dictionaries.append(path)
        else:
            for number in used & _ENCODINGS.keys():
                encoding, types = _ENCODINGS[number]
                if leaf.storage[0] in types and path not in categorical:
                    encodings[path] = encoding
        if ordered and MetaField.STATISTICS in meta:
            statistics.append(path)
        if meta.value(MetaField.BLOOM, 0) > 0 and leaf.type != Physical.BOOLEAN:
            blooms[path] = {"ndv": max(1, meta[MetaField.VALUES][1])}
    levels = {path: found for path, codec in codecs.items() if (found := level_of(codec, level))}
    version, checksums = _page_form(metas, source, name)
    return {
        "compression": codecs,
        "compression_level": levels or None,
        "use_dictionary": dictionaries,
        "column_encoding": encodings or None,
        "write_statistics": statistics,
        "bloom_filter_options": blooms or None,
        "data_page_version": version,
        "write_page_checksum": checksums,
        "write_page_index": any(
            ChunkField.OFFSET_INDEX in chunk or ChunkField.COLUMN_INDEX in chunk
            for chunk in chunks_of(group)
        ),
        "write_batch_size": _batch_size(group, metas),
        "version": "2.6",
        "store_schema": False,
    }


def level_of(codec: str, asked: int | None) -> int | None:
    """The level at which a codec compresses here.

    Args:
        codec: its name.
        asked: the level that is wished for; the nearest that the codec has is taken.

    Returns:
        None where the codec has no levels.
    """
    if codec == "NONE" or not pa.Codec.supports_compression_level(codec.lower()):
        return None
    name = codec.lower()
    if asked is None:
        return int(pa.Codec.default_compression_level(name))
    lowest, highest = (
        pa.Codec.minimum_compression_level(name),
        pa.Codec.maximum_compression_level(name),
    )
    return int(min(max(asked, lowest), highest))


def levels_in(groups: Sequence[Struct], asked: int | None) -> dict[str, int]:
    """The codecs of a file that have levels, and at which each compresses here."""
    numbers = {meta_of(c).value(MetaField.CODEC, 0) for group in groups for c in chunks_of(group)}
    codecs = sorted({_CODECS[number] for number in numbers if number in _CODECS})
    levels = {codec: level_of(codec, asked) for codec in codecs}
    return {codec.lower(): level for codec, level in levels.items() if level is not None}


def _batch_size(group: Struct, metas: Sequence[Struct]) -> int:
    """Values between two looks at a page's size: a thousand pictures would be one huge page."""
    rows = max(1, group.value(3, 1))
    largest = max((meta.value(MetaField.UNCOMPRESSED, 0) // rows for meta in metas), default=0)
    return max(1, min(_USUAL_BATCH, _PAGE_BYTES // max(1, largest)))


def _page_form(metas: Sequence[Struct], source: FileSource, name: str) -> tuple[str, bool]:
    """Version of the data pages, and whether they have checksums, by the first page there is."""
    for meta in metas:
        if meta[MetaField.COMPRESSED][1] <= 0:
            continue
        with shard_faults(name):
            data = source.read(meta[MetaField.DATA_PAGE][1], _HEADER_BYTES)
        try:
            header = leading_integers(data)
        except CompactError as fault:
            raise ShardError(name, f"{name} has a damaged page: {fault}", AGAIN) from fault
        version = "2.0" if header.get(_PAGE_KIND) == _DATA_PAGE_V2 else "1.0"
        return version, _PAGE_CHECKSUM in header
    return "1.0", False
