"""`manifest.json`: what a run says it did, signed, with the digest of every file it made.

It proves files, not what was trained on. `statement` has what it is made of.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optout.filter.errors import EvidenceError
from optout.registry import documents
from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.log import VerifierKey

from . import dsse
from .layout import Evidence

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:optout:filter:v1"
"""What the parameters and annotations of a statement mean: `statement`."""


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
    def failed(self) -> dict[str, str]:
        """Shards of the input that are not in OUT: their names, and why."""
        inner = self.statement["predicate"]["buildDefinition"]["internalParameters"]
        return {str(item["name"]): str(item["why"]) for item in inner["failed"]}

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
        _ = manifest.shards, manifest.evidence, manifest.failed
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise EvidenceError(f"{name} does not describe a filter run", advice) from fault
    if not known:
        raise EvidenceError(f"{name} does not describe a filter run", advice)
    if builder != operator_id(signer):
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


def operator_id(key: VerifierKey) -> str:
    """The builder's name in a statement: whoever holds this key."""
    return f"urn:optout:operator:{key}"


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


def _digests(descriptors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(item["name"]): str(item["digest"]["sha256"]) for item in descriptors}
