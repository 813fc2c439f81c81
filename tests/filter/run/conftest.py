"""A corpus of two published schemas, a snapshot, and the truth about every row."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import RunReport, filter_dataset
from optout.registry.identifiers import Identifier
from optout.registry.snapshot import Snapshot

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"
BROKEN = "broken"
SPARED = "unproven site"


@dataclass
class World:
    """Tables by shard, and for every row why it must go (None: it stays)."""

    snapshot: Snapshot
    tables: dict[str, pa.Table] = field(default_factory=dict)
    reasons: dict[str, list[str | None]] = field(default_factory=dict)

    def write(self, folder: Path, **tables: pa.Table) -> Path:
        """The corpus as files, in row groups of a few rows."""
        for name, table in {**self.tables, **tables}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path, row_group_size=max(1, table.num_rows // 8))
        return folder

    def rows(self, name: str, *reasons: str | None) -> list[int]:
        return [row for row, reason in enumerate(self.reasons[name]) if reason in reasons]

    def kept(self, name: str) -> pa.Table:
        return self.tables[name].take(self.rows(name, None, SPARED))

    def aside(self, name: str) -> pa.Table:
        return self.tables[name].take(self.rows(name, BROKEN))

    def dropped(self, name: str) -> list[int]:
        return [
            row
            for row, reason in enumerate(self.reasons[name])
            if reason not in (None, SPARED, BROKEN)
        ]


def planted(
    rows: int, seed: int, chosen: list[tuple[str, object]]
) -> tuple[dict[int, object], list[str | None]]:
    places = np.random.default_rng(seed).permutation(rows)[: len(chosen)].tolist()
    reasons: list[str | None] = [None] * rows
    for place, (reason, _) in zip(places, chosen, strict=True):
        reasons[place] = reason
    return dict(zip(places, [value for _, value in chosen], strict=True)), reasons


@pytest.fixture(scope="session")
def world(snapshot_of: Callable, photograph: Callable, encoded: Callable) -> World:
    own, original = encoded(photograph(1), quality=92), encoded(photograph(3), "PNG")
    snapshot = snapshot_of(
        Identifier.url("https://anna.example/harbour.jpg"),
        (Identifier.site("fotografin.example"), "domain"),
        (Identifier.site("ateliers.example"), "self"),
        Identifier.image(own),
        Identifier.file_sha256(hashlib.sha256(original).hexdigest()),
    )
    world = World(snapshot)
    addresses, world.reasons[LAION] = planted(
        240,
        1,
        [
            ("url", "HTTP://ANNA.example:80/harbour.jpg#x"),
            ("url", "//anna.example/harbour.jpg"),
            ("site", "https://shop.fotografin.example/a"),
            (SPARED, "https://www.ateliers.example/"),
            (BROKEN, b"https://a.example/\xff"),
        ],
    )
    urls = [addresses.get(row, f"https://host{row % 9}.example/{row}") for row in range(240)]
    packed = pa.array([url.encode() if isinstance(url, str) else url for url in urls])
    world.tables[LAION] = pa.table(
        {
            "URL": packed.view(pa.string()),
            "TEXT": [f"caption {row}, naïve" for row in range(240)],
            "hash": pa.array(range(240), pa.int64()),
        }
    ).replace_schema_metadata({"made by": "a test"})
    pictures, world.reasons[DOWNLOADED] = planted(
        40,
        2,
        [
            ("image", own),
            ("image", encoded(photograph(1).resize((160, 120)), quality=50)),
            ("image", encoded(photograph(1).convert("L"), "PNG")),
            ("file", original),
            (BROKEN, own[:500]),
        ],
    )
    world.tables[DOWNLOADED] = pa.table(
        {
            "url": [f"https://images.example/{row}" for row in range(40)],
            "jpg": pa.array(
                [
                    pictures.get(row, encoded(photograph(100 + row % 5, (64, 48)), quality=80))
                    for row in range(40)
                ],
                pa.binary(),
            ),
        }
    )
    return world


@pytest.fixture(scope="session")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus; nobody changes it."""
    return world.write(tmp_path_factory.mktemp("world") / "corpus")


@pytest.fixture
def corpus(written: Path, tmp_path: Path) -> Path:
    """A copy that may be changed, with the times of the first: a run cannot tell them apart."""
    return Path(shutil.copytree(written, tmp_path / "corpus"))


@pytest.fixture(scope="session")
def done(world: World, written: Path) -> tuple[Path, RunReport]:
    """OUT and report of an undisturbed run; nobody changes it."""
    out = written.parent / "out"
    return out, filter_dataset(written, out, snapshot=world.snapshot)


@pytest.fixture
def files() -> Callable[[Path], dict[str, bytes]]:
    """Every file of OUT and of the evidence beside it, but for the manifest, which has a date."""

    def read(out: Path, *, manifest: bool = False) -> dict[str, bytes]:
        return {
            f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for folder in (out, out.with_name(f"{out.name}.optout"))
            for path in folder.rglob("*")
            if path.is_file() and (manifest or path.name != "manifest.json")
        }

    return read
