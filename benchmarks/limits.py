"""What nobody can beat on this machine: a copy, reading one column, the codec.

Each is a process of its own as well: `python -m benchmarks.limits WHAT THREADS SHARD...`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .measuring import LEVELS, Contender

COPY, SYNCED, READ, CODEC = "cp", "cp, then sync", "read the url column", "decode and encode"


def contenders(
    shards: list[Path], one: Path, codec: str, rows: int, rows_of_one: int, folder: Path
) -> Iterator[Contender]:
    """Everything that is a limit.

    Args:
        shards: many, for what is fast.
        one: a shard, for what is slow.
        codec: of all of them.
        rows: of the many.
        rows_of_one: of the one.
        folder: for what is written.
    """
    out = folder / "limit.parquet"
    many = {"rows": rows, "bytes": sum(path.stat().st_size for path in shards)}
    single = {"rows": rows_of_one, "bytes": one.stat().st_size}
    module = (sys.executable, "-m", "benchmarks.limits")

    def fresh() -> None:
        out.unlink(missing_ok=True)

    copy = f'cp --reflink=never "{one}" "{out}"'
    yield Contender(COPY, f"copy {codec}", ("sh", "-c", copy), **single, before=fresh)
    yield Contender(
        SYNCED, f"copy {codec}", ("sh", "-c", f'{copy} && sync "{out}"'), **single, before=fresh
    )
    for threads in (1, 2):
        yield Contender(
            f"{READ}, {threads} threads" if threads > 1 else f"{READ}, 1 thread",
            f"scan {codec}",
            (*module, "read", str(threads), *shards),
            **many,
        )
        yield Contender(
            f"{CODEC}, {threads} threads" if threads > 1 else f"{CODEC}, 1 thread",
            f"encode {codec}",
            (*module, f"encode-{codec}", str(threads), one),
            **single,
            rounds=2 if codec == "zstd" else 1,
        )


def read(shards: list[Path], threads: int) -> int:
    """Decode the url column, a row group a thread."""

    def group(place: tuple[Path, int]) -> int:
        path, number = place
        with pq.ParquetFile(path, memory_map=True) as file:
            return file.read_row_group(number, columns=["url"], use_threads=False).num_rows

    return _over(shards, threads, group)


def encode(shards: list[Path], threads: int, codec: str) -> int:
    """Decode everything and encode it again, a row group a thread."""

    def group(place: tuple[Path, int]) -> int:
        path, number = place
        with pq.ParquetFile(path, memory_map=True) as file:
            table = file.read_row_group(number, use_threads=False)
        pq.write_table(
            table,
            pa.BufferOutputStream(),
            compression=codec,
            compression_level=LEVELS[codec],
            row_group_size=table.num_rows,
        )
        return table.num_rows

    return _over(shards, threads, group)


def _over(shards: list[Path], threads: int, work) -> int:
    places = [
        (path, number) for path in shards for number in range(pq.read_metadata(path).num_row_groups)
    ]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, places))


if __name__ == "__main__":
    what, threads, *names = sys.argv[1:]
    paths = [Path(name) for name in names]
    if what == "read":
        read(paths, int(threads))
    else:
        encode(paths, int(threads), what.partition("-")[2])
