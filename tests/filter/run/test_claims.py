"""Runs that share OUT: each shard is done once, also where one of them is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import filter_dataset
from optout.filter.errors import SomeShardsFailed
from optout.filter.evidence import compare_files, read_manifest
from optout.filter.run.progress import Silence
from optout.filter.run.storage import LocalStorage

SHARDS = 12
COVERED = "https://anna.example/harbour.jpg"

RUN = """
import sys, time
from optout.filter import filter_dataset
from optout.filter.run import scan, write

corpus, out, snapshot, mode, log, pause = sys.argv[1:]

def noted(word, function):
    def call(self, task, tell):
        with open(log, "a") as stream:
            stream.write(f"{word} {task.name}\\n")
        time.sleep(float(pause))
        return function(self, task, tell)
    return call

scan.Scanner.scan = noted("scan", scan.Scanner.scan)
write.Writer.__call__ = noted("write", write.Writer.__call__)
report = filter_dataset(corpus, out, snapshot=snapshot, mode=mode, workers=1)
assert report.rows_dropped == 12
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A dozen shards, a row of each of which goes."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(SHARDS):
        urls = [f"https://h.example/{number}/{row}" for row in range(20)]
        urls[number] = COVERED
        pq.write_table(pa.table({"url": urls}), folder / f"{number:02}.parquet", row_group_size=5)
    return folder


@pytest.fixture
def start(world, many: Path, tmp_path: Path) -> Callable[..., subprocess.Popen]:
    def start(mode: str = "rewrite", pause: float = 0.02) -> subprocess.Popen:
        arguments = [many, tmp_path / "out", world.snapshot.path, mode, tmp_path / "log", pause]
        return subprocess.Popen([sys.executable, "-c", RUN, *map(str, arguments)])

    return start


def assert_bound(out: Path) -> None:
    manifest = read_manifest(out.with_name("out.optout").joinpath("manifest.json").read_bytes())
    assert list(compare_files(manifest, out)) == []


