"""Measuring whole processes, from shell to shell."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LEVELS: Mapping[str, int | None] = {"zstd": 1, "snappy": None}
"""Levels of codecs, as pyarrow uses them when it is told nothing; every peer is told the same."""

_LOOK = 0.02
"""Seconds between two looks at the memory of a process."""


@dataclass
class Figure:
    """The best of some runs of one thing.

    Attributes:
        name: of who did it.
        job: what was done.
        seconds: the least wall time.
        cpu: seconds of all cores, the least.
        resident: bytes of physical memory at most, mapped files included, the least.
        anonymous: the same without mapped files.
        rows: looked at.
        bytes: of the input.
        said: what the process itself told.
        walls: the wall time of every run.
    """

    name: str
    job: str
    seconds: float
    cpu: float
    resident: int
    anonymous: int
    rows: int = 0
    bytes: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    walls: list[float] = field(default_factory=list)

    def better(self, other: Figure | None) -> Figure:
        """The best of both; what was said is that of the faster one."""
        if other is None:
            return self
        fast = self if self.seconds <= other.seconds else other
        return Figure(
            self.name,
            self.job,
            fast.seconds,
            min(self.cpu, other.cpu),
            min(self.resident, other.resident),
            min(self.anonymous, other.anonymous),
            self.rows,
            self.bytes,
            fast.said,
            [*other.walls, *self.walls],
        )


@dataclass(frozen=True)
class Contender:
    """One process to be measured again and again.

    Attributes:
        name: who does it.
        job: what is done; those with one job are compared.
        command: the process.
        rows: it looks at.
        bytes: of its input.
        rounds: in how many rounds it takes part; slow ones in the first alone.
        before: done before every run, outside of the measurement.
        expected: rows that shall be dropped, where it says how many were.
        cores: that it may use; all where 0.
        may_be_more: more rows than expected may be dropped, for entries drawn like the corpus
            may cover some of it.
    """

    name: str
    job: str
    command: Sequence[str | Path]
    rows: int = 0
    bytes: int = 0
    rounds: int = 99
    before: Callable[[], None] | None = None
    expected: int | None = None
    cores: int = 0
    may_be_more: bool = False


def measured(contender: Contender, folder: Path) -> Figure:
    """Run a process once."""
    if contender.before is not None:
        contender.before()
    peak, done = [0, 0], threading.Event()
    with (folder / "said.txt").open("wb+") as said, (folder / "errors.txt").open("wb+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in contender.command],
            stdout=said,
            stderr=errors,
            cwd=ROOT,
            env=_environment(contender),
            preexec_fn=_kept_to(contender.cores),
        )
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
        watcher.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            process.kill()
            done.set()
            raise
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        watcher.join()
        errors.seek(0)
        said.seek(0)
        if process.returncode:
            told = errors.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{contender.name} ended with {process.returncode}: {told}")
        document = _last_document(said.read().decode())
    return Figure(
        contender.name,
        contender.job,
        wall,
        usage.ru_utime + usage.ru_stime,
        peak[0],
        peak[1],
        contender.rows,
        contender.bytes,
        document,
        [round(wall, 3)],
    )


@dataclass
class Race:
    """What came of measuring everybody in turn.

    Attributes:
        figures: the best of each.
        failed: why, of those who did not get through, by job and name.
        whole: False where it was interrupted.
    """

    figures: list[Figure]
    failed: dict[str, str] = field(default_factory=dict)
    whole: bool = True


def race(contenders: Iterable[Contender], folder: Path, rounds: int) -> Race:
    """Measure everybody in turn, in so many rounds: what disturbs one disturbs all."""
    listed, best, done = list(contenders), dict[int, Figure](), Race([])
    try:
        for number in range(rounds):
            for place, contender in enumerate(listed):
                who = f"{contender.job}: {contender.name}"
                if number < contender.rounds and who not in done.failed:
                    try:
                        best[place] = _once(contender, folder).better(best.get(place))
                    except RuntimeError as fault:
                        done.failed[who] = str(fault)[-500:]
                        print(f"  ! {who}: {fault}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        done.whole = False
    done.figures = [best[place] for place in sorted(best)]
    return done


def _once(contender: Contender, folder: Path) -> Figure:
    found = measured(contender, folder)
    line = f"  {contender.job:34} {contender.name:28} {found.seconds:8.2f} s"
    print(f"{line} {found.cpu:8.2f} CPU s {found.resident / 1e6:8,.0f} MB", flush=True)
    dropped = found.said.get("rows_dropped", found.said.get("dropped"))
    more = contender.may_be_more and dropped > (contender.expected or 0)
    if contender.expected is not None and dropped != contender.expected and not more:
        raise RuntimeError(f"{dropped} rows dropped, not {contender.expected}")
    return found


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """For the record, with no more digits than were measured."""
    found = []
    for figure in figures:
        document = asdict(figure)
        for name in ("seconds", "cpu"):
            document[name] = round(document[name], 3)
        found.append(document)
    return found


def best_of(count: int, work: Callable[[], object]) -> float:
    """The least seconds of some runs, in this process."""
    walls = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        walls.append(time.perf_counter() - began)
    return min(walls)


def machine() -> dict[str, Any]:
    """What it ran on, without its name."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": model,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _last_document(said: str) -> dict[str, Any]:
    start = said.find("{")
    try:
        document = json.loads(said[start:]) if start >= 0 else {}
    except ValueError:
        return {}
    document.pop("by_shard", None)
    return document


def _environment(contender: Contender) -> Mapping[str, str]:
    own = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    if contender.cores:
        own["POLARS_MAX_THREADS"] = str(contender.cores)
    return own


def _kept_to(cores: int) -> Callable[[], None] | None:
    if not cores:
        return None
    some = sorted(os.sched_getaffinity(0))[:cores]
    return lambda: os.sched_setaffinity(0, some)


def _watch(process: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(_LOOK):
        resident = anonymous = 0
        for number in _tree(process):
            try:
                status = Path(f"/proc/{number}/status").read_text()
            except OSError:
                continue
            # The greatest so far of the process itself: nothing between two looks is lost.
            resident += _kibibytes(status, "VmHWM:" if number == process else "VmRSS:") << 10
            anonymous += _kibibytes(status, "RssAnon:") << 10
        peak[0], peak[1] = max(peak[0], resident), max(peak[1], anonymous)


def _tree(root: int) -> Iterator[int]:
    yield root
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _kibibytes(text: str, name: str) -> int:
    _, _, after = text.partition(name)
    return int(after.split()[0]) if after else 0
