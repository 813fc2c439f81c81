"""How fast `verify` is beside the scan of the filter that it audits, in one run on the same shards.

The bar: `verify` looks at rows at no less than half of the scan's rate. The scan is the whole of
`filter --mode mask`. What either has to do once, however many rows there are, is measured apart on
a corpus of as many rows as a sample has: for an audit the digests of the snapshot's files, and the
sample itself, which is held against every opening. Seconds of all cores are told beside those that
passed: other work on the machine lengthens these.

Run it by `python benchmarks/verify.py [--rows N] [--entries N] [--text]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter import filter_dataset, verify_dataset
from optout.registry.identifiers import Grade, Identifier
from optout.registry.log import Add, Checkpoint, Opening, SigningKey, leaf_hash, root
from optout.registry.snapshot import Snapshot, build_snapshot

GROUP_ROWS = 100_000
REPEATS = 3
SAMPLE = 10_000
SCAN = "filter --mode mask"


def address(number: int) -> str:
    """One of any number of addresses, each 70 to 80 characters long."""
    word = hashlib.blake2b(number.to_bytes(8), digest_size=8).hexdigest()
    return f"https://img{number % 9973}.example.com/media/{word[:4]}/{word}-{number:09d}.jpg?w=640"


def write_corpus(folder: Path, shards: int, rows: int, *, text: bool) -> None:
    """Write shards of addresses, and of passages beside them."""
    folder.mkdir()
    words = np.array(["harbour", "quiet", "nobody", "about", "water", "morning", "boats", "light"])
    random = np.random.default_rng(1)
    for shard in range(shards):
        first = shard * rows
        columns = {"url": [address(n) for n in range(first, first + rows)]}
        if text:
            picked = random.integers(0, len(words), (rows, 90))
            columns["text"] = [" ".join(row) for row in words[picked].tolist()]
        columns["width"] = random.integers(1, 4000, rows)
        pq.write_table(
            pa.table(columns),
            folder / f"{shard:03d}.parquet",
            row_group_size=GROUP_ROWS,
            compression="zstd",
        )


def make_snapshot(folder: Path, entries: int, total: int, hits: int) -> Snapshot:
    """A snapshot of addresses, some of which stand in the corpus."""
    inside = np.linspace(0, total - 1, hits).astype(int).tolist()
    numbers = [*inside, *range(total, total + entries - hits)]
    leaves, openings = [], []
    for index, number in enumerate(numbers):
        identifier = Identifier.url(address(number))
        opening = Opening.of(index, identifier, index.to_bytes(16))
        auth = hashlib.sha256(index.to_bytes(16)).digest()
        added = Add(
            identifier.kind, opening.commitment(), auth, ("train-ai",), Grade.REVIEWED, "2026-01-31"
        )
        leaves.append(added.leaf())
        openings.append(opening)
    key = SigningKey("registry.example", bytes(range(32)))
    note = Checkpoint("registry.example", len(leaves), root(list(map(leaf_hash, leaves))))
    return build_snapshot(
        folder, leaves=leaves, openings=openings, checkpoint=note.sign(key), key=key
    )


Spent = tuple[float, float]


def timed(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> Spent:
    """Seconds that passed, and seconds of all cores; of several times the least."""
    least = (float("inf"), float("inf"))
    for _ in range(REPEATS):
        before()
        start, cores = time.perf_counter(), of_cores()
        work()
        spent = time.perf_counter() - start, of_cores() - cores
        least = min(least[0], spent[0]), min(least[1], spent[1])
    return least


def of_cores() -> float:
    """Seconds that this process and those it started have taken of any core."""
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Build everything, and measure."""
    total = arguments.shards * arguments.rows
    write_corpus(folder / "much", arguments.shards, arguments.rows, text=arguments.text)
    write_corpus(folder / "few", 1, SAMPLE, text=arguments.text)
    hits = max(1, int(total * arguments.share))
    snapshot = make_snapshot(folder / "snapshot", arguments.entries, total, hits)

    def audit(place: str, **options: object) -> None:
        report = verify_dataset(folder / place, snapshot=snapshot, seed=1, **options)
        if not report.ok:
            raise SystemExit(f"the audit found what is not there: {report.faults[:3]}")

    def all_of(corpus: str) -> dict[str, Spent]:
        out, masks = f"{corpus}-out", f"{corpus}-masks"
        given = [folder / corpus]
        filter_dataset(given, folder / out, snapshot=snapshot)
        return {
            SCAN: timed(
                lambda: filter_dataset(given, folder / masks, snapshot=snapshot, mode="mask"),
                lambda: shutil.rmtree(folder / f"{masks}.optout", ignore_errors=True),
            ),
            "verify": timed(lambda: audit(out)),
            "verify --input": timed(lambda: audit(out, inputs=given)),
            "verify --input of masks": timed(lambda: audit(masks, inputs=given)),
        }

    all_of("few")  # kernels are compiled, files are in memory
    few, much = all_of("few"), all_of("much")
    rows = total - SAMPLE

    def rates(name: str) -> Spent:
        (passed, cores), (first, first_cores) = much[name], few[name]
        if passed <= first or cores <= first_cores:
            raise SystemExit(f"{name}: {rows:,} rows are too few for so busy a machine")
        return rows / (passed - first) / 1e6, rows / (cores - first_cores) / 1e6

    scan = rates(SCAN)
    table = {
        name: {
            "seconds": round(much[name][0], 3),
            "once": round(few[name][0], 3),
            "Mrow/s": round(rates(name)[0], 2),
            "of the scan's rate": round(rates(name)[0] / scan[0], 2),
            "Mrow/s of a core": round(rates(name)[1], 2),
            "of the scan's rate by core": round(rates(name)[1] / scan[1], 2),
        }
        for name in much
    }
    return {"rows": total, "entries": arguments.entries, "cores": os.cpu_count(), **table}


def main() -> None:
    """Measure, and print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of a shard")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=1e-4, help="of the rows that must go")
    parser.add_argument("--text", action="store_true", help="600 B of text beside every address")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), arguments), indent=2))


if __name__ == "__main__":
    main()
