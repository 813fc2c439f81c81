"""No byte of the evidence can be changed, no file removed or added, without being named."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from optout.filter import SomeShardsFailed, filter_dataset
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

from .conftest import Run, detail, failed, told

EVIDENCE = [
    "plan.json",
    "decision.json",
    "manifest.json",
    "links.parquet.json",
    "links.parquet.dv",
    "links.parquet.matches.parquet",
    "deep/pictures.parquet.json",
    "deep/pictures.parquet.dv",
    "deep/pictures.parquet.matches.parquet",
    "quarantine/deep/pictures.parquet",
]
SHARDS = ["links.parquet", "deep/pictures.parquet"]
POSITIONS = 12


def path_of(run: Run, name: str) -> Path:
    return (run.out if name in SHARDS else run.evidence) / name


def test_this_is_all_the_evidence(clean: Run) -> None:
    found = {p.relative_to(clean.evidence).as_posix() for p in clean.evidence.rglob("*.*")}
    assert found == set(EVIDENCE)


@pytest.mark.parametrize("name", [*EVIDENCE, *SHARDS])
def test_a_changed_byte_is_found_and_its_file_named(name: str, run: Run) -> None:
    path = path_of(run, name)
    whole = path.read_bytes()
    draw = random.Random(name)
    places = [0, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(POSITIONS))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= draw.randrange(1, 256)
        path.write_bytes(changed)
        report = run.verify(sample=0)
        assert not report.ok, f"byte {place} of {name}"
        assert any(name in text for text in told(report)), f"byte {place} of {name}"


@pytest.mark.parametrize("name", EVIDENCE)
@pytest.mark.parametrize("damage", ["empty", "cut off", "longer"])
def test_a_file_that_is_cut_off_or_goes_on_is_named(name: str, damage: str, run: Run) -> None:
    path = path_of(run, name)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut off": whole[:-7], "longer": whole + b"\n"}[damage])
    report = run.verify()
    assert any(name in text for text in told(report))


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_missing_file_is_named(name: str, run: Run) -> None:
    path_of(run, name).unlink()
    report = run.verify()
    assert f"out.optout/{name} is missing" in told(report)
    assert "manifest" in failed(report)


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_file_of_another_shard_is_not_taken(name: str, run: Run) -> None:
    other = name.replace("links", "deep/pictures") if "links" in name else "links.parquet.json"
    path_of(run, name).write_bytes(path_of(run, other).read_bytes())
    report = run.verify()
    assert any(name in text for text in told(report))


@pytest.mark.parametrize(
    "name", ["more.json", "scan/links.parquet.scan.npy", "links.parquet.dv.bak", "deep/.optout-1"]
)
def test_another_file_beside_the_evidence_is_named(name: str, run: Run) -> None:
    path = run.evidence / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"something else")
    assert told(run.verify(inputs=False)) == [f"out.optout/{name} is not in the manifest"]


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_link_in_the_evidence_is_named(name: str, run: Run, tmp_path: Path) -> None:
    path = path_of(run, name)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert f"out.optout/{name} is a link" in told(run.verify(inputs=False))


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_pipe_in_the_evidence_is_not_waited_for(name: str, run: Run) -> None:
    path = path_of(run, name)
    path.unlink()
    os.mkfifo(path)
    assert f"out.optout/{name} is not a file" in told(run.verify(inputs=False))


def test_missing_evidence_does_not_hide_a_row(run: Run) -> None:
    whole = pq.read_table(run.corpus / "links.parquet")
    pq.write_table(whole, run.out / "links.parquet")
    for name in EVIDENCE:
        path_of(run, name).unlink()
    report = run.verify()
    assert "links.parquet row 7: entry 0 (url)" in told(report)
    assert "links.parquet row 150: entry 1 (site)" in told(report)
    assert "what was to be obeyed is not known" in detail(report, "plan")


def test_the_operator_s_key_can_be_expected(run: Run, operator: SigningKey) -> None:
    report = run.verify(key=operator.verifier)
    assert report.ok
    assert f"signed by {operator.verifier} (as expected)" in detail(report, "manifest")
    other = SigningKey.generate("another.example")
    report = run.verify(key=str(other.verifier))
    assert told(report) == [
        f"out.optout/manifest.json is signed by {operator.verifier}, not by {other.verifier}"
    ]


def test_a_shard_that_failed_is_not_passed_over(
    corpus: Path, snapshot: Snapshot, operator: SigningKey, tmp_path: Path
) -> None:
    broken = tmp_path / "corpus"
    broken.mkdir()
    (broken / "whole.parquet").write_bytes((corpus / "links.parquet").read_bytes())
    (broken / "cut.parquet").write_bytes((corpus / "links.parquet").read_bytes()[:-9])
    with pytest.raises(SomeShardsFailed):
        filter_dataset(broken, tmp_path / "out", snapshot=snapshot, workers=1, key=operator)
    run = Run(tmp_path / "out", snapshot, broken)
    assert told(run.verify(inputs=False)) == [
        "cut.parquet was planned and is not in the output: "
        "cut.parquet is cut off: its end is missing"
    ]
    assert f"no shard was made from the input {broken / 'cut.parquet'}" in told(run.verify())
