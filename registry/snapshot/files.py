"""Holding a snapshot's folder against its `snapshot.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optout.registry.errors import SnapshotError, SnapshotFault
from optout.registry.log import VerifierKey

from .manifest import AGAIN, MANIFEST, FileFacts, Manifest
from .renewal import is_leftover

MAX_MANIFEST = 4 << 20
"""Bytes: a longer `snapshot.json` is not read."""

_LISTED = ("audit", "segments")
"""Folders in which nothing lies that `snapshot.json` does not name."""


def read_manifest(folder: Path, key: VerifierKey | None) -> tuple[Manifest, str]:
    """Read and check `snapshot.json`.

    Returns:
        What it says, and its own hex SHA-256.

    Raises:
        SnapshotError: it is missing, damaged, newer, or signed by another key than `key`.
    """
    data = _manifest_bytes(folder)
    return Manifest.read(data, str(folder / MANIFEST), key), hashlib.sha256(data).hexdigest()


def manifest_digest(folder: Path) -> str | None:
    """The hex SHA-256 of `snapshot.json`, whatever it says; None where it cannot be read."""
    try:
        return hashlib.sha256(_manifest_bytes(folder)).hexdigest()
    except SnapshotError:
        return None


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """See whether every file is there and as long as it must be.

    Raises:
        SnapshotError: one is not; it is named.
    """
    for name, facts in manifest.files.items():
        _check_size(folder / name, facts)


def check_files(folder: Path, manifest: Manifest) -> None:
    """See whether every file has the digest that stands in `snapshot.json`, and none is too many.

    Raises:
        SnapshotError: a file is missing, changed or not named there; it is named.
    """
    for name, facts in manifest.files.items():
        path = folder / name
        _check_size(path, facts)
        with reading(path), path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != facts.sha256:
            raise SnapshotFault(f"{path} was changed: {MANIFEST} has another digest of it", AGAIN)
    for path in _present(folder):
        if path.relative_to(folder).as_posix() not in manifest.files:
            raise SnapshotFault(
                f"{path} does not belong to the snapshot: {MANIFEST} does not name it",
                "Remove it, or build the snapshot again.",
            )


def _manifest_bytes(folder: Path) -> bytes:
    path = folder / MANIFEST
    with reading(path):
        if not path.is_file():
            where = "there is no such folder" if not folder.exists() else f"it has no {MANIFEST}"
            raise SnapshotError(
                f"{folder} is no snapshot: {where}", "Make one with: optout snapshot OUT."
            )
        with path.open("rb") as stream:
            data = stream.read(MAX_MANIFEST + 1)
    if len(data) > MAX_MANIFEST:
        raise SnapshotFault(f"{path} is too large", AGAIN)
    return data


def _check_size(path: Path, facts: FileFacts) -> None:
    with reading(path):
        if not path.is_file():
            raise SnapshotFault(f"{path} is missing", AGAIN)
        size = path.stat().st_size
    if size != facts.size:
        raise SnapshotFault(f"{path} has {size} bytes instead of {facts.size}", AGAIN)


def _present(folder: Path) -> Iterator[Path]:
    for top in _LISTED:
        for path in sorted((folder / top).rglob("*")):
            if (path.is_symlink() or not path.is_dir()) and not is_leftover(path):
                yield path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the system says while `path` is read into a `SnapshotError` that names it."""
    try:
        yield
    except OSError as fault:
        raise SnapshotError(
            f"{path} cannot be read: {fault.strerror or fault}", "Check its permissions."
        ) from fault
