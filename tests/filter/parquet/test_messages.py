"""Shards that are damaged in one place are named, each damage in its own words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.errors import ShardError
from optout.filter.parquet import rewrite
from optout.filter.parquet.compact import BINARY, I32, I64, Struct, decode, encode
from optout.filter.parquet.footer import (
    ChunkField,
    FileField,
    MetaField,
    chunks_of,
    meta_of,
)
from optout.filter.parquet.tail import read_tail, shard_faults

Change = Callable[[Struct], object]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """Two row groups with page index and Bloom filters."""
    schema = pa.schema([pa.field("n", pa.int32(), nullable=False), ("url", pa.string())])
    values = {"n": list(range(40)), "url": [f"https://a.example/{n}" for n in range(40)]}
    pq.write_table(
        pa.table(values, schema),
        tmp_path / "a.parquet",
        row_group_size=20,
        write_page_index=True,
        bloom_filter_options={"url": True},
    )
    return tmp_path / "a.parquet"


def edited(path: Path, change: Change) -> Path:
    """The shard with another footer."""
    with path.open("rb") as stream:
        tail = read_tail(stream, path.name)
    footer, _ = decode(tail.footer)
    change(footer)
    written = encode(footer)
    kept = path.read_bytes()[: tail.start]
    path.write_bytes(kept + written + len(written).to_bytes(4, "little") + b"PAR1")
    return path


def in_chunk(group: int, column: int, *fields: tuple[int, int, object]) -> Change:
    def change(footer: Struct) -> None:
        chunk = chunks_of(footer.value(FileField.ROW_GROUPS)[group])[column]
        for field, kind, value in fields:
            chunk.set(field, kind, value)

    return change


def in_meta(group: int, column: int, *fields: tuple[int, int, object]) -> Change:
    def change(footer: Struct) -> None:
        meta = meta_of(chunks_of(footer.value(FileField.ROW_GROUPS)[group])[column])
        for field, kind, value in fields:
            meta.set(field, kind, value)

    return change


def refusal(path: Path) -> str:
    """What is said when the first row is taken out."""
    with pytest.raises(ShardError) as caught:
        rewrite(path, io.BytesIO(), np.array([0]), name="a.parquet")
    return caught.value.message


def test_columns_in_other_files_are_named(shard: Path) -> None:
    path = edited(shard, in_chunk(0, 0, (ChunkField.FILE, BINARY, b"other.parquet")))
    assert refusal(path) == "a.parquet keeps columns in other files"


def test_a_codec_that_nobody_knows_is_named(shard: Path) -> None:
    path = edited(shard, in_meta(0, 0, (MetaField.CODEC, I32, 3)))
    assert refusal(path) == (
        "a.parquet is compressed with a codec that cannot be read here (number 3)"
    )


def test_a_page_that_lies_after_the_end_is_named(shard: Path) -> None:
    path = edited(shard, in_meta(0, 0, (MetaField.DATA_PAGE, I64, 1 << 40)))
    assert "a.parquet has a damaged page: " in refusal(path)


def test_a_bloom_filter_that_is_none_is_named(shard: Path) -> None:
    fields = ((MetaField.BLOOM, I64, 1), (MetaField.BLOOM_LENGTH, I32, 0))
    assert refusal(edited(shard, in_meta(1, 1, *fields))) == "a.parquet has a damaged Bloom filter"


def test_a_part_that_would_end_after_the_file_is_named(shard: Path) -> None:
    path = edited(shard, in_meta(1, 1, (MetaField.BLOOM_LENGTH, I32, 1 << 30)))
    assert refusal(path) == "a.parquet has a damaged column chunk: it ends after the file"


def test_a_clean_chunk_that_would_end_after_the_file_is_named(shard: Path) -> None:
    path = edited(shard, in_meta(1, 0, (MetaField.COMPRESSED, I64, 1 << 20)))
    assert refusal(path) == "a.parquet has a damaged column chunk: it ends after the file"


def test_an_offset_index_that_is_none_is_named(shard: Path) -> None:
    fields = ((ChunkField.OFFSET_INDEX, I64, 1), (ChunkField.OFFSET_INDEX_LENGTH, I32, 3))
    assert refusal(edited(shard, in_chunk(1, 0, *fields))) == "a.parquet has a damaged offset index"


def test_a_value_that_does_not_fit_into_memory_is_told() -> None:
    with (
        pytest.raises(ShardError, match=r"a\.parquet holds a value that does not fit into memory"),
        shard_faults("a.parquet"),
    ):
        bytearray(1 << 62)


class Shrinking(io.FileIO):
    """A file that loses its last byte between the looks at its end and at its footer."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        return data[:-1] if len(data) > 8 else data


def test_a_file_that_became_shorter_is_told(shard: Path) -> None:
    with (
        Shrinking(shard) as stream,
        pytest.raises(ShardError, match=r"a\.parquet became shorter while it was read"),
    ):
        read_tail(stream, "a.parquet")
