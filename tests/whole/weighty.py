"""A corpus heavy enough that processes share the work, and a registry with much to say about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.evidence import read_manifest

SHARDS, ROWS, WIDTH = 24, 1_000, 768
"""Of the corpus; a row has an embedding of `WIDTH` floats, as published sets of addresses do."""

COVERED = 5_000
"""Entries that meet a row: enough that to decide about them takes time."""

PAYS_FROM = 64 << 20
"""Bytes of input from which a run starts workers."""


def names() -> list[str]:
    return [f"part-{number % 3}/{number:02}.parquet" for number in range(SHARDS)]


def address(number: int) -> str:
    return f"https://anna.example/works/{number}.jpg"


def table(number: int) -> pa.Table:
    """One shard: rows that must go, rows that cannot be judged, or, of every sixth, neither."""
    random = np.random.default_rng(number)
    urls = [f"https://host{row % 97}.example/{number}/{row}".encode() for row in range(ROWS)]
    if number % 6:
        share = COVERED // (SHARDS - SHARDS // 6) + 1
        places = random.permutation(ROWS)[:share].tolist()
        first = share * (number - number // 6 - 1)
        for offset, place in enumerate(places):
            urls[place] = address((first + offset) % COVERED).encode()
        urls[int(random.integers(ROWS))] = b"https://fotografin.example/a"
    if number % 4 == 1:
        urls[int(random.integers(ROWS))] = b"https://broken.example/\xff"
    floats = random.random(ROWS * WIDTH, np.float32)
    return pa.table(
        {
            "URL": pa.array(urls, pa.binary()).view(pa.string()),
            "TEXT": [f"caption {row} of {number}" for row in range(ROWS)],
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(floats), WIDTH),
        }
    )


def write_corpus(folder: Path) -> Path:
    """Write it; its size is more than what workers need to be worth while."""
    for number, name in enumerate(names()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            table(number), path, row_group_size=ROWS // 4, compression="none", use_dictionary=False
        )
        # The times are part of a plan: nothing about them may depend on when this was written.
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    assert sum(path.stat().st_size for path in folder.rglob("*.parquet")) >= PAYS_FROM
    return folder


def write_snapshot(folder: Path, optout: Callable) -> Path:
    """A snapshot with an entry for every address that the corpus took."""
    registry = ("--registry", folder / "optout.db")
    listed = folder / "works.txt"
    listed.write_text("".join(f"{address(number)}\n" for number in range(COVERED)))
    optout("init", *registry)
    optout("import", listed, "--kind", "url", *registry)
    optout("add", "site", "fotografin.example", *registry)
    optout("snapshot", folder / "snapshot", *registry)
    return folder / "snapshot"


def said(out: Path) -> dict[str, object]:
    """What the manifest of a run states, but for when it ran."""
    path = out.with_name(f"{out.name}.optout") / "manifest.json"
    statement = read_manifest(path.read_bytes()).statement
    del statement["predicate"]["runDetails"]["metadata"]
    return statement


def contents(out: Path) -> dict[str, bytes]:
    """Every file of OUT and of the evidence beside it, but for the manifest, which bears a date."""
    evidence = out.with_name(f"{out.name}.optout")
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in (out, evidence)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def workers_of(parent: int) -> list[int]:
    """The processes that a process has started and that live, as Linux tells it."""
    try:
        listed = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(number) for text in listed for number in text.split()]
