"""Taking rows out of a shard: everything else stays, and nothing of them does."""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.errors import ShardError
from optout.filter.parquet import copy, encoding, kept, rewrite, scratch

ROWS = 400
REMOVED = np.array([0, 1, 3, 5, 77, 391, ROWS - 1])
KEPT = np.setdiff1d(np.arange(ROWS), REMOVED)


def holes(values) -> list:
    return [None if number % 7 == 3 else value for number, value in enumerate(values)]


def common_columns() -> dict[str, pa.Array]:
    """What pyarrow, DuckDB and Polars all read."""
    count = range(ROWS)
    floats = np.random.default_rng(7).integers(0, 2**64, ROWS, dtype=np.uint64)
    floats[::5] = 0x7FF8_0000_0000_0000 | np.arange(len(floats[::5]), dtype=np.uint64)
    instants = {
        f"timestamp {unit} {zone}": pa.array(
            holes(10**9 + i for i in count), pa.timestamp(unit, tz=zone)
        )
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "UTC")
    }
    return {
        "string": pa.array(holes(f"é{i % 50}" for i in count)),
        "large string": pa.array(holes(f"L{i}" for i in count), pa.large_string()),
        "binary": pa.array(holes(bytes([i % 256]) * (i % 9) for i in count)),
        "large binary": pa.array(holes(b"\xff%d" % i for i in count), pa.large_binary()),
        "fixed": pa.array(holes(i.to_bytes(8, "little") for i in count), pa.binary(8)),
        "int8": pa.array(holes(i % 256 - 128 for i in count), pa.int8()),
        "uint16": pa.array([65535 - i for i in count], pa.uint16()),
        "uint32": pa.array([2**32 - 1 - i for i in count], pa.uint32()),
        "uint64": pa.array(holes(2**64 - 1 - i for i in count), pa.uint64()),
        "int64": pa.array([i - 2**63 for i in count], pa.int64()),
        "float": pa.array((floats >> np.uint64(32)).astype(np.uint32).view(np.float32)),
        "double": pa.array(floats.view(np.float64)),
        "bool": pa.array(holes(i % 3 == 0 for i in count)),
        "decimal": pa.array(holes(Decimal(i - 250) / 100 for i in count), pa.decimal128(7, 2)),
        "wide": pa.array(holes(Decimal(10) ** 30 * (i - 250) for i in count), pa.decimal128(38)),
        "date": pa.array(holes(datetime.date.fromordinal(700_000 + i) for i in count)),
        "time": pa.array(holes(count), pa.time64("us")),
        **instants,
        "list": pa.array(holes([*range(i % 4), None] for i in count)),
        "lists": pa.array(holes([[1], None, []] * (i % 3) for i in count)),
        "picture": pa.array(holes({"bytes": b"p%d" % i, "path": None} for i in count)),
        "structs": pa.array(holes([{"a": i, "b": ["x", None]}, None] for i in count)),
        "map": pa.array(
            holes([("k", i), ("l", None)] for i in count), pa.map_(pa.string(), pa.int32())
        ),
        "category": pa.array(holes(f"c{i % 5}" for i in count)).dictionary_encode(),
    }


def arrow_columns() -> dict[str, pa.Array]:
    """What only Arrow has."""
    count = range(ROWS)
    return {
        "view": pa.array(holes(f"view {i} of them" for i in count), pa.string_view()),
        "half": pa.array(np.arange(ROWS).astype(np.float16)),
        "null": pa.nulls(ROWS),
        "huge": pa.array(holes(Decimal(10) ** 50 * i for i in count), pa.decimal256(76)),
        "date64": pa.array(holes(i * 86_400_000 for i in count), pa.date64()),
        "time32": pa.array(holes(count), pa.time32("ms")),
        "duration": pa.array(holes(count), pa.duration("us")),
        "berlin": pa.array(holes(count), pa.timestamp("us", "Europe/Berlin")),
        "large list": pa.array(
            holes([[i], []] for i in count), pa.large_list(pa.list_(pa.int16()))
        ),
        "pairs": pa.array(holes([i, None] for i in count), pa.list_(pa.int32(), 2)),
        "ints": pa.array([i % 5 for i in count]).dictionary_encode(),
        "nested": pa.array([["a", "b"][: i % 3] for i in count], pa.list_(pa.string())),
        "dots.in.name": pa.array(count),
        "": pa.array(count),
    }


