"""Huge pages, read as small ones: the same rows as pyarrow's, and no trust in what pages say."""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optout.filter.errors import ShardError, StorageError
from optout.filter.parquet import ShardReader, groups, paged_file, rewrite, small_pages
from optout.filter.parquet.compact import I32, I64, decode, encode
from optout.filter.parquet.footer import chunks_of, frame, leaves_of, meta_of, read_footer
from optout.filter.parquet.groups import Groups
from optout.filter.parquet.tail import opened, read_tail

CODECS = ["none", "snappy", "zstd", "gzip", "brotli", "lz4"]
HUGE = {"data_page_size": 1 << 30, "dictionary_pagesize_limit": 1 << 30}


@pytest.fixture
def cut_small(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Cut pages after 40 values; tells how many column chunks were written anew."""
    monkeypatch.setattr(small_pages, "PAGE_LEVELS", 40)
    anew = []
    usual = paged_file.PagedFile.__init__

    def counted(self, stream, chunks) -> None:
        anew.extend(chunks)
        usual(self, stream, chunks)

    monkeypatch.setattr(paged_file.PagedFile, "__init__", counted)
    return lambda: len(anew)


def read(path: Path, *, huge: int = 1, rows: int = 1 << 16, columns=None) -> pa.Table:
    with opened(path, str(path)) as stream:
        footer = read_footer(read_tail(stream, str(path)), str(path))
    with Groups(path, footer, list(leaves_of(footer)), str(path), huge=huge) as reader:
        batches = [
            batch
            for number in range(pq.read_metadata(path).num_row_groups)
            for batch in reader.batches(number, columns, max_rows=rows)
        ]
    return pa.Table.from_batches(batches)


values = st.one_of(st.none(), st.binary(max_size=40), st.binary(max_size=4).map(lambda b: b * 99))
structs = st.one_of(
    st.none(), st.fixed_dictionaries({"bytes": values, "path": st.one_of(st.none(), st.text())})
)
COLUMNS = {
    "flat": (pa.binary(), values),
    "required": (pa.binary(), st.binary(max_size=60)),
    "fixed": (pa.binary(7), st.one_of(st.none(), st.binary(min_size=7, max_size=7))),
    "number": (pa.int64(), st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
    "float": (pa.float32(), st.one_of(st.none(), st.floats(width=32, allow_nan=False))),
    "image": (pa.struct([("bytes", pa.binary()), ("path", pa.string())]), structs),
    "list": (pa.list_(pa.binary()), st.one_of(st.none(), st.lists(values, max_size=4))),
    "images": (
        pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        st.one_of(st.none(), st.lists(structs, max_size=3)),
    ),
    "deep": (
        pa.list_(pa.list_(pa.string())),
        st.one_of(st.none(), st.lists(st.lists(st.text(max_size=5), max_size=3), max_size=3)),
    ),
    "map": (
        pa.map_(pa.string(), pa.binary()),
        st.one_of(st.none(), st.lists(st.tuples(st.text(max_size=3), values), max_size=3)),
    ),
}


@st.composite
def tables(draw) -> pa.Table:
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(1, 30))
    repeats = draw(st.sampled_from([1, 1, 7]))
    columns, fields = [], []
    for name in names:
        kind, strategy = COLUMNS[name]
        data = draw(st.lists(strategy, min_size=rows, max_size=rows)) * repeats
        columns.append(pa.array(data, kind))
        fields.append(pa.field(name, kind, nullable=name != "required"))
    return pa.table(columns, pa.schema(fields))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    table=tables(),
    codec=st.sampled_from(CODECS),
    version=st.sampled_from(["1.0", "2.0"]),
    dictionary=st.booleans(),
    checksum=st.booleans(),
    page=st.sampled_from([100, 1 << 30]),
    rows=st.sampled_from([1, 3, 50, 1 << 16]),
    huge=st.sampled_from([1, 60, 400]),
    inside=st.sampled_from([1, 1 << 20]),
)
def test_huge_pages_say_what_pyarrow_says(
    table: pa.Table,
    codec: str,
    version: str,
    dictionary: bool,
    checksum: bool,
    page: int,
    rows: int,
    huge: int,
    inside: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        table,
        path,
        compression=codec,
        data_page_version=version,
        use_dictionary=dictionary,
        write_page_checksum=checksum,
        data_page_size=page,
        dictionary_pagesize_limit=1 << 30,
        write_batch_size=5 if page == 100 else 1024,
        row_group_size=len(table),
    )
    monkeypatch.setattr(small_pages, "SMALL_BYTES", inside)
    with monkeypatch.context() as patch:
        patch.setattr(small_pages, "PAGE_LEVELS", 16)
        patch.setattr(small_pages, "PAGE_BYTES", 50)
        found = read(path, huge=huge, rows=rows)
    expected = pq.read_table(path)
    assert found.schema.equals(expected.schema, check_metadata=True)
    assert found.equals(expected)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("dictionary", [True, False])
def test_every_codec_is_cut(codec: str, dictionary: bool, cut_small: Callable, tmp_path) -> None:
    chance = random.Random(4)
    noise = [chance.randbytes(chance.randrange(300_000)) for _ in range(12)]
    words = [bytes(chance.choices(b"ab c", k=200_000)) for _ in range(3)]
    table = pa.table({"data": [*noise, None, b"", *words, bytes(3 << 20), *noise[:5]]})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression=codec, use_dictionary=dictionary, **HUGE)
    assert read(path).equals(table)
    assert cut_small() == 1


def test_pages_of_many_values_are_cut(cut_small: Callable, tmp_path: Path) -> None:
    urls = [f"https://example.org/{n}" for n in range(100_000)]
    table = pa.table(
        {"url": urls, "n": range(100_000), "even": [n % 2 == 0 for n in range(100_000)]}
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, use_dictionary=False, row_group_size=70_000, **HUGE)
    assert read(path).equals(table)
    assert read(path, columns=["url"]).equals(table.select(["url"]))
    assert cut_small() == 6  # booleans have no bytes of their own


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "zstd", "gzip", "lz4"])
@pytest.mark.parametrize("writer", ["polars", "duckdb"])
def test_pages_of_other_writers_are_cut(
    writer: str, codec: str, cut_small: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    texts = [None if n % 11 == 0 else f"caption {n * 7919 % 4001}" for n in range(20_000)]
    frame = pl.DataFrame(
        {
            "text": texts,
            "few": [f"kind {n % 5}" for n in range(20_000)],
            "list": [texts[n : n + n % 4] for n in range(20_000)],
            "image": [{"bytes": b"x" * (n % 40), "path": f"{n}"} for n in range(20_000)],
        }
    )
    if writer == "polars":
        frame.write_parquet(path, compression=codec)
    else:
        seen = frame.to_arrow()  # by its name in the query
        words = "lz4_raw" if codec == "lz4" else codec
        duckdb.sql(f"COPY (FROM seen) TO '{path}' (FORMAT parquet, COMPRESSION {words})")
        assert seen.num_rows == 20_000
    assert read(path, rows=777).equals(pq.read_table(path))
    assert cut_small() > 0


def test_what_is_not_known_is_left_to_pyarrow(cut_small: Callable, tmp_path: Path) -> None:
    table = pa.table({"n": range(1000), "text": ["a" * (n % 50) for n in range(1000)]})
    path = tmp_path / "a.parquet"
    encodings = {"n": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY"}
    pq.write_table(table, path, use_dictionary=False, column_encoding=encodings)
    assert read(path).equals(table)
    assert cut_small() == 0


def test_the_largest_pages_are_cut_and_the_others_left() -> None:
    def weights(*sizes: int) -> dict[int, paged_file.Weight]:
        return {n: paged_file.Weight(size, 1, known=True) for n, size in enumerate(sizes)}

    mega = 1 << 20
    assert paged_file.too_large(weights(50 * mega, 40 * mega)) == []
    assert paged_file.too_large(weights(90 * mega, mega, 80 * mega, mega)) == [0]
    assert paged_file.too_large(weights(90 * mega, 200 * mega, 95 * mega)) == [1, 2]
    unknown = weights(300 * mega, 90 * mega) | {0: paged_file.Weight(300 * mega, 1, known=False)}
    assert paged_file.too_large(unknown) == [1]


def test_readers_and_rewriting_cut_huge_pages(
    cut_small: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chance = random.Random(2)
    images = [{"bytes": chance.randbytes(900), "path": f"{n}.jpg"} for n in range(500)]
    table = pa.table({"image": images, "text": [f"caption {n}" for n in range(500)]})
    source = tmp_path / "a.parquet"
    pq.write_table(table, source, data_page_version="2.0", **HUGE)
    with (tmp_path / "usual.parquet").open("wb") as stream:
        usual = rewrite(source, stream, np.array([3, 400]))
    assert cut_small() == 0
    monkeypatch.setattr(groups, "HUGE_BYTES", 1)
    with (tmp_path / "cut.parquet").open("wb") as stream:
        cut = rewrite(source, stream, np.array([3, 400]))
    assert cut_small() == 3
    assert cut == usual
    with ShardReader(source) as reader:
        found = pa.Table.from_batches([batch.data for batch in reader.batches(max_rows=7)])
        assert found.equals(table)
        ones, others = (reader.batches(["text"], max_rows=9) for _ in range(2))
        both = zip(ones, others, strict=True)
        assert all(one.data.equals(other.data) for one, other in both)
    assert cut_small() == 8


def test_rows_that_a_dictionary_folds_up_come_in_small_batches(tmp_path: Path) -> None:
    picture = bytes(1 << 20)
    table = pa.table({"image": [bytes([n]) + picture for n in range(33)] + [b""] * 3000})
    table = pa.concat_tables([table, pa.table({"image": [b"\x00" + picture] * 200})])
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression="zstd", **HUGE)
    with ShardReader(path) as reader:
        assert max(batch.data.nbytes for batch in reader.batches()) < 80 << 20


@pytest.mark.parametrize("most_bytes", [1000, 1 << 20])
@pytest.mark.parametrize("most_rows", [499, 500])
@pytest.mark.parametrize("dense", [1000, 1 << 20])
def test_it_is_known_before_whether_a_row_group_comes_as_one_batch(
    most_bytes: int, most_rows: int, dense: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "DENSE_BATCH_BYTES", dense)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(500)]}), path)
    with opened(path, str(path)) as stream:
        footer = read_footer(read_tail(stream, str(path)), str(path))
    limits = {"max_bytes": most_bytes, "max_rows": most_rows}
    with Groups(path, footer, list(leaves_of(footer)), str(path), huge=1) as reader:
        count = len(list(reader.batches(0, **limits)))
        assert reader.is_one_batch(0, **limits) == (count == 1)
        assert (count == 1) == (most_bytes > 1000 and most_rows == 500 and dense > 1000)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_huge_page_that_does_not_match_its_checksum_is_not_read(
    codec: str, version: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"data": [random.Random(n).randbytes(500) for n in range(300)]})
    pq.write_table(
        table,
        path,
        compression=codec,
        use_dictionary=False,
        data_page_version=version,
        write_page_checksum=True,
        **HUGE,
    )
    assert read(path).equals(table)
    data = bytearray(path.read_bytes())
    data[100_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ShardError, match="checksum"):
        read(path)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_no_damage_to_huge_pages_raises_anything_but_a_shard_error(
    codec: str, version: str, dictionary: bool, tmp_path: Path
) -> None:
    chance = random.Random(codec + version)
    path = tmp_path / "a.parquet"
    data = [chance.choice([None, b"a" * n, chance.randbytes(n % 30)]) for n in range(300)]
    lists = [data[n : n + n % 4] for n in range(300)]
    pq.write_table(
        pa.table({"data": data, "lists": lists}),
        path,
        compression=codec,
        use_dictionary=dictionary,
        data_page_version=version,
        **HUGE,
    )
    whole = path.read_bytes()
    footer = len(whole) - int.from_bytes(whole[-8:-4], "little") - 8
    failed = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 20])):
            damaged[chance.randrange(4, footer)] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            read(path)
        except ShardError as error:
            failed += str(path) in error.message
    assert failed > 5


def with_header(path: Path, change: Callable) -> None:
    """Change the first page's header, keeping the place of everything else."""
    data = path.read_bytes()
    with opened(path, "p") as stream:
        footer = read_footer(read_tail(stream, "p"), "p")
    start = meta_of(chunks_of(footer.value(4)[0])[0]).value(9)
    header, end = decode(data, start)
    change(header)
    made = encode(header)
    chunk = meta_of(chunks_of(footer.value(4)[0])[0])
    chunk.set(7, I64, chunk.value(7) + len(made) - (end - start))
    body = data[:start] + made + data[end : len(data) - 8 - int.from_bytes(data[-8:-4], "little")]
    tail = encode(footer)
    path.write_bytes(body + tail + len(tail).to_bytes(4, "little") + b"PAR1")


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.set(2, I32, 2**31 - 1),
        lambda header: header.set(3, I32, 2**31 - 1),
        lambda header: header.set(2, I32, 5),
        lambda header: header.set(2, I32, -5),
        lambda header: header.value(5).set(1, I32, 2**31 - 1),
        lambda header: header.value(5).set(1, I32, 3),
        lambda header: header.value(5).set(2, I32, 8),
        lambda header: header.drop(5),
    ],
)
@pytest.mark.parametrize("codec", CODECS)
def test_a_header_that_lies_is_named_and_takes_no_memory(
    codec: str, change: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"data": [b"a" * (n % 90) for n in range(3000)]})
    pq.write_table(table, path, compression=codec, use_dictionary=False, **HUGE)
    with_header(path, dict)
    assert read(path).equals(table)
    with_header(path, change)
    before = pa.total_allocated_bytes()
    pool = pa.default_memory_pool()
    with pytest.raises(ShardError, match=r"a\.parquet"):
        read(path)
    gc.collect()  # an error and its traceback may hold each other
    assert pool.bytes_allocated() <= before + (1 << 20)


