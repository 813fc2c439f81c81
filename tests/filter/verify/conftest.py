"""A small world that was really filtered, and copies of it to tamper with."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import Policy, VerifyReport, filter_dataset, verify_dataset
from optout.registry.identifiers import Grade, Identifier
from optout.registry.log import (
    Add,
    ByOperator,
    Checkpoint,
    Erase,
    GradeChange,
    Opening,
    Restore,
    SigningKey,
    Status,
    Withdraw,
    fold,
    leaf_hash,
    root,
)
from optout.registry.snapshot import Snapshot, build_snapshot

DAY = "2026-01-31"
LOG_KEY = SigningKey("registry.example", bytes(range(32)))

HARBOUR = "https://anna.example/harbour.jpg"
SITE = "fotografin.example"
URL, HOST, IMAGE, FILE, WEAK, SEARCH = range(6)
"""The entries of the world's log."""


@dataclass
class Log:
    """A log and its openings; whoever takes a snapshot of it goes on with the same log."""

    origin: str = "registry.example"
    leaves: list[bytes] = field(default_factory=list)
    openings: dict[int, Opening] = field(default_factory=dict)

    def add(self, identifier: Identifier, grade: str = "reviewed", usage=("train-ai",)) -> int:
        index = len(self.leaves)
        opening = Opening.of(index, identifier, index.to_bytes(16))
        auth = hashlib.sha256(index.to_bytes(16)).digest()
        added = Add(identifier.kind, opening.commitment(), auth, usage, Grade(grade), DAY)
        self.leaves.append(added.leaf())
        self.openings[index] = opening
        return index

    def withdraw(self, entry: int) -> None:
        self.leaves.append(Withdraw(entry, proof=ByOperator(), date=DAY).leaf())

    def restore(self, entry: int) -> None:
        self.leaves.append(Restore(entry, date=DAY).leaf())

    def erase(self, entry: int) -> None:
        self.leaves.append(Erase(entry, proof=ByOperator(), date=DAY).leaf())

    def grade(self, entry: int, grade: str) -> None:
        self.leaves.append(GradeChange(entry, grade=Grade(grade), date=DAY).leaf())

    def snapshot(self, folder: Path, key: SigningKey = LOG_KEY) -> Snapshot:
        note = Checkpoint(self.origin, len(self.leaves), root(list(map(leaf_hash, self.leaves))))
        there = {Status.IN_FORCE, Status.DISPUTED}
        entries = fold(self.leaves).entries.values()
        return build_snapshot(
            folder,
            leaves=self.leaves,
            openings=[self.openings[e.index] for e in entries if e.status in there],
            checkpoint=note.sign(key),
            key=key,
        )

    def copy(self) -> Log:
        return Log(self.origin, list(self.leaves), dict(self.openings))


@dataclass
class Run:
    """An OUT and what belongs to it."""

    out: Path
    snapshot: Snapshot
    corpus: Path

    @property
    def evidence(self) -> Path:
        return self.out.with_name(f"{self.out.name}.optout")

    def verify(self, *, inputs: bool = True, snapshot: Snapshot | None = None, **options):
        """The audit; with the corpus, unless it is told otherwise."""
        given = [self.corpus] if inputs else None
        return verify_dataset(
            self.out, snapshot=snapshot or self.snapshot, inputs=given, **{"seed": 1, **options}
        )

    def copy(self, folder: Path) -> Run:
        for path in (self.out, self.evidence):
            shutil.copytree(path, folder / path.name)
        return Run(folder / self.out.name, self.snapshot, self.corpus)


def told(report: VerifyReport) -> list[str]:
    return [fault.text for fault in report.faults]


def failed(report: VerifyReport) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def detail(report: VerifyReport, name: str) -> str:
    return next(check.detail for check in report.checks if check.name == name)


def bits(*patterns: int) -> np.ndarray:
    return np.array(patterns, np.uint64).view(np.float64)


NAN, OTHER_NAN, MINUS_ZERO = bits(0x7FF8_0000_0000_0000, 0x7FF8_0000_0000_0001, 1 << 63)


