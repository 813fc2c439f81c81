"""Shards of pictures: rows a second of a filter on one core, beside decoding alone what they hold.

Both take turns: a round is decoding half of the rows, a filter of a shard of a few rows, which is
its start, the filter of all shards, and decoding the other half.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .rounds import Spent, on_one_core, timed

_SHARDS = 2
_ROWS, _ROWS_QUICK, _ROWS_FEW = 5000, 1500, 500
_ROUNDS, _ROUNDS_QUICK = 5, 2


def filtered(
    place: Path,
    files: Sequence[bytes],
    snapshot: Path,
    decode: Callable[[bytes], object],
    *,
    quick: bool,
) -> dict[str, Any]:
    """`optout filter` on some shards, in a process of its own, in turn with decoding alone.

    Args:
        place: a folder that is not there yet.
        files: pictures, each of which is in many rows.
        snapshot: what is filtered against.
        decode: what decoding alone is.
        quick: fewer rows and rounds.

    Returns:
        Rows a processor second of decoding and of the filter, with its start and without, the
        median of the rounds; `filter_of_draft`, the median of what each round says of them, without
        the start, and the least and the most that one said; the same by wall time.
    """
    place.mkdir()
    each = _ROWS_QUICK if quick else _ROWS
    whole = [place / f"{number}.parquet" for number in range(_SHARDS)]
    for number, path in enumerate(whole):
        _write_shard(path, files, number * each, each)
    few = place / "few.parquet"
    _write_shard(few, files, 0, _ROWS_FEW)
    half = [files[number % len(files)] for number in range(_SHARDS * each // 2)]

    def decoded() -> Spent:
        return timed(lambda: [decode(data) for data in half])

    found: list[tuple[Spent, Spent, Spent]] = []
    with on_one_core():
        _spent(place, [few], snapshot)  # compiles
        for _ in range(_ROUNDS_QUICK if quick else _ROUNDS):
            before = decoded()
            start, run = _spent(place, [few], snapshot), _spent(place, whole, snapshot)
            after = decoded()
            draft = Spent(before.cpu + after.cpu, before.wall + after.wall)
            found.append((draft, start, run))
    return _figures(found, _SHARDS * each)


def _figures(found: Sequence[tuple[Spent, Spent, Spent]], rows: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": rows, "rounds": len(found)}
    for clock in ("cpu", "wall"):
        drafts, runs, rest = [], [], []
        for times in found:
            draft, start, run = (getattr(each, clock) for each in times)
            drafts.append(rows / draft)
            runs.append(rows / run)
            rest.append((rows - _ROWS_FEW) / max(run - start, 1e-9))
        shares = sorted(own / draft for own, draft in zip(rest, drafts, strict=True))
        second = "cpu_second" if clock == "cpu" else "second"
        figures |= {
            f"draft_rows_a_{second}": statistics.median(drafts),
            f"filter_rows_a_{second}": statistics.median(runs),
            f"filter_rows_a_{second}_without_start": statistics.median(rest),
            f"filter_of_draft{'' if clock == 'cpu' else '_wall'}": statistics.median(shares),
        }
        if clock == "cpu":
            figures["filter_of_draft_between"] = [shares[0], shares[-1]]
    return figures


def _write_shard(path: Path, files: Sequence[bytes], first: int, rows: int) -> None:
    numbers = range(first, first + rows)
    # No two are the same bytes: what follows the end of a picture is no part of it.
    table = pa.table(
        {
            "url": [f"https://far.example/{number}.jpg" for number in numbers],
            "jpg": [files[n % len(files)] + n.to_bytes(4, "big") for n in numbers],
        }
    )
    pq.write_table(table, path, row_group_size=1000, compression="none")


def _spent(place: Path, shards: Sequence[Path], snapshot: Path) -> Spent:
    """What a filter takes, from shell to shell."""
    program = "import sys; from optout.api.cli import main; sys.exit(main(sys.argv[1:]))"
    with tempfile.TemporaryDirectory(dir=place) as out:
        words = ["filter", *shards, "--snapshot", snapshot, "--mode", "mask", "--out", f"{out}/out"]
        command = [sys.executable, "-c", program, *map(str, words), "--workers", "1"]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(cpu, wall)
