"""What is opted out: as snapshots for this project, and as tables of addresses for its peers.

Most entries cover nothing in the corpus, as in life; they are drawn like the corpus itself, so
that its hosts are theirs. The rest are addresses of rows. `audit/` of these snapshots is empty (a
filter never reads it): they are laid out by the registry's own builder, and signed by a key that
is thrown away.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.registry.durable import publish, publishing
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    CANONICALISER_VERSION,
    PUBLIC_SUFFIX_DATE,
    Grade,
    Identifier,
    Kind,
)
from optout.registry.images import DEFAULT_RADIUS
from optout.registry.index import write_postings
from optout.registry.log import Checkpoint, SigningKey
from optout.registry.snapshot.building import write_identifiers
from optout.registry.snapshot.formats import ENTRY, HASH_SIZES, image_file, image_type, radius_file
from optout.registry.snapshot.manifest import LEAVES, MANIFEST, OPENINGS, Manifest
from optout.registry.snapshot.segment import file_facts, segment_facts, segment_name
from xxhash import xxh3_64_intdigest

from . import corpus

URLS = {"url": 1.0}
RULES = {"url": 0.6, "prefix": 0.25, "site": 0.1, "account": 0.05}
"""How many of the entries are of which kind."""

_SEED = corpus.SEED + 100
_BATCH = 1 << 17
_MIX, _UPPER = 0x9E3779B97F4A7C15, 0xFFFFFFFF00000000
_BITS = (1 << 64) - 1
_KINDS = {name: Kind(name) for name in RULES}


@dataclass(frozen=True)
class OptOuts:
    """One set of opt-outs.

    Attributes:
        name: short.
        entries: how many there are.
        snapshot: its folder.
        tables: Parquet files with a column `url`, for the peers.
        seconds: how long the builder took over the snapshot, digests apart.
    """

    name: str
    entries: int
    snapshot: Path
    tables: tuple[Path, ...]
    seconds: float


def batches(total: int) -> list[tuple[int, int]]:
    """First and count of every batch."""
    return [(first, min(_BATCH, total - first)) for first in range(0, total, _BATCH)]


def form(kind: str, url: str, number: int) -> bytes:
    """The canonical form of an entry made of a clean address."""
    bare = url.partition("://")[2]
    host = bare.partition("/")[0]
    if kind == "url":
        return bare.encode()
    if kind == "prefix":
        return bare.partition("?")[0].rstrip("/").encode()
    if kind == "site":
        return f"site{number}.{host.rpartition('.')[2]}".encode()
    return f"github:user{number}".encode()


def probe(kind: str, canonical: bytes) -> int:
    """What a form is looked for by."""
    if kind != "prefix":
        return xxh3_64_intdigest(canonical)
    host, _, path = canonical.partition(b"/")
    start = xxh3_64_intdigest(host)
    mixed = (start * _MIX + xxh3_64_intdigest(b"/" + path)) & _BITS
    return start & _UPPER | mixed >> 32


def fillers(first: int, count: int, shares: dict[str, float]) -> np.ndarray:
    """Entries that cover no row: records as the builder takes them."""
    found = np.zeros(count, ENTRY)
    urls = corpus.urls(first, count, dirty=False, seed=_SEED).to_pylist()
    start = 0
    for kind, share in shares.items():
        end = count if kind == list(shares)[-1] else start + round(count * share)
        head = f"optout/v1/{kind}\0".encode()
        forms = [form(kind, urls[n], first + n) for n in range(start, end)]
        digests = b"".join(hashlib.sha256(head + each).digest() for each in forms)
        found["probe"][start:end] = [probe(kind, each) for each in forms]
        found["digest"][start:end] = np.frombuffer(digests, np.uint8).reshape(-1, 32)
        found["kind"][start:end] = _KINDS[kind].code
        for each, row in zip(forms[:20], found[start:end], strict=False):
            try:
                known = Identifier.parse(_KINDS[kind], each.decode())  # by the reference
            except IdentifierError:
                if kind != "prefix":
                    raise
                continue  # below a platform that many people share: as good a form, but refused
            if (known.probe, known.digest) != (row["probe"], row["digest"].tobytes()):
                raise SystemExit(f"{each.decode()} is not in canonical form")
        start = end
    found["entry"] = np.arange(first, first + count)
    found["usage"], found["grade"] = 1, Grade.DOMAIN.rank
    return found


def write_fillers(path: Path, total: int, shares: dict[str, float]) -> Path:
    """Write entries that cover nothing, once for all sets: digests take most of the time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool, path.open("wb") as stream:
        firsts, counts = zip(*batches(total), strict=True)
        for part in pool.map(fillers, firsts, counts, [shares] * len(firsts)):
            stream.write(part.view(np.uint8).data)
    return path


