"""OUT is a folder like any other: every reader loads it and finds exactly the kept rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import datasets
import duckdb
import polars
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def out(
    corpus: Path, proven: Path, optout: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("readers") / "out"
    optout("filter", corpus, "--snapshot", proven, "--out", out)
    return out


@pytest.fixture(scope="module")
def expected(shards: list) -> dict[str, pa.Table]:
    return {shard.name: shard.expected(spared=("unproven site",)) for shard in shards}


def rows(table: pa.Table) -> list[dict]:
    return table.to_pylist()


def test_pyarrow_dataset_finds_the_kept_rows(out: Path, expected: dict[str, pa.Table]) -> None:
    loaded = pyarrow.dataset.dataset(out, format="parquet")
    assert {Path(file).name for file in loaded.files} == set(expected)
    for name, table in expected.items():
        assert pq.read_table(out / name).equals(table, check_metadata=True)


def test_duckdb_finds_the_kept_rows(out: Path, expected: dict[str, pa.Table]) -> None:
    count = duckdb.sql(f"SELECT count(*) FROM '{out}/**/*.parquet'").fetchall()
    assert count == [(sum(table.num_rows for table in expected.values()),)]
    for name, table in expected.items():
        found = duckdb.sql(f"SELECT * FROM '{out / name}'").to_arrow_table()
        assert rows(found.cast(table.schema)) == rows(table)


def test_polars_finds_the_kept_rows(out: Path, expected: dict[str, pa.Table]) -> None:
    for name, table in expected.items():
        assert polars.read_parquet(out / name).to_dicts() == rows(table)
    scanned = polars.scan_parquet(
        out / "*.parquet", missing_columns="insert", extra_columns="ignore"
    )
    assert scanned.select(polars.len()).collect().item() == sum(
        table.num_rows for table in expected.values()
    )


def test_hugging_face_datasets_finds_the_kept_rows(
    out: Path, expected: dict[str, pa.Table], tmp_path: Path
) -> None:
    for name, table in expected.items():
        loaded = datasets.load_dataset(
            "parquet", data_files=str(out / name), split="train", cache_dir=str(tmp_path)
        )
        assert rows(loaded.data.table.cast(table.schema)) == rows(table)


@pytest.mark.debian
@pytest.mark.timeout(900)
def test_spark_finds_the_kept_rows(
    out: Path, expected: dict[str, pa.Table], read_by_spark: Callable
) -> None:
    paths = {str(out / name): table for name, table in expected.items()}
    found = read_by_spark(paths)
    for path, table in paths.items():
        assert found[path] == [repr(sorted(row.items())) for row in rows(table)], path


def test_out_holds_shards_and_nothing_else(out: Path, expected: dict[str, pa.Table]) -> None:
    assert {path.relative_to(out).as_posix() for path in out.rglob("*")} == set(expected)
