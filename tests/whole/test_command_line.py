"""What the commands say when something is not as it should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import Filter, filter_dataset, inspect_dataset, verify_dataset
from optout.registry.log import SigningKey


@pytest.fixture(scope="module")
def clean(
    corpus: Path, proven: Path, optout: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A filtered corpus, and the words that `filter` said about it."""
    out = tmp_path_factory.mktemp("commands") / "out"
    told = optout("filter", corpus, "--snapshot", proven, "--out", out)
    (out.parent / "words").write_text(told.err)
    return out


def signer(clean: Path) -> str:
    line = next(
        line for line in (clean.parent / "words").read_text().splitlines() if "signed with" in line
    )
    return line.rpartition(" ")[2]


def test_filter_tells_the_key_that_verify_can_expect(
    clean: Path, proven: Path, optout: Callable
) -> None:
    told = optout("verify", clean, "--snapshot", proven, "--operator-key", signer(clean))
    assert "as expected" in told.out


def test_another_operators_key_is_a_fault(clean: Path, proven: Path, optout: Callable) -> None:
    stranger = SigningKey.generate("somebody-else").verifier
    told = optout(*("verify", clean, "--snapshot", proven, "--operator-key", stranger), expect=4)
    assert "FAULT manifest.json is signed by" in told.out.replace("out.optout/", "")


@pytest.mark.parametrize("command", [("audit",), ("verify", "out", "--snapshot")])
def test_a_changed_snapshot_is_what_an_audit_finds(
    command: tuple[str, ...], clean: Path, proven: Path, optout: Callable, tmp_path: Path
) -> None:
    damaged = tmp_path / "snapshot"
    shutil.copytree(proven, damaged)
    manifest = damaged / "snapshot.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"erasures": 0', b'"erasures": 1'))
    told = optout(*command, damaged, "--json", cwd=clean.parent, expect=4)
    assert not told.json()["ok"]
    assert "snapshot.json was changed" in told.json()["checks"][0]["detail"]


def test_a_missing_snapshot_is_no_finding(optout: Callable, tmp_path: Path) -> None:
    optout("audit", tmp_path / "nowhere", expect=1)


def test_filter_names_the_places_inside_columns_that_it_looks_at(
    proven: Path, optout: Callable, tmp_path: Path
) -> None:
    table = pa.table({"url": ["https://a.example/"], "images": [["https://b.example/"]]})
    pq.write_table(table, tmp_path / "nested.parquet")
    told = optout(
        *("filter", tmp_path / "nested.parquet", "--snapshot", proven, "--out", tmp_path / "out")
    )
    assert "images[]  url" in told.err


def test_a_snapshot_may_be_given_by_its_path(proven: Path, corpus: Path, tmp_path: Path) -> None:
    key = SigningKey.generate("operator.example")
    report = filter_dataset(corpus, tmp_path / "out", snapshot=str(proven), workers=1, key=key)
    assert report.rows_dropped
    assert verify_dataset(tmp_path / "out", snapshot=proven).ok
    assert inspect_dataset(corpus, proven).reach[0].entries is not None
    batch = pa.RecordBatch.from_pydict({"url": ["https://fotografin.example/"]})
    verdicts = Filter(str(proven), columns={"url": ["url"]}).judge(batch)
    assert verdicts.field("verdict").to_pylist() == ["drop"]
