"""Pictures that nobody registered: found in folders and shards, and hashed on every core.

Their phash256 is made by the registry's plain reference, so that what is counted is what a filter
decides; their PDQ by the compiled form, which leaves to the reference what it is not sure of.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter import Leaf, inspect_dataset
from optout.filter.columns import leaf_columns, leaf_values
from optout.filter.errors import ShardError
from optout.filter.parquet import ShardReader
from optout.filter.run import Tell, do_all
from optout.registry.errors import PictureError, UsageError
from optout.registry.images import SightedHashes, SightedPdq, sighted_hashes, sighted_pdq

from . import values as read

if TYPE_CHECKING:
    import pyarrow as pa

    from .progress import ConsoleProgress

PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
"""What a folder is searched for; a file that is named itself may be called anything."""
SHARDS = ".parquet"

FILES_TOGETHER = 32
"""Files that a process is given at once: a second or less."""
MANY = 200
"""Pictures from which starting processes pays."""
FAULTS_KEPT = 20

Hashed = tuple[SightedHashes, SightedPdq]
"""What a picture is looked for by."""
_NO_PDQ = SightedPdq(None, None)


@dataclass(frozen=True, slots=True)
class Files:
    """Some pictures in files of their own."""

    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """What progress and messages call them."""
        return self.paths[0]

    @property
    def count(self) -> int:
        """How many pictures there may be."""
        return len(self.paths)


@dataclass(frozen=True, slots=True)
class Rows:
    """A row group of a Parquet shard, and the places in it where pictures stand."""

    name: str
    row_group: int
    count: int
    leaves: tuple[Leaf, ...]


Part = Files | Rows
"""What a process is given at once."""


@dataclass
class Pictures:
    """Pictures as they are looked for.

    Attributes:
        names: where each stands: a path, or a shard and a row.
        hashes: phash256, 32 bytes each.
        mirrored: the same of the mirror images.
        pdq: of those that have a PDQ, where it was asked for, 32 bytes each.
        pdq_mirrored: the same of their mirror images.
        with_pdq: which pictures these are: positions.
        unreadable: how many could not be read.
        empty: files without a byte, and rows without a picture.
        faults: the first of these: place and reason.
    """

    names: list[str] = field(default_factory=list)
    hashes: bytearray = field(default_factory=bytearray)
    mirrored: bytearray = field(default_factory=bytearray)
    pdq: bytearray = field(default_factory=bytearray)
    pdq_mirrored: bytearray = field(default_factory=bytearray)
    with_pdq: list[int] = field(default_factory=list)
    unreadable: int = 0
    empty: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, hashed: Hashed | str) -> None:
        """Note a picture's hashes, or the reason why it has none."""
        if isinstance(hashed, str):
            self.refuse(name, hashed)
            return
        self.names.append(name)
        hashes, by_pdq = hashed
        self.hashes += hashes.phash256
        self.mirrored += hashes.mirrored
        # What is too plain one way has no PDQ that way: the other one stands for both.
        own = by_pdq.pdq256 or by_pdq.mirrored
        mirrored = by_pdq.mirrored or by_pdq.pdq256
        if own and mirrored:
            self.with_pdq.append(len(self.names) - 1)
            self.pdq += own
            self.pdq_mirrored += mirrored

    def refuse(self, name: str, reason: str, count: int = 1) -> None:
        """Note what cannot be read."""
        self.unreadable += count
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append((name, reason))

    def extend(self, others: Pictures) -> None:
        """Note what another process has read."""
        self.with_pdq += [len(self.names) + place for place in others.with_pdq]
        self.pdq += others.pdq
        self.pdq_mirrored += others.pdq_mirrored
        self.names += others.names
        self.hashes += others.hashes
        self.mirrored += others.mirrored
        self.unreadable += others.unreadable
        self.empty += others.empty
        self.faults += others.faults[: FAULTS_KEPT - len(self.faults)]


@dataclass(frozen=True)
class Hashing:
    """Hashes the pictures of a part; of equal bytes once.

    Attributes:
        by_pdq: whether to make their PDQ too.
    """

    by_pdq: bool

    def __call__(self, task: Part, tell: Tell) -> Pictures:
        """Do it, and tell of every picture that is done."""
        pictures, known = Pictures(), dict[bytes, Hashed | str]()
        shown = set[str]()  # a row may hold several pictures
        for name, data in _read_rows(task) if isinstance(task, Rows) else _read_files(task):
            if isinstance(data, OSError):
                pictures.refuse(name, data.strerror or str(data))
            elif data:
                digest = hashlib.sha256(data).digest()
                if digest not in known:
                    known[digest] = _hashed(data, by_pdq=self.by_pdq)
                pictures.add(name, known[digest])
            if data:
                shown.add(name)
            tell(1, name)
        pictures.empty = task.count - len(shown)
        return pictures


