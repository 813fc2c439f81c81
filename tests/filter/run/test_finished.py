"""A shard is done when its record matches input, plan, decision and every file it names."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from optout.filter.evidence import ShardRecord
from optout.filter.parquet import identity
from optout.filter.run.finished import finished
from optout.filter.run.inputs import Shard
from optout.filter.run.place import Place
from optout.filter.run.scan import ShardTask

NAME = "deep/00000.parquet"


@pytest.fixture
def place(done, tmp_path: Path) -> Place:
    """A copy of OUT and its evidence with its times: it may be changed."""
    shutil.copytree(done[0], tmp_path / "out")
    shutil.copytree(done[0].with_name("out.optout"), tmp_path / "out.optout")
    return Place.at(tmp_path / "out")


@pytest.fixture
def task(written: Path) -> ShardTask:
    return ShardTask(Shard(NAME, written / NAME), identity(written / NAME))


@pytest.fixture
def record(place: Place) -> ShardRecord:
    return ShardRecord.parse(place.beside.path(f"{NAME}.json").read_bytes())


@pytest.fixture
def look(place: Place, task: ShardTask, record: ShardRecord):
    def look(**changes) -> ShardRecord | None:
        given = {"task": task, "plan": record.plan, "decisions": {record.decision}} | changes
        return finished(place, **given)

    return look


def test_a_shard_that_is_as_its_record_says_is_done(look, record: ShardRecord) -> None:
    assert look() == record
    assert look(recheck=True) == record
    assert look(decisions={"another", record.decision}) == record


@pytest.mark.parametrize("changes", [{"plan": "22" * 32}, {"decisions": {"33" * 32}}])
def test_a_record_of_another_plan_or_decision_is_not(changes: dict, look) -> None:
    assert look(**changes) is None


@pytest.mark.parametrize("changes", [{"size": 1}, {"footer_sha256": "00" * 32}, {"mtime_ns": 1}])
def test_a_record_of_another_input_is_not(changes: dict, look, task: ShardTask) -> None:
    other = dataclasses.replace(task.identity, **changes)
    assert look(task=dataclasses.replace(task, identity=other)) is None


def path_of(place: Place, which: str) -> Path:
    if which == "output":
        return place.out.path(NAME)
    return place.beside.path(
        {
            "record": f"{NAME}.json",
            "vector": f"{NAME}.dv",
            "matches": f"{NAME}.matches.parquet",
            "quarantine": f"quarantine/{NAME}",
        }[which]
    )


FILES = ["record", "output", "vector", "matches", "quarantine"]


@pytest.mark.parametrize("which", FILES)
def test_a_lost_file_is_noticed(which: str, place: Place, look) -> None:
    path_of(place, which).unlink()
    assert look() is None


@pytest.mark.parametrize("which", FILES)
def test_a_folder_in_place_of_a_file_is_noticed(which: str, place: Place, look) -> None:
    path_of(place, which).unlink()
    path_of(place, which).mkdir()
    assert look() is None


@pytest.mark.parametrize("which", FILES)
def test_a_changed_byte_is_noticed_by_the_time_of_its_change(
    which: str, place: Place, look
) -> None:
    path = path_of(place, which)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert look() is None


@pytest.mark.parametrize("which", ["output", "quarantine"])
def test_a_change_that_hides_its_time_is_noticed_by_a_recheck(
    which: str, place: Place, look, record: ShardRecord
) -> None:
    path = path_of(place, which)
    state, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert look() == record  # the price of not hashing everything
    assert look(recheck=True) is None


def test_a_recheck_hashes_the_input_too(place: Place, look, task: ShardTask, tmp_path) -> None:
    copy = tmp_path / "copy.parquet"
    data = bytearray(task.shard.path.read_bytes())
    data[len(data) // 3] ^= 1
    copy.write_bytes(data)
    os.utime(copy, ns=(task.identity.mtime_ns, task.identity.mtime_ns))
    hidden = ShardTask(Shard(NAME, copy), identity(copy))
    assert hidden.identity == task.identity
    assert look(task=hidden) is not None
    assert look(task=hidden, recheck=True) is None
    copy.unlink()
    assert look(task=hidden, recheck=True) is None


def test_a_quarantine_that_no_record_names_is_noticed(
    place: Place, look, record: ShardRecord
) -> None:
    without = dataclasses.replace(record, quarantine=None)
    place.beside.put(f"{NAME}.json", lambda stream: stream.write(without.render()))
    assert look() is None
    path_of(place, "quarantine").unlink()
    assert look() == without


def test_where_there_is_no_record_nothing_is_done(look, written: Path) -> None:
    other = written / "laion.parquet"
    assert look(task=ShardTask(Shard("x.parquet", other), identity(other))) is None