def table_of(columns: dict[str, pa.Array]) -> pa.Table:
    table = pa.table(columns)
    required = pa.field("int64", pa.int64(), nullable=False, metadata={"who": "me"})
    schema = table.schema.set(table.schema.get_field_index("int64"), required)
    schema = schema.with_metadata({"huggingface": '{"info": {}}', "another": "key"})
    return pa.Table.from_arrays(table.columns, schema=schema)


COMMON = table_of(common_columns())
EVERYTHING = table_of(common_columns() | arrow_columns())

WRITTEN = {
    "pages of version 1": {"row_group_size": 150},
    "pages of version 2": {"row_group_size": 150, "data_page_version": "2.0"},
    "indexes and checksums": {
        "row_group_size": 150,
        "write_page_index": True,
        "write_page_checksum": True,
        "bloom_filter_options": {"string": True, "int64": True},
        "sorting_columns": [pq.SortingColumn(9)],
    },
    "plain": {"use_dictionary": False, "compression": "none"},
    "other encodings": {
        "use_dictionary": False,
        "column_encoding": {
            "int64": "DELTA_BINARY_PACKED",
            "string": "DELTA_BYTE_ARRAY",
            "binary": "DELTA_LENGTH_BYTE_ARRAY",
            "double": "BYTE_STREAM_SPLIT",
        },
    },
    "no statistics": {"write_statistics": False, "compression": "zstd"},
    "some statistics": {"write_statistics": ["int64"], "use_dictionary": ["string"]},
    "decimals as integers": {"store_decimal_as_integer": True, "compression": "gzip"},
    "no Arrow schema": {"store_schema": False, "compression": "lz4"},
    "old lists": {"use_compliant_nested_type": False, "compression": "brotli"},
    "small row groups": {"row_group_size": 8},
}


def bits(values: pa.Array | pa.ChunkedArray) -> object:
    """A column as nested lists of exact values; NaN equals only the same NaN."""
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks or [pa.array([], values.type)])
    kind = values.type
    if pa.types.is_dictionary(kind):
        return bits(values.dictionary_decode())
    if pa.types.is_struct(kind):
        return values.is_valid().to_pylist(), [bits(child) for child in values.flatten()]
    if pa.types.is_map(kind):
        pairs = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return bits(values.cast(pa.list_(pairs)))
    if pa.types.is_nested(kind):
        return pc.list_value_length(values).to_pylist(), bits(values.flatten())
    if pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        same = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width]
        return values.view(same).to_pylist()
    return values.to_pylist()


def without(source: Path, removed=REMOVED) -> Path:
    out = source.with_name(f"{source.stem}.out.parquet")
    with out.open("w+b") as stream:
        report = rewrite(source, stream, np.asarray(removed))
    assert report.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert report.size == out.stat().st_size
    assert report.rows_out == report.rows_in - len(removed) == pq.read_metadata(out).num_rows
    return out


def assert_same_but_for(source: Path, out: Path, removed=REMOVED) -> None:
    """Values bit by bit, and all that the schema says."""
    before, after = pq.ParquetFile(source), pq.ParquetFile(out)
    assert after.schema.equals(before.schema)
    assert after.metadata.metadata == before.metadata.metadata
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    kept = np.setdiff1d(np.arange(before.metadata.num_rows), removed)
    for name, had, has in zip(
        before.schema_arrow.names, before.read().columns, after.read().columns, strict=True
    ):
        had = had.cast(pa.string()) if had.type == pa.string_view() else had
        has = has.cast(pa.string()) if has.type == pa.string_view() else has
        assert bits(has) == bits(had.take(pa.array(kept))), name


