"""What a run states in its manifest, and the signing of it.

An in-toto Statement v1 (https://in-toto.io/Statement/v1) with a predicate of SLSA Provenance v1
(https://slsa.dev/provenance/v1) in a DSSE envelope.

An input whose bytes have all passed has their SHA-256 as its digest. One of which only some columns
were read has none: its footer names the place of every byte but does not bind them, and an entry of
a DigestSet must be an immutable reference. It is named by a URI instead, which a ResourceDescriptor
may have in a digest's place: `urn:optout:parquet-footer:sha256:<hex>`, with its size in bytes among
the annotations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optout.filter.errors import EvidenceError
from optout.registry import documents
from optout.registry.log import SigningKey, VerifierKey

from . import dsse
from .layout import Evidence
from .manifest import (
    BUILD_TYPE,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    Manifest,
    evidence_files,
    hash_file,
    operator_id,
    read_manifest,
)
from .record import MASK, ShardRecord

_SNAPSHOT = "snapshot/snapshot.json"
_FOOTER = "urn:optout:parquet-footer:sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a manifest says of a run as a whole.

    Attributes:
        origin: of the registry's log.
        size: of the log: the fold after this many records was in force.
        root: hex, of the log's Merkle tree at that size.
        checkpoint: the signed note over both.
        snapshot_sha256: hex, of `snapshot.json`.
        canonicaliser: versions of the rules by which values were compared: the newest `version`
            that an entry needs, and the date of the `public_suffixes`.
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

    @classmethod
    def of(cls, manifest: Manifest) -> RunFacts:
        """What a manifest says of its run.

        Raises:
            EvidenceError: it says less than `write_manifest` did.
        """
        predicate = manifest.statement["predicate"]
        try:
            definition, times = predicate["buildDefinition"], predicate["runDetails"]["metadata"]
            parameters = definition["externalParameters"]
            known = {item["name"]: item for item in definition["resolvedDependencies"]}
            return cls(
                **parameters["registry"],
                checkpoint=known["checkpoint"]["annotations"]["note"],
                snapshot_sha256=known[_SNAPSHOT]["digest"]["sha256"],
                canonicaliser=parameters["canonicaliser"],
                policy=parameters["policy"],
                mode=parameters["mode"],
                started=times["startedOn"],
                finished=times["finishedOn"],
            )
        except (KeyError, TypeError) as fault:
            raise EvidenceError(
                "the manifest does not say what its run obeyed", "Filter the corpus again."
            ) from fault


def write_manifest(
    out: Path,
    facts: RunFacts,
    records: Sequence[ShardRecord],
    key: SigningKey,
    *,
    failed: Mapping[str, str] | None = None,
    earlier: bytes | None = None,
) -> bytes:
    """Bind every file of a run and sign.

    Args:
        out: the output folder; every file of its evidence folder is hashed.
        facts: of the run.
        records: of all shards that are finished; nothing is claimed of any other.
        key: the operator's.
        failed: the shards of the input that are not in OUT, each with the reason.
        earlier: the manifest that is there. Where this key signed it and it says the same but for
            the time, it stays as it is: a signature is not given twice for one thing.

    Returns:
        The bytes of `manifest.json`.

    Raises:
        OSError: a file of the evidence cannot be read.
    """
    statement = _statement(out, facts, records, key.verifier, failed or {})
    if earlier is not None and _timeless(statement) == _said_earlier(earlier, key.verifier):
        return earlier
    return dsse.sign(documents.canonical(statement), key).render()


def _statement(
    out: Path,
    facts: RunFacts,
    records: Sequence[ShardRecord],
    signer: VerifierKey,
    failed: Mapping[str, str],
) -> documents.Document:
    ordered = sorted(records, key=lambda record: record.shard)
    evidence = Evidence(out)
    if facts.mode == MASK:
        # A statement is about something: a mask's output is its vectors.
        subject = [_descriptor(evidence.vector(r.shard), r.vector.sha256) for r in ordered]
    else:
        subject = [_descriptor(r.shard, r.output.sha256) for r in ordered if r.output]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": _parameters(facts),
                "internalParameters": {
                    "shards": [_account(record) for record in ordered],
                    "failed": [{"name": name, "why": failed[name]} for name in sorted(failed)],
                },
                "resolvedDependencies": _dependencies(facts, ordered),
            },
            "runDetails": {
                "builder": {
                    "id": operator_id(signer),
                    "version": {name: version(name) for name in ("optout", "pyarrow")},
                },
                "metadata": {"startedOn": facts.started, "finishedOn": facts.finished},
                "byproducts": list(_byproducts(evidence)),
            },
        },
    }


def _byproducts(evidence: Evidence) -> Iterator[documents.Document]:
    for name in evidence_files(evidence):
        # What went meanwhile was the scan of a run that shares the place and has ended.
        with suppress(FileNotFoundError):
            yield _descriptor(name, hash_file(evidence.path(name)))


def _said_earlier(data: bytes, signer: VerifierKey) -> bytes | None:
    try:
        return _timeless(read_manifest(data, key=signer).statement)
    except EvidenceError:
        return None


def _timeless(statement: documents.Document) -> bytes:
    """What a statement says, but for when: it is canonical JSON without the run's times."""
    predicate = statement["predicate"]
    details = {**predicate["runDetails"], "metadata": None}
    return documents.canonical({**statement, "predicate": {**predicate, "runDetails": details}})


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
        _descriptor(_SNAPSHOT, facts.snapshot_sha256),
        *(_input(record) for record in records),
    ]


def _input(record: ShardRecord) -> documents.Document:
    name, source = f"input/{record.shard}", record.source
    if source.sha256 is not None:
        return _descriptor(name, source.sha256)
    return {
        "name": name,
        "uri": _FOOTER + source.footer_sha256,
        "annotations": {"size": source.size},
    }


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
