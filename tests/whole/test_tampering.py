"""One changed byte, anywhere, is noticed, and the file is named."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import filter_dataset, verify_dataset
from optout.registry import Identifier, Registry, Snapshot
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Grade
from optout.registry.log import SigningKey
from optout.registry.registry import Claim

from .conftest import encoded, photograph

SAMPLED = 12
"""Places in each file that `make test` changes; `make test-all` changes every one."""


@dataclass(frozen=True)
class World:
    """A snapshot and a filtered corpus, as small as they can be and still hold everything."""

    snapshot: Path
    out: Path
    corpus: Path

    @property
    def evidence(self) -> Path:
        return self.out.with_name(f"{self.out.name}.optout")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = tmp_path_factory.mktemp("tampering")
    picture = encoded(photograph(1, (96, 96)), quality=60)
    with Registry.create(place / "optout.db") as registry:
        registry.add(
            [
                Claim(Identifier.site("anna.example"), grade=Grade.DOMAIN),
                Claim(Identifier.image(picture)),
            ]
        )
        snapshot = registry.snapshot(place / "snapshot")
    urls = ["https://anna.example/1", "https://bruno.example/2", "https://carla.example/3", None]
    pictures = [None, picture, encoded(photograph(2, (96, 96)), quality=30), b"no picture"]
    (place / "corpus").mkdir()
    pq.write_table(pa.table({"url": urls, "jpg": pictures}), place / "corpus" / "a.parquet")
    filter_dataset(
        place / "corpus",
        place / "out",
        snapshot=snapshot,
        workers=1,
        key=SigningKey.generate("operator.example"),
    )
    return World(snapshot.path, place / "out", place / "corpus")


def changes(path: Path, places: int | None) -> Iterator[tuple[int, bytes]]:
    """The file's bytes with one of them changed, again and again.

    Args:
        path: the file.
        places: how many places to change, drawn by the file's name; every one by default.
    """
    data = path.read_bytes()
    drawn = random.Random(path.name)
    chosen = range(len(data))
    if places is not None and places < len(data):
        chosen = sorted({0, len(data) - 1, *drawn.sample(range(len(data)), places)})
    for place in chosen:
        changed = bytearray(data)
        changed[place] ^= 1 << drawn.randrange(8)
        yield place, bytes(changed)


def assert_snapshot_notices(world: World, place: Path, name: str, places: int | None) -> None:
    copy = place / "snapshot"
    shutil.copytree(world.snapshot, copy)
    for position, changed in changes(world.snapshot / name, places):
        (copy / name).write_bytes(changed)
        with pytest.raises(SnapshotError) as noticed:
            Snapshot.open(copy).check_files()
        assert name in str(noticed.value), f"byte {position} of {name}: {noticed.value}"
    assert (copy / name).stat().st_size == (world.snapshot / name).stat().st_size


def assert_verify_notices(world: World, place: Path, name: str, places: int | None) -> None:
    """Change a file of OUT or of its evidence, named as it lies beside OUT."""
    for folder in (world.out, world.evidence):
        shutil.copytree(folder, place / folder.name)
    snapshot = Snapshot.open(world.snapshot)
    for position, changed in changes(world.out.parent / name, places):
        (place / name).write_bytes(changed)
        report = verify_dataset(place / world.out.name, snapshot=snapshot)
        assert not report.ok, f"byte {position} of {name} was changed and nobody noticed"
        told = "\n".join(fault.text for fault in report.faults)
        assert name.partition("/")[2] in told, f"byte {position} of {name}: {told}"


IN_SNAPSHOT = ("snapshot.json", "audit/leaves.jsonl", "audit/openings.jsonl")
BESIDE_OUT = (
    "out/a.parquet",
    "out.optout/plan.json",
    "out.optout/decision.json",
    "out.optout/manifest.json",
    "out.optout/a.parquet.json",
    "out.optout/a.parquet.dv",
    "out.optout/a.parquet.matches.parquet",
    "out.optout/quarantine/a.parquet",
)


def segments(world: World) -> list[str]:
    return sorted(
        path.relative_to(world.snapshot).as_posix()
        for path in (world.snapshot / "segments").rglob("*")
        if path.is_file()
    )


def test_the_lists_above_name_every_file(world: World) -> None:
    in_snapshot = {
        path.relative_to(world.snapshot).as_posix()
        for path in world.snapshot.rglob("*")
        if path.is_file()
    }
    assert in_snapshot == {*IN_SNAPSHOT, *segments(world)}
    assert segments(world)
    beside = {
        path.relative_to(world.out.parent).as_posix()
        for folder in (world.out, world.evidence)
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert beside == set(BESIDE_OUT)


def test_the_world_is_whole_before_it_is_changed(world: World) -> None:
    Snapshot.open(world.snapshot).check_files()
    report = verify_dataset(
        world.out, snapshot=Snapshot.open(world.snapshot), inputs=[world.corpus]
    )
    assert report.ok, report.faults


@pytest.mark.parametrize("name", IN_SNAPSHOT)
def test_a_changed_byte_of_a_snapshot_is_noticed(world: World, name: str, tmp_path: Path) -> None:
    assert_snapshot_notices(world, tmp_path, name, SAMPLED)


def test_a_changed_byte_of_a_segment_is_noticed(world: World, tmp_path: Path) -> None:
    for number, name in enumerate(segments(world)):
        assert_snapshot_notices(world, tmp_path / str(number), name, SAMPLED)


@pytest.mark.parametrize("name", BESIDE_OUT)
def test_a_changed_byte_of_output_or_evidence_is_noticed(
    world: World, name: str, tmp_path: Path
) -> None:
    assert_verify_notices(world, tmp_path, name, SAMPLED)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_changed_byte_of_a_snapshot_is_noticed(world: World, tmp_path: Path) -> None:
    for number, name in enumerate([*IN_SNAPSHOT, *segments(world)]):
        assert_snapshot_notices(world, tmp_path / str(number), name, None)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", BESIDE_OUT)
def test_every_changed_byte_of_output_or_evidence_is_noticed(
    world: World, name: str, tmp_path: Path
) -> None:
    assert_verify_notices(world, tmp_path, name, None)
