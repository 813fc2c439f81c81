"""Damaged shards, by the thousand: each ends in a ShardError or in the right rows.

    python -m tests.fuzz.parquet SECONDS [SEED]

Small files of every writer at hand are damaged in one to three places: footers, page headers,
indexes, levels, lengths, values. A process of its own, with limits, reads each and takes rows out
of it. It is a fault if that process dies, hangs, needs more memory than it may have, raises
anything but a `ShardError`, or if what is left is not what was read without the removed rows.
"""

from __future__ import annotations

import io
import os
import random
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.errors import ShardError
from optout.filter.parquet import ShardReader, rewrite
from optout.filter.parquet.compact import (
    BINARY,
    I16,
    I32,
    I64,
    CompactError,
    Sequence,
    Struct,
    decode,
    encode,
)
from optout.filter.parquet.footer import (
    ChunkField,
    FileField,
    MetaField,
    chunks_of,
    meta_of,
    span_of,
)

ROWS = 60
REMOVED = np.array([0, 7, 8, 41], dtype=np.int64)
MEMORY_BYTES = 2 << 30
"""More than a process has at its start, beyond what its libraries map."""
PATIENCE_SECONDS = 30

_NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    127,
    255,
    65_535,
    1 << 20,
    1 << 30,
    (1 << 31) - 1,
    1 << 40,
    -1,
    -(1 << 31),
)


def columns() -> dict[str, pa.Array]:
    """One of each way in which a column is stored."""
    count = range(ROWS)
    return {
        "url": pa.array([None if n % 7 == 3 else f"https://a.example/{n}" for n in count]),
        "word": pa.array([f"word {n % 5}" for n in count]),
        "n": pa.array([None if n % 5 == 1 else n * n for n in count], pa.int64()),
        "f": pa.array([n / 3 for n in count], pa.float32()),
        "b": pa.array([n % 3 == 0 for n in count]),
        "fixed": pa.array([bytes([n]) * 8 for n in count], pa.binary(8)),
        "list": pa.array([None if n % 4 == 2 else [f"t{i}" for i in range(n % 3)] for n in count]),
        "image": pa.array([{"bytes": b"%d" % n * 9, "path": None} for n in count]),
    }


def originals(folder: Path) -> list[Path]:
    """Small files by every writer.

    Args:
        folder: where to.
    """
    table = pa.table(columns())
    flat = table.select(["url", "word", "n", "f", "b"])
    ways: dict[str, dict[str, Any]] = {
        "v1": {},
        "v1 open": {"compression": "none", "max_rows_per_page": 10},
        "v2": {"data_page_version": "2.0", "compression": "zstd"},
        "v2 open": {"data_page_version": "2.0", "compression": "none", "max_rows_per_page": 10},
        "index": {"write_page_index": True, "max_rows_per_page": 9, "compression": "none"},
        "bloom": {"bloom_filter_options": {"url": True}, "compression": "gzip"},
        "checksum": {"write_page_checksum": True, "compression": "lz4"},
        "plain": {"use_dictionary": False, "compression": "none"},
        "delta": {
            "use_dictionary": False,
            "compression": "brotli",
            "column_encoding": {
                "url": "DELTA_BYTE_ARRAY",
                "word": "DELTA_LENGTH_BYTE_ARRAY",
                "n": "DELTA_BINARY_PACKED",
                "f": "BYTE_STREAM_SPLIT",
            },
        },
    }
    for name, way in ways.items():
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=25, **way)
    delta = ways["delta"] | {"compression": "none", "data_page_version": "2.0"}
    pq.write_table(table, folder / "delta open.parquet", row_group_size=25, **delta)
    category = table.append_column("category", table.column("word").dictionary_encode())
    pq.write_table(category, folder / "category.parquet", row_group_size=25, compression="none")
    import duckdb
    import polars

    duckdb.sql(f"COPY flat TO '{folder}/duckdb.parquet' (FORMAT parquet, ROW_GROUP_SIZE 25)")
    polars.from_arrow(table).write_parquet(folder / "polars.parquet", row_group_size=25)
    try:
        import fastparquet
    except ImportError:
        pass
    else:
        frame = flat.to_pandas()
        path = str(folder / "fastparquet.parquet")
        fastparquet.write(path, frame, row_group_offsets=[0, 25, 50])
    return sorted(folder.glob("*.parquet"))