def links(rows: int = 300) -> pa.Table:
    """Addresses: rows 7, 150 and 151 must go, and row 299."""
    urls = [f"https://host{row % 17}.example/{row}.jpg" for row in range(rows)]
    urls[7] = urls[299] = HARBOUR
    urls[150] = f"http://www.{SITE}/a"
    urls[151] = f"https://{SITE}:8080/b"
    scores = np.linspace(-1, 1, rows)
    scores[[3, 4, 5]] = NAN, OTHER_NAN, MINUS_ZERO
    table = pa.table(
        {
            "URL": urls,
            "TEXT": [None if row % 9 == 0 else f"caption {row}" for row in range(rows)],
            "score": scores,
            "tags": [[f"tag {row}"] * (row % 3) for row in range(rows)],
        }
    )
    return table.replace_schema_metadata({"made by": "a test"})


@pytest.fixture(scope="session")
def original(encoded: Callable, photograph: Callable) -> bytes:
    """The registered picture."""
    return encoded(photograph(1), quality=92)


@pytest.fixture(scope="session")
def scan(encoded: Callable, photograph: Callable) -> bytes:
    """A picture that is registered by its bytes only."""
    return encoded(photograph(3, (64, 48)), "PNG")


@pytest.fixture(scope="session")
def pictures(original: bytes, scan: bytes, encoded: Callable, photograph: Callable) -> pa.Table:
    """Pictures: rows 2, 9 and 11 must go, row 5 cannot be judged."""
    crowd = [encoded(photograph(100 + row, (64, 48)), quality=80) for row in range(20)]
    crowd[2] = original
    crowd[5] = crowd[5][:300]
    crowd[9] = encoded(photograph(1).resize((120, 90)), quality=60)
    crowd[11] = scan
    crowd[13] = None
    return pa.table(
        {
            "url": [f"https://images.example/{row}" for row in range(20)],
            "jpg": pa.array(crowd, pa.binary()),
            "width": pa.array(range(20), pa.int32()),
        }
    )


@pytest.fixture(scope="session")
def corpus(pictures: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "corpus"
    (folder / "deep").mkdir(parents=True)
    pq.write_table(links(), folder / "links.parquet", row_group_size=100)
    pq.write_table(pictures, folder / "deep" / "pictures.parquet", row_group_size=8)
    return folder


@pytest.fixture(scope="session")
def log(original: bytes, scan: bytes) -> Log:
    log = Log()
    log.add(Identifier.url(HARBOUR), "self")
    log.add(Identifier.site(SITE), "domain")
    log.add(Identifier.image(original), "self")
    log.add(Identifier.file_sha256(hashlib.sha256(scan).hexdigest()))
    log.add(Identifier.site("host3.example"), "self")
    log.add(Identifier.url("https://host4.example/4.jpg"), usage=("search",))
    return log


@pytest.fixture(scope="session")
def snapshot(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return log.snapshot(tmp_path_factory.mktemp("snapshot") / "snapshot")


@pytest.fixture(scope="session")
def operator() -> SigningKey:
    return SigningKey("operator.example", bytes(range(32, 64)))


@pytest.fixture(scope="session")
def filtered(
    corpus: Path,
    snapshot: Snapshot,
    operator: SigningKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Run]:
    """Filter the world as it is asked for."""

    def run(policy: Policy | None = None, *, at: Snapshot = snapshot, inputs=None, **options):
        out = tmp_path_factory.mktemp("run") / "out"
        given = inputs or corpus
        filter_dataset([given], out, snapshot=at, policy=policy, workers=1, key=operator, **options)
        return Run(out, at, given)

    return run


@pytest.fixture(scope="session")
def clean(filtered: Callable[..., Run]) -> Run:
    """A run that nobody touched; whoever changes it copies it first."""
    return filtered()


@pytest.fixture
def run(clean: Run, tmp_path: Path) -> Iterator[Run]:
    """A copy of the run, to tamper with."""
    return clean.copy(tmp_path)
