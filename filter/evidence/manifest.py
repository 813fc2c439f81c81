"""`manifest.json`: what a run says it did, signed, with the digest of every file it made.

An in-toto Statement v1 (https://in-toto.io/Statement/v1) with a predicate of SLSA Provenance v1
(https://slsa.dev/provenance/v1) in a DSSE envelope. It proves files, not what was trained on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optout.filter.errors import EvidenceError
from optout.registry import documents
from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.log import SigningKey, VerifierKey

from . import dsse
from .layout import Evidence
from .record import ShardRecord

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:optout:filter:v1"
"""What `externalParameters` and the annotations below mean: this module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a manifest says of a run as a whole.

    Attributes:
        origin: of the registry's log.
        size: of the log: the fold after this many records was in force.
        root: hex, of the log's Merkle tree at that size.
        checkpoint: the signed note over both.
        snapshot_sha256: hex, of `snapshot.json`.
        canonicaliser: versions of the rules by which values were compared.
        policy: what was obeyed.
        mode: `rewrite` or `mask`.
        started: RFC 3339, UTC.
        finished: RFC 3339, UTC.
    """

    origin: str
    size: int
    root: str
    checkpoint: str
    snapshot_sha256: str
    canonicaliser: Mapping[str, Any]
    policy: Mapping[str, Any]
    mode: str
    started: str
    finished: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose signature was verified.

    Attributes:
        statement: the in-toto Statement.
        key: who signed it.
    """

    statement: documents.Document
    key: VerifierKey

    @property
    def shards(self) -> dict[str, str]:
        """Every file of OUT: its name and hex SHA-256; none for a mask."""
        if self.mode == "mask":
            return {}
        return _digests(self.statement["subject"])

    @property
    def evidence(self) -> dict[str, str]:
        """Every file of OUT.optout but the manifest: its name and hex SHA-256."""
        return _digests(self.statement["predicate"]["runDetails"]["byproducts"])

    @property
    def parameters(self) -> Mapping[str, Any]:
        """`externalParameters`: the registry, its state, the policy and the mode."""
        found: Mapping[str, Any] = self.statement["predicate"]["buildDefinition"][
            "externalParameters"
        ]
        return found

    @property
    def mode(self) -> str:
        """`rewrite` or `mask`."""
        return str(self.parameters["mode"])


def write_manifest(
    out: Path, facts: RunFacts, records: Sequence[ShardRecord], key: SigningKey
) -> bytes:
    """Bind every file of a run and sign.

    Args:
        out: the output folder; every file of its evidence folder is hashed.
        facts: of the run.
        records: of all its shards.
        key: the operator's.

    Returns:
        The bytes of `manifest.json`.

    Raises:
        OSError: a file of the evidence cannot be read.
    """
    ordered = sorted(records, key=lambda record: record.shard)
    evidence = Evidence(out)
    if facts.mode == "mask":
        # A statement is about something: a mask's output is its vectors.
        subject = [_descriptor(evidence.vector(r.shard), r.vector.sha256) for r in ordered]
    else:
        subject = [_descriptor(r.shard, r.output.sha256) for r in ordered if r.output]
    byproducts = [
        _descriptor(name, hash_file(evidence.path(name))) for name in evidence_files(evidence)
    ]
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": _parameters(facts),
                "internalParameters": {"shards": [_account(record) for record in ordered]},
                "resolvedDependencies": _dependencies(facts, ordered),
            },
            "runDetails": {
                "builder": {
                    "id": f"urn:optout:operator:{key.verifier}",
                    "version": {name: version(name) for name in ("optout", "pyarrow")},
                },
                "metadata": {"startedOn": facts.started, "finishedOn": facts.finished},
                "byproducts": byproducts,
            },
        },
    }
    return dsse.sign(documents.canonical(statement), key).render()


