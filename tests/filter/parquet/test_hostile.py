"""Damaged shards, a few of those that `tests/fuzz/parquet.py` makes, and what it once found."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.errors import ShardError
from optout.filter.parquet import ShardReader, rewrite

FUZZ = Path(__file__).parents[2] / "fuzz" / "parquet.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("optout_fuzz_parquet", FUZZ)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its data classes look for themselves
    spec.loader.exec_module(module)
    return module


def test_damage_ends_in_a_shard_error_or_in_the_right_rows(fuzz: ModuleType) -> None:
    counts, faults = fuzz.fuzz(20261125, cases=100)
    assert not faults, list(faults)
    assert counts["refused"] > 20
    assert counts["read"] > 20


def test_the_fuzz_tells_what_is_wrong(fuzz: ModuleType, tmp_path: Path) -> None:
    """Its own eyes: a worker that dies, and an answer that is none of the two, are faults."""
    worker = fuzz.Worker()
    try:
        assert worker.judge(fuzz.originals(tmp_path)[0]) == "read"
        assert worker.judge(tmp_path / "absent.parquet") == "refused"
        worker._process.kill()
        worker._process.wait()
        assert not worker.lives
    finally:
        worker.close()


def test_a_category_that_no_dictionary_has_is_refused(tmp_path: Path) -> None:
    """pyarrow hands out such an array, and reads past the dictionary's end."""
    path = tmp_path / "category.parquet"
    words = pa.array([f"word {n % 5}" for n in range(64)]).dictionary_encode()
    nested = pa.StructArray.from_arrays([words], ["w"])
    for column in (words, nested):
        pq.write_table(pa.table({"c": column}), path, compression="none", write_statistics=False)
        meta = pq.read_metadata(path).row_group(0).column(0)
        data = bytearray(path.read_bytes())
        end = meta.dictionary_page_offset + meta.total_compressed_size
        data[end - 1] = 0xFF  # the last of the packed places: 7, where there are 5
        path.write_bytes(data)
        with ShardReader(path) as reader, pytest.raises(ShardError, match="dictionary has not"):
            list(reader.batches())
        with pytest.raises(ShardError):
            rewrite(path, io.BytesIO(), np.array([1]))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_page_for_every_value_loses_no_row(version: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.parquet"
    lists = pa.array([[None], None, [], ["a"]] * 50, pa.list_(pa.string()))
    table = pa.table({"none": pa.nulls(200, pa.list_(pa.string())), "some": lists})
    pq.write_table(table, path, data_page_size=1, write_batch_size=1, data_page_version=version)
    with ShardReader(path) as reader:
        assert sum(batch.rows for batch in reader.batches()) == 200
    out = io.BytesIO()
    rewrite(path, out, np.array([0, 199]))
    assert pq.read_table(out).equals(table.slice(1, 198))