def _hashed(data: bytes, *, by_pdq: bool) -> Hashed | str:
    try:
        return sighted_hashes(data), sighted_pdq(data) if by_pdq else _NO_PDQ
    except PictureError as fault:
        return fault.message


def _read_files(files: Files) -> Iterator[tuple[str, bytes | OSError]]:
    for path in files.paths:
        try:
            yield path, Path(path).read_bytes()
        except OSError as fault:
            yield path, fault


def _read_rows(rows: Rows) -> Iterator[tuple[str, bytes]]:
    with ShardReader(Path(rows.name)) as reader:
        columns = {name: None for leaf in rows.leaves for name in leaf_columns(reader.schema, leaf)}
        for batch in reader.batches(list(columns), row_groups=[rows.row_group]):
            for found in leaf_values(batch.data, rows.leaves):
                places = range(len(found.rows)) if found.places is None else found.places.tolist()
                for place, row in zip(places, found.rows.tolist(), strict=True):
                    data = _bytes_at(found.values, place)
                    if data:
                        yield f"{rows.name} row {batch.first_row + row}", data


def _bytes_at(values: pa.LargeBinaryArray, place: int) -> bytes:
    # One at a time: a batch of pictures is not copied whole.
    return (values[place].as_py() or b"") if place >= 0 else b""


def find(inputs: Sequence[str]) -> tuple[list[Part], Pictures]:
    """Find the pictures that are meant.

    Args:
        inputs: each a picture, a Parquet shard, a folder (all of these below it), a glob, or
            `@LIST` for one of these a line. Hidden names are passed over unless they are given
            themselves.

    Returns:
        Where they are, and no picture yet but the shards that cannot be read.

    Raises:
        UsageError: something is absent, or nothing is found.
    """
    refused = Pictures()
    files: list[str] = []
    parts: list[Part] = []
    for given in read.spread(inputs):
        found = sorted(_found(given.value))
        if not found:
            raise UsageError(
                f"{given.place}no picture was found at {given.value}",
                f"A folder is searched for {', '.join(PICTURES)} and {SHARDS}.",
            )
        for path in found:
            if path.lower().endswith(SHARDS):
                parts += _rows_of(path, refused)
            else:
                files.append(path)
    together = (files[at : at + FILES_TOGETHER] for at in range(0, len(files), FILES_TOGETHER))
    return [*(Files(tuple(each)) for each in together), *parts], refused


def _found(text: str) -> Iterator[str]:
    path = Path(text)
    if path.is_dir():
        yield from _below(path)
    elif path.exists():
        yield text
    elif glob.has_magic(text):
        # `pathlib` would drop what is quoted in a pattern.
        for match in glob.glob(text, recursive=True):  # noqa: PTH207
            yield from _below(Path(match)) if Path(match).is_dir() else [match]
    else:
        raise UsageError(f"{text} does not exist", "Check the path; quote a glob.")


def _below(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        above = {here.resolve(), *here.resolve().parents}
        folders[:] = [n for n in folders if _visible(n) and (here / n).resolve() not in above]
        wanted = (name for name in names if name.lower().endswith((*PICTURES, SHARDS)))
        yield from (str(here / name) for name in wanted if _visible(name))


def _visible(name: str) -> bool:
    return not name.startswith(".")


def _rows_of(path: str, refused: Pictures) -> list[Part]:
    """The row groups of a shard, with its columns of pictures."""
    columns = inspect_dataset(path).columns
    leaves = tuple(Leaf(column.path, "image") for column in columns if column.role == "image")
    try:
        with ShardReader(Path(path)) as reader:
            groups = reader.row_groups
    except ShardError as fault:
        refused.refuse(path, fault.message)
        return []
    if not leaves:
        refused.refuse(path, "no column holds the bytes of pictures")
        return []
    return [Rows(path, group.index, group.rows, leaves) for group in groups if group.rows]


def hash_all(
    parts: Sequence[Part], workers: int | None, progress: ConsoleProgress, by_pdq: bool
) -> Pictures:
    """Hash what was found.

    Args:
        parts: from `find`.
        workers: processes; as many as there are cores by default.
        progress: hears of every picture.
        by_pdq: whether to make their PDQ too.

    Returns:
        All of them, in the order of the parts.
    """
    total = sum(part.count for part in parts)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processes = (workers or cores or 1) if total >= MANY else 1
    progress.stage("hashing", total)
    done: dict[Part, Pictures] = {}
    for part, outcome in do_all(Hashing(by_pdq), parts, workers=processes, tell=progress.advance):
        if isinstance(outcome, ShardError):
            done[part] = Pictures()
            done[part].refuse(part.name, outcome.message, part.count)
        else:
            done[part] = outcome
    pictures = Pictures()
    for part in parts:
        pictures.extend(done.get(part, Pictures()))
    return pictures
