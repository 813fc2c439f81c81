"""The index by numbers: how fast it is built, opened and asked, against what could stand there.

    python -m benchmarks.index [--sizes 1e6 1e7 1e8] [--write]

Every size is built and asked in a process of its own. A hundred million entries take 15 GB of
disk while they are built.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "index.json"
SIZES = (1_000_000, 10_000_000, 100_000_000)

_BATCH = 1 << 20
_ASKED = 1 << 22
_ASKED_SLOWLY = 1 << 19
_ROUNDS = 5


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure some sizes.

    Returns:
        Of each size, in `sizes`: entries, seconds to build, entries a second, the most anonymous
        memory meanwhile, bytes an entry by file, seconds to open, and of each way of asking how
        many probes a second one core asks, where none is registered and where all are.
    """
    return {"sizes": [_apart(size) for size in sizes]}


def _apart(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="optout-index-") as place:
        command = [sys.executable, "-m", "benchmarks.index", "--one", str(size), place]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_root())
        return dict(json.loads(done.stdout))


def _root() -> Path:
    return Path(__file__).parents[1]


class Batches:
    """Entries with random probes and digests; the time that it takes to draw them is not ours."""

    def __init__(self, total: int) -> None:
        self.seconds = self.cpu_seconds = 0.0
        self._total = total

    def __iter__(self) -> Iterator[np.ndarray]:
        from optout.registry.snapshot.formats import ENTRY

        drawn = np.random.default_rng(7)
        for first in range(0, self._total, _BATCH):
            began, busy = time.perf_counter(), time.thread_time()
            count = min(_BATCH, self._total - first)
            made = np.zeros(count, ENTRY)
            made["probe"] = drawn.integers(0, 2**64, count, dtype=np.uint64)
            digests = drawn.integers(0, 2**64, (count, 4), dtype=np.uint64)
            made["digest"] = digests.view(np.uint8).reshape(count, 32)
            made["entry"] = np.arange(first, first + count)
            made["usage"], made["kind"], made["grade"] = 1, 1, 2
            self.seconds += time.perf_counter() - began
            self.cpu_seconds += time.thread_time() - busy
            yield made


class Peak:
    """The most anonymous memory of this process."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._done.wait(0.02):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    self.bytes = max(self.bytes, int(line.split()[1]) << 10)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()


def one(size: int, place: Path) -> dict[str, Any]:
    """Build, open and ask an index of so many entries, in this process."""
    from optout.registry import Snapshot
    from optout.registry.compiled import kernels

    from .registries import write_snapshot

    for name in ("optout.registry.index.building_kernels", "benchmarks.index_kernels"):
        kernels(name)
    folder, batches = place / "snapshot", Batches(size)
    with Peak() as peak:
        began, busy = time.perf_counter(), time.process_time()
        write_snapshot(folder, batches, {"url": size})
        seconds = time.perf_counter() - began - batches.seconds
        cpu = time.process_time() - busy - batches.cpu_seconds
    opened = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        snapshot = Snapshot.open(folder)
        opened.append(time.perf_counter() - began)
    (segment,) = (folder / "segments").iterdir()
    files = {path.name: path.stat().st_size / size for path in sorted(segment.iterdir())}
    return {
        "entries": size,
        "build_seconds": seconds,
        "build_cpu_seconds": cpu,
        "build_entries_a_second": size / seconds,
        "build_anonymous_bytes": peak.bytes,
        "bytes_an_entry": sum(files.values()),
        "bytes_an_entry_by_file": files,
        "open_seconds": min(opened),
        "probes_a_second": _asked(snapshot, np.fromfile(segment / "probes.bin", "<u8")),
    }


def _asked(snapshot: Any, column: np.ndarray) -> dict[str, dict[str, float]]:
    from optout.registry.compiled import kernels

    rivals, ours = (
        kernels("benchmarks.index_kernels"),
        kernels("optout.registry.index.look_up_kernels"),
    )
    tables = snapshot.probe_tables
    mapped = snapshot._segment.probes

    def search(keys: np.ndarray, present: np.ndarray) -> None:
        found = np.minimum(mapped.searchsorted(keys), len(mapped) - 1)
        present[:] = mapped[found] == keys

    ways: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
        "filter, then column": lambda keys, present: ours.look_up(
            tables, np.uint64(keys.ctypes.data), np.int64(len(keys)), present
        ),
        "filter alone": lambda keys, present: rivals.filter_alone(tables, keys, present),
        "directory and column": lambda keys, present: rivals.directory(tables, keys, present),
        "directory and column, fetched ahead": lambda keys, present: rivals.directory_ahead(
            tables, keys, present
        ),
        "numpy searchsorted": search,
    }
    drawn = np.random.default_rng(8)
    absent = drawn.integers(0, 2**64, _ASKED, dtype=np.uint64)
    held = column[drawn.integers(0, len(column), _ASKED)]
    rates: dict[str, dict[str, float]] = {}
    for name, ask in ways.items():
        count = _ASKED_SLOWLY if name.startswith("numpy") else _ASKED
        rates[name] = {
            "misses": _rate(ask, absent[:count], hits=False, exact="alone" not in name),
            "hits": _rate(ask, held[:count], hits=True, exact=True),
        }
    return rates


def _rate(
    ask: Callable[[np.ndarray, np.ndarray], object], keys: np.ndarray, *, hits: bool, exact: bool
) -> float:
    present = np.zeros(len(keys), np.uint8)
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.thread_time()
        ask(keys, present)
        best = min(best, time.thread_time() - began)
    found = int(np.count_nonzero(present))
    if exact and found != (len(keys) if hits else 0):
        raise SystemExit(f"{found} of {len(keys)} were found")
    return len(keys) / best


def table(results: dict[str, Any]) -> str:
    """The results as a table of Markdown."""
    sizes = results["sizes"]
    rows = [["", *(f"{each['entries']:.0e}".replace("e+0", "e") for each in sizes)]]
    rows.append(["---"] * len(rows[0]))

    def row(name: str, show: Callable[[dict[str, Any]], str]) -> None:
        rows.append([name, *map(show, sizes)])

    row("build, M entries/s", lambda each: f"{each['build_entries_a_second'] / 1e6:.2f}")
    row(
        "build, M entries a second of processor",
        lambda each: f"{each['entries'] / each['build_cpu_seconds'] / 1e6:.2f}",
    )
    row("build, memory, MB", lambda each: f"{each['build_anonymous_bytes'] / 1e6:,.0f}")
    row("bytes an entry", lambda each: f"{each['bytes_an_entry']:.1f}")
    row("open, ms", lambda each: f"{each['open_seconds'] * 1e3:.1f}")
    for way in sizes[0]["probes_a_second"]:
        for kind in ("misses", "hits"):
            row(
                f"{way}: {kind}, M/s",
                lambda each, way=way, kind=kind: f"{each['probes_a_second'][way][kind] / 1e6:.1f}",
            )
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def main() -> None:
    """Measure, print, and keep what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=list(SIZES))
    parser.add_argument("--write", action="store_true", help=f"keep it in {RESULTS}")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        place = Path(given.one[1])
        print(json.dumps(one(int(given.one[0]), place)))
        shutil.rmtree(place / "snapshot")
        return
    results = run(tuple(int(size) for size in given.sizes))
    print(table(results))
    if given.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
