"""`snapshot.json`: what a snapshot is of, what it holds, and whose word that is.

It is in the one form that `documents.render` makes, and its signature covers every field but
itself, so that no byte of it can change. Through the digests it holds it speaks for every other
file.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optout.registry import documents
from optout.registry.errors import LogFault, SnapshotError, SnapshotFault, UsageError
from optout.registry.identifiers import VERSIONS, Grade, Kind
from optout.registry.log import Checkpoint, SigningKey, VerifierKey

from .formats import IDENTIFIERS_FILE, NOT_IN_OLDER, PROBES_FILE, RECORDS

MANIFEST = "snapshot.json"
LEAVES = "audit/leaves.jsonl"
OPENINGS = "audit/openings.jsonl"

FORMAT = "optout/v1/snapshot"

_DOMAIN = FORMAT.encode() + b"\0"
_ANY_FORMAT = re.compile(r"optout/v[0-9]+/snapshot")
_SEGMENT = re.compile(r"segments/[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

AGAIN = "Fetch it again; whoever runs the registry builds it with: optout snapshot OUT."
"""What to do about a damaged snapshot."""

_UPGRADE = "Upgrade optout."


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the manifest says of one file.

    Attributes:
        sha256: hex.
        size: bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot's own account of itself.

    Attributes:
        origin: of the log.
        size: records of the log that it stands for.
        root: hex, of the log's Merkle tree at that size.
        checkpoint: the signed note that says so.
        erasures: how many entries of the log are erased.
        canonicaliser: the newest `version` of the rules that an entry needs, and the date of the
            `public_suffixes`.
        counts: `entries` in force, and how many `by_kind` and `by_grade`; none is 0.
        segment: the folder of what filters load, relative.
        files: by path, relative, with `/` between its parts.
        key: of the signer.
    """

    origin: str
    size: int
    root: str
    checkpoint: str
    erasures: int
    canonicaliser: Mapping[str, Any]
    counts: Mapping[str, Any]
    segment: str
    files: Mapping[str, FileFacts]
    key: VerifierKey

    def sign(self, key: SigningKey) -> bytes:
        """The bytes of `snapshot.json`, signed by the key that the manifest names."""
        document = self._document()
        signature = key.sign(_DOMAIN + documents.canonical(document))
        return documents.render(document | {"signature": base64.b64encode(signature).decode()})

    @classmethod
    def read(cls, data: bytes, name: str, key: VerifierKey | None = None) -> Manifest:
        """Read and check `snapshot.json`: its form, its signature, its checkpoint.

        Args:
            data: its bytes.
            name: what to call it in a message.
            key: who must have signed it; whoever it names by default.

        Raises:
            SnapshotError: it is of a newer format, changed, signed by another key, or tells of
                something that cannot be a snapshot.
        """
        _check_age(data, name)
        document = documents.parse(data, name, error=SnapshotFault)
        _check_format(document.get("format"), name)
        signer = _check_signature(document, name, key)
        try:
            manifest = cls._read(document, signer)
        except _NewerError as fault:
            raise SnapshotError(f"{name} is of a newer optout: {fault}", _UPGRADE) from fault
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            why = f"{fault} is missing" if isinstance(fault, KeyError) else f"{fault}"
            raise SnapshotFault(f"{name} does not describe a snapshot: {why}", AGAIN) from fault
        manifest._check_checkpoint(name)
        return manifest

    def _document(self) -> documents.Document:
        return {
            "format": FORMAT,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "checkpoint": self.checkpoint,
            "erasures": self.erasures,
            "canonicaliser": dict(self.canonicaliser),
            "counts": {
                "entries": self.counts["entries"],
                "by_kind": dict(self.counts["by_kind"]),
                "by_grade": dict(self.counts["by_grade"]),
            },
            "files": {
                path: {"sha256": file.sha256, "bytes": file.size}
                for path, file in self.files.items()
            },
            "key": str(self.key),
        }

    @classmethod
    def _read(cls, document: documents.Document, signer: VerifierKey) -> Manifest:
        files = {
            path: FileFacts(_text(file["sha256"], _SHA256), _number(file["bytes"]))
            for path, file in document["files"].items()
        }
        counts = document["counts"]
        manifest = cls(
            _text(document["origin"]),
            _number(document["size"]),
            _text(document["root"], _SHA256),
            _text(document["checkpoint"]),
            _number(document["erasures"]),
            {
                "version": _version(document["canonicaliser"]["version"]),
                "public_suffixes": _text(document["canonicaliser"]["public_suffixes"], _DATE),
            },
            {
                "entries": _number(counts["entries"]),
                "by_kind": _counts(counts["by_kind"], set(Kind)),
                "by_grade": _counts(counts["by_grade"], set(Grade)),
            },
            _segment_of(files),
            files,
            signer,
        )
        if manifest._document() != {k: v for k, v in document.items() if k != "signature"}:
            raise ValueError("it has fields that are unknown here")
        manifest._check_counts()
        return manifest

    def _check_counts(self) -> None:
        entries = self.counts["entries"]
        for split in ("by_kind", "by_grade"):
            if sum(self.counts[split].values()) != entries:
                raise ValueError(f"{entries} entries are not what it counts {split}")
        for name, record in RECORDS.items():
            facts = self.files.get(f"{self.segment}/{name}")
            if facts is None:
                continue  # one of an older snapshot's
            size = facts.size
            fixed = name in (PROBES_FILE, IDENTIFIERS_FILE)
            if size % record.itemsize or (fixed and size != entries * record.itemsize):
                raise ValueError(f"{size} bytes of {name} do not hold {entries} entries")

    def _check_checkpoint(self, name: str) -> None:
        try:
            checkpoint = Checkpoint.open(self.checkpoint, self.key)
        except LogFault as fault:
            raise SnapshotFault(
                f"{name} has a checkpoint that cannot be trusted: {fault.message}", AGAIN
            ) from fault
        said = (checkpoint.origin, checkpoint.size, checkpoint.root.hex())
        if said != (self.origin, self.size, self.root):
            raise SnapshotFault(f"{name} has the checkpoint of another log or size", AGAIN)


