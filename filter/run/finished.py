"""Which shards an earlier run has finished: by their records, and what lies there now."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from optout.filter.errors import EvidenceError, StorageError
from optout.filter.evidence import FileDigest, ShardRecord

from .place import Place
from .scan import ShardTask


def finished(
    place: Place, task: ShardTask, plan: str, decisions: Collection[str], *, recheck: bool = False
) -> ShardRecord | None:
    """The record of a shard, where nothing is left to do for it.

    The shard itself is trusted by its size unless it was written to after its record: hashing
    every shard would cost more than a run that drops nothing.

    Args:
        place: where shards and evidence are.
        task: the shard, and what its input is now.
        plan: the run's digest.
        decisions: the digests of decisions under which it may have been filtered.
        recheck: hash input and output in any case.
    """
    names = place.evidence
    if not place.beside.exists(names.record(task.name)):
        return None
    # What cannot be read is not finished: writing it again tells why.
    with suppress(OSError, EvidenceError, StorageError):
        with place.beside.open(names.record(task.name)) as stream:
            record = ShardRecord.parse(stream.read(), names.record(task.name))
        if _holds(place, task, record, recheck=recheck):
            known = record.plan == plan and record.decision in decisions
            return record if known else None
    return None


def _holds(place: Place, task: ShardTask, record: ShardRecord, *, recheck: bool) -> bool:
    """Whether input and output are what a record says."""
    source, names = record.source, place.evidence
    seen = (source.size, source.footer_sha256, source.mtime_ns)
    planned = (task.identity.size, task.identity.footer_sha256, task.identity.mtime_ns)
    if record.shard != task.name or seen != planned:
        return False
    # Of a mask's input nothing but the footer was hashed; that was compared just now.
    hashed = FileDigest(source.sha256, source.size) if source.sha256 is not None else None
    if recheck and hashed is not None and not _is(task.shard.path, hashed):
        return False
    written = place.beside.path(names.record(task.name)).stat().st_mtime_ns
    for path, digest, small in _files(place, record):
        if digest is None:
            if path.exists():
                return False
        elif not _looks(path, digest, written, certain=recheck or small):
            return False
    return True


def _files(place: Place, record: ShardRecord) -> Iterator[tuple[Path, FileDigest | None, bool]]:
    """Every file that a record names: its path, its digest, and whether it is small."""
    names = place.evidence
    yield place.out.path(record.shard), record.output, False
    yield place.beside.path(names.vector(record.shard)), record.vector, True
    yield place.beside.path(names.matches(record.shard)), record.matches, True
    yield place.beside.path(names.quarantine(record.shard)), record.quarantine, False


def _looks(path: Path, digest: FileDigest, written: int, *, certain: bool) -> bool:
    """Whether a file is what the record names, as far as this can be told for its price."""
    if not path.is_file():
        return False
    state = path.stat()
    if state.st_size != digest.size:
        return False
    return _is(path, digest) if certain or state.st_mtime_ns > written else True


def _is(path: Path, digest: FileDigest) -> bool:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == digest.sha256