def read_manifest(
    data: bytes, name: str = "manifest.json", key: VerifierKey | None = None
) -> Manifest:
    """Verify a manifest; no byte of it may be different.

    Args:
        data: the file's bytes.
        name: what to call it in a message.
        key: whose signature is expected; by default the one that the manifest names.

    Raises:
        EvidenceError: a byte is different, somebody else signed it, or it is about another thing.
    """
    payload, signer = dsse.open_own(data, name, key)
    advice = "Verify it with the version of optout that wrote it."
    try:
        statement = json.loads(payload)
        manifest = Manifest(statement, signer)
        known = (
            statement["_type"] == STATEMENT_TYPE
            and statement["predicateType"] == PREDICATE_TYPE
            and statement["predicate"]["buildDefinition"]["buildType"] == BUILD_TYPE
            and manifest.mode in ("rewrite", "mask")
        )
        builder = statement["predicate"]["runDetails"]["builder"]["id"]
        _ = manifest.shards, manifest.evidence
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise EvidenceError(f"{name} does not describe a filter run", advice) from fault
    if not known:
        raise EvidenceError(f"{name} does not describe a filter run", advice)
    if builder != f"urn:optout:operator:{signer}":
        raise EvidenceError(f"{name} names another operator than the one who signed it", advice)
    return manifest


def compare_files(manifest: Manifest, out: Path) -> Iterator[str]:
    """What of OUT and OUT.optout is not as the manifest says: missing, changed or not bound."""
    evidence = Evidence(out)
    places = (
        (out, manifest.shards, _files_below(out)),
        (evidence.folder, manifest.evidence, evidence_files(evidence)),
    )
    for folder, bound, present in places:
        there = set(present)
        for name in sorted(bound.keys() - there):
            yield f"{folder.name}/{name} is missing"
        for name in sorted(there - bound.keys()):
            yield f"{folder.name}/{name} is not in the manifest"
        for name in sorted(there & bound.keys()):
            if hash_file(folder / name) != bound[name]:
                yield f"{folder.name}/{name} is not the file the manifest names"


def evidence_files(evidence: Evidence) -> list[str]:
    """Names of the files of OUT.optout, the manifest and half-written ones apart; sorted."""
    return [name for name in _files_below(evidence.folder) if name != evidence.manifest]


def hash_file(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files_below(folder: Path) -> list[str]:
    return sorted(
        Path(here, name).relative_to(folder).as_posix()
        for here, _, names in os.walk(folder)
        for name in names
        if not name.startswith(TEMPORARY_PREFIX)
    )


def _parameters(facts: RunFacts) -> documents.Document:
    return {
        "registry": {"origin": facts.origin, "size": facts.size, "root": facts.root},
        "policy": dict(facts.policy),
        "canonicaliser": dict(facts.canonicaliser),
        "mode": facts.mode,
    }


def _dependencies(facts: RunFacts, records: Iterable[ShardRecord]) -> list[documents.Document]:
    checkpoint = hashlib.sha256(facts.checkpoint.encode()).hexdigest()
    return [
        {
            **_descriptor("checkpoint", checkpoint),
            "annotations": {"note": facts.checkpoint},
        },
        _descriptor("snapshot/snapshot.json", facts.snapshot_sha256),
        *(_descriptor(f"input/{r.shard}", r.source.sha256) for r in records),
    ]


def _account(record: ShardRecord) -> documents.Document:
    return {
        "name": record.shard,
        "how": record.how,
        "rows": {
            "in": record.rows_in,
            "kept": record.rows_kept,
            "dropped": record.rows_dropped,
            "quarantined": record.rows_quarantined,
        },
        "droppedByKind": dict(record.dropped_by_kind),
        "input": record.source.sha256,
        "output": record.output.sha256 if record.output else None,
        "deletionVector": record.vector.sha256,
    }


def _descriptor(name: str, sha256: str) -> documents.Document:
    return {"name": name, "digest": {"sha256": sha256}}


def _digests(descriptors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(item["name"]): str(item["digest"]["sha256"]) for item in descriptors}
