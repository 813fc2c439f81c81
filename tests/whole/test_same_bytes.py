"""Processes, threads, memory, the order of inputs change no byte; nor do killed workers."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.columns import Leaf
from optout.filter.run.division import Load, divide, is_interpreted
from optout.filter.run.workers import ATTEMPTS

from .conftest import OPTOUT
from .weighty import contents, names, said, workers_of, write_corpus, write_snapshot

WORKERS = (1, 2, 8)
"""With four row groups to a shard: one thread, two of them, and two processes of four."""
MEMORY = {"256MiB": 256 << 20, "2GiB": 2 << 30, "8GiB": 8 << 30}
ORDERS = ("folder", "glob", "list", "two lists")
SHARED = ("--workers", "8", "--memory", "8GiB")
"""With these, two processes work."""

HEAVY = "heavy/00.parquet"
"""The shard over which workers die."""


@dataclass
class World:
    """A corpus that workers share, and a snapshot with much to say about it."""

    corpus: Path
    snapshot: Path
    environment: dict[str, str]

    def inputs(self, order: str) -> list[str]:
        """The same shards, asked for in another way; relative to the corpus."""
        if order == "folder":
            return ["."]
        if order == "glob":
            return ["**/*.parquet"]
        shuffled = random.Random(order).sample(names(), len(names()))
        parts = [shuffled] if order == "list" else [shuffled[9:], shuffled[:9]]
        for number, part in enumerate(parts):
            (self.corpus / f"{order}-{number}.txt").write_text("\n".join(part))
        return [f"@{order}-{number}.txt" for number in range(len(parts))]

    def start(
        self, out: Path, inputs: Iterable[str] = (".",), *options: str, **how: object
    ) -> subprocess.Popen[str]:
        given = ["filter", *inputs, "--snapshot", str(self.snapshot), "--out", str(out)]
        return subprocess.Popen(
            [*OPTOUT, *given, "--json", *options],
            env=self.environment,
            cwd=self.corpus,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )


@pytest.fixture(scope="module")
def world(
    environment: dict[str, str], optout: Callable, tmp_path_factory: pytest.TempPathFactory
) -> World:
    folder = tmp_path_factory.mktemp("weighty")
    return World(write_corpus(folder / "corpus"), write_snapshot(folder, optout), environment)


@pytest.fixture(scope="module")
def alone(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process leaves."""
    out = tmp_path_factory.mktemp("alone") / "out"
    finish(world.start(out, ["."], "--workers", "1"))
    return out


def finish(running: subprocess.Popen[str], code: int = 0) -> dict:
    told, words = running.communicate(timeout=240)
    assert running.returncode == code, words
    return json.loads(told)


def most_workers(running: subprocess.Popen[str]) -> int:
    """How many workers a run had at most at one time."""
    most = 0
    while running.poll() is None:
        most = max(most, len(workers_of(running.pid)))
        time.sleep(0.01)
    return most


def load_of(corpus: Path) -> Load:
    """What a run over the corpus divides."""
    files = [pq.ParquetFile(corpus / name) for name in names()]
    sizes = tuple((corpus / name).stat().st_size for name in names())
    interpreted = is_interpreted([Leaf("URL", "url")])
    return Load(sizes, sum(file.num_row_groups for file in files), interpreted)


def test_the_corpus_is_one_for_threads_and_for_processes(world: World) -> None:
    load = replace(load_of(world.corpus), interpreted=False)
    divided = [divide(workers, MEMORY["8GiB"], load) for workers in WORKERS]
    assert [(each.processes, each.threads) for each in divided] == [(1, 1), (1, 2), (2, 4)]


def assert_same(out: Path, alone: Path) -> None:
    assert contents(out) == contents(alone)
    assert said(out) == said(alone)  # but for when; all were signed by one key