class _NewerError(ValueError):
    """Something that only a newer optout can know."""


def _check_age(data: bytes, name: str) -> None:
    """A newer format may lay its JSON out otherwise: this comes before any look at its form."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return  # what it is not, is told later
    found = document.get("format") if isinstance(document, dict) else None
    if isinstance(found, str) and found != FORMAT and _ANY_FORMAT.fullmatch(found):
        raise SnapshotError(f"{name} is of the format {found}, newer than {FORMAT}", _UPGRADE)


def _check_format(found: object, name: str) -> None:
    if found == FORMAT:
        return
    raise SnapshotError(f"{name} does not describe a snapshot", "Name the folder that holds one.")


def _check_signature(
    document: documents.Document, name: str, key: VerifierKey | None
) -> VerifierKey:
    """Who signed this, as it stands."""
    signed = {field: value for field, value in document.items() if field != "signature"}
    try:
        signer = VerifierKey.parse(_text(document.get("key")))
        text = _text(document.get("signature"))
        signature = base64.b64decode(text, validate=True)
        message = _DOMAIN + documents.canonical(signed)
        # Base64 leaves room for bits that mean nothing: only one spelling is taken.
        good = base64.b64encode(signature).decode() == text and signer.verify(message, signature)
    except (ValueError, RecursionError, UsageError) as fault:
        raise SnapshotFault(f"{name} is not signed: {fault}", AGAIN) from fault
    if key is not None and signer != key:
        raise SnapshotFault(
            f"{name} is signed by {signer} instead of {key}",
            "Do not use it, unless its publisher announced a new key.",
        )
    if not good:
        raise SnapshotFault(f"{name} was changed: its signature is not that of {signer}", AGAIN)
    return signer


def _segment_of(files: Mapping[str, FileFacts]) -> str:
    """The folder of what filters load; no path but the expected ones may be there."""
    segments = {path.rpartition("/")[0] for path in files} - {"audit"}
    segment = next(iter(segments)) if len(segments) == 1 else ""
    expected = {LEAVES, OPENINGS, *(f"{segment}/{name}" for name in RECORDS)}
    older = expected - {f"{segment}/{name}" for name in NOT_IN_OLDER}
    if not _SEGMENT.fullmatch(segment) or files.keys() not in (expected, older):
        raise ValueError(f"its files are {', '.join(sorted(map(ascii, files)))[:500]}")
    return segment


def _text(value: object, pattern: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
        raise ValueError(f"{ascii(value)[:100]} is not what stands there")
    return value


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:  # what RFC 8785 can write
        raise ValueError(f"{ascii(value)[:100]} is not a number of things")
    return value


def _version(value: object) -> int:
    if _number(value) > max(VERSIONS):
        raise _NewerError(f"its identifiers follow the rules of version {value}")
    return _number(value)


def _counts(value: dict[str, object], known: set[Any]) -> dict[str, int]:
    for name in value.keys() - known:
        raise _NewerError(f"it counts entries of {ascii(name)[:100]}")
    return {name: _number(count) for name, count in value.items()}
