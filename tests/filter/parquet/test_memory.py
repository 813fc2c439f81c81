"""Memory: what a run takes does not grow with its row groups, nor with their pages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "memory.py"
ROWS = 700


@pytest.fixture(scope="module")
def memory() -> ModuleType:
    spec = importlib.util.spec_from_file_location("optout_benchmark_memory", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its data classes look for themselves
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["struct-snappy", "flat-zstd", "struct-none"])
def test_a_page_of_seven_hundred_pictures_fits_into_less_than_its_size(
    name: str, memory: ModuleType, tmp_path: Path
) -> None:
    case = {case.name: case for case in memory.cases(ROWS, 0)}[name]
    shard = tmp_path / "seen.parquet"
    case.write(shard, 3)
    assert pq.read_metadata(shard).num_row_groups == 1
    snapshot = memory.prepare(tmp_path, 1000)
    found = memory.measure(case, tmp_path, snapshot, 2)
    assert found["rows_dropped"] == 3
    assert found["largest_row_group_bytes"] > 700_000_000
    peaks = {step: peak >> 20 for step, peak in found["peak_resident_bytes"].items()}
    # The page alone has 668 MiB, and pyarrow would hold it twice.
    assert peaks["scan"] < 450, peaks
    assert peaks["filter"] < 900, peaks
    assert peaks["verify"] < 550, peaks
