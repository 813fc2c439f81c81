"""Inputs and papers that an audit cannot start from are told in words."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest
from optout.filter import Policy
from optout.filter.errors import EvidenceError
from optout.filter.evidence import MATCHES_SCHEMA, write_matches
from optout.filter.verify import papers
from optout.filter.verify.hits import Index
from optout.filter.verify.inputs import input_files
from optout.filter.verify.judging import Judge
from optout.filter.verify.policy import Eligibility
from optout.filter.verify.reference import Reference
from optout.filter.verify.report import Finding
from optout.registry.errors import UsageError
from optout.registry.snapshot.manifest import OPENINGS

from .conftest import HARBOUR


def test_no_input_at_all_is_no_input() -> None:
    with pytest.raises(UsageError, match="no input was given"):
        input_files([])


def test_matches_of_more_rows_than_a_shard_can_have_are_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(papers, "MAX_ROWS", 1)
    match = dict.fromkeys(MATCHES_SCHEMA.names) | {"row": 1, "verdict": "quarantine", "leaf": "URL"}
    data = io.BytesIO()
    write_matches(data, pa.Table.from_pylist([match, match | {"row": 2}], MATCHES_SCHEMA))
    with pytest.raises(EvidenceError, match="has more rows than the shard can have had"):
        papers._matches(data.getvalue(), "a.matches.parquet")


def test_openings_of_what_is_not_in_force_are_a_fault(log, tmp_path: Path) -> None:
    changed = log.snapshot(tmp_path / "snapshot")
    path = changed.path / OPENINGS
    path.write_bytes(path.read_bytes().replace(b'{"index":0,', b'{"index":7,', 1))
    eligibility = Eligibility(Policy())
    leaves = {"url": frozenset({"url"})}
    judge = Judge(Index(changed, eligibility), eligibility, leaves)
    looked = list(judge.look(pa.record_batch({"url": pa.array([HARBOUR.encode()])}), 0))
    reference = Reference(changed, eligibility, Finding("reference"))
    reference.ask("x.parquet", looked, judge.verdicts(looked), None)
    reference.settle()
    assert "opens entry 7, which is not in force" in reference.finding.faults[0].text
