"""Work on several processes: all of it is done, whoever dies over it, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.filter.errors import ShardError
from optout.filter.run import workers
from optout.filter.run.workers import ATTEMPTS, do_all
from optout.registry.errors import OptOutError

JOBS = '''
import os, signal
from pathlib import Path
from optout.filter.errors import ShardError, StorageError

class Task(tuple):
    @property
    def name(self):
        return self[0]

def begun(folder):
    """How often a job was begun, by its own count."""
    path = Path(folder) / f"{os.getpid()}-{os.urandom(4).hex()}"
    path.touch()
    return len(list(Path(folder).iterdir()))

class Job:
    def __init__(self, folder):
        self.folder = folder
    def __call__(self, task, tell):
        name, what = task
        if what == "die once" and begun(self.folder) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "die always":
            begun(self.folder)
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "shard":
            raise ShardError(name, f"{name} is bad", "Fetch it again.")
        if what == "bug":
            raise ZeroDivisionError("by zero")
        if what == "memory":
            raise MemoryError
        if what == "disk":
            raise StorageError("the disk is full", "Free some space.")
        tell(3, name)
        return (name, os.getpid())
'''


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A module that workers can import too."""
    (tmp_path / "jobs_for_workers.py").write_text(JOBS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "jobs_for_workers", raising=False)
    import jobs_for_workers

    return jobs_for_workers


@pytest.fixture
def run(jobs, tmp_path: Path) -> Callable:
    (tmp_path / "begun").mkdir()

    def do(*tasks: tuple[str, str], workers: int = 2) -> tuple[dict, dict[str, int]]:
        told: dict[str, int] = {}

        def tell(rows: int, name: str) -> None:
            told[name] = told.get(name, 0) + rows

        job = jobs.Job(tmp_path / "begun")
        results = do_all(job, [jobs.Task(task) for task in tasks], workers=workers, tell=tell)
        return {task.name: result for task, result in results}, told

    return do


FINE = [(f"{number}.parquet", "") for number in range(6)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_task_has_its_result_and_its_rows_are_told(count: int, run: Callable) -> None:
    results, told = run(*FINE, workers=count)
    assert {name: result[0] for name, result in results.items()} == {n: n for n, _ in FINE}
    assert told == {name: 3 for name, _ in FINE}
    processes = {result[1] for result in results.values()}
    assert (processes == {os.getpid()}) == (count == 1)


def test_one_task_needs_no_process(run: Callable) -> None:
    results, _ = run(("a", ""), workers=8)
    assert results["a"] == ("a", os.getpid())


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("shard", "a is bad"),
        ("bug", "a cannot be filtered: ZeroDivisionError: by zero"),
        ("memory", "a does not fit into memory"),
    ],
)
def test_what_is_wrong_with_one_shard_stops_no_other(
    what: str, words: str, count: int, run: Callable
) -> None:
    results, _ = run(("a", what), *FINE, workers=count)
    assert isinstance(results["a"], ShardError)
    assert results["a"].shard == "a"
    assert results["a"].message == words
    assert sum(isinstance(result, tuple) for result in results.values()) == len(FINE)


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_no_shards_fault_ends_the_work(count: int, run: Callable) -> None:
    with pytest.raises(OptOutError, match="the disk is full") as caught:
        run(("a", "disk"), *FINE, workers=count)
    assert caught.value.advice == "Free some space."


def test_a_killed_worker_is_replaced_and_its_shard_done_by_another(run: Callable) -> None:
    results, _ = run(("a", "die once"), *FINE)
    assert results["a"][0] == "a"
    assert len(results) == len(FINE) + 1


def test_a_shard_that_kills_every_worker_is_given_up(run: Callable, tmp_path: Path) -> None:
    results, _ = run(("a", "die always"), *FINE)
    assert isinstance(results["a"], ShardError)
    assert results["a"].message == f"a was given up: {ATTEMPTS} workers died over it"
    assert results["a"].advice
    assert len(list((tmp_path / "begun").iterdir())) == ATTEMPTS
    assert sum(isinstance(result, tuple) for result in results.values()) == len(FINE)


def test_where_no_process_can_be_started_the_work_is_done_here(
    run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_START", "raise SystemExit(1)")
    results, _ = run(*FINE)
    assert {result[1] for result in results.values()} == {os.getpid()}


PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from optout.filter.run.workers import do_all
import slow_job
tasks = [slow_job.Task((name,)) for name in "ab"]
list(do_all(slow_job.Job(), tasks, workers=2, tell=lambda *_: None))
"""
SLOW = """
import os, time
from pathlib import Path
class Task(tuple):
    @property
    def name(self):
        return self[0]
class Job:
    def __call__(self, task, tell):
        (Path(__file__).parent / f"pid-{os.getpid()}").touch()
        time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(how: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "slow_job.py").write_text(SLOW)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while len(pids := list(tmp_path.glob("pid-*"))) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    parent.send_signal(how)
    parent.wait()
    while any(alive(int(path.name.removeprefix("pid-"))) for path in pids):
        assert time.monotonic() < until
        time.sleep(0.05)
