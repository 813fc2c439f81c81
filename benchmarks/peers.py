"""What a user would pick instead, on the same job.

Each is a process of its own: `python -m benchmarks.peers NAME JOB CODEC GROUP_ROWS OUT SHARDS
TABLES`, the last two separated by commas. It keeps the order of the rows, the codec, its level and
the size of row groups where it can be told, and says as JSON how many rows went and how long its
table of opt-outs took apart.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .measuring import LEVELS, ROOT, Contender

DUCKDB, POLARS = "DuckDB anti-join", "Polars anti-join"
IS_IN, SET = "pyarrow is_in", "Python set and pyarrow"
DATASETS, DATATROVE = "Hugging Face datasets", "datatrove URLFilter"
FAST = (POLARS, DUCKDB)
MIDDLING = (IS_IN, SET)
SLOW = (DATASETS, DATATROVE)
EXTRA = ROOT / "build" / "peers"
"""Where what requirements.txt here lists is installed."""

THREADS = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Job:
    """What a peer has to do.

    Attributes:
        shards: its input.
        tables: addresses that are opted out.
        out: what it writes.
        codec: of input and output.
        group_rows: of a row group.
    """

    shards: list[str]
    tables: list[str]
    out: Path
    codec: str
    group_rows: int

    @property
    def level(self) -> int | None:
        """Of the codec."""
        return LEVELS[self.codec]

    def writer(self, schema: pa.Schema) -> pq.ParquetWriter:
        """Pyarrow's own writer, as the input was written."""
        return pq.ParquetWriter(
            self.out, schema, compression=self.codec, compression_level=self.level
        )

    def table(self) -> pa.ChunkedArray:
        """The addresses that are opted out."""
        return pa.concat_tables(pq.read_table(name, columns=["url"]) for name in self.tables)["url"]


def contenders(
    names: tuple[str, ...],
    job: str,
    kind: str,
    shards: list[Path],
    tables: tuple[Path, ...],
    *,
    codec: str,
    group_rows: int,
    rows: int,
    folder: Path,
    expected: int | None = None,
    rounds: int = 99,
) -> Iterator[Contender]:
    """Some peers at a job: `rewrite` or `mask`."""
    out = folder / "peer.parquet"

    def fresh() -> None:
        out.unlink(missing_ok=True)
        shutil.rmtree(out.with_suffix(".cache"), ignore_errors=True)

    for name in names:
        if not is_there(name):
            continue
        command = (
            *(sys.executable, "-m", "benchmarks.peers", name, kind, codec, str(group_rows), out),
            ",".join(map(str, shards)),
            ",".join(map(str, tables)),
        )
        size = sum(path.stat().st_size for path in shards)
        yield Contender(name, job, command, rows, size, rounds, fresh, expected)


def is_there(name: str) -> bool:
    """Whether a peer is installed."""
    if name == DATATROVE:
        return (EXTRA / "datatrove").is_dir()
    module = {DATASETS: "datasets", DUCKDB: "duckdb", POLARS: "polars"}
    return name not in module or importlib.util.find_spec(module[name]) is not None


def duckdb_rewrite(job: Job) -> dict[str, Any]:
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    level = f", COMPRESSION_LEVEL {job.level}" if job.level else ""
    connection.execute(
        f"COPY (SELECT * FROM read_parquet({job.shards}) corpus ANTI JOIN"
        f" read_parquet({job.tables}) gone USING (url)) TO '{job.out}' (FORMAT parquet,"
        f" COMPRESSION {job.codec}{level}, ROW_GROUP_SIZE {job.group_rows})"
    )
    return {}


def duckdb_mask(job: Job) -> dict[str, Any]:
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    began = time.perf_counter()
    connection.execute(f"CREATE TEMP TABLE gone AS SELECT url FROM read_parquet({job.tables})")
    loaded = time.perf_counter() - began
    connection.execute(
        f"COPY (SELECT filename, file_row_number FROM read_parquet({job.shards}, filename = true,"
        f" file_row_number = true) corpus SEMI JOIN gone USING (url))"
        f" TO '{job.out}' (FORMAT parquet)"
    )
    return {"table_seconds": loaded, "dropped": pq.read_metadata(job.out).num_rows}


def polars_rewrite(job: Job) -> dict[str, Any]:
    import polars

    gone = polars.scan_parquet(job.tables)
    kept = polars.scan_parquet(job.shards).join(gone, on="url", how="anti", maintain_order="left")
    kept.sink_parquet(
        job.out,
        compression=job.codec,
        compression_level=job.level,
        row_group_size=job.group_rows,
    )
    return {}


