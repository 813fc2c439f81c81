"""Every writer, every codec, every reader: the kept rows are there, and nothing of the others.

What is removed holds values found nowhere else, at both ends of the order, so that dictionaries,
statistics, page indexes and Bloom filters of the input all name them. Of the output every byte is
looked at, and every page once more when decompressed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import fastparquet
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from optout.filter.parquet import rewrite
from optout.filter.parquet.compact import Struct, decode
from optout.filter.parquet.footer import (
    ChunkField,
    FileField,
    MetaField,
    chunks_of,
    leaves_of,
    meta_of,
)
from optout.filter.parquet.small_pages import Chunk

ROWS = 400
GROUP = 100
REMOVED = [0, 7, 55, 99, *range(200, 300), 399]
KEPT = [row for row in range(ROWS) if row not in REMOVED]
CODECS = {0: "none", 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}


def secret(row: int) -> str:
    """Smaller or larger than every value that is kept."""
    return "!~"[row % 2] + hashlib.sha256(b"%d" % row).hexdigest()[:20]


def number(row: int) -> int:
    return 0x7A5E_C2E7_0000_0000 + row if row in REMOVED else row


def text(row: int, kept: str | None) -> str | None:
    return secret(row) if row in REMOVED else kept


def flat_table() -> pa.Table:
    rows = range(ROWS)
    return pa.table(
        {
            "id": pa.array([number(row) for row in rows], pa.int64()),
            "url": [
                text(row, None if row % 7 == 3 else f"https://a.example/{row}") for row in rows
            ],
            "word": [text(row, f"word {row % 5}") for row in rows],
            "ratio": pa.array([row / 7 for row in rows], pa.float64()),
            "flag": [row % 3 == 0 for row in rows],
        }
    )


def nested_table() -> pa.Table:
    rows = range(ROWS)
    tags = [[text(row, f"tag {i}") for i in range(1 + row % 3)] for row in rows]
    images = [{"bytes": (text(row, f"picture {row}") or "").encode(), "path": None} for row in rows]
    return (
        flat_table()
        .append_column("tags", pa.array([None if row % 11 == 5 else tags[row] for row in rows]))
        .append_column(
            "image", pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
        )
    )


FLAT, NESTED = flat_table(), nested_table()

Write = Callable[[Path], None]


def by_pyarrow(**options) -> Write:
    return lambda path: pq.write_table(NESTED, path, row_group_size=GROUP, **options)


def by_duckdb(codec: str, version: str) -> Write:
    table = NESTED

    def write(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.register("t", table)
            connection.execute(
                f"COPY t TO '{path}' (FORMAT parquet, CODEC {codec}, PARQUET_VERSION {version})"
            )

    return write


def by_polars(codec: str) -> Write:
    return lambda path: pl.from_arrow(NESTED).write_parquet(
        path, compression=codec, row_group_size=GROUP
    )


def by_fastparquet(codec: str) -> Write:
    return lambda path: fastparquet.write(
        str(path), FLAT.to_pandas(), compression=codec, row_group_offsets=GROUP, stats=True
    )


INDEXED = {
    "write_page_index": True,
    "write_page_checksum": True,
    "max_rows_per_page": 20,
    "bloom_filter_options": {"url": True, "id": True, "word": True},
}

WRITERS: dict[str, Write] = {
    **{
        f"pyarrow {codec} {version}": by_pyarrow(compression=codec, data_page_version=version)
        for codec in ("zstd", "snappy", "gzip", "lz4", "brotli", "none")
        for version in ("1.0", "2.0")
    },
    "pyarrow page index, checksums, Bloom filters 1.0": by_pyarrow(**INDEXED),
    "pyarrow page index, checksums, Bloom filters 2.0": by_pyarrow(
        **INDEXED, data_page_version="2.0", compression="zstd"
    ),
    "pyarrow plain": by_pyarrow(use_dictionary=False, write_page_index=True),
    "pyarrow delta": by_pyarrow(
        use_dictionary=False,
        column_encoding={
            "url": "DELTA_BYTE_ARRAY",
            "word": "DELTA_LENGTH_BYTE_ARRAY",
            "ratio": "BYTE_STREAM_SPLIT",
        },
    ),
    **{
        f"duckdb {codec} {version}": by_duckdb(codec, version)
        for codec, version in (
            *(("zstd", "V1"), ("snappy", "V2"), ("gzip", "V1")),
            *(("lz4_raw", "V1"), ("brotli", "V2"), ("uncompressed", "V2")),
        )
    },
    **{
        f"polars {codec}": by_polars(codec)
        for codec in ("zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed")
    },
    **{
        f"fastparquet {codec}": by_fastparquet(codec)
        for codec in ("ZSTD", "SNAPPY", "GZIP", "LZ4_RAW", "BROTLI", "UNCOMPRESSED")
    },
}


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    return tmp_path / "shard.parquet"


def without(source: Path, removed: list[int] = REMOVED) -> Path:
    out = source.with_name(f"{source.stem}.out.parquet")
    with out.open("w+b") as stream:
        rewrite(source, stream, np.array(removed), threads=2)
    return out


def footer_of(path: Path) -> Struct:
    data = path.read_bytes()
    return decode(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))[0]


def chunks_in(path: Path) -> Iterator[list[Struct]]:
    for group in footer_of(path).value(FileField.ROW_GROUPS):
        yield list(chunks_of(group))


def unfolded(path: Path) -> bytes:
    """The file, and behind it all its pages decompressed."""
    data = path.read_bytes()
    parts = [data]
    with path.open("rb") as stream:
        leaves = list(leaves_of(footer_of(path)))
        for chunks in chunks_in(path):
            for leaf, chunk in zip(leaves, chunks, strict=True):
                codec = CODECS[meta_of(chunk).value(MetaField.CODEC)]
                for page in Chunk(stream, leaf, meta_of(chunk)).pages():
                    levels = page.definition + page.repetition
                    body = data[page.start + levels : page.end]
                    size = page.size - levels
                    if codec == "none" or not page.compressed or not size:
                        parts.append(body)
                    else:
                        parts.append(pa.Codec(codec).decompress(body, size, asbytes=True))
    return b"\0".join(parts)


def traces(path: Path) -> set[int]:
    """The removed rows of which something is there."""
    data = unfolded(path)
    return {
        row
        for row in REMOVED
        if secret(row).encode() in data or number(row).to_bytes(8, "little") in data
    }


def expected_rows(path: Path) -> list[dict]:
    names = pq.read_schema(path).names
    return NESTED.select(names).take(pa.array(KEPT)).to_pylist()


def exact(rows: list[dict]) -> list[str]:
    return [repr(sorted(row.items())) for row in rows]


@pytest.mark.parametrize("how", WRITERS)
def test_the_kept_rows_are_there_and_nothing_of_the_others(how: str, shard: Path) -> None:
    WRITERS[how](shard)
    expected = exact(expected_rows(shard))
    assert traces(shard) == set(REMOVED), "a test that cannot fail"
    out = without(shard)
    assert not traces(out)
    assert exact(pq.read_table(out).to_pylist()) == expected
    found = duckdb.sql(f"SELECT * FROM '{out}'").to_arrow_table().to_pylist()
    assert exact(found) == expected
    assert exact(pl.read_parquet(out).to_dicts()) == expected


@pytest.mark.parametrize("how", [how for how in WRITERS if how.startswith("fastparquet")])
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_fastparquet_reads_what_it_wrote(how: str, shard: Path) -> None:
    WRITERS[how](shard)
    found = fastparquet.ParquetFile(str(without(shard))).to_pandas().reset_index(drop=True)
    before = fastparquet.ParquetFile(str(shard)).to_pandas().iloc[KEPT].reset_index(drop=True)
    assert found.equals(before)
    assert list(found.dtypes) == list(before.dtypes)


def test_timestamps_of_96_bits_hold_no_removed_moment(shard: Path) -> None:
    moments = [10**9 + row for row in range(ROWS)]
    table = pa.table({"t": pa.array(moments, pa.timestamp("s")), "id": range(ROWS)})
    pq.write_table(
        table, shard, use_deprecated_int96_timestamps=True, row_group_size=GROUP, compression="zstd"
    )
    out = without(shard)
    kept = table.take(pa.array(KEPT))
    assert pq.read_table(out).column("t").cast(pa.timestamp("s")).equals(kept.column("t"))
    assert pl.read_parquet(out)["id"].to_list() == KEPT
    assert footer_of(out).value(FileField.SCHEMA)[1].value(1) == 3, "INT96"


def bloom_blocks(values: list[bytes], size: int) -> bytes:
    """A split block Bloom filter, as parquet-format's BloomFilter.md has it."""
    salts = [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D]
    salts += [0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31]
    words = np.zeros((size // 32, 8), np.uint32)
    for value in values:
        key = xxhash.xxh64_intdigest(value)
        block = ((key >> 32) * len(words)) >> 32
        for place, salt in enumerate(salts):
            words[block, place] |= np.uint32(1 << ((key * salt & 0xFFFFFFFF) >> 27))
    return words.astype("<u4").tobytes()


def test_bloom_filters_know_the_kept_values_alone(shard: Path) -> None:
    WRITERS["pyarrow page index, checksums, Bloom filters 1.0"](shard)
    out = without(shard)
    data = out.read_bytes()
    rows = [KEPT[:96], KEPT[96:196], KEPT[196:]]
    for kept, chunks in zip(rows, chunks_in(out), strict=True):
        for column, name in ((0, "id"), (1, "url"), (2, "word")):
            meta = meta_of(chunks[column])
            header, start = decode(data, meta.value(MetaField.BLOOM))
            size = header.value(1)
            values = NESTED.column(name).take(pa.array(kept)).drop_null().to_pylist()
            plain = [v.encode() if isinstance(v, str) else v.to_bytes(8, "little") for v in values]
            assert data[start : start + size] == bloom_blocks(plain, size)


def test_page_indexes_name_pages_that_are_there(shard: Path) -> None:
    WRITERS["pyarrow page index, checksums, Bloom filters 1.0"](shard)
    out = without(shard)
    data = out.read_bytes()
    for chunks in chunks_in(out):
        for chunk in chunks:
            offsets, _ = decode(data, chunk.value(ChunkField.OFFSET_INDEX))
            bounds, _ = decode(data, chunk.value(ChunkField.COLUMN_INDEX))
            pages = offsets.value(1)
            assert len(pages) == len(bounds.value(1)) > 0
            rows = [page.value(3) for page in pages]
            assert rows[0] == 0
            assert rows == sorted(set(rows))
            for page in pages:
                header, _ = decode(data, page.value(1))
                assert header.value(1) in (0, 3), "a data page"


@pytest.mark.debian
@pytest.mark.timeout(900)
def test_spark_reads_the_kept_rows(tmp_path: Path, read_by_spark: Callable) -> None:
    expected = {}
    for place, (how, write) in enumerate(WRITERS.items()):
        if "brotli" in how.lower():  # Spark has no such codec
            continue
        source = tmp_path / f"{place}.parquet"
        write(source)
        expected[str(without(source))] = exact(expected_rows(source))
    found = read_by_spark(expected)
    for path, rows in expected.items():
        assert found[path] == rows, path