def assert_no_byte_differs(
    world: World, alone: Path, out: Path, workers: int, memory: str, order: str
) -> None:
    given = ("--workers", str(workers), "--memory", memory)
    running = world.start(out, world.inputs(order), *given)
    most = most_workers(running)
    finish(running)
    division = divide(workers, MEMORY[memory], load_of(world.corpus))
    assert most == (division.processes if division.processes > 1 else 0)
    assert_same(out, alone)


@pytest.mark.parametrize(
    ("workers", "memory", "order"),
    [(2, "2GiB", "list"), (8, "8GiB", "two lists")],
)
def test_workers_memory_and_order_change_no_byte(
    workers: int, memory: str, order: str, world: World, alone: Path, tmp_path: Path
) -> None:
    assert_no_byte_differs(world, alone, tmp_path / "out", workers, memory, order)


@pytest.mark.long
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("workers", WORKERS)
def test_no_workers_memory_or_order_changes_a_byte(
    workers: int, memory: str, order: str, world: World, alone: Path, tmp_path: Path
) -> None:
    assert_no_byte_differs(world, alone, tmp_path / "out", workers, memory, order)


def holder(shard: Path, workers: Iterable[int]) -> int | None:
    """The worker that has an input open, as Linux tells it."""
    for process in workers:
        with suppress(OSError):
            for link in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    if link.readlink() == shard:
                        return process
    return None


def shards(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.parquet")}


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("step", ["scan", "write"])
def test_a_killed_worker_costs_nothing_but_time(
    step: str, world: World, alone: Path, tmp_path: Path
) -> None:
    out, killed = tmp_path / "out", 0
    evidence = tmp_path / "out.optout"
    begun = "*.scan.json" if step == "scan" else "*.parquet.json"
    running = world.start(out, ["."], *SHARED)
    while running.poll() is None and not killed:
        workers = workers_of(running.pid)
        if len(workers) == 2 and sum(1 for _ in evidence.rglob(begun)) >= 3:
            killed = workers[0]
            kill(killed)
        time.sleep(0.002)
    assert killed
    assert finish(running)["shards"] == len(names())
    assert_same(out, alone)


@pytest.fixture
def burdened(world: World, tmp_path: Path) -> World:
    """The same corpus and one shard more, at which a worker sits for a while."""
    corpus = tmp_path / "corpus"
    shutil.copytree(world.corpus, corpus, copy_function=os.link)
    (corpus / HEAVY).parent.mkdir()
    urls = [f"https://heavy.example/{row}" for row in range(150_000)]
    pq.write_table(pa.table({"URL": urls}), corpus / HEAVY, row_group_size=50_000)
    return World(corpus, world.snapshot, world.environment)


@pytest.mark.long
def test_a_shard_over_which_workers_die_fails_alone(
    burdened: World, alone: Path, tmp_path: Path, optout: Callable
) -> None:
    out, killed = tmp_path / "out", set[int]()
    running = burdened.start(out, ["."], *SHARED)
    while running.poll() is None:
        found = holder(burdened.corpus / HEAVY, workers_of(running.pid))
        if found is not None:
            kill(found)
            killed.add(found)
        time.sleep(0.002)
    told, words = running.communicate(timeout=60)
    assert running.returncode == 3, words
    assert len(killed) == ATTEMPTS
    failed = json.loads(told)["failed"]
    assert [each["shard"] for each in failed] == [HEAVY]
    assert f"{HEAVY} was given up: {ATTEMPTS} workers died over it" in words
    assert shards(out) == shards(alone)
    audit = optout("verify", out, "--snapshot", burdened.snapshot, "--json", expect=4).json()
    assert {check["name"] for check in audit["checks"] if not check["ok"]} == {"records"}
    # Nobody kills now: the same command completes what is there.
    report = finish(burdened.start(out, ["."], *SHARED))
    assert report["shards"] == len(names()) + 1
    # Nothing covers a row of it: it is copied.
    heavy = {HEAVY: (burdened.corpus / HEAVY).read_bytes()}
    assert shards(out) == shards(alone) | heavy