def polars_mask(job: Job) -> dict[str, Any]:
    import polars

    began = time.perf_counter()
    gone = polars.read_parquet(job.tables)
    loaded = time.perf_counter() - began
    rows = polars.scan_parquet(job.shards, row_index_name="row").select("row", "url")
    hits = rows.join(gone.lazy(), on="url", how="semi", maintain_order="left").select("row")
    hits.sink_parquet(job.out)
    return {"table_seconds": loaded, "dropped": pq.read_metadata(job.out).num_rows}


def is_in_rewrite(job: Job) -> dict[str, Any]:
    began = time.perf_counter()
    gone = job.table().combine_chunks()
    loaded = time.perf_counter() - began
    _rewrite(job, lambda table: pc.invert(pc.is_in(table["url"], value_set=gone)))
    return {"table_seconds": loaded}


def set_rewrite(job: Job) -> dict[str, Any]:
    began = time.perf_counter()
    gone = {url for chunk in job.table().chunks for url in chunk.to_pylist()}
    loaded = time.perf_counter() - began
    _rewrite(job, lambda table: pa.array([url not in gone for url in table["url"].to_pylist()]))
    return {"table_seconds": loaded}


def datasets_rewrite(job: Job) -> dict[str, Any]:
    import datasets

    datasets.disable_progress_bars()
    began = time.perf_counter()
    gone = {url for chunk in job.table().chunks for url in chunk.to_pylist()}
    loaded = time.perf_counter() - began
    cache = str(job.out.with_suffix(".cache"))
    found = datasets.Dataset.from_parquet(job.shards, cache_dir=cache)
    kept = found.filter(
        lambda urls: [url not in gone for url in urls], input_columns=["url"], batched=True
    )
    kept.to_parquet(job.out, batch_size=job.group_rows)  # it chooses the codec itself
    return {"table_seconds": loaded}


def datatrove_rewrite(job: Job) -> dict[str, Any]:
    from collections import deque

    sys.path.append(str(EXTRA))
    from datatrove.pipeline.filters import URLFilter
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter
    from loguru import logger

    logger.remove()
    began = time.perf_counter()
    gone = [url for chunk in job.table().chunks for url in chunk.to_pylist()]
    step = URLFilter(extra_urls=gone, use_integrated_lists=False)
    loaded = time.perf_counter() - began
    folder, cache = Path(job.shards[0]).parent, str(job.out.with_suffix(".cache"))
    names = [Path(name).name for name in job.shards]
    documents = None
    for part in (
        ParquetReader(str(folder), glob_pattern=names[0], id_key="id"),
        step,
        ParquetWriter(cache, compression=job.codec, expand_metadata=True),
    ):
        documents = part.run(documents, 0, 1)
    deque(documents or (), maxlen=0)
    written = next(Path(cache).glob("*.parquet"))
    shutil.move(written, job.out)
    return {"table_seconds": loaded}


def _rewrite(job: Job, keep: Callable[[pa.Table], pa.Array]) -> None:
    writer = None
    for name in job.shards:
        with pq.ParquetFile(name, memory_map=True) as file:
            writer = writer or job.writer(file.schema_arrow)
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                writer.write_table(table.filter(keep(table)))
    if writer is not None:
        writer.close()


_WORK = {
    (DUCKDB, "rewrite"): duckdb_rewrite,
    (DUCKDB, "mask"): duckdb_mask,
    (POLARS, "rewrite"): polars_rewrite,
    (POLARS, "mask"): polars_mask,
    (IS_IN, "rewrite"): is_in_rewrite,
    (SET, "rewrite"): set_rewrite,
    (DATASETS, "rewrite"): datasets_rewrite,
    (DATATROVE, "rewrite"): datatrove_rewrite,
}


def main() -> None:
    """Do one job as one peer."""
    name, kind, codec, group_rows, out, shards, tables = sys.argv[1:]
    job = Job(shards.split(","), tables.split(","), Path(out), codec, int(group_rows))
    began = time.perf_counter()
    told = _WORK[name, kind](job)
    told["work_seconds"] = time.perf_counter() - began
    if "dropped" not in told:
        before = sum(pq.read_metadata(path).num_rows for path in job.shards)
        told["dropped"] = before - pq.read_metadata(job.out).num_rows
    print(json.dumps({key: round(value, 3) for key, value in told.items()}))


if __name__ == "__main__":
    main()
