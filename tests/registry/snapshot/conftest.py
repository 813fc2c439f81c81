"""Small registries of real identifiers, without a database: a log and what it commits to."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from optout.registry.identifiers import DEFAULT_USAGE, Grade, Identifier
from optout.registry.log import (
    Add,
    ByOperator,
    Checkpoint,
    Dispute,
    Erase,
    GradeChange,
    Opening,
    Record,
    Restore,
    SigningKey,
    Withdraw,
    fold,
    leaf_hash,
    root,
)
from optout.registry.snapshot import Snapshot, build_snapshot
from xxhash import xxh3_64_intdigest

DAY = "2026-01-31"
KEY = SigningKey("registry.example", bytes(range(32)))
OTHER_KEY = SigningKey("other.example", bytes(range(1, 33)))


def picture(hashes: Mapping[str, Mapping[str, bytes]], radius: int = 64) -> Identifier:
    """An image by its hashes alone, as a registry's opening tells of it."""
    form = hashes["phash256"]["original"].hex().encode()
    return Identifier.from_matter(
        {
            "v": 1,
            "kind": "image",
            "digest": hashlib.sha256(b"optout/v1/image\0" + form).hexdigest(),
            "probe": f"{xxh3_64_intdigest(form):016x}",
            "radius": radius,
            "hashes": {n: {v: h.hex() for v, h in of.items()} for n, of in hashes.items()},
        }
    )


def random_picture(drawn: random.Random, radius: int = 64) -> Identifier:
    """A picture with all three variants in every namespace."""
    return picture(
        {
            namespace: {v: drawn.randbytes(size) for v in ("original", "square", "padded")}
            for namespace, size in (("phash256", 32), ("phash64", 8), ("pdq256", 32))
        },
        radius,
    )


def some_file(number: int) -> Identifier:
    return Identifier.file_sha256(hashlib.sha256(b"file %d" % number).hexdigest())


@dataclass
class LogBook:
    """A log and the openings of what is in force in it."""

    key: SigningKey = KEY
    leaves: list[bytes] = field(default_factory=list)
    openings: dict[int, Opening] = field(default_factory=dict)
    drawn: random.Random = field(default_factory=lambda: random.Random(1))

    def add(
        self,
        identifier: Identifier,
        *,
        grade: Grade = Grade.SELF,
        usage: Sequence[str] = DEFAULT_USAGE,
    ) -> int:
        index = len(self.leaves)
        opening = Opening.of(index, identifier, self.drawn.randbytes(16))
        auth = hashlib.sha256(self.drawn.randbytes(16)).digest()
        self.write(Add(identifier.kind, opening.commitment(), auth, tuple(usage), grade, DAY))
        self.openings[index] = opening
        return index

    def write(self, record: Record) -> None:
        self.leaves.append(record.leaf())

    def grade(self, entry: int, grade: Grade) -> None:
        self.write(GradeChange(entry, grade, DAY))

    def dispute(self, entry: int) -> None:
        self.write(Dispute(entry, DAY))

    def withdraw(self, entry: int) -> None:
        self.write(Withdraw(entry, ByOperator("asked for"), DAY))

    def restore(self, entry: int) -> None:
        self.write(Restore(entry, DAY))

    def erase(self, entry: int) -> None:
        self.write(Erase(entry, ByOperator("asked for"), DAY))
        del self.openings[entry]

    @property
    def checkpoint(self) -> str:
        return Checkpoint(self.key.name, len(self.leaves), root(map(leaf_hash, self.leaves))).sign(
            self.key
        )

    def in_force(self) -> list[Opening]:
        entries = fold(self.leaves).entries
        return [o for index, o in sorted(self.openings.items()) if entries[index].status.in_force]

    def identifiers(self) -> dict[int, Identifier]:
        return {opening.index: opening.identifier() for opening in self.in_force()}

    def snapshot(self, folder: Path) -> Snapshot:
        return build_snapshot(
            folder,
            leaves=iter(self.leaves),
            openings=iter(self.in_force()),
            checkpoint=self.checkpoint,
            key=self.key,
        )


def small_book() -> LogBook:
    """Every kind, every grade, every operation; two claims of one thing; one entry erased."""
    book = LogBook()
    book.add(Identifier.url("https://anna.example/harbour.jpg"))
    book.add(Identifier.site("anna.example"), grade=Grade.DOMAIN, usage=("train-ai", "search"))
    book.add(some_file(1), grade=Grade.REVIEWED)
    book.add(random_picture(random.Random(3)), grade=Grade.ACCOUNT)
    book.add(picture({"phash256": {"original": bytes(range(32))}}, radius=16))
    book.add(Identifier.url("https://anna.example/harbour.jpg"), usage=("search",))
    withdrawn, erased, restored = (book.add(some_file(n)) for n in (2, 3, 4))
    book.withdraw(withdrawn)
    book.erase(erased)
    book.withdraw(restored)
    book.restore(restored)
    book.dispute(2)
    book.grade(0, Grade.DOMAIN)
    return book


def large_book(entries: int, seed: int = 5) -> LogBook:
    """Files, mostly, and a picture for every ten of them."""
    book, drawn = LogBook(), random.Random(seed)
    for number in range(entries):
        book.add(random_picture(drawn) if number % 10 == 9 else some_file(number))
    return book


@pytest.fixture(scope="session")
def book() -> LogBook:
    return small_book()


@pytest.fixture(scope="session")
def snapshot(book: LogBook, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return book.snapshot(tmp_path_factory.mktemp("registry") / "snapshot")


def resigned(folder: Path, change: Callable[[dict], object], key: SigningKey = KEY) -> None:
    """Change what `snapshot.json` says and sign it again: a registry that lies."""
    document = json.loads((folder / "snapshot.json").read_bytes())
    del document["signature"]
    change(document)
    signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    signature = key.sign(b"optout/v1/snapshot\0" + signed.encode())
    document["signature"] = base64.b64encode(signature).decode()
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False)
    (folder / "snapshot.json").write_bytes(text.encode() + b"\n")


def replaced(folder: Path, name: str, data: bytes) -> None:
    """Replace a file of a snapshot, and have `snapshot.json` say that this is right."""
    (folder / name).write_bytes(data)
    facts = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    resigned(folder, lambda document: document["files"].update({name: facts}))