def chunks(path: Path) -> list[list[pq.ColumnChunkMetaData]]:
    footer = pq.read_metadata(path)
    return [
        [footer.row_group(group).column(column) for column in range(footer.num_columns)]
        for group in range(footer.num_row_groups)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(table: pa.Table, **options) -> Path:
        path = tmp_path / "shard.parquet"
        pq.write_table(table, path, **options)
        return path

    return write


@pytest.mark.parametrize("how", WRITTEN)
def test_all_other_rows_and_the_whole_schema_stay(how: str, write: Callable) -> None:
    source = write(EVERYTHING, **WRITTEN[how])
    assert_same_but_for(source, without(source))


@pytest.mark.parametrize("how", WRITTEN)
def test_chunks_are_written_as_they_were(how: str, write: Callable) -> None:
    source = write(COMMON, **WRITTEN[how])
    before, after = chunks(source), chunks(without(source))
    assert len(after) == len(before)
    for had, has in zip(itertools.chain(*before), itertools.chain(*after), strict=True):
        assert has.path_in_schema == had.path_in_schema
        assert has.compression == had.compression
        assert has.has_dictionary_page == had.has_dictionary_page
        assert set(has.encodings) == set(had.encodings)
        assert has.is_stats_set == had.is_stats_set
        if had.is_stats_set:
            assert has.statistics.has_min_max == had.statistics.has_min_max
        assert has.has_column_index == had.has_column_index
        assert has.has_offset_index == had.has_offset_index
        assert (has.bloom_filter_offset is None) == (had.bloom_filter_offset is None)
    footers = [pq.read_metadata(path) for path in (source, source.with_suffix(".out.parquet"))]
    for group in range(len(before)):
        had_order, has_order = (footer.row_group(group).sorting_columns for footer in footers)
        assert has_order == had_order


def test_statistics_are_those_of_the_kept_rows(write: Callable) -> None:
    source = write(COMMON)
    fresh = source.with_name("fresh.parquet")
    pq.write_table(COMMON.take(pa.array(KEPT)), fresh)
    for expected, found in zip(chunks(fresh)[0], chunks(without(source))[0], strict=True):
        assert found.statistics == expected.statistics, found.path_in_schema


@pytest.mark.parametrize("how", ["pages of version 1", "pages of version 2", "no statistics"])
def test_polars_and_duckdb_read_the_kept_rows(how: str, write: Callable) -> None:
    source = write(COMMON, **WRITTEN[how])
    out = without(source)
    before, after = pl.read_parquet(source), pl.read_parquet(out)
    assert after.schema == before.schema
    assert after.equals(before[KEPT])
    before, after = (
        duckdb.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()
        for path in (source, out)
    )
    assert after.schema == before.schema
    for had, has in zip(before.columns, after.columns, strict=True):
        assert bits(has) == bits(had.take(pa.array(KEPT)))


DUCKDB = """COPY (SELECT i, 'u' || i AS s, (i - 250)::DECIMAL(4, 1) AS d4, (i - 250)::DECIMAL(18, 2)
    AS d18, (i - 250)::DECIMAL(20, 2) AS d20, i::HUGEINT AS h, i::UBIGINT AS ub,
    (i % 200)::UTINYINT AS ut, uuid() AS u, [i, NULL] AS l, {{'a': i, 'b': [{{'c': 'x'}}]}} AS st,
    MAP {{'k': i}} AS m, TIMESTAMP '2020-01-01' + INTERVAL (i) DAY AS ts, DATE '2020-01-01' AS da,
    'a'::ENUM('a', 'b') AS e, '{{}}'::JSON AS j, i::FLOAT AS f, '\\xAA'::BLOB AS bl, NULL AS nu
    FROM range({rows}) t(i)) TO '{path}' ({options})"""


@pytest.mark.parametrize("options", ["FORMAT parquet", "PARQUET_VERSION V2, CODEC zstd"])
def test_what_duckdb_wrote_keeps_its_physical_types(options: str, tmp_path: Path) -> None:
    source = tmp_path / "duck.parquet"
    duckdb.sql(DUCKDB.format(rows=ROWS, path=source, options=options))
    out = without(source)
    assert_same_but_for(source, out)
    assert pl.read_parquet(out).equals(pl.read_parquet(source)[KEPT])
    before, after = (
        duckdb.sql(f"SELECT * FROM parquet_schema('{path}')").fetchall() for path in (source, out)
    )
    assert [row[1:] for row in after] == [row[1:] for row in before]


def test_what_polars_wrote_is_read_back_by_polars(tmp_path: Path) -> None:
    source = tmp_path / "polars.parquet"
    frame = pl.DataFrame(
        {
            "s": ["a", "b", None, "c"] * (ROWS // 4),
            "c": pl.Series(["x", "y", None, "z"] * (ROWS // 4), dtype=pl.Categorical),
            "e": pl.Series(["x", "y", None, "x"] * (ROWS // 4), dtype=pl.Enum(["y", "x", "z"])),
            "l": [[1, None], [], None, [2]] * (ROWS // 4),
            "st": [{"a": 1, "b": [1.5]}, None, {"a": None, "b": None}, {}] * (ROWS // 4),
            "duration": [datetime.timedelta(1)] * ROWS,
            "array": pl.Series([[1, 2]] * ROWS, dtype=pl.Array(pl.Int64, 2)),
            "decimal": pl.Series([Decimal("1.5")] * ROWS, dtype=pl.Decimal(20, 2)),
            "nothing": [None] * ROWS,
        }
    )
    frame.write_parquet(source, row_group_size=100)
    out = without(source)
    assert_same_but_for(source, out)
    assert pl.read_parquet(out).equals(frame[KEPT])


def test_timestamps_of_96_bits_pass_even_where_64_cannot_hold_them(tmp_path: Path) -> None:
    source = tmp_path / "spark.parquet"
    far = pa.array([datetime.datetime(9999, 12, 31), datetime.datetime(2020, 1, 1)] * 200)
    pq.write_table(pa.table({"t": far}), source, use_deprecated_int96_timestamps=True)
    out = without(source)
    reading = {"coerce_int96_timestamp_unit": "us"}
    assert pq.read_table(out, **reading).equals(pq.read_table(source, **reading).take(KEPT))
    assert pq.ParquetFile(out).schema.column(0).physical_type == "INT96"


def test_pandas_finds_its_index_and_its_order_of_categories(tmp_path: Path) -> None:
    source = tmp_path / "pandas.parquet"
    sizes = pd.Categorical(
        ["small", "large", "medium", "small"] * (ROWS // 4),
        categories=["small", "medium", "large", "never seen"],
        ordered=True,
    )
    frame = pd.DataFrame({"size": sizes, "n": range(ROWS)})
    frame.to_parquet(source, row_group_size=100)
    found = pd.read_parquet(without(source))
    expected = frame.iloc[KEPT].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)

    named = frame.set_index(pd.Index([f"key {n}" for n in range(ROWS)], name="key"))
    named.to_parquet(source)
    pd.testing.assert_frame_equal(pd.read_parquet(without(source)), named.iloc[KEPT])


SECRET = "not-to-be-found-anywhere"


def planted(options: str) -> tuple[pa.Table, dict]:
    words = [f"word {n % 40}" for n in range(ROWS)]
    for row in REMOVED:
        words[row] = SECRET
    array = pa.array(words)
    columns = {
        "text": array,
        "category": array.dictionary_encode(),
        "list": pa.array([[word] for word in words]),
        "nested category": pa.ListArray.from_arrays(
            pa.array(range(ROWS + 1), pa.int32()), array.dictionary_encode()
        ),
        "picture": pa.array([{"bytes": word.encode(), "path": word} for word in words]),
        "view": array.cast(pa.string_view()),
    }
    extreme = {"indexed": {"write_page_index": True}, "dense": {"use_dictionary": False}}
    return pa.table(columns), {"compression": "none", **extreme.get(options, {})}


@pytest.mark.parametrize("how", ["plain dictionary", "indexed", "dense", "store_schema"])
@pytest.mark.parametrize("size", [ROWS, 50])
def test_no_removed_value_is_left_anywhere(how: str, size: int, write: Callable) -> None:
    table, options = planted(how)
    if how == "store_schema":
        options["store_schema"] = False
    if size < ROWS:  # pyarrow writes it in several row groups, but does not read it back
        table = table.drop_columns("nested category")
    source = write(table, row_group_size=size, **options)
    assert source.read_bytes().count(SECRET.encode()) > len(REMOVED)
    out = without(source)
    assert SECRET.encode() not in out.read_bytes()
    assert_same_but_for(source, out)


def test_what_kept_rows_share_with_a_removed_row_stays(write: Callable) -> None:
    table, options = planted("plain dictionary")
    source = write(table, **options)
    out = without(source, REMOVED[1:])
    assert pq.read_table(out).column("text")[0].as_py() == SECRET
    assert pq.read_table(out).column("category")[0].as_py() == SECRET


def test_a_row_group_without_a_removed_row_is_copied_byte_for_byte(write: Callable) -> None:
    source = write(COMMON.drop_columns("category"), row_group_size=100, write_page_index=True)
    out = io.BytesIO()
    report = rewrite(source, out, np.array([150]))
    assert (report.how, report.why) == ("spliced", "3 row groups have no row to remove")
    footer = pq.read_metadata(source)
    groups = [footer.row_group(number) for number in (0, 2, 3)]
    for group in groups:
        first, last = group.column(0), group.column(group.num_columns - 1)
        start = first.dictionary_page_offset or first.data_page_offset
        end = last.dictionary_page_offset or last.data_page_offset
        assert source.read_bytes()[start : end + last.total_compressed_size] in out.getvalue()


def test_readers_that_use_the_page_index_find_the_right_rows(write: Callable) -> None:
    table = pa.table({"n": range(5000), "text": [f"row {n}" for n in range(5000)]})
    source = write(table, row_group_size=1000, write_page_index=True, max_rows_per_page=50)
    out = without(source, [10, 2500])
    found = duckdb.sql(f"SELECT text FROM '{out}' WHERE n IN (11, 1234, 2501, 4999)").fetchall()
    assert found == [("row 11",), ("row 1234",), ("row 2501",), ("row 4999",)]
    lazy = pl.scan_parquet(out).filter(pl.col("n") == 3210).collect()
    assert lazy["text"].to_list() == ["row 3210"]


def test_an_emptied_row_group_goes_and_an_emptied_file_keeps_its_schema(write: Callable) -> None:
    source = write(COMMON, row_group_size=100)
    out = without(source, range(100, 200))
    assert pq.read_metadata(out).num_row_groups == 3
    assert_same_but_for(source, out, range(100, 200))
    out = without(source, range(ROWS))
    assert pq.read_table(out).equals(pq.read_table(source).slice(0, 0), check_metadata=True)
    assert pl.read_parquet(out).height == 0


@pytest.mark.parametrize("groups", [0, 1])
def test_a_file_without_rows_is_copied(groups: int, tmp_path: Path) -> None:
    source = tmp_path / "empty.parquet"
    with pq.ParquetWriter(source, COMMON.schema) as writer:
        if groups:
            writer.write_table(COMMON.slice(0, 0))
    out = without(source, [])
    assert out.read_bytes() == source.read_bytes()


def test_an_empty_row_group_among_others_stays(tmp_path: Path) -> None:
    source = tmp_path / "gap.parquet"
    with pq.ParquetWriter(source, COMMON.schema) as writer:
        writer.write_table(COMMON.slice(0, 200))
        writer.write_table(COMMON.slice(0, 0))
        writer.write_table(COMMON.slice(200))
    assert_same_but_for(source, without(source))


def test_bytes_do_not_depend_on_how_the_input_is_read(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(EVERYTHING, row_group_size=300)
    expected = without(source).read_bytes()
    usual = pa.cpu_count()
    try:
        for rows, threads in ((11, 1), (64, 4)):
            monkeypatch.setattr(encoding, "_WHOLE_ROWS", rows)
            monkeypatch.setattr(encoding, "BATCH_ROWS", rows)
            pa.set_cpu_count(threads)
            assert without(source).read_bytes() == expected
    finally:
        pa.set_cpu_count(usual)


@pytest.mark.parametrize("how", WRITTEN)
def test_bytes_do_not_depend_on_where_they_are_put_together(
    how: str, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(EVERYTHING, **WRITTEN[how])
    expected = without(source).read_bytes()
    monkeypatch.setattr(scratch, "SMALLEST_BYTES", 1 << 12)
    monkeypatch.setattr(kept, "SMALLEST_BYTES", 0)
    monkeypatch.setattr(encoding, "_STEP_BYTES", 1 << 12)
    assert without(source).read_bytes() == expected
    # No piece is encoded into so little; what was begun there goes elsewhere.
    monkeypatch.setattr(encoding, "_ROOM_BYTES", -(1 << 40))
    assert without(source).read_bytes() == expected


def test_bytes_do_not_depend_on_room_for_blocks(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(EVERYTHING)
    expected = without(source).read_bytes()

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(encoding.Scratch, "take", full)
    assert without(source).read_bytes() == expected


def test_a_row_group_that_unfolds_to_more_than_arrow_counts_is_cut(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "_MOST_BYTES", 40_000)
    monkeypatch.setattr(encoding, "_STEP_BYTES", 1000)
    source = write(pa.table({"text": ["a" * 1000] * ROWS}))
    out = without(source)
    assert_same_but_for(source, out)
    assert len(chunks(out)) > 1


def test_a_large_row_group_is_cut_where_the_input_says(
    write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PIECE_BYTES", 10_000)
    monkeypatch.setattr(encoding, "BATCH_ROWS", 10)
    source = write(COMMON)
    out = without(source)
    sizes = [pq.read_metadata(out).row_group(n).num_rows for n in range(len(chunks(out)))]
    assert len(sizes) > 3
    assert_same_but_for(source, out)
    # The cuts lie at the same rows of the input, whichever rows are removed.
    others = without(source, [200])
    assert len(chunks(others)) == len(sizes)


def test_nothing_removed_is_a_copy(write: Callable) -> None:
    source = write(COMMON)
    for stream in (io.BytesIO(), source.with_name("copy").open("w+b")):
        with stream:
            report = copy(source, stream)
            stream.seek(0)
            assert stream.read() == source.read_bytes()
        assert report.how == "copied"
        assert report.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
        assert (report.rows_in, report.rows_out) == (ROWS, ROWS)


@pytest.mark.parametrize("rows", [[-1], [ROWS], [3, 3], [5, 4]])
def test_rows_that_are_no_ascending_rows_of_the_shard_are_refused(
    rows: list[int], write: Callable
) -> None:
    with pytest.raises(ValueError, match="not ascending rows"):
        rewrite(write(COMMON), io.BytesIO(), np.array(rows))


def test_a_failing_output_is_no_fault_of_the_shard(write: Callable) -> None:
    class Full(io.BytesIO):
        def write(self, data) -> int:
            if self.tell() > 10_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"):
        rewrite(write(COMMON), Full(), REMOVED)


def test_a_damaged_page_is_named_with_its_shard(write: Callable) -> None:
    source = write(COMMON, compression="zstd", write_page_checksum=True)
    data = bytearray(source.read_bytes())
    data[60:90] = bytes(30)
    source.write_bytes(data)
    with pytest.raises(ShardError, match=r"shard\.parquet cannot be read") as caught:
        rewrite(source, io.BytesIO(), REMOVED)
    assert caught.value.shard == str(source)
    assert caught.value.advice


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 30))
def test_any_nesting_of_nulls_and_lists_survives(
    data: st.DataObject, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inner = st.none() | st.lists(st.none() | st.lists(st.none() | st.integers(0, 9), max_size=3))
    record = st.none() | st.fixed_dictionaries({"a": inner, "b": st.none() | st.text(max_size=3)})
    rows = data.draw(st.lists(record, min_size=size, max_size=size))
    removed = sorted(data.draw(st.sets(st.integers(0, size - 1), max_size=size)))
    kind = pa.struct([("a", pa.list_(pa.list_(pa.int8()))), ("b", pa.string())])
    table = pa.table({"r": pa.array(rows, kind)})
    source = tmp_path_factory.mktemp("nested") / "nested.parquet"
    pq.write_table(table, source, row_group_size=data.draw(st.integers(1, 30)))
    out = io.BytesIO()
    rewrite(source, out, np.array(removed, dtype=np.int64))
    kept = [row for number, row in enumerate(rows) if number not in removed]
    assert pq.read_table(out).column("r").to_pylist() == kept
