"""How much memory `optout filter` and `optout verify` take, over shards that are hard on it.

Every command runs as anybody would run it. Its whole tree of processes is looked at fifty times a
second, and the greatest sum of resident memory is noted. Run it by `make bench-memory`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

OPTOUT = Path(sys.executable).with_name("optout")
DOCS = Path(__file__).parents[1] / "docs"
MEMORY = "2GiB"
CEILING = 2 << 30

STEPS = ("scan", "filter", "verify")

ADDRESSES = 10_000_000
ADDRESSES_AT_ONCE = 1 << 18
GROUP_ROWS = 1 << 20
"""Rows of a row group by pyarrow's default."""

PICTURES = 3000
PICTURE_BYTES = 1_000_000
PHOTOGRAPHS = 24
"""Photographs among the pictures; each is padded in other ways wherever it stands."""

OPTED_OUT = 1000
"""Seed of the photograph that is opted out."""

_LONGEST_SEGMENT = 65533
_PICTURE_CHUNK = 500
"""Pictures of an Arrow array: its offsets have 31 bits."""


def photograph(seed: int) -> bytes:
    """A JPEG with texture at many scales, unlike any other seed's."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:240, 0:320] / 100
    channels = []
    for _ in range(3):
        channel = np.zeros(x.shape)
        for octave in range(1, 14):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = octave * (x * np.cos(angle) + y * np.sin(angle)) + phase
            channel += np.sin(wave) / octave**0.5
        channels.append((channel - channel.min()) / np.ptp(channel) * 255)
    stream = io.BytesIO()
    Image.fromarray(np.stack(channels, axis=2).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def padded(jpeg: bytes, size: int, number: int, noise: bytes) -> bytes:
    """The same picture with so many bytes: comments are part of the format."""
    parts = [jpeg[:2]]
    left = size - len(jpeg)
    while left > 4:
        length = min(left - 4, _LONGEST_SEGMENT)
        start = (number * 7919 + left * 31) % (len(noise) - length)
        parts.append(b"\xff\xfe" + (length + 2).to_bytes(2, "big") + noise[start : start + length])
        left -= length + 4
    return b"".join([*parts, jpeg[2:]])


def address(number: int) -> str:
    """75 characters."""
    mixed = number * 2654435761 % 2**64
    return f"https://images{number % 1009:04}.example/{mixed:020}/{number:012}/my-harbour.jpg"


def write_addresses(path: Path, rows: int) -> None:
    """Addresses and captions, in row groups as pyarrow makes them."""
    words = np.array(["the", "a", "of", "harbour", "winter", "light", "old", "boat", "red", "sea"])
    phrases = [" ".join(row) for row in np.random.default_rng(5).choice(words, (5000, 16)).tolist()]
    schema = pa.schema({"url": pa.string(), "text": pa.string()})
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, rows, GROUP_ROWS):
            parts = []
            end = min(rows, first + GROUP_ROWS)
            for start in range(first, end, ADDRESSES_AT_ONCE):
                numbers = range(start, min(end, start + ADDRESSES_AT_ONCE))
                texts = [f"{phrases[number * 7919 % 5000]} {number}" for number in numbers]
                urls = [address(number) for number in numbers]
                parts.append(pa.table({"url": urls, "text": texts}, schema))
            writer.write_table(pa.concat_tables(parts), row_group_size=GROUP_ROWS)


def write_pictures(path: Path, rows: int, codec: str, *, nested: bool) -> None:
    """Pictures in one row group, as pyarrow writes them when it is told nothing else."""
    noise = np.random.default_rng(6).bytes(4 << 20)
    photographs = [photograph(seed) for seed in range(PHOTOGRAPHS)]
    taken = photograph(OPTED_OUT)
    hits = {7, rows // 2, rows - 1}
    chunks = []
    for first in range(0, rows, _PICTURE_CHUNK):
        numbers = range(first, min(rows, first + _PICTURE_CHUNK))
        data = pa.array(
            [
                padded(
                    taken if n in hits else photographs[n % PHOTOGRAPHS], PICTURE_BYTES, n, noise
                )
                for n in numbers
            ],
            pa.binary(),
        )
        paths = pa.array([f"{n:06}.jpg" for n in numbers])
        names = pa.array([f"caption {n}" for n in numbers])
        if nested:
            image = pa.StructArray.from_arrays([data, paths], ["bytes", "path"])
            chunks.append(pa.table({"image": image, "text": names}))
        else:
            chunks.append(pa.table({"jpg": data, "key": paths, "txt": names}))
    pq.write_table(pa.concat_tables(chunks), path, compression=codec, row_group_size=rows)


@dataclass
class Peak:
    """The greatest sums over a tree of processes, bytes."""

    resident: int = 0
    proportional: int = 0
    processes: int = 0


def watch(process: subprocess.Popen, peak: Peak, done: threading.Event) -> None:
    """Look at a process and its descendants until it ends."""
    while not done.wait(0.02):
        sums = [memory_of(number) for number in tree(process.pid)]
        peak.resident = max(peak.resident, sum(resident for resident, _ in sums))
        peak.proportional = max(peak.proportional, sum(share for _, share in sums))
        peak.processes = max(peak.processes, len(sums))


def tree(root: int) -> Iterator[int]:
    """A process and its descendants."""
    yield root
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def memory_of(process: int) -> tuple[int, int]:
    """Resident memory, and with what is shared counted in parts; 0 once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0, 0
    return kibibytes(status, "VmRSS:") << 10, kibibytes(rollup, "Pss:") << 10


def kibibytes(text: str, field: str) -> int:
    """A field of a table of memory."""
    _, _, after = text.partition(field)
    return int(after.split()[0]) if after else 0


