"""Row groups encoded on several threads: the same bytes, within bounds, and faults that pass."""

from __future__ import annotations

import io
import itertools
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.errors import ShardError
from optout.filter.parquet import copy, encoding, read_back, rewrite, transfer
from optout.filter.parquet.pipeline import Pipeline
from optout.filter.parquet.transfer import Output

ROWS = 4000


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("threads") / "shard.parquet"
    table = pa.table(
        {
            "url": [f"https://a.example/{n * 7919 % 5000}" for n in range(ROWS)],
            "kind": pa.array([f"k{n % 5}" for n in range(ROWS)]),
            "tags": [[f"t{i}" for i in range(n % 4)] for n in range(ROWS)],
        }
    )
    pq.write_table(table, path, row_group_size=150, write_page_index=True, compression="zstd")
    return path


def written(shard: Path, removed: list[int] | range, **options) -> bytes:
    stream = io.BytesIO()
    rewrite(shard, stream, np.array(removed, np.int64), **options)
    return stream.getvalue()


@pytest.mark.parametrize("removed", [range(0, ROWS, 99), [3], range(300, 460), range(ROWS)])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_bytes_do_not_depend_on_threads(removed: list[int], threads: int, shard: Path) -> None:
    assert written(shard, removed, threads=threads) == written(shard, removed)


