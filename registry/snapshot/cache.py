"""Snapshots that were fetched: whole or absent, below `$XDG_CACHE_HOME/optout/snapshots`.

A copy's folder is named by the digest of its `snapshot.json`. What is being fetched has a hidden
name and is locked, so that what a killed process left can be told from what a living one needs.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from optout.registry.durable import publish, publishing, sync_folder
from optout.registry.errors import SnapshotError
from optout.registry.log import VerifierKey

from . import renewal
from .files import MAX_MANIFEST, check_sizes, read_manifest
from .manifest import MANIFEST, FileFacts, Manifest
from .network import base_of, fetch

UNUSED_DAYS = 7
"""A copy that nobody has opened for so long goes: what was erased since shall not live on in it."""

_YOUNG = 60.0


def folder_of_copies() -> Path:
    """Where fetched snapshots are kept (XDG Base Directory Specification).

    Raises:
        SnapshotError: nothing says where this user's files are kept.
    """
    said = os.environ.get("XDG_CACHE_HOME", "")
    # The specification: a path that is not absolute is to be ignored.
    try:
        cache = Path(said) if said.startswith("/") else Path.home() / ".cache"
    except RuntimeError as fault:
        raise SnapshotError(
            "there is no home folder to keep fetched snapshots in",
            "Set XDG_CACHE_HOME to a folder that can be written to.",
        ) from fault
    return cache / "optout" / "snapshots"


def cached_copy(address: str, key: VerifierKey | None) -> Path:
    """The folder of a fetched snapshot: an earlier copy if there is one, otherwise a new one.

    Args:
        address: http or https, of the folder that holds `snapshot.json`.
        key: who must have signed it; whoever it names by default.

    Raises:
        SnapshotError: it cannot be fetched or kept, or is not what its `snapshot.json` says.
    """
    base = base_of(address)
    data = _manifest_at(base)
    try:
        return _copy(base, data, key)
    except SnapshotError:
        # It may have been renewed while it was fetched: then once more, from the start.
        newer = _manifest_at(base)
        if newer == data:
            raise
        return _copy(base, newer, key)


def forget(copy: Path) -> None:
    """Remove a copy that turned out to be damaged."""
    if copy.parent == folder_of_copies():
        shutil.rmtree(copy, ignore_errors=True)


def _manifest_at(base: str) -> bytes:
    return b"".join(fetch(f"{base}/{MANIFEST}", MAX_MANIFEST))


def _copy(base: str, data: bytes, key: VerifierKey | None) -> Path:
    manifest = Manifest.read(data, f"{base}/{MANIFEST}", key)
    copies = folder_of_copies()
    copy = copies / hashlib.sha256(data).hexdigest()
    with _storage_faults(copies):
        copies.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_whole(copy, data):
            _remove_broken(copy, data)
            _tidy(copies)
            _fetch_into(copies, copy, base, data, manifest)
        os.utime(copy)
    return copy


def _is_whole(copy: Path, data: bytes) -> bool:
    try:
        manifest, digest = read_manifest(copy, None)
        check_sizes(copy, manifest)
    except SnapshotError:
        return False
    return digest == hashlib.sha256(data).hexdigest()


def _remove_broken(copy: Path, data: bytes) -> None:
    # Locked, and looked at again: another process may just have put a whole one there.
    with renewal.locked(copy.parent):
        if copy.exists() and not _is_whole(copy, data):
            shutil.rmtree(copy)


def _fetch_into(copies: Path, copy: Path, base: str, data: bytes, manifest: Manifest) -> None:
    needed = sum(facts.size for facts in manifest.files.values())
    free = shutil.disk_usage(copies).free
    if needed > free:
        raise SnapshotError(
            f"{base} has {needed} bytes, and there is room for {free} in {copies}",
            "Make room there, or set XDG_CACHE_HOME to another folder.",
        )
    staging = renewal.stage(copies)
    try:
        with renewal.locked(staging):
            for name, facts in manifest.files.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                _fetch_file(f"{base}/{name}", staging / name, facts)
            publish(staging / MANIFEST, data)
            with suppress(FileExistsError):  # another process was faster
                _take_place(staging, copy)
        sync_folder(copies)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _take_place(staging: Path, copy: Path) -> None:
    try:
        staging.rename(copy)
    except OSError as fault:
        if fault.errno == errno.ENOTEMPTY:
            raise FileExistsError(copy) from fault
        raise


def _fetch_file(address: str, path: Path, facts: FileFacts) -> None:
    digest, size = hashlib.sha256(), 0
    with publishing(path) as stream, closing(fetch(address, facts.size)) as chunks:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
        if size != facts.size or digest.hexdigest() != facts.sha256:
            raise SnapshotError(
                f"{address} is not what {MANIFEST} says: it was damaged, or renewed just now",
                "Try again; if it stays so, tell whoever publishes it.",
            )


def _tidy(copies: Path) -> None:
    """Remove what killed processes left, and copies that nobody has opened for long."""
    now = time.time()
    for path in list(copies.iterdir()):
        with suppress(OSError):
            age = now - path.stat().st_mtime
            if renewal.is_leftover(path):
                # A young one may be about to be locked.
                gone = age > _YOUNG and not renewal.is_locked(path)
            else:
                gone = age > UNUSED_DAYS * 24 * 3600
            if gone:
                shutil.rmtree(path)


@contextmanager
def _storage_faults(copies: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise SnapshotError(
            f"a snapshot cannot be kept in {copies}: {fault.strerror or fault}",
            "Set XDG_CACHE_HOME to a folder with room that can be written to.",
        ) from fault