def test_a_dictionary_that_is_not_small_leaves_no_file_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"data": [bytes([n % 7]) * 500 for n in range(300)]})
    pq.write_table(table, path, compression="zstd", **HUGE)
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    monkeypatch.setattr(small_pages, "SMALL_BYTES", 1)
    assert read(path).equals(table)
    assert list(aside.iterdir()) == []


def test_no_room_for_a_dictionary_is_not_the_shards_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"data": [bytes(500)] * 300}), path, compression="zstd", **HUGE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    monkeypatch.setattr(small_pages, "SMALL_BYTES", 1)
    with pytest.raises(StorageError, match="a large dictionary cannot be put aside") as caught:
        read(path)
    assert "TMPDIR" in caught.value.advice


def test_batches_may_be_left_and_the_file_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"data": [random.Random(n).randbytes(900) for n in range(1000)]})
    pq.write_table(table, path, use_dictionary=False, **HUGE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with opened(path, "p") as stream:
            footer = read_footer(read_tail(stream, "p"), "p")
        with Groups(path, footer, list(leaves_of(footer)), "p", huge=1) as reader:
            reading = reader.batches(0, max_rows=10)
            assert next(reading).num_rows == 10
            del reading
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_second_dictionary_in_a_chunk_is_refused_as_pyarrow_does(tmp_path: Path) -> None:
    path = tmp_path / "two.parquet"
    table = pa.table({"a": pa.array([b"a", b"b"] * 50, pa.binary())})
    pq.write_table(table, path, compression="none", store_schema=False)
    with opened(path, "two") as stream:
        footer = read_footer(read_tail(stream, "two"), "two")
    [group] = footer.value(4)
    meta = meta_of(chunks_of(group)[0])
    first, rest = meta.value(11), meta.value(9)
    data = path.read_bytes()
    chunk = data[first:rest] * 2 + data[rest : first + meta.value(7)]
    meta.set(7, I64, len(chunk))
    meta.set(11, I64, 4)
    meta.set(9, I64, 4 + 2 * (rest - first))
    path.write_bytes(b"PAR1" + chunk + frame(footer))
    with pytest.raises(ShardError, match="two dictionaries"):
        read(path)
