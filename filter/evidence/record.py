"""The record of one shard: what went in, what came out, and what was left out.

It is written last, so that its presence says that everything it names is whole. It carries a
seal, the SHA-256 of all the rest, and is read only in the exact bytes that were written: any
changed byte is noticed, even where it changes no value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from optout.filter.errors import EvidenceError
from optout.registry import documents

FORMAT = "optout/v1/shard"

REWRITE, MASK = "rewrite", "mask"
"""What a run writes: shards, or deletion vectors alone."""

MASKED = "masked"
"""How a shard was filtered that was not written."""

_ADVICE = "Run the same command again: it filters this shard anew."


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file is.

    Attributes:
        sha256: hex.
        size: bytes.
    """

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> FileDigest:
        """The digest of a file with this content."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))


@dataclass(frozen=True, slots=True)
class SourceDigest:
    """What an input file was.

    Attributes:
        size: bytes.
        footer_sha256: hex, of the footer.
        mtime_ns: when it was last written, nanoseconds since 1970.
        sha256: hex, of all bytes; None where they did not pass: a mask is made from some columns.
    """

    size: int
    footer_sha256: str
    mtime_ns: int
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRecord:
    """What a run says of one shard.

    Attributes:
        shard: its name.
        plan: hex SHA-256 of `plan.json`.
        decision: hex SHA-256 of `decision.json`.
        mode: `rewrite` or `mask`.
        how: `copied` (nothing to remove), `spliced` (clean row groups copied, others encoded
            anew), `rewritten` (all encoded anew) or `masked` (no shard was written).
        why: the reason for `how`, in words; may be empty.
        source: the input.
        output: the shard in OUT; None for a mask.
        vector: the deletion vector.
        matches: which entry met which row.
        quarantine: the rows put aside; None where there are none.
        rows_in: rows of the input.
        rows_kept: rows of the output.
        rows_dropped: rows an entry in force met.
        rows_quarantined: rows that could not be judged.
        dropped_by_kind: dropped rows by the kind of entry that met them.
        counts: by leaf, how many values were what (null, not a url, ...).
    """

    shard: str
    plan: str
    decision: str
    mode: str
    how: str
    why: str = ""
    source: SourceDigest
    output: FileDigest | None
    vector: FileDigest
    matches: FileDigest
    quarantine: FileDigest | None = None
    rows_in: int
    rows_kept: int
    rows_dropped: int
    rows_quarantined: int
    dropped_by_kind: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def render(self) -> bytes:
        """The record's file."""
        body = {"format": FORMAT, **asdict(self)}
        return documents.render({**body, "seal": _seal(body)})

    @classmethod
    def parse(cls, data: bytes, name: str = "the record") -> ShardRecord:
        """Read what `render` wrote.

        Args:
            data: the file's bytes.
            name: what to call it in a message.

        Raises:
            EvidenceError: a byte is different, or a newer optout wrote it.
        """
        body = documents.parse(data, name, error=EvidenceError)
        seal = body.pop("seal", None)
        if seal != _seal(body):
            raise EvidenceError(f"{name} does not match its seal", _ADVICE)
        if body.pop("format", None) != FORMAT:
            raise EvidenceError(f"{name} is of a format this optout does not know", _ADVICE)
        if body.keys() != {item.name for item in fields(cls)}:
            raise EvidenceError(f"{name} has not the fields of a record", _ADVICE)
        try:
            nested = {
                "source": SourceDigest(**body["source"]),
                "vector": FileDigest(**body["vector"]),
                "matches": FileDigest(**body["matches"]),
                "output": _optional(body["output"]),
                "quarantine": _optional(body["quarantine"]),
            }
        except TypeError as fault:
            raise EvidenceError(f"{name} has not the fields of a record", _ADVICE) from fault
        record = cls(**{**body, **nested})
        record._check(name)
        return record

    def _check(self, name: str) -> None:
        """What holds for every record, whatever was filtered."""
        counted = self.rows_kept + self.rows_dropped + self.rows_quarantined
        if counted != self.rows_in:
            raise EvidenceError(
                f"{name} counts {self.rows_in} rows in, but {counted} kept, dropped and put aside",
                _ADVICE,
            )


def _optional(value: dict[str, Any] | None) -> FileDigest | None:
    return None if value is None else FileDigest(**value)


def _seal(body: dict[str, Any]) -> str:
    return hashlib.sha256(documents.render(body)).hexdigest()