def run(*words: str | Path, folder: Path) -> Peak:
    """Run a command and watch it."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    command = [str(word) for word in (OPTOUT, *words)]
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | {"TMPDIR": str(temporary)},
        )
        peak, done = Peak(), threading.Event()
        watcher = threading.Thread(target=watch, args=(process, peak, done))
        watcher.start()
        code = process.wait()
        done.set()
        watcher.join()
        if code:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {code}:\n{said.read()}")
    return peak


@dataclass(frozen=True)
class Case:
    """One shard, and what is written about it.

    Attributes:
        name: short.
        words: what the shard is.
        rows: how many it has.
        write: writes it.
    """

    name: str
    words: str
    rows: int
    write: Callable[[Path, int], None]


def cases(pictures: int, addresses: int) -> list[Case]:
    """What is measured."""
    listed = [Case("urls", "addresses and captions, snappy", addresses, write_addresses)]
    for codec in ("none", "snappy", "zstd"):
        for nested in (True, False):
            form = "image: struct<bytes, path>" if nested else "jpg: binary"

            def write(path: Path, rows: int, codec: str = codec, nested: bool = nested) -> None:
                write_pictures(path, rows, codec, nested=nested)

            name = f"{'struct' if nested else 'flat'}-{codec}"
            listed.append(Case(name, f"{form}, 1 MB each, one row group, {codec}", pictures, write))
    return listed


def prepare(folder: Path, addresses: int) -> Path:
    """A snapshot with entries for some of what the shards hold."""
    (folder / "taken.jpg").write_bytes(photograph(OPTED_OUT))
    step = max(1, addresses // 1000)
    listed = "".join(f"{address(number)}\n" for number in range(0, addresses, step))
    (folder / "urls.txt").write_text(listed)
    registry = ("--registry", folder / "optout.db")
    run("init", *registry, folder=folder)
    run("add", "image", folder / "taken.jpg", *registry, folder=folder)
    run("import", folder / "urls.txt", "--kind", "url", *registry, folder=folder)
    run("snapshot", folder / "snapshot", *registry, folder=folder)
    return folder / "snapshot"


def measure(
    case: Case,
    folder: Path,
    snapshot: Path,
    workers: int | None,
    steps: tuple[str, ...] = STEPS,
) -> dict:
    """Filter and audit one shard."""
    corpus, out = folder / "in", folder / "out"
    corpus.mkdir()
    shard = corpus / "shard.parquet"
    # In a process of its own, so that what it needs is gone.
    child = os.fork()
    if not child:
        try:
            case.write(shard, case.rows)
        except BaseException as fault:
            print(fault, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"the shard {case.name} cannot be written")
    metadata = pq.read_metadata(shard)
    largest = max(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    common = ("--snapshot", snapshot, "--memory", MEMORY)
    common += ("--workers", str(workers)) if workers else ()
    commands = {
        "scan": ("filter", corpus, *common, "--out", out, "--dry-run"),
        "filter": ("filter", corpus, *common, "--out", out),
        "verify": ("verify", out, "--snapshot", snapshot, "--input", corpus),
    }
    peaks = {step: run(*commands[step], folder=folder) for step in STEPS if step in steps}
    kept = out / "shard.parquet"
    left = pq.read_metadata(kept).num_rows if kept.exists() else case.rows
    found = {
        "case": case.name,
        "shard": case.words,
        "rows": case.rows,
        "rows_dropped": case.rows - left,
        "file_bytes": shard.stat().st_size,
        "largest_row_group_bytes": largest,
        "peak_resident_bytes": {step: peak.resident for step, peak in peaks.items()},
        "peak_proportional_bytes": {step: peak.proportional for step, peak in peaks.items()},
    }
    for path in (corpus, out, folder / "out.optout"):
        shutil.rmtree(path, ignore_errors=True)
    return found


def table(results: list[dict]) -> str:
    """What was measured, as Markdown."""
    lines = [
        "| shard | rows | largest row group | scan only | filter | verify `--input` |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        peaks = result["peak_resident_bytes"]
        cells = [f"{peaks[step] / 2**20:,.0f} MiB" if step in peaks else "" for step in STEPS]
        group = f"{result['largest_row_group_bytes'] / 1e9:.2f} GB"
        lines.append(f"| {result['shard']} | {result['rows']:,} | {group} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names of cases; all by default")
    parser.add_argument("--steps", nargs="*", default=STEPS, choices=STEPS)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--addresses", type=int, default=ADDRESSES)
    parser.add_argument("--workers", type=int, help="as `optout filter` has it")
    parser.add_argument("--folder", type=Path, help="where there is room for 7 GB")
    parser.add_argument("--write", action="store_true", help="write docs/memory.json and its table")
    asked = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        snapshot = prepare(folder, asked.addresses)
        for case in cases(asked.pictures, asked.addresses):
            if not asked.only or case.name in asked.only:
                results.append(measure(case, folder, snapshot, asked.workers, tuple(asked.steps)))
                print(json.dumps(results[-1]), flush=True)
    print(table(results))
    if asked.write:
        write_down(results)
    over = [r["case"] for r in results if max(r["peak_resident_bytes"].values()) > CEILING]
    if over:
        raise SystemExit(f"more than {MEMORY}: {', '.join(over)}")


def write_down(results: list[dict]) -> None:
    """Put the results into the documentation."""
    document = {"memory": MEMORY, "pyarrow": pa.__version__, "results": results}
    (DOCS / "memory.json").write_text(json.dumps(document, indent=1) + "\n")
    page = DOCS / "memory.md"
    before, mark, after = page.read_text().partition("<!-- measured -->\n")
    _, end, after = after.partition("<!-- end -->\n")
    page.write_text(before + mark + table(results) + end + after)


if __name__ == "__main__":
    main()