def write_table(path: Path, columns: Iterable[pa.Array]) -> Path:
    """A Parquet file of addresses."""
    schema = pa.schema({"url": pa.string()})
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        for column in columns:
            writer.write_table(pa.table({"url": column}, schema))
    return path


def filler_urls(total: int) -> Iterator[pa.Array]:
    """The addresses of the entries that cover nothing."""
    for first, count in batches(total):
        yield corpus.urls(first, count, dirty=False, seed=_SEED)


def write_snapshot(
    folder: Path,
    parts: Iterable[np.ndarray],
    kinds: dict[str, int],
    pictures: np.ndarray | None = None,
) -> float:
    """Lay a snapshot out and sign it.

    Args:
        folder: made here.
        parts: records of the type `ENTRY`.
        kinds: how many there are of each kind.
        pictures: uint8[n, 32], phash256 of the first n entries.

    Returns:
        How many seconds it took.
    """
    began = time.perf_counter()
    segment = folder / "segments" / "new"
    segment.mkdir(parents=True)
    entries = write_identifiers(segment, parts)
    for namespace in HASH_SIZES:
        size = HASH_SIZES[namespace]
        hashes = np.empty((0, size), np.uint8)
        if pictures is not None and namespace == "phash256":
            hashes = pictures
        with publishing(segment / image_file(namespace)) as stream:
            stream.write(_records(namespace, hashes).view(np.uint8).data)
        with publishing(segment / radius_file(namespace)) as stream:
            write_postings(hashes, stream, folder)
    facts = segment_facts(segment)
    name = f"segments/{segment_name(facts)}"
    segment.rename(folder / name)
    (folder / "audit").mkdir()
    for path in (LEAVES, OPENINGS):
        publish(folder / path, b"")
    key = SigningKey.generate("bench.example")
    root = hashlib.sha256(name.encode()).digest()
    manifest = Manifest(
        origin="bench.example",
        size=entries,
        root=root.hex(),
        checkpoint=Checkpoint("bench.example", entries, root).sign(key),
        erasures=0,
        canonicaliser={"version": CANONICALISER_VERSION, "public_suffixes": PUBLIC_SUFFIX_DATE},
        counts={"entries": entries, "by_kind": kinds, "by_grade": {"domain": entries}},
        segment=name,
        files={path: file_facts(folder / path) for path in (LEAVES, OPENINGS)}
        | {f"{name}/{file}": of for file, of in facts.items()},
        key=key.verifier,
    )
    publish(folder / MANIFEST, manifest.sign(key))
    return time.perf_counter() - began


def _records(namespace: str, hashes: np.ndarray) -> np.ndarray:
    """Each hash as the only variant of an entry."""
    found = np.zeros(len(hashes), image_type(namespace))
    found["hash"], found["entry"] = hashes, np.arange(len(hashes))
    found["usage"], found["grade"], found["radius"] = 1, Grade.DOMAIN.rank, DEFAULT_RADIUS
    return found


def covering(urls: list[str], first: int) -> np.ndarray:
    """Entries for addresses of rows, however those are written."""
    known = {identifier.digest: identifier for identifier in map(Identifier.url, urls)}
    found = np.zeros(len(known), ENTRY)
    found["probe"] = [identifier.probe for identifier in known.values()]
    digests = b"".join(known)
    found["digest"] = np.frombuffer(digests, np.uint8).reshape(-1, 32)
    found["kind"], found["usage"], found["grade"] = Kind.URL.code, 1, Grade.DOMAIN.rank
    found["entry"] = np.arange(first, first + len(found))
    return found


def write(
    folder: Path,
    name: str,
    fillers_at: Path,
    filler_table: Path | None,
    hits: pa.Array,
    entries: int,
) -> OptOuts:
    """A set of opt-outs: so many that cover nothing, and those of some rows.

    Args:
        folder: where everything is put.
        name: of the set.
        fillers_at: what `write_fillers` wrote, at least so many.
        filler_table: their addresses, for the peers.
        hits: addresses of rows.
        entries: how many shall cover nothing.
    """
    records = np.memmap(fillers_at, ENTRY, "r")[:entries].view(np.ndarray)
    own = covering(hits.to_pylist(), entries)
    parts = [records[first : first + count] for first, count in batches(entries)]
    codes, counts = np.unique(records["kind"], return_counts=True)
    kinds = {Kind.from_code(int(c)).value: int(n) for c, n in zip(codes, counts, strict=True)}
    kinds["url"] = kinds.get("url", 0) + len(own)
    seconds = write_snapshot(folder / name, [*parts, own] if len(own) else parts, kinds)
    tables = () if filler_table is None else (filler_table,)
    if filler_table is not None and len(hits):
        tables += (write_table(folder / f"{name}-hits.parquet", [hits]),)
    return OptOuts(name, entries + len(own), folder / name, tables, seconds)
