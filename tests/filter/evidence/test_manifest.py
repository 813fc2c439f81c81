"""A manifest binds every file of a run; what was changed, added or taken away is named."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from optout.filter.errors import EvidenceError
from optout.filter.evidence import (
    Evidence,
    FileDigest,
    RunFacts,
    ShardRecord,
    SourceDigest,
    compare_files,
    read_manifest,
    write_manifest,
)
from optout.filter.evidence.dsse import sign
from optout.registry import documents
from optout.registry.log import SigningKey

KEY = SigningKey("operator.example", bytes(range(32)))
OTHER = SigningKey("other.example", bytes(range(1, 33)))
FACTS = RunFacts(
    origin="registry.example",
    size=7,
    root="aa" * 32,
    checkpoint="registry.example\n7\nqqqq\n\n— a signature\n",
    snapshot_sha256="bb" * 32,
    canonicaliser={"version": 1, "public_suffixes": "2026-01-31"},
    policy={"usage": "train-ai", "hold_share": 0.001},
    mode="rewrite",
    started="2026-01-31T10:00:00Z",
    finished="2026-01-31T10:00:09Z",
)
NAMES = ("a.parquet", "2024/b.parquet")


def record(name: str) -> ShardRecord:
    return ShardRecord(
        shard=name,
        plan="11" * 32,
        decision="22" * 32,
        mode="rewrite",
        how="spliced",
        source=SourceDigest(1000, "33" * 32, 1, "44" * 32),
        output=FileDigest.of(name.encode()),
        vector=FileDigest.of(b"vector"),
        matches=FileDigest.of(b"matches"),
        rows_in=3,
        rows_kept=2,
        rows_dropped=1,
        rows_quarantined=0,
        dropped_by_kind={"url": 1},
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    evidence = Evidence(out)
    for name in NAMES:
        for path, data in (
            (out / name, name.encode()),
            (evidence.path(evidence.record(name)), record(name).render()),
            (evidence.path(evidence.vector(name)), b"vector"),
            (evidence.path(evidence.matches(name)), b"matches"),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    evidence.path("plan.json").write_bytes(b"{}\n")
    evidence.path(".optout-half").write_bytes(b"half written")
    return out


@pytest.fixture
def data(out: Path) -> bytes:
    return write_manifest(out, FACTS, [record(name) for name in NAMES], KEY, failed={"c": "c is"})


def test_what_was_written_is_read(data: bytes) -> None:
    manifest = read_manifest(data, key=KEY.verifier)
    assert manifest.key == KEY.verifier
    assert manifest.mode == "rewrite"
    assert manifest.shards == {name: FileDigest.of(name.encode()).sha256 for name in NAMES}
    assert set(manifest.evidence) == {
        "plan.json",
        *(f"{name}{end}" for name in NAMES for end in (".json", ".dv", ".matches.parquet")),
    }
    assert manifest.failed == {"c": "c is"}
    assert manifest.parameters == {
        "registry": {"origin": "registry.example", "size": 7, "root": "aa" * 32},
        "policy": dict(FACTS.policy),
        "canonicaliser": dict(FACTS.canonicaliser),
        "mode": "rewrite",
    }


def test_it_has_the_shape_of_slsa_provenance(data: bytes) -> None:
    statement = read_manifest(data).statement
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    definition = statement["predicate"]["buildDefinition"]
    assert definition.keys() == {
        *("buildType", "externalParameters", "internalParameters", "resolvedDependencies"),
    }
    assert [d["name"] for d in definition["resolvedDependencies"]] == [
        *("checkpoint", "snapshot/snapshot.json", "input/2024/b.parquet", "input/a.parquet"),
    ]
    details = statement["predicate"]["runDetails"]
    assert details.keys() == {"builder", "metadata", "byproducts"}
    assert details["builder"]["id"] == f"urn:optout:operator:{KEY.verifier}"
    assert definition["internalParameters"]["shards"][0]["rows"] == {
        "in": 3,
        "kept": 2,
        "dropped": 1,
        "quarantined": 0,
    }


def test_files_that_are_as_it_says_are_nothing_to_report(data: bytes, out: Path) -> None:
    assert list(compare_files(read_manifest(data), out)) == []


@pytest.mark.parametrize("name", ["out/a.parquet", "out.optout/a.parquet.dv"])
def test_what_is_changed_missing_or_new_is_named(name: str, data: bytes, out: Path) -> None:
    manifest, path = read_manifest(data), out.parent / name
    before = path.read_bytes()
    path.write_bytes(before + b"x")
    assert list(compare_files(manifest, out)) == [f"{name} is not the file the manifest names"]
    path.unlink()
    assert list(compare_files(manifest, out)) == [f"{name} is missing"]
    path.write_bytes(before)
    path.with_name("new").write_bytes(b"")
    new = name.replace(path.name, "new")
    assert list(compare_files(manifest, out)) == [f"{new} is not in the manifest"]


def test_the_same_facts_keep_their_signature(data: bytes, out: Path) -> None:
    later = dataclasses.replace(FACTS, started="2027-01-01T00:00:00Z")
    records = [record(name) for name in reversed(NAMES)]
    again = write_manifest(out, later, records, KEY, failed={"c": "c is"}, earlier=data)
    assert again == data


@pytest.mark.parametrize(
    "change", ["nothing earlier", "key", "facts", "failed", "records", "evidence", "damage"]
)
def test_other_facts_are_signed_anew(change: str, data: bytes, out: Path) -> None:
    key, facts, failed, earlier = KEY, FACTS, {"c": "c is"}, data
    records = [record(name) for name in NAMES]
    if change == "nothing earlier":
        earlier = None
    elif change == "key":
        key = OTHER
    elif change == "facts":
        facts = dataclasses.replace(FACTS, size=8)
    elif change == "failed":
        failed = {}
    elif change == "records":
        records = records[:1]
    elif change == "evidence":
        (out.parent / "out.optout" / "plan.json").write_bytes(b"{ }\n")
    else:
        earlier = data[:-1]
    facts = dataclasses.replace(facts, finished="2027-01-01T00:00:00Z")
    again = write_manifest(out, facts, records, key, failed=failed, earlier=earlier)
    statement = read_manifest(again, key=key.verifier).statement
    finished = statement["predicate"]["runDetails"]["metadata"]["finishedOn"]
    assert finished == "2027-01-01T00:00:00Z"


def test_shards_that_failed_are_claimed_nowhere(out: Path) -> None:
    (out / NAMES[1]).unlink()
    failed = {NAMES[1]: "it is cut off"}
    manifest = read_manifest(write_manifest(out, FACTS, [record(NAMES[0])], KEY, failed=failed))
    assert set(manifest.shards) == {NAMES[0]}
    assert manifest.failed == failed
    definition = manifest.statement["predicate"]["buildDefinition"]
    assert [s["name"] for s in definition["internalParameters"]["shards"]] == [NAMES[0]]
    assert "input/2024/b.parquet" not in json.dumps(definition["resolvedDependencies"])


def test_a_mask_is_about_its_vectors(out: Path) -> None:
    masks = [
        dataclasses.replace(record(name), mode="mask", how="masked", output=None) for name in NAMES
    ]
    facts = dataclasses.replace(FACTS, mode="mask")
    manifest = read_manifest(write_manifest(out, facts, masks, KEY))
    assert manifest.shards == {}
    names = [subject["name"] for subject in manifest.statement["subject"]]
    assert names == ["2024/b.parquet.dv", "a.parquet.dv"]


def test_another_signer_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"is signed by operator\.example"):
        read_manifest(data, key=OTHER.verifier)


def test_a_changed_byte_is_noticed(data: bytes) -> None:
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(EvidenceError, match=r"m\.json"):
            read_manifest(bytes(changed), "m.json")


def without(statement: dict[str, Any], *path: str) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: value for key, value in statement.items() if key != first}
    return {**statement, first: without(statement[first], *rest)}


@pytest.mark.parametrize(
    "path",
    [
        ("_type",),
        ("predicateType",),
        ("subject",),
        ("predicate", "buildDefinition"),
        ("predicate", "buildDefinition", "externalParameters"),
        ("predicate", "buildDefinition", "internalParameters"),
        ("predicate", "runDetails", "builder"),
        ("predicate", "runDetails", "byproducts"),
    ],
)
def test_a_signed_statement_about_something_else_is_refused(
    path: tuple[str, ...], data: bytes
) -> None:
    statement = without(read_manifest(data).statement, *path)
    with pytest.raises(EvidenceError, match="does not describe a filter run"):
        read_manifest(sign(documents.canonical(statement), KEY).render())


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b'"x"', b"{}", b"[" * 50_000])
def test_a_signed_payload_that_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(EvidenceError, match="does not describe a filter run"):
        read_manifest(sign(payload, KEY).render())


def test_nobody_signs_for_another_operator(data: bytes) -> None:
    payload = documents.canonical(read_manifest(data).statement)
    with pytest.raises(EvidenceError, match="names another operator"):
        read_manifest(sign(payload, OTHER).render())


def test_an_input_of_which_not_all_bytes_passed_is_named_and_not_digested(out: Path) -> None:
    source = dataclasses.replace(record(NAMES[0]).source, sha256=None)
    records = [dataclasses.replace(record(NAMES[0]), source=source), record(NAMES[1])]
    statement = read_manifest(write_manifest(out, FACTS, records, KEY)).statement
    known = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    by_name = {each["name"]: each for each in known}
    # "MUST specify one of uri, digest or content" (resource_descriptor.md).
    assert by_name["input/a.parquet"] == {
        "name": "input/a.parquet",
        "uri": f"urn:optout:parquet-footer:sha256:{'33' * 32}",
        "annotations": {"size": 1000},
    }
    assert by_name["input/2024/b.parquet"]["digest"] == {"sha256": "44" * 32}
