"""A mask says which rows go and writes no shard: read through, applied, audited, shared."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from optout.filter import open_masked

from .conftest import OPTOUT

SPARED = ("unproven site",)


def shards_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.rglob("*.parquet")}


@pytest.fixture(scope="module")
def rewritten(
    corpus: Path, proven: Path, optout: Callable, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("rewritten") / "out"
    optout("filter", corpus, "--snapshot", proven, "--out", out)
    return shards_of(out)


@pytest.fixture
def masked(corpus: Path, proven: Path, optout: Callable, tmp_path: Path) -> Path:
    """A mask over a corpus of its own."""
    shutil.copytree(corpus, tmp_path / "corpus")
    given = ("--snapshot", proven, "--out", tmp_path / "out", "--mode", "mask")
    optout("filter", tmp_path / "corpus", *given)
    return tmp_path / "out"


def test_a_mask_is_read_audited_and_applied(
    masked: Path, shards: list, proven: Path, rewritten: dict[str, bytes], optout: Callable
) -> None:
    corpus = masked.parent / "corpus"
    assert not shards_of(masked)
    expected = [shard.expected(spared=SPARED) for shard in shards]
    assert open_masked(masked).rows == sum(table.num_rows for table in expected)
    optout("verify", masked, "--snapshot", proven, "--input", corpus)
    optout("apply", masked)
    assert shards_of(masked) == rewritten
    optout("verify", masked, "--snapshot", proven, "--input", corpus)
    optout("apply", masked)
    assert shards_of(masked) == rewritten


def test_an_input_that_is_another_now_is_refused_by_name(
    masked: Path, shards: list, optout: Callable
) -> None:
    changed = masked.parent / "corpus" / shards[0].name
    pq.write_table(shards[0].table.slice(1), changed)
    told = optout("apply", masked, expect=None)
    assert told.code in {1, 3}
    assert shards[0].name in told.err
    assert shards[0].name not in shards_of(masked)


def test_runs_side_by_side_share_the_work(
    corpus: Path,
    proven: Path,
    environment: dict[str, str],
    rewritten: dict[str, bytes],
    tmp_path: Path,
    optout: Callable,
) -> None:
    out = tmp_path / "out"
    given = ["filter", str(corpus), "--snapshot", str(proven), "--out", str(out)]
    running = [
        subprocess.Popen([*OPTOUT, *given], env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    assert shards_of(out) == rewritten
    optout("verify", out, "--snapshot", proven, "--input", corpus)