@dataclass(frozen=True, slots=True)
class Damage:
    """Damages copies of one file.

    Attributes:
        data: the file.
    """

    data: bytes

    @property
    def start(self) -> int:
        """Where the footer begins."""
        return len(self.data) - 8 - int.from_bytes(self.data[-8:-4], "little")

    def some(self, chance: random.Random) -> bytes:
        """The file, damaged.

        Args:
            chance: what decides where and how.
        """
        ways: list[Callable[[random.Random], bytes]] = [
            *[self._footer_fields] * 6,
            *[self._page_header] * 5,
            *[self._page_bytes] * 4,
            self._footer_bits,
            self._index_bytes,
            self._cut,
        ]
        return chance.choice(ways)(chance)

    def _with_footer(self, footer: Struct) -> bytes:
        written = encode(footer)
        return self.data[: self.start] + written + len(written).to_bytes(4, "little") + b"PAR1"

    def _footer(self) -> Struct:
        return decode(self.data[self.start : -8])[0]

    def _footer_fields(self, chance: random.Random) -> bytes:
        footer = self._footer()
        for _ in range(chance.randint(1, 3)):
            _change(footer, chance)
        return self._with_footer(footer)

    def _footer_bits(self, chance: random.Random) -> bytes:
        return self._flipped(chance, self.start, len(self.data))

    def _chunks(self) -> list[Struct]:
        groups = self._footer().value(FileField.ROW_GROUPS)
        return [chunk for group in groups for chunk in chunks_of(group)]

    def _pages(self, chance: random.Random) -> list[tuple[int, Struct, int]]:
        """Start, header and end of header of the pages of some chunk."""
        start, length = span_of(meta_of(chance.choice(self._chunks())))
        pages, end = [], start + length
        while start < end:
            header, after = decode(self.data, start)
            pages.append((start, header, after))
            start = after + header.value(3)
        return pages

    def _page_header(self, chance: random.Random) -> bytes:
        """A header that says something else, at the expense of what follows, or with room."""
        start, header, after = chance.choice(self._pages(chance))
        _change(header, chance)
        try:
            written = encode(header)
        except (CompactError, TypeError, ValueError):
            return self._flipped(chance, start, after)
        if len(written) == after - start or chance.random() < 0.2:
            return self.data[:start] + written + self.data[start + len(written) :]
        return self._moved(start, after, written)

    def _moved(self, start: int, after: int, written: bytes) -> bytes:
        """Another length of header: all that lies behind moves, and the footer knows."""
        move = len(written) - (after - start)
        footer = self._footer()
        for group in footer.value(FileField.ROW_GROUPS):
            for chunk in chunks_of(group):
                meta = meta_of(chunk)
                first, length = span_of(meta)
                if first <= start < first + length:
                    meta.set(MetaField.COMPRESSED, I64, length + move)
                for struct, fields in (
                    (meta, (MetaField.DATA_PAGE, MetaField.DICTIONARY_PAGE, MetaField.BLOOM)),
                    (chunk, (ChunkField.OFFSET_INDEX, ChunkField.COLUMN_INDEX)),
                ):
                    for field in fields:
                        if struct.value(field, 0) > start:
                            struct.set(field, I64, struct.value(field) + move)
        data = self.data[:start] + written + self.data[after:]
        return Damage(data)._with_footer_from(footer, self.start + move)

    def _with_footer_from(self, footer: Struct, start: int) -> bytes:
        written = encode(footer)
        return self.data[:start] + written + len(written).to_bytes(4, "little") + b"PAR1"

    def _page_bytes(self, chance: random.Random) -> bytes:
        """The first bytes of a page: lengths, levels, widths; or any other."""
        _, header, after = chance.choice(self._pages(chance))
        end = after + header.value(3)
        if chance.random() < 0.6:
            end = min(end, after + 12)
        return self._flipped(chance, after, end)

    def _index_bytes(self, chance: random.Random) -> bytes:
        fields = (
            (ChunkField.OFFSET_INDEX, ChunkField.OFFSET_INDEX_LENGTH),
            (ChunkField.COLUMN_INDEX, ChunkField.COLUMN_INDEX_LENGTH),
        )
        places = [
            (chunk.value(place), chunk.value(place) + chunk.value(length))
            for chunk in self._chunks()
            for place, length in fields
            if chunk.value(place, 0) > 0
        ]
        return self._flipped(chance, *(chance.choice(places) if places else (4, self.start)))

    def _cut(self, chance: random.Random) -> bytes:
        first = chance.randrange(4, self.start)
        return self.data[:first] + self.data[first + chance.randint(1, 40) :]

    def _flipped(self, chance: random.Random, first: int, end: int) -> bytes:
        data = bytearray(self.data)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(first, max(end, first + 1))
            data[place] = chance.choice((data[place] ^ 1 << chance.randrange(8), 0, 255, 127))
        return bytes(data)


def _change(struct: Struct, chance: random.Random) -> None:
    """Change one value somewhere in a structure."""
    places = list(_places(struct))
    if not places:
        return
    holder, key, kind, value = chance.choice(places)
    if isinstance(holder, Struct) and chance.random() < 0.15:
        holder.pop(key)
        return
    new: Any
    if kind in (I16, I32, I64):
        near = value + chance.choice((-1, 1, 2, 8, 100)), value * 2, -value
        new = chance.choice((*_NUMBERS, *near))
    elif kind == BINARY:
        new = chance.choice((b"", b"\xff" * 9, value[:-1], value + b"x", b"A" * 300))
    else:
        new = not value if isinstance(value, bool) else value
    if isinstance(value, Sequence):
        new = Sequence(value.kind, value[1:] if chance.random() < 0.5 else [*value, *value[:1]])
    if isinstance(holder, Struct):
        holder[key] = (kind, new)
    else:
        holder[key] = new


