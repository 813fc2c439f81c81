"""Everything in one run: shards, limits, peers and this project, in turn on the same machine.

    python -m benchmarks            at most some twenty minutes; interrupted, it writes what it has
    BENCH=quick python -m benchmarks
    BENCH=trial python -m benchmarks    only shows that everything runs

Writes docs/benchmarks.json, and from it docs/benchmarks.svg and the tables in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import corpus, limits, ours, peers, registries, table
from .measuring import ROOT, Contender, as_json, machine, race

RESULTS = ROOT / "docs" / "benchmarks.json"
PARTS = ("index", "addresses", "passages", "verify")
"""Modules that measure one part alone, each with a `run()`."""

_PACKAGES = ("pyarrow", "numba", "numpy", "duckdb", "polars", "datasets")
_EVERY, _EVERY_GROUP = 100, 10
"""One row of a hundred goes, or one row in every tenth row group."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rows: of a shard.
        group_rows: of its row groups.
        shards: how many times the shard is looked at where looking is fast.
        some: the same where every column is looked at, or all is copied.
        entries: of the larger registry.
        few: of the smaller one.
        slow_rows: of the shard for peers that need minutes otherwise.
        rounds: of everything fast.
        index: sizes of the index alone.
        patience: seconds for each part that measures itself.
    """

    rows: int
    group_rows: int
    shards: int
    some: int
    entries: int
    few: int
    slow_rows: int
    rounds: int
    index: tuple[int, ...]
    patience: int


SIZES = {
    "full": Size(
        2_000_000, 100_000, 16, 4, 10_000_000, 1_000_000, 50_000, 3, (10**6, 10**7, 10**8), 400
    ),
    "trial": Size(100_000, 5_000, 2, 1, 100_000, 20_000, 2_000, 1, (10**5,), 40),
    "quick": Size(500_000, 25_000, 16, 4, 1_000_000, 100_000, 10_000, 2, (10**6,), 60),
}


@dataclass(frozen=True)
class Prepared:
    """What lies ready before anything is measured.

    Attributes:
        size: how much.
        folder: where it all lies.
        shards: by codec.
        many: the same shard under several names, by codec.
        slow: a small shard for slow peers.
        tiny: a hundred rows.
        sets: of opt-outs, by name.
    """

    size: Size
    folder: Path
    shards: dict[str, Path]
    many: dict[str, list[Path]]
    slow: Path
    tiny: Path
    sets: dict[str, registries.OptOuts]


def prepare(folder: Path, size: Size) -> Prepared:
    """Make shards and registries."""
    shards = corpus.write(folder / "shards", size.rows, size.group_rows)
    slow = corpus.write(folder / "slow", size.slow_rows, size.slow_rows, ("zstd",))["zstd"]
    tiny = corpus.write(folder / "tiny", 100, 100, ("zstd",))["zstd"]
    many = {}
    for codec, path in shards.items():
        many[codec] = [folder / f"many-{codec}" / f"{n}.parquet" for n in range(size.shards)]
        many[codec][0].parent.mkdir()
        for name in many[codec]:
            name.hardlink_to(path)
    said("shards are written")
    place = folder / "sets"
    place.mkdir()
    urls = pq.read_table(shards["zstd"], columns=["url"])["url"]
    everywhere = urls.take(pa.array(range(0, size.rows, _EVERY))).combine_chunks()
    step = size.group_rows * _EVERY_GROUP
    clustered = urls.take(pa.array(range(size.group_rows // 2, size.rows, step))).combine_chunks()
    fillers = registries.write_fillers(place / "urls.bin", size.entries, registries.URLS)
    rules = registries.write_fillers(place / "rules.bin", size.entries, registries.RULES)
    said("identifiers are made")
    tables = {
        count: registries.write_table(place / f"{count}.parquet", registries.filler_urls(count))
        for count in (size.few, size.entries)
    }
    nothing = everywhere.slice(0, 0)
    sets = {}
    for name, hits, count, kinds in (
        ("few", everywhere, size.few, registries.URLS),
        ("urls", everywhere, size.entries, registries.URLS),
        ("clustered", clustered, size.entries, registries.URLS),
        ("nothing", nothing, size.entries, registries.URLS),
        ("rules", everywhere, size.entries, registries.RULES),
    ):
        ruled = kinds is registries.RULES
        source, addresses = (rules, None) if ruled else (fillers, tables[count])
        sets[name] = registries.write(place, name, source, addresses, hits, count)
    said("registries are written")
    return Prepared(size, folder, shards, many, slow, tiny, sets)


def said(text: str) -> None:
    """Tell whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def contenders(made: Prepared) -> Iterator[Contender]:
    """Everything that is measured as a whole process, neighbours in time being compared."""
    size, folder, sets = made.size, made.folder, made.sets
    snapshots = {name: each.snapshot for name, each in sets.items()}
    one, many = made.shards["zstd"], made.many["zstd"]
    rows, all_rows = size.rows, size.rows * size.shards
    hits, all_hits = rows // _EVERY, all_rows // _EVERY
    usual = {"codec": "zstd", "group_rows": size.group_rows, "folder": folder}
    for codec, path in made.shards.items():
        yield from limits.contenders(made.many[codec], path, codec, all_rows, rows, folder)
    yield from ours.scans(many, snapshots, folder, codec="zstd", rows=all_rows, expected=all_hits)

    common = {**usual, "rows": all_rows, "expected": all_hits}
    for name, few in (("few", True), ("urls", False)):
        job = f"mask zstd {name}"
        yield from peers.contenders(peers.FAST, job, "mask", many, sets[name].tables, **common)
        yield ours.filter_(
            job, many, snapshots[name], folder, "--mode", "mask", *ours.URLS,
            rows=all_rows, expected=all_hits,
        )  # fmt: skip
        job = f"rewrite zstd {name}"
        single = {**usual, "rows": rows, "expected": hits}
        yield from peers.contenders(
            peers.FAST, job, "rewrite", [one], sets[name].tables, **single, rounds=2
        )
        yield ours.filter_(
            job, [one], snapshots[name], folder, *ours.URLS, rows=rows, expected=hits, rounds=2
        )
        if few:
            yield from peers.contenders(
                peers.MIDDLING, job, "rewrite", [one], sets[name].tables, **single, rounds=1
            )
            slow = {**single, "rows": size.slow_rows, "expected": size.slow_rows // _EVERY}
            slow["group_rows"] = size.slow_rows
            yield from peers.contenders(
                peers.SLOW, f"{job}, few rows", "rewrite", [made.slow], sets[name].tables,
                **slow, rounds=1,
            )  # fmt: skip
    for name in ("clustered", "nothing"):
        dropped = len(range(size.group_rows // 2, rows, size.group_rows * _EVERY_GROUP))
        dropped = dropped if name == "clustered" else 0
        job = f"rewrite zstd {name}"
        yield from peers.contenders(
            peers.FAST, job, "rewrite", [one], sets[name].tables,
            **usual, rows=rows, expected=dropped, rounds=1,
        )  # fmt: skip
        yield ours.filter_(
            job, [one], snapshots[name], folder, *ours.URLS, rows=rows, expected=dropped
        )
    yield from peers.contenders(
        peers.FAST, "rewrite snappy urls", "rewrite", [made.shards["snappy"]], sets["urls"].tables,
        **(usual | {"codec": "snappy"}), rows=rows, expected=hits, rounds=1,
    )  # fmt: skip
    yield ours.filter_(
        "rewrite snappy urls", [made.shards["snappy"]], snapshots["urls"], folder, *ours.URLS,
        rows=rows, expected=hits, rounds=1,
    )  # fmt: skip
    yield ours.filter_(
        "rewrite zstd urls", [one], snapshots["urls"], folder, *ours.URLS,
        rows=rows, expected=hits, cores=1, rounds=1, name=f"{ours.NAME}, 1 core",
    )  # fmt: skip
    yield ours.filter_(
        "scan one zstd", [one], snapshots["nothing"], folder, "--dry-run", *ours.URLS, rows=rows
    )
    yield ours.filter_("tiny", [made.tiny], snapshots["few"], folder, rows=100)
    some = many[: size.some]
    yield from ours.verify(some, snapshots["nothing"], folder, codec="zstd", rows=rows * size.some)


def part(name: str, size: Size) -> Any:
    """What a module of this package measures by itself; None where it cannot."""
    argument = f"{size.index}" if name == "index" else ""
    program = (
        f"import json; from benchmarks import {name}; print(json.dumps({name}.run({argument})))"
    )
    path = Path(__file__).parent / f"{name}.py"
    if not path.exists() or "def run(" not in path.read_text():
        return None
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=size.patience,
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        print(f"  ! {name} takes longer than {size.patience} s", file=sys.stderr)
    except (subprocess.CalledProcessError, ValueError, IndexError) as fault:
        told = getattr(fault, "stderr", None) or str(fault)
        print(f"  ! {name}: {told[-1000:]}", file=sys.stderr)
    return None


def busy_seconds() -> tuple[float, float]:
    """How long the processors have worked so far: for everybody, and for this process's own."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[:7])
    everybody = sum((user, nice, system, *interrupts)) / os.sysconf("SC_CLK_TCK")
    own = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return everybody, own


def versions() -> dict[str, str]:
    """Of everything that takes part."""
    found = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    if peers.is_there(peers.DATATROVE):
        pinned = (Path(__file__).parent / "requirements.txt").read_text()
        found["datatrove"] = pinned.partition("datatrove==")[2].split()[0]
    return found


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    size_named = os.environ.get("BENCH", "full")
    parser.add_argument("--size", choices=SIZES, default=size_named)
    parser.add_argument("--only", help="jobs whose name contains this; nothing is written then")
    parser.add_argument("--folder", type=Path, help="where there is room for 15 GB")
    parser.add_argument("--redraw", action="store_true", help="only the page and the picture anew")
    asked = parser.parse_args()
    if asked.redraw:
        table.write(json.loads(RESULTS.read_text()))
        return
    size, began, busy = SIZES[asked.size], time.time(), busy_seconds()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "size": {"name": asked.size} | {k: v for k, v in vars(size).items() if k != "patience"},
        "machine": machine(),
        "versions": versions(),
    }
    said("kernels are compiled")
    ours.warm()
    with tempfile.TemporaryDirectory(prefix="optout-bench-", dir=asked.folder) as name:
        made = prepare(Path(name), size)
        result["codecs"] = {codec: path.stat().st_size for codec, path in made.shards.items()}
        listed = [each for each in contenders(made) if (asked.only or "") in each.job]
        done = race(listed, made.folder, size.rounds)
        result["figures"] = as_json(done.figures)
        result["failed"], result["whole"] = done.failed, done.whole
        result["sets"] = {
            name: {"entries": each.entries, "seconds": round(each.seconds, 2)}
            for name, each in made.sets.items()
        }
    if not asked.only and done.whole:
        said("parts by themselves")
        result["parts"] = {name: part(name, size) for name in PARTS}
    elapsed = time.time() - began
    result["minutes"] = round(elapsed / 60, 1)
    everybody, own = (now - then for now, then in zip(busy_seconds(), busy, strict=True))
    result["machine"]["others"] = round(max(0.0, everybody - own) / elapsed, 2)
    print(table.bars_table(result))
    if not asked.only:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
        table.write(result)
    if done.failed:
        raise SystemExit(f"failed: {', '.join(done.failed)}")


if __name__ == "__main__":
    main()
