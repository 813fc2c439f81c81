"""What a corpus left out, entry by entry: what its makers tell the registry, signed by them.

An in-toto Statement v1 (https://in-toto.io/Statement/v1) in a DSSE envelope. Its subject is the
run's `manifest.json`, by digest, so that whoever gets both sees that they belong together; its
predicate, of the type `urn:optout:exclusions:v1`, has

    corpus     what its makers call it
    date       the day it was reported, YYYY-MM-DD
    registry   origin, size and root of the log that was obeyed, as in the manifest
    excluded   [{"entry": index, "rows": how many it took out}, …], by index

It is a claim, and shown as one: it proves who says it, not that anybody trains on what was left.
No row, name or content of the corpus is in it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from optout.filter.errors import EvidenceError
from optout.registry import documents
from optout.registry.errors import UsageError
from optout.registry.log import SigningKey, VerifierKey

from . import dsse
from .layout import Evidence
from .manifest import STATEMENT_TYPE, Manifest, read_manifest
from .matches import read_matches

EXCLUSIONS_TYPE = "urn:optout:exclusions:v1"
"""The type of the predicate."""

MAX_CORPUS = 200
"""Characters of the longest name of a corpus."""

_MATCHES = ".matches.parquet"
_HEX = re.compile(r"[0-9a-f]{64}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Exclusions:
    """A report whose signature was verified.

    Attributes:
        corpus: what its makers call it.
        date: the day it was reported, `YYYY-MM-DD`.
        origin: of the registry's log that was obeyed.
        size: records of that log.
        root: hex, of the log's Merkle tree at that size.
        rows: how many rows each entry took out, by its index.
        key: who signed it.
    """

    corpus: str
    date: str
    origin: str
    size: int
    root: str
    rows: Mapping[int, int]
    key: VerifierKey


def write_exclusions(out: Path, corpus: str, date: str, key: SigningKey) -> bytes:
    """Count what each entry took out, over all shards of a run, and sign that.

    Args:
        out: the output folder; its manifest and its matches are read, and held against each other.
        corpus: what to call it.
        date: of the report, `YYYY-MM-DD`.
        key: the operator's.

    Returns:
        The bytes of the report.

    Raises:
        UsageError: a corpus cannot have this name, or there is no such day.
        EvidenceError: the evidence is missing, damaged, or not what the manifest binds.
    """
    _check(corpus, date)
    evidence = Evidence(out)
    data = _read(evidence, evidence.manifest)
    manifest = read_manifest(data)
    counted: Counter[int] = Counter()
    for taken in _taken(evidence, manifest):
        counted.update(taken)
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": evidence.manifest, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        ],
        "predicateType": EXCLUSIONS_TYPE,
        "predicate": {
            "corpus": corpus,
            "date": date,
            "registry": dict(manifest.parameters["registry"]),
            "excluded": [{"entry": entry, "rows": counted[entry]} for entry in sorted(counted)],
        },
    }
    return dsse.sign(documents.canonical(statement), key).render()


def read_exclusions(
    data: bytes, name: str = "the report", key: VerifierKey | None = None
) -> Exclusions:
    """Verify a report; no byte of it may be different.

    Args:
        data: its bytes.
        name: what to call it in a message.
        key: whose signature is expected; by default the one that the report names.

    Raises:
        EvidenceError: a byte is different, somebody else signed it, or it is about another thing.
    """
    payload, signer = dsse.open_own(data, name, key)
    try:
        statement = json.loads(payload)
        if (
            documents.canonical(statement) != payload
            or statement["_type"] != STATEMENT_TYPE
            or statement["predicateType"] != EXCLUSIONS_TYPE
        ):
            raise ValueError("another statement")
        return _read_predicate(statement["predicate"], signer)
    except (ValueError, KeyError, TypeError, RecursionError, UsageError) as fault:
        raise EvidenceError(
            f"{name} does not say what a corpus left out",
            "Make it with `optout report`, and send it as it is.",
        ) from fault


def _read_predicate(predicate: Mapping[str, Any], signer: VerifierKey) -> Exclusions:
    corpus, date, registry = predicate["corpus"], predicate["date"], predicate["registry"]
    if type(corpus) is not str or type(date) is not str:
        raise ValueError("no text")
    _check(corpus, date)
    origin, size, root = registry["origin"], registry["size"], registry["root"]
    if type(origin) is not str or not _HEX.fullmatch(root):
        raise ValueError("no log")
    if type(predicate["excluded"]) is not list:
        raise ValueError("no list")
    rows: dict[int, int] = {}
    for told in predicate["excluded"]:
        entry, many = told["entry"], told["rows"]
        # In order, each once, and entries of that log.
        if not max(rows, default=-1) < _whole(entry) < _whole(size) or _whole(many) < 1:
            raise ValueError("no count of an entry")
        rows[entry] = many
    return Exclusions(corpus, date, origin, size, root, rows, signer)


def _taken(evidence: Evidence, manifest: Manifest) -> Iterator[Mapping[int, int]]:
    """How many rows each entry took out of each shard."""
    for name, digest in sorted(manifest.evidence.items()):
        if not name.endswith(_MATCHES):
            continue
        data = _read(evidence, name)
        if hashlib.sha256(data).hexdigest() != digest:
            raise EvidenceError(
                f"{evidence.folder.name}/{name} is not the file the manifest names",
                "Filter the corpus again.",
            )
        table = read_matches(data, name)
        dropped = table.filter(pc.equal(table["verdict"], "drop"))
        # An entry may meet a row in several leaves.
        pairs = (
            dropped.select(["entry", "row"]).drop_null().group_by(["entry", "row"]).aggregate([])
        )
        yield {
            each["values"]: each["counts"] for each in pc.value_counts(pairs["entry"]).to_pylist()
        }


def _read(evidence: Evidence, name: str) -> bytes:
    try:
        return evidence.path(name).read_bytes()
    except OSError as fault:
        raise EvidenceError(
            f"{evidence.path(name)} cannot be read: {fault.strerror}",
            f"Is {evidence.out} what `optout filter` made?",
        ) from fault


def _check(corpus: str, date: str) -> None:
    if not 0 < len(corpus.strip()) <= MAX_CORPUS or _UNFIT.search(corpus):
        raise UsageError(
            "this cannot be the name of a corpus",
            f"Give it up to {MAX_CORPUS} characters on one line.",
        )
    with suppress(ValueError):
        if datetime.date.fromisoformat(date).isoformat() == date:
            return
    raise UsageError(f"{date!r} is no day of the calendar", "Write YYYY-MM-DD.")


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError("no whole number")
    return value