def _places(struct: Any, depth: int = 0) -> Iterator[tuple[Any, int, int, Any]]:
    items: Iterator[tuple[int, int, Any]]
    if isinstance(struct, Struct):
        items = iter([(key, kind, value) for key, (kind, value) in struct.items()])
    else:
        items = iter([(place, struct.kind, value) for place, value in enumerate(struct)])
    for key, kind, value in items:
        if isinstance(value, Struct):
            yield from _places(value, depth + 1)
            continue
        yield struct, key, kind, value
        if isinstance(value, Sequence):
            yield from _places(value, depth + 1)


def judge(path: Path) -> str:
    """Read a shard and take rows out of it.

    Args:
        path: the shard.

    Returns:
        `refused`, `read`, or what is wrong.
    """
    try:
        with ShardReader(path) as reader:
            rows = [row for batch in reader.batches() for row in _rows(batch.data)]
            count = reader.rows
    except ShardError:
        rows, count = None, ROWS
    removed = REMOVED[count > REMOVED]
    out = io.BytesIO()
    try:
        rewrite(path, out, removed, threads=2)
    except ShardError:
        return "refused"
    except ValueError as fault:
        if "not ascending rows" in str(fault):
            return "refused"
        raise
    if rows is None:
        return "refused"
    kept = path.with_suffix(".out")
    kept.write_bytes(out.getvalue())
    try:
        with ShardReader(kept) as reader:
            found = [row for batch in reader.batches() for row in _rows(batch.data)]
    except ShardError as error:
        return f"the output cannot be read, and the input could: {error.message}"
    finally:
        kept.unlink()
    gone = set(removed.tolist())
    if found != [row for number, row in enumerate(rows) if number not in gone]:
        return "other rows are left than should be"
    return "read"


def _rows(data: pa.RecordBatch) -> list[str]:
    """Rows that can be compared, also where text is no text."""
    for place, column in enumerate(data.columns):
        column.validate(full=False)
        if pa.types.is_string(column.type):
            data = data.set_column(place, data.schema.names[place], column.cast(pa.binary()))
    try:
        return [repr(row) for row in zip(*(c.to_pylist() for c in data.columns), strict=True)]
    except (UnicodeDecodeError, ValueError, OverflowError) as fault:
        raise ShardError("x", f"its values cannot be shown: {fault}", "") from fault


def serve() -> None:
    """Judge the paths that come in, one a line; the answer of each is a line."""
    began = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = began + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            answer = judge(Path(line.strip()))
        except BaseException as fault:
            import traceback

            where = traceback.extract_tb(fault.__traceback__)[-1]
            answer = f"{type(fault).__name__}: {fault} ({Path(where.filename).name}:{where.lineno})"
        print(" ".join(answer.split())[:300], flush=True)


class Worker:
    """A process that may be lost."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answer(60)

    def judge(self, path: Path) -> str:
        """What it says of a shard, or what became of it."""
        assert self._process.stdin
        print(path, file=self._process.stdin, flush=True)
        return self._answer(PATIENCE_SECONDS)

    def _answer(self, seconds: float) -> str:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self.close()
            return f"no end after {seconds} seconds"
        return self._process.stdout.readline().strip() or f"died: {-self._process.wait()}"

    @property
    def lives(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


def fuzz(seed: int, *, seconds: float = 1e9, cases: int = 1 << 40) -> tuple[Counter, dict]:
    """Damage and judge until the time, or the cases, are over.

    Args:
        seed: what decides on every damage.
        seconds: how long.
        cases: how many.

    Returns:
        How many were refused and read; and the damaged files that are faults, by what is wrong.
    """
    counts: Counter[str] = Counter()
    faults: dict[str, bytes] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "originals").mkdir()
        files = [Damage(path.read_bytes()) for path in originals(folder / "originals")]
        worker = Worker()
        case = 0
        while case < cases and time.monotonic() < end:
            chance = random.Random(f"{seed}/{case}")
            data = chance.choice(files).some(chance)
            case += 1
            path = folder / "shard.parquet"
            path.write_bytes(data)
            answer = worker.judge(path)
            counts[answer if answer in ("refused", "read") else "faults"] += 1
            if answer not in ("refused", "read"):
                faults.setdefault(f"case {seed}/{case - 1}: {answer}", data)
            if not worker.lives:
                worker.close()
                worker = Worker()
        worker.close()
    return counts, faults


def main() -> int:
    """Run from a shell."""
    if sys.argv[1:] == ["--serve"]:
        serve()
        return 0
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    counts, faults = fuzz(seed, seconds=seconds)
    print(f"seed {seed}: {dict(counts)}")
    for number, (what, data) in enumerate(faults.items()):
        path = Path(tempfile.gettempdir()) / f"optout-fuzz-{os.getpid()}-{number}.parquet"
        path.write_bytes(data)
        print(f"{what}\n    {path}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
