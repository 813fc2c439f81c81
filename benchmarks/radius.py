"""Hashes within a radius: how fast an index is built and asked, against what could stand there.

    python -m benchmarks.radius [--sizes 1e5 1e6 1e7]

Every size is built and asked in a process of its own, each way of asking by one thread. Half of the
queries differ from a registered hash in 0 to 34 bits, half are of nothing: the latter alone are
asked whether anything is near, as a filter asks of nearly every picture. What is found is held
against comparing everything, as long as that takes no more than minutes.

faiss finds what is nearer than a radius and not what is as near: it is asked for one bit more. Its
multi-index hash is given chunks as wide as ours, and as many bits to flip as it takes to miss
nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .index import Peak

PEERS = Path(__file__).parents[1] / "build" / "peers"
SIZES = (100_000, 1_000_000, 10_000_000)
RADII = (16, 24, 30, 34)

OURS = "optout"
NOTHING = "optout, whether anything is near where nothing is"
BRUTE = "optout, comparing everything"
NUMPY = "numpy, comparing everything"
FLAT = "faiss IndexBinaryFlat"
MULTI = "faiss IndexBinaryMultiHash"

_NAMESPACE = "phash256"
_BYTES = 32
_BLOCK = 1 << 20
_QUERIES = 1000
_FURTHEST = 34
_ROUNDS = 3
_PAIRS = 200_000_000
"""Pairs, at most, that are compared to measure or to check what compares everything."""

_FLAT_MOST, _MULTI_MOST = 10_000_000, 1_000_000
"""Hashes of which faiss makes an index: of the first sort in memory a second time, of the second
in kilobytes for each."""


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure some sizes.

    Returns:
        Of each size, in `sizes`: variants, seconds to build, the most anonymous memory meanwhile,
        bytes a variant with its record, chunks, how many queries what is found was held against
        comparing everything, and of each way of asking how many queries a second there are, by
        radius.
    """
    return {"sizes": [_apart(size) for size in sizes]}


def _apart(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="optout-radius-") as place:
        command = [sys.executable, "-m", "benchmarks.radius", "--one", str(size), place]
        own = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1], env=own
        )
        return dict(json.loads(done.stdout))