@pytest.mark.parametrize("mode", ["rewrite", "mask"])
def test_runs_of_one_plan_do_each_shard_once_and_end_in_the_bytes_of_one(
    mode: str, world, many: Path, start: Callable, files: Callable, tmp_path: Path
) -> None:
    runs = [start(mode) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    work = Counter((tmp_path / "log").read_text().splitlines())
    names = [f"{number:02}.parquet" for number in range(SHARDS)]
    assert work == {f"{word} {name}": 1 for word in ("scan", "write") for name in names}
    alone = tmp_path / "alone" / "out"
    filter_dataset(many, alone, snapshot=world.snapshot, mode=mode)
    assert files(tmp_path / "out") == files(alone)
    assert_bound(tmp_path / "out")
    assert not list(tmp_path.rglob(".optout-*"))


@pytest.mark.parametrize("after", [3, SHARDS + 3])
def test_what_a_killed_run_had_claimed_is_done_by_the_other(
    after: int, world, many: Path, start: Callable, files: Callable, tmp_path: Path
) -> None:
    first = start(pause=0.1)
    log = tmp_path / "log"
    while not log.exists() or len(log.read_text().splitlines()) < after:
        time.sleep(0.01)
    second = start(pause=0.01)
    time.sleep(0.05)
    first.kill()
    first.wait(60)
    assert second.wait(60) == 0
    alone = tmp_path / "alone" / "out"
    filter_dataset(many, alone, snapshot=world.snapshot)
    assert files(tmp_path / "out") == files(alone)
    assert_bound(tmp_path / "out")
    # At most what was in hand when it was killed is done a second time.
    assert len(log.read_text().splitlines()) <= 2 * SHARDS + 1


def test_what_a_run_beside_has_done_is_told_as_done_before(
    world, many: Path, start: Callable, tmp_path: Path
) -> None:
    other = start(pause=0.03)
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    report = filter_dataset(many, tmp_path / "out", snapshot=world.snapshot)
    assert other.wait(60) == 0
    theirs = (tmp_path / "log").read_text().splitlines()
    written = sum(line.startswith("write") for line in theirs)
    assert report.skipped == written
    assert report.shards == SHARDS
    assert report.rows_dropped == 12


LOST = "05.parquet"


class Absent(Silence):
    """Lets an input be away when a stage begins, and another run finish meanwhile.

    Args:
        shard: the input.
        stage: when it goes away.
        beside: the other run, which finds it there again; called at `call`.
        call: `note`, when the failure is told, or the name of a later stage.
        stays: whether it is away again afterwards.
    """

    def __init__(self, shard: Path, stage: str, beside: Callable, call: str, stays: bool) -> None:
        self.shard, self.away = shard, shard.with_name("away")
        self.at, self.beside, self.call, self.stays = stage, beside, call, stays
        self.called = False

    def stage(self, name: str, _total: int | None = None) -> None:
        if name == self.at and not self.called:
            self.shard.rename(self.away)
        self._maybe(name)

    def note(self, _text: str) -> None:
        self._maybe("note")

    def _maybe(self, what: str) -> None:
        if what == self.call and self.away.exists() and not self.called:
            self.called = True
            self.away.rename(self.shard)
            self.beside()
            if self.stays:
                self.shard.rename(self.away)


@pytest.mark.parametrize("mode", ["rewrite", "mask"])
@pytest.mark.parametrize(
    ("stage", "call"), [("write", "note"), ("scan", "note"), ("scan", "decide"), ("scan", "write")]
)
def test_a_shard_that_failed_here_and_was_finished_beside_is_taken_over(
    stage: str, call: str, mode: str, world, many: Path, files: Callable, tmp_path: Path
) -> None:
    out, beside = tmp_path / "out", []

    def other() -> None:
        beside.append(filter_dataset(many, out, snapshot=world.snapshot, mode=mode))

    absent = Absent(many / LOST, stage, other, call, stays=False)
    report = filter_dataset(
        many, out, snapshot=world.snapshot, mode=mode, workers=1, progress=absent
    )
    assert beside[0].shards == report.shards == SHARDS
    assert report.rows_dropped == SHARDS
    assert next(o for o in report.outcomes if o.shard == LOST).skipped
    alone = tmp_path / "alone" / "out"
    filter_dataset(many, alone, snapshot=world.snapshot, mode=mode)
    assert files(out) == files(alone)
    assert_bound(out)


@pytest.mark.parametrize(
    ("stage", "call"), [("write", "note"), ("scan", "note"), ("scan", "decide"), ("scan", "write")]
)
def test_a_shard_of_which_the_input_is_gone_is_not_taken_over(
    stage: str, call: str, world, many: Path, files: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    absent = Absent(
        many / LOST,
        stage,
        lambda: filter_dataset(many, out, snapshot=world.snapshot),
        call,
        stays=True,
    )
    with pytest.raises(SomeShardsFailed) as caught:
        filter_dataset(many, out, snapshot=world.snapshot, workers=1, progress=absent)
    assert [failed.shard for failed in caught.value.report.failed] == [LOST]
    assert not any(LOST in name for name in files(out) if "/scan/" not in name)
    assert_bound(out)


def test_what_failed_here_and_is_in_hand_beside_is_waited_for(
    world, many: Path, start: Callable, files: Callable, tmp_path: Path
) -> None:
    out, started = tmp_path / "out", []

    def other() -> None:
        started.append(start(pause=0.2))
        log = tmp_path / "log"
        while not log.exists() or f"write {LOST}" not in log.read_text():
            time.sleep(0.01)

    absent = Absent(many / LOST, "write", other, "note", stays=False)
    report = filter_dataset(many, out, snapshot=world.snapshot, workers=1, progress=absent)
    assert report.shards == SHARDS
    assert started[0].wait(60) == 0
    alone = tmp_path / "alone" / "out"
    filter_dataset(many, alone, snapshot=world.snapshot)
    assert files(out) == files(alone)
    assert_bound(out)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "evidence")


def test_a_name_is_held_by_one(storage: LocalStorage) -> None:
    with storage.claim("a/b.parquet") as first, storage.claim("a/b.parquet") as second:
        assert (first, second) == (True, False)
        with storage.claim("a/c.parquet") as other:
            assert other
    with storage.claim("a/b.parquet") as again:
        assert again
    assert list(storage.root.iterdir()) == []


def test_a_claim_is_no_file_of_the_storage_and_is_not_cleaned_away(storage: LocalStorage) -> None:
    with storage.claim("a"):
        assert list(storage.list()) == []
        assert storage.clean() == 0
        with storage.claim("a") as second:
            assert not second


@pytest.mark.parametrize("_again", range(5))
def test_a_name_is_held_by_one_at_a_time_however_many_wait(
    _again: int, storage: LocalStorage
) -> None:
    held, most = [], []

    def work() -> None:
        for _ in range(20):
            with storage.claim("a", wait=True) as mine:
                assert mine
                held.append(1)
                most.append(len(held))
                held.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 80


def test_a_claim_ends_with_its_process(storage: LocalStorage) -> None:
    code = (
        "import sys, time; from pathlib import Path; "
        "from optout.filter.run.storage import LocalStorage\n"
        "with LocalStorage(Path(sys.argv[1])).claim('a'): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(storage.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process.stdout as told:
        assert told.readline() == "held\n"
        with storage.claim("a") as mine:
            assert not mine
        process.kill()
        process.wait(60)
    with storage.claim("a", wait=True) as mine:
        assert mine
    assert storage.clean() == 0