@pytest.mark.parametrize("threads", [2, 5])
def test_pieces_of_large_row_groups_keep_their_order(
    threads: int, shard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PIECE_BYTES", 2000)
    monkeypatch.setattr(encoding, "BATCH_ROWS", 20)
    removed = range(5, ROWS, 37)
    found = written(shard, removed, threads=threads)
    assert found == written(shard, removed)
    kept = np.setdiff1d(np.arange(ROWS), removed)
    assert pq.read_table(io.BytesIO(found)).equals(pq.read_table(shard).take(pa.array(kept)))
    assert pq.read_metadata(io.BytesIO(found)).num_row_groups > 27


def test_a_file_gets_the_same_bytes_and_digest_as_memory(shard: Path, tmp_path: Path) -> None:
    for removed in ([], [3], range(0, ROWS, 99)):
        with (tmp_path / "out.parquet").open("w+b") as stream:
            report = rewrite(shard, stream, np.array(removed, np.int64), threads=2)
            assert stream.tell() == report.size
        found = (tmp_path / "out.parquet").read_bytes()
        inside = io.BytesIO()
        expected = rewrite(shard, inside, np.array(removed, np.int64))
        assert found == inside.getvalue()
        assert report == expected


@pytest.mark.parametrize("beginner", [None, lambda *_: -1])
def test_a_system_that_does_not_begin_to_store_will_do(
    beginner: Callable[..., int] | None,
    shard: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_back, "_BEGUN_BYTES", 100)
    monkeypatch.setattr(read_back, "_STORE_BEGINNER", beginner)
    with (tmp_path / "out.parquet").open("w+b") as stream:
        report = rewrite(shard, stream, np.array([3]))
    assert (tmp_path / "out.parquet").read_bytes() == written(shard, [3])
    assert report.size == (tmp_path / "out.parquet").stat().st_size


def test_what_is_hashed_is_begun_to_be_stored_once(
    shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setattr(read_back, "_BEGUN_BYTES", 100)
    monkeypatch.setattr(
        read_back, "_STORE_BEGINNER", lambda _, start, size, how: begun.append((start, size, how))
    )
    with (tmp_path / "out.parquet").open("w+b") as stream:
        report = rewrite(shard, stream, np.arange(0, ROWS, 99))
    ends = list(itertools.accumulate((size for _, size, _ in begun), initial=0))
    assert [start for start, _, _ in begun] == ends[:-1]
    assert report.size - 100 < ends[-1] <= report.size
    assert {how for _, _, how in begun} == {2}


def test_what_no_kernel_can_copy_is_copied_all_the_same(
    shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = written(shard, [3])
    monkeypatch.setattr(transfer.os, "copy_file_range", lambda *_: 0)
    with (tmp_path / "out.parquet").open("w+b") as stream:
        rewrite(shard, stream, np.array([3]))
    assert (tmp_path / "out.parquet").read_bytes() == expected
    with (tmp_path / "out.parquet").open("w+b") as stream:
        copy(shard, stream)
    assert (tmp_path / "out.parquet").read_bytes() == shard.read_bytes()


def test_a_damaged_page_is_told_wherever_it_was_decoded(shard: Path, tmp_path: Path) -> None:
    footer = pq.read_metadata(shard)
    for group in (0, 13, footer.num_row_groups - 1):
        data = bytearray(shard.read_bytes())
        start = footer.row_group(group).column(0).dictionary_page_offset
        data[start + 20 : start + 200] = bytes(180)
        path = tmp_path / "damaged.parquet"
        path.write_bytes(data)
        before = threading.active_count()
        with pytest.raises(ShardError, match=r"damaged\.parquet"):
            written(path, range(0, ROWS, 99), threads=3)
        assert threading.active_count() == before


def test_a_full_disk_ends_all_threads(shard: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data) -> int:
            if self.tell() > 1000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    before = threading.active_count()
    with pytest.raises(OSError, match="No space left"):
        rewrite(shard, Full(), np.arange(0, ROWS, 99), threads=3)
    assert threading.active_count() == before


def test_a_source_that_becomes_shorter_is_a_fault_of_the_shard(
    shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "short.parquet"
    path.write_bytes(shard.read_bytes())
    enter = Output.__enter__

    def cut(output: Output) -> Output:
        path.write_bytes(path.read_bytes()[:1000])
        return enter(output)

    monkeypatch.setattr(Output, "__enter__", cut)
    with pytest.raises(ShardError, match=r"short\.parquet cannot be read: it ends before"):
        copy(path, io.BytesIO())


class Counted:
    """Decodes and encodes nothing, and counts what is there at a time."""

    def __init__(self, large: int, pieces: int) -> None:
        self._large = large
        self._pieces = pieces
        self._lock = threading.Lock()
        self._decoding: set[int] = set()
        self.held = 0
        self.most = 0

    def decode(self, number: int) -> Generator[tuple[int, int], None, None]:
        for piece in range(self._pieces if number % self._large == 0 else 1):
            with self._lock:
                assert number not in self._decoding
                self._decoding.add(number)
                self.held += 1
                self.most = max(self.most, self.held)
            time.sleep(0.0005)
            with self._lock:
                self._decoding.remove(number)
            yield number, piece

    def encode(self, piece: tuple[int, int]) -> tuple[int, int]:
        time.sleep(0.001 * (piece[0] % 3))
        return piece

    def is_large(self, number: int) -> bool:
        return number % self._large == 0


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_a_pipeline_keeps_the_order_and_its_bound(threads: int, pieces: int) -> None:
    work = Counted(3, pieces)
    numbers = range(1, 40, 2)
    found = []
    with Pipeline(numbers, work.decode, work.encode, work.is_large, threads) as pipeline:
        for number in numbers:
            for piece in pipeline.take(number):
                found.append(piece)
                time.sleep(0.001)
                with work._lock:
                    work.held -= 1
    expected = itertools.chain(*(range(pieces if n % 3 == 0 else 1) for n in numbers))
    assert [piece for _, piece in found] == list(expected)
    assert [number for number, _ in found] == sorted(number for number, _ in found)
    assert work.most <= threads + 2


def test_a_level_is_taken_where_the_codec_has_it_and_told(tmp_path: Path) -> None:
    table = pa.table({"n": [f"word {n * n % 977}" for n in range(5000)]})
    sizes: dict[int | None, int] = {}
    for codec, asked, told in (
        ("zstd", None, "; encoded anew with zstd at level 1"),
        ("zstd", 19, "; encoded anew with zstd at level 19"),
        ("gzip", None, "; encoded anew with gzip at level 9"),
        ("gzip", 19, "; encoded anew with gzip at level 9"),
        ("gzip", 1, "; encoded anew with gzip at level 1"),
        ("snappy", 19, ""),
        ("none", 19, ""),
    ):
        path = tmp_path / "shard.parquet"
        pq.write_table(table, path, compression=codec, use_dictionary=False)
        out = io.BytesIO()
        report = rewrite(path, out, np.array([4]), compression_level=asked)
        assert report.why == "every row group has rows to remove" + told
        assert pq.read_table(out).num_rows == 4999
        if codec == "zstd":
            sizes[asked] = report.size
    assert sizes[19] < sizes[None]