def registered(path: Path, size: int) -> np.ndarray:
    """Records of random hashes in a file, as a segment has them."""
    from optout.registry.snapshot.formats import image_type

    drawn = np.random.default_rng(7)
    with path.open("wb") as stream:
        for first in range(0, size, _BLOCK):
            some = np.zeros(min(_BLOCK, size - first), image_type(_NAMESPACE))
            words = drawn.integers(0, 2**64, (len(some), _BYTES // 8), dtype=np.uint64)
            some["hash"] = words.view(np.uint8)
            some["entry"] = np.arange(first, first + len(some)) // 3
            stream.write(some.view(np.uint8).data)
    return np.memmap(path, image_type(_NAMESPACE), "r").view(np.ndarray)


def queries(hashes: np.ndarray) -> np.ndarray:
    """Hashes to ask for, the planted ones and the others by turns."""
    drawn = np.random.default_rng(8)
    asked = drawn.integers(0, 256, (_QUERIES, _BYTES), dtype=np.uint8)
    asked[::2] = hashes[drawn.integers(0, len(hashes), _QUERIES // 2)]
    bits = np.unpackbits(asked, axis=1)
    for number, own in enumerate(bits[::2]):
        own[drawn.permutation(8 * _BYTES)[: number % (_FURTHEST + 1)]] ^= 1
    return np.packbits(bits, axis=1)


def one(size: int, place: Path) -> dict[str, Any]:
    """Build and ask an index of so many hashes, in this process."""
    from optout.registry.compiled import kernels
    from optout.registry.index import BruteForce, Chunks, multi_index, radius_index, write_postings

    for name in (*multi_index.KERNELS, "optout.registry.index.postings_kernels"):
        kernels(name)
    records = registered(place / "images.bin", size)
    hashes = records["hash"]
    with Peak() as peak, (place / "radius.bin").open("wb") as stream:
        began, busy = time.perf_counter(), time.process_time()
        write_postings(hashes, stream, place)
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    length = (place / "radius.bin").stat().st_size
    postings = np.memmap(place / "radius.bin", "<u4", "r").view(np.ndarray) if length else None
    index, asked = radius_index(hashes, postings), queries(hashes)
    compared = min(_QUERIES, max(8, _PAIRS // size))
    rates: dict[str, dict[str, float]] = {
        OURS: _rates(index.within, asked),
        NOTHING: _rates(index.meets, asked[1::2]),
        BRUTE: _rates(lambda some, radius: list(index.compared(some, radius)), asked[:compared]),
        NUMPY: _rates(BruteForce(hashes).within, asked[: max(4, compared // 4)]),
    }
    for radius in RADII:
        found = index.within(asked[:compared], radius)
        expected = BruteForce(hashes).within(asked[:compared], radius)
        met = np.flatnonzero(index.meets(asked[:compared], radius))
        if not all(map(np.array_equal, (*found, met), (*expected, np.unique(expected.query)))):
            raise SystemExit(f"what is found within {radius} bits is not what there is")
    rates |= _faiss(hashes, asked, compared, index)
    return {
        "variants": size,
        "build_seconds": seconds,
        "build_cpu_seconds": cpu,
        "build_anonymous_bytes": peak.bytes,
        "bytes_a_variant": records.itemsize + length / size,
        "chunks": len(Chunks.of(8 * _BYTES, size).widths),
        "held_against_everything": compared,
        "queries_a_second": rates,
    }


def _rates(ask: Callable[[np.ndarray, int], object], asked: np.ndarray) -> dict[str, float]:
    """Queries a second of one thread, by radius, at best of some rounds."""
    rates = {}
    for radius in RADII:
        ask(asked[:4], radius)
        best = float("inf")
        for _ in range(_ROUNDS):
            began = time.thread_time()
            ask(asked, radius)
            best = min(best, time.thread_time() - began)
        rates[str(radius)] = len(asked) / best
    return rates


def _faiss(
    hashes: np.ndarray, asked: np.ndarray, compared: int, index: Any
) -> dict[str, dict[str, float]]:
    """The same of faiss; nothing where it is not installed."""
    from optout.registry.index import Chunks

    if PEERS.is_dir():
        sys.path.append(str(PEERS))
    try:
        import faiss
    except ImportError:
        return {}
    if len(hashes) > _FLAT_MOST:
        return {}
    faiss.omp_set_num_threads(1)
    column = np.ascontiguousarray(hashes)
    flat = faiss.IndexBinaryFlat(8 * _BYTES)
    flat.add(column)
    few = asked[: max(4, compared // 2)]
    _agree(flat, few, index)
    rates = {FLAT: _rates(lambda some, radius: flat.range_search(some, radius + 1), few)}
    if len(hashes) > _MULTI_MOST:
        return rates
    width = max(Chunks.of(8 * _BYTES, len(hashes)).widths)
    count = 8 * _BYTES // width
    multi = faiss.IndexBinaryMultiHash(8 * _BYTES, count, width)
    multi.add(column)

    def ask(some: np.ndarray, radius: int) -> object:
        multi.nflip = radius // count
        return multi.range_search(some, radius + 1)

    _agree(multi, few, index, count)
    return rates | {MULTI: _rates(ask, few)}


def _agree(peer: Any, asked: np.ndarray, index: Any, chunks: int = 0) -> None:
    """A peer that finds something else is measured doing something else."""
    for radius in RADII:
        if chunks:
            peer.nflip = radius // chunks
        ends, _, rows = peer.range_search(asked, radius + 1)
        numbers = np.repeat(np.arange(len(asked)), np.diff(ends.astype(np.int64)))
        found = set(zip(numbers.tolist(), rows.tolist(), strict=True))
        ours = index.within(asked, radius)
        if found != set(zip(ours.query.tolist(), ours.row.tolist(), strict=True)):
            raise SystemExit(f"{type(peer).__name__} finds something else within {radius} bits")


def table(results: dict[str, Any]) -> str:
    """The results as a table of Markdown."""
    sizes = results["sizes"]
    rows = [["", *(f"{each['variants']:.0e}".replace("e+0", "e") for each in sizes)]]
    rows.append(["---"] * len(rows[0]))

    def row(name: str, show: Callable[[dict[str, Any]], str]) -> None:
        rows.append([name, *map(show, sizes)])

    row("build, s", lambda each: f"{each['build_seconds']:.1f}")
    row("build, CPU s", lambda each: f"{each['build_cpu_seconds']:.1f}")
    row("build, memory, MB", lambda each: f"{each['build_anonymous_bytes'] / 1e6:,.0f}")
    row("bytes a variant, with its record", lambda each: f"{each['bytes_a_variant']:.0f}")
    for way in sizes[0]["queries_a_second"]:
        for radius in RADII:

            def rate(each: dict[str, Any], way: str = way, radius: int = radius) -> str:
                found = each["queries_a_second"].get(way)
                return f"{found[str(radius)]:,.0f}" if found else "-"

            row(f"{way}, radius {radius}, queries/s", rate)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=list(SIZES))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(int(given.one[0]), Path(given.one[1]))))
        return
    print(table(run(tuple(int(size) for size in given.sizes))))


if __name__ == "__main__":
    main()
