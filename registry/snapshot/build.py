"""Making a snapshot, or renewing one that others have open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from optout.registry.durable import is_possible, publish, publishing, sync_folder
from optout.registry.errors import LogFault, SnapshotError, UsageError
from optout.registry.identifiers import PUBLIC_SUFFIX_DATE
from optout.registry.log import Checkpoint, Opening, SigningKey

from . import renewal
from .contents import Rules, count, open_all, read_log
from .files import MAX_MANIFEST
from .lines import opening_line
from .manifest import FORMAT, LEAVES, MANIFEST, OPENINGS, Manifest
from .segment import file_facts, segment_facts, segment_name, write_segment
from .snapshot import Snapshot

Item = TypeVar("Item")

_LAID_OUT = "segments/new"
"""A segment's name is known when its files are."""

_TOPS = ("*", "segments/*")
"""Where a link in place of a folder would be followed."""


def build_snapshot(
    folder: Path,
    *,
    leaves: Iterable[bytes],
    openings: Iterable[Opening],
    checkpoint: str,
    key: SigningKey,
) -> Snapshot:
    """Write what is in force into a folder, or renew the snapshot that is there.

    The files are a function of the log and the openings alone: the same ones give the same bytes.
    Whoever has the old snapshot open goes on reading it; whoever opens the folder finds the old
    one or the new one whole, even where this process is killed.

    Args:
        folder: made if it is missing; may be empty or hold an older snapshot.
        leaves: every leaf of the log from the first to the checkpoint's size, in order.
        openings: those of all entries in force at that size and of no other, by index.
        checkpoint: the log's signed note for that size; it also says the origin.
        key: signs the snapshot; the key that signed the checkpoint.

    Returns:
        The snapshot, open.

    Raises:
        UsageError: the folder holds something else.
        SnapshotError: the folder cannot be written.
        LogFault: leaves, openings and checkpoint do not fit together.
    """
    if not is_possible(folder):
        raise UsageError(f"{str(folder)!r} cannot be the path of a folder", "Choose another one.")
    said = Checkpoint.open(checkpoint, key.verifier)
    with _storage_faults(folder), _ready(folder):
        renewal.settle(folder, last=MANIFEST)
        staging = renewal.stage(folder)
        try:
            _write(staging, leaves, openings, said, checkpoint, key)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        renewal.commit(folder, staging, last=MANIFEST)
    return Snapshot.open(folder, key.verifier)


def _write(
    staging: Path,
    leaves: Iterable[bytes],
    openings: Iterable[Opening],
    said: Checkpoint,
    checkpoint: str,
    key: SigningKey,
) -> None:
    (staging / LEAVES).parent.mkdir()
    with publishing(staging / LEAVES) as stream:
        state, root = read_log(_written(leaves, stream, bytes))
    if (state.size, root) != (said.size, said.root):
        raise LogFault(
            f"a log of {state.size} records with the root {root.hex()} is not that of its "
            f"checkpoint: {said.size} records, root {said.root.hex()}",
            "Restore the registry from a backup; do not rely on it as it is.",
        )
    (staging / _LAID_OUT).mkdir(parents=True)
    rules = Rules()
    with publishing(staging / OPENINGS) as stream:
        covered = open_all(state, _written(openings, stream, opening_line))
        write_segment(staging / _LAID_OUT, rules.of(covered))
    facts = segment_facts(staging / _LAID_OUT)
    folder = f"segments/{segment_name(facts)}"
    (staging / _LAID_OUT).rename(staging / folder)
    sync_folder(staging / "segments")
    files = {path: file_facts(staging / path) for path in (LEAVES, OPENINGS)}
    files |= {f"{folder}/{name}": of for name, of in facts.items()}
    manifest = Manifest(
        origin=said.origin,
        size=said.size,
        root=said.root.hex(),
        checkpoint=checkpoint,
        erasures=state.erasures,
        canonicaliser={"version": rules.version, "public_suffixes": PUBLIC_SUFFIX_DATE},
        counts=count(state),
        segment=folder,
        files=files,
        key=key.verifier,
    )
    publish(staging / MANIFEST, manifest.sign(key))


def _written(
    items: Iterable[Item], stream: IO[bytes], line: Callable[[Item], bytes]
) -> Iterator[Item]:
    """The same items; each is written as a line when it passes."""
    for item in items:
        stream.write(line(item) + b"\n")
        yield item


@contextmanager
def _ready(folder: Path) -> Iterator[None]:
    """Make a folder and keep others out; one that was made in vain goes again."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with renewal.locked(folder):
            _check_is_ours(folder)
            yield
        sync_folder(folder.parent)
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _check_is_ours(folder: Path) -> None:
    following = folder / renewal.NEXT
    homes = [folder, following] if following.is_dir() else [folder]
    names = {p.name for home in homes for p in home.iterdir() if not renewal.is_leftover(p)}
    # What a link leads to is somebody else's: it is neither written to nor cleaned up.
    inside = (path for home in (folder, following) for top in _TOPS for path in home.glob(top))
    linked = any(path.is_symlink() for path in inside)
    fresh = homes == [folder] and not names
    marked = fresh or any(_is_marked(home / MANIFEST) for home in homes)
    if not marked or linked or names - {MANIFEST, "audit", "segments"}:
        raise UsageError(
            f"{folder} holds something other than a snapshot of this version",
            "Choose an empty folder, or one that does not exist.",
        )


def _is_marked(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return FORMAT.encode() in stream.read(MAX_MANIFEST)


@contextmanager
def _storage_faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise SnapshotError(
            f"a snapshot cannot be written to {folder}: {fault.strerror or fault}",
            "Choose another folder, or make room and give it the right permissions.",
        ) from fault
