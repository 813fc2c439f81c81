"""What a corpus left out is counted from its evidence, signed, and read back to the byte."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.errors import EvidenceError
from optout.filter.evidence import (
    MATCHES_SCHEMA,
    MAX_CORPUS,
    Evidence,
    RunFacts,
    read_exclusions,
    write_exclusions,
    write_manifest,
    write_matches,
)
from optout.filter.evidence.dsse import IN_TOTO, Envelope, sign
from optout.registry import documents
from optout.registry.errors import UsageError
from optout.registry.log import SigningKey

KEY = SigningKey("operator.example", bytes(range(32)))
OTHER = SigningKey("other.example", bytes(range(1, 33)))
FACTS = RunFacts(
    origin="registry.example",
    size=9,
    root="aa" * 32,
    checkpoint="registry.example\n9\nqqqq\n\n— a signature\n",
    snapshot_sha256="bb" * 32,
    canonicaliser={"version": 1, "public_suffixes": "2026-01-31"},
    policy={"usage": "train-ai"},
    mode="rewrite",
    started="2026-01-31T10:00:00Z",
    finished="2026-01-31T10:00:09Z",
)
MATCHES = {
    "a.parquet": [
        (0, "drop", "url", 3, "url"),
        (0, "drop", "url", 3, "page"),
        (0, "drop", "site", 8, "url"),
        (5, "drop", "url", 3, "url"),
        (6, "held", "site", 7, "url"),
        (7, "quarantine", None, None, "jpg"),
    ],
    "2024/b.parquet": [(5, "drop", "url", 3, "url")],
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    evidence = Evidence(tmp_path / "out")
    for shard, rows in MATCHES.items():
        names = MATCHES_SCHEMA.names
        table = pa.Table.from_pylist(
            [dict(zip(names, (*row, None), strict=True)) for row in rows], MATCHES_SCHEMA
        )
        stream = io.BytesIO()
        write_matches(stream, table)
        path = evidence.path(evidence.matches(shard))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stream.getvalue())
    evidence.path(evidence.manifest).write_bytes(write_manifest(evidence.out, FACTS, [], KEY))
    return evidence.out


@pytest.fixture
def data(out: Path) -> bytes:
    return write_exclusions(out, "A corpus", "2026-02-01", KEY)


def test_rows_are_counted_by_the_entry_that_took_them_out(data: bytes) -> None:
    told = read_exclusions(data, key=KEY.verifier)
    assert told.rows == {3: 3, 8: 1}
    assert (told.corpus, told.date, told.key) == ("A corpus", "2026-02-01", KEY.verifier)
    assert (told.origin, told.size, told.root) == ("registry.example", 9, "aa" * 32)


def test_it_is_a_statement_about_the_manifest_of_the_run(out: Path, data: bytes) -> None:
    statement = json.loads(Envelope.parse(data).payload)
    manifest = Evidence(out).path("manifest.json").read_bytes()
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:optout:exclusions:v1"
    assert statement["subject"] == [
        {"name": "manifest.json", "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}
    ]


def test_nothing_of_the_corpus_is_in_it(data: bytes) -> None:
    payload = Envelope.parse(data).payload
    assert not any(word in payload for word in (b"parquet", b"2024", b"jpg", b"url", b"page"))


def test_the_same_evidence_makes_the_same_report(out: Path, data: bytes) -> None:
    assert write_exclusions(out, "A corpus", "2026-02-01", KEY) == data


def test_matches_that_the_manifest_does_not_bind_are_refused(out: Path) -> None:
    path = Evidence(out).path("a.parquet.matches.parquet")
    stream = io.BytesIO()
    write_matches(stream, MATCHES_SCHEMA.empty_table())
    path.write_bytes(stream.getvalue())
    with pytest.raises(EvidenceError, match=r"a\.parquet\.matches\.parquet is not the file"):
        write_exclusions(out, "A corpus", "2026-02-01", KEY)


def test_a_folder_without_evidence_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"manifest\.json cannot be read"):
        write_exclusions(tmp_path / "nothing", "A corpus", "2026-02-01", KEY)


@pytest.mark.parametrize(
    "corpus", ["", " ", "two\nlines", "turned \u202e around", "x" * (MAX_CORPUS + 1), "\ud800"]
)
def test_a_corpus_has_a_name_that_can_be_shown(out: Path, corpus: str) -> None:
    with pytest.raises(UsageError, match="name of a corpus"):
        write_exclusions(out, corpus, "2026-02-01", KEY)


@pytest.mark.parametrize("date", ["", "2026-02-30", "20260201", "2026-2-1"])
def test_a_report_has_a_day(out: Path, date: str) -> None:
    with pytest.raises(UsageError, match="no day of the calendar"):
        write_exclusions(out, "A corpus", date, KEY)


def test_another_signer_is_told_apart(data: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"signed by operator\.example"):
        read_exclusions(data, key=OTHER.verifier)


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_no_byte_may_change(place: int, bit: int) -> None:
    data = bytearray(SIGNED)
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(EvidenceError):
        read_exclusions(bytes(data))


def predicate(**changed: Any) -> dict[str, Any]:
    return {
        "corpus": "A corpus",
        "date": "2026-02-01",
        "registry": {"origin": "registry.example", "size": 9, "root": "aa" * 32},
        "excluded": [{"entry": 3, "rows": 2}, {"entry": 8, "rows": 1}],
        **changed,
    }


def signed(predicate: Any, kind: str = "urn:optout:exclusions:v1") -> bytes:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [],
        "predicateType": kind,
        "predicate": predicate,
    }
    return sign(documents.canonical(statement), KEY).render()


SIGNED = signed(predicate())


def test_a_report_of_this_form_is_read() -> None:
    assert read_exclusions(SIGNED).rows == {3: 2, 8: 1}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        predicate(corpus=7),
        predicate(corpus="two\nlines"),
        predicate(date="soon"),
        predicate(registry=None),
        predicate(registry={"origin": "x", "size": 9, "root": "aa"}),
        predicate(registry={"origin": 7, "size": 9, "root": "aa" * 32}),
        predicate(excluded={}),
        predicate(excluded=[3]),
        predicate(excluded=[{"entry": 9, "rows": 1}]),
        predicate(excluded=[{"entry": -1, "rows": 1}]),
        predicate(excluded=[{"entry": 3, "rows": 0}]),
        predicate(excluded=[{"entry": True, "rows": 1}]),
        predicate(excluded=[{"entry": 3, "rows": 1.5}]),
        predicate(excluded=[{"entry": 8, "rows": 1}, {"entry": 3, "rows": 1}]),
        predicate(excluded=[{"entry": 3, "rows": 1}, {"entry": 3, "rows": 1}]),
    ],
)
def test_what_it_says_is_held_against_what_it_can_say(wrong: Any) -> None:
    with pytest.raises(EvidenceError, match="does not say what a corpus left out"):
        read_exclusions(signed(wrong))


def test_another_statement_is_no_report() -> None:
    with pytest.raises(EvidenceError, match="does not say what a corpus left out"):
        read_exclusions(signed(predicate(), "https://slsa.dev/provenance/v1"))


def test_a_statement_in_another_layout_is_no_report() -> None:
    payload = Envelope.parse(SIGNED).payload.replace(b":", b": ", 1)
    with pytest.raises(EvidenceError, match="does not say what a corpus left out"):
        read_exclusions(sign(payload, KEY, IN_TOTO).render())
