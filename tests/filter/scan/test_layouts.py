"""Whatever Arrow type carries values, compiled and plain kernels find the same in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import Leaf
from optout.filter.scan import (
    LeafScan,
    Trace,
    kernels_for,
    keys_of,
    plain_kernels,
    scan_batch,
)
from optout.registry.identifiers import Identifier, KeyColumns, Kind
from optout.registry.images import corpus_hashes
from optout.registry.snapshot import Snapshot

FILE = b"the bytes of some file"
SHA256, MD5 = hashlib.sha256(FILE), hashlib.md5(FILE)
PASSAGE = "It was a bright cold day in April, and the clocks were striking – thirteen."


@pytest.fixture(scope="module")
def picture(photograph: Callable, encoded: Callable) -> bytes:
    return encoded(photograph(1))


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, picture: bytes) -> Snapshot:
    return snapshot_of(
        Identifier.url("https://anna.example/harbour.jpg"),
        Identifier.site("fotografin.example"),
        Identifier.prefix("https://portal.example/anna"),
        Identifier.account("github:octocat"),
        Identifier.file_sha256(SHA256.hexdigest()),
        Identifier.file_md5(MD5.hexdigest()),
        Identifier.image(picture),
        Identifier.text(PASSAGE),
        Identifier.work("isbn:9780306406157"),
    )


@pytest.fixture(scope="module")
def values(picture: bytes) -> dict[str, list[bytes | None]]:
    """By role, values of every sort; none of them is text where the role has none to be."""
    hashes = corpus_hashes(picture, ["phash256", "phash64"])
    owns = {
        "sha256": SHA256.digest(),
        "md5": MD5.digest(),
        "pdq256": hashes["phash256"],
        "phash256": hashes["phash256"],
        "phash64": hashes["phash64"],
    }
    digests = {
        role: [
            *(own, bytes(len(own)), own.hex().encode(), b"0x" + own.hex().upper().encode()),
            *(f" {own.hex()}\t".encode(), f"\u2003{own.hex()}".encode(), own.hex()[1:].encode()),
            *(own.hex().encode() + b"0", b"g" + own.hex()[1:].encode(), b"\xff" * len(own)),
            *(b"\xff", b"none", b"a" * len(own), b"0x" + bytes(2 * len(own))),
        ]
        for role, own in owns.items()
    }
    texts = [PASSAGE, f" {PASSAGE.upper()}\n", PASSAGE[:20], f"{PASSAGE}\u0301", "e\u0301" * 30]
    words = {
        "text": [*map(str.encode, texts), b"x" * 24 + b"\xff", b"a  b" * 20],
        "url": [
            *(b"https://anna.example/harbour.jpg", b"HTTP://ANNA.example:80/./harbour%2Ejpg#x"),
            *(b"//fotografin.example", b"https://a.b.fotografin.example./", b"http://\xff.example"),
            *(b"http://portal.example/anna/2024/1.jpg?x", b"https://github.com/Octocat/x", b"a"),
        ],
        "account:github": [b"Octocat/hello-world", b"octocat", b"?!", b"\xff"],
        "work:isbn": [b"0-306-40615-2", b"9780306406157", b"978", b"\xff"],
        "work": [b"isbn:978-0-306-40615-7", b"9780306406157", b"\xff"],
    }
    return {role: [None, b"", *some, None, *some[:2]] for role, some in (digests | words).items()}


def texts_of(some: list[bytes | None]) -> list[str | None]:
    """Those of some values that are text."""
    found: list[str | None] = []
    for value in some:
        try:
            found.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            continue
    return found


LAYOUTS: dict[str, Callable[[list], pa.Array]] = {
    "string": lambda some: pa.array(texts_of(some), pa.string()),
    "large_string": lambda some: pa.array(texts_of(some), pa.large_string()),
    "string_view": lambda some: pa.array(texts_of(some), pa.string_view()),
    "binary": lambda some: pa.array(some, pa.binary()),
    "large_binary": lambda some: pa.array(some, pa.large_binary()),
    "binary_view": lambda some: pa.array(some, pa.binary_view()),
    "dictionary": lambda some: pa.array(some * 3, pa.binary()).dictionary_encode(),
    "narrow dictionary": lambda some: pa.DictionaryArray.from_arrays(
        pa.array([n % len(some) if n % 5 else None for n in range(90)], pa.uint8()), pa.array(some)
    ),
    "dictionary of others": lambda some: pa.array(some, pa.binary()).dictionary_encode()[3:6],
    "sliced": lambda some: pa.array([b"https://x.example", *some, b"x"], pa.binary())[1:-1],
    "sliced dictionary": lambda some: pa.array(some * 3, pa.binary()).dictionary_encode()[5:],
    "runs": lambda some: pa.RunEndEncodedArray.from_arrays(
        pa.array(np.arange(1, len(some) + 1, dtype=np.int32) * 2, pa.int32()), pa.array(some)
    ),
    "bytes behind nulls": lambda some: behind_nulls([value or b"" for value in some]),
}


def behind_nulls(some: list[bytes]) -> pa.Array:
    """Every other value is null, and its bytes are there all the same."""
    whole = pa.array(some, pa.binary())
    valid = np.packbits(np.arange(len(some)) % 2 == 0, bitorder="little")
    _, offsets, data = whole.buffers()
    return pa.Array.from_buffers(whole.type, len(some), [pa.py_buffer(valid), offsets, data])


def both(snapshot: Snapshot, leaf: Leaf, batch: pa.RecordBatch) -> list[tuple]:
    found = []
    for kernels in (kernels_for, plain_kernels):
        looking = kernels(snapshot, frozenset(Kind), 30, [leaf.role])
        found.append([told(scan, snapshot) for scan in scan_batch(batch, [leaf], looking)])
    compiled, plain = found
    assert compiled == plain
    return compiled


def told(scan: LeafScan, snapshot: Snapshot) -> tuple:
    traces = [covering(trace, snapshot) | set(trace.hashes.items()) for trace in scan.traces]
    traced = zip(scan.traced.rows.tolist(), scan.traced.which.tolist(), strict=True)
    keyed = zip(scan.keyed.rows.tolist(), scan.keyed.which.tolist(), strict=True)
    hits: dict[int, set] = {}
    for row, which in traced:
        hits.setdefault(row, set()).update(traces[which])
    for row, which in keyed:
        hits.setdefault(row, set()).add(scan.keys.digest[which].tobytes())
    return scan.leaf, scan.states.tolist(), hits, scan.unjudgeable.tolist()


def covering(trace: Trace, snapshot: Snapshot) -> set:
    """The digests of the registered keys of a trace."""
    keys = [key for role, text in trace.words.items() for key in keys_of(role, text) or ()]
    places, _ = snapshot.confirmed(KeyColumns.of(keys))
    return {keys[place].digest for place in places.tolist()}


ROLES = [
    *("sha256", "md5", "phash256", "phash64", "pdq256", "text", "url"),
    *("account:github", "work:isbn", "work"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("role", ROLES)
def test_every_layout_of_values_is_read(
    role: str, layout: str, snapshot: Snapshot, values: dict
) -> None:
    column = LAYOUTS[layout](values[role])
    ((_, states, hits, _),) = both(snapshot, Leaf("c", role), pa.record_batch({"c": column}))
    assert len(states) == len(column)
    few = layout in ("dictionary of others", "bytes behind nulls")
    assert hits or few or role == "pdq256"


@pytest.mark.parametrize("layout", ["string", "binary", "dictionary", "sliced dictionary"])
@pytest.mark.parametrize("role", ROLES)
def test_values_in_lists_and_structs_are_read(
    role: str, layout: str, snapshot: Snapshot, values: dict
) -> None:
    column = LAYOUTS[layout](values[role])
    lengths = [0, 2, 0, 3, 1]
    ends = np.cumsum([0, *lengths, len(column) - sum(lengths)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), column)
    inside = pa.StructArray.from_arrays([lists], ["in"])
    batch = pa.record_batch({"c": inside})
    for part in (batch, batch.slice(1, 4)):
        both(snapshot, Leaf("c.in[]", role), part)


@pytest.mark.parametrize(("role", "size"), [("sha256", 32), ("md5", 16), ("phash64", 8)])
def test_packed_digests_of_one_length_are_read(
    role: str, size: int, snapshot: Snapshot, values: dict
) -> None:
    some = [value for value in values[role] if value is None or len(value) == size]
    column = pa.array(some, pa.binary(size))
    ((_, _, hits, _),) = both(snapshot, Leaf("c", role), pa.record_batch({"c": column}))
    assert hits


def test_a_dictionary_is_looked_at_once_for_all_its_rows(snapshot: Snapshot) -> None:
    column = pa.array([PASSAGE, None, "another"] * 1000).dictionary_encode()
    kernel = kernels_for(snapshot, frozenset(Kind), 30, ["text"])["text"]
    seen = []

    class Counting:
        distinct = kernel.distinct

        def __call__(self, some: pa.LargeBinaryArray) -> object:
            seen.append(len(some))
            return kernel(some)

    (scan,) = scan_batch(pa.record_batch({"c": column}), [Leaf("c", "text")], {"text": Counting()})
    assert seen == [2]
    assert (len(scan.states), len(scan.traced.rows), len(scan.traces)) == (3000, 1000, 1)


NEAR_DIGESTS = st.one_of(
    st.text("0123456789abcdefABCDEF", min_size=14, max_size=68),
    st.text("0123456789abcdefABCDEFgG@`/:xX \t\u00a0", min_size=14, max_size=68),
    st.sampled_from([SHA256.hexdigest(), MD5.hexdigest(), f"0X{SHA256.hexdigest()}"]),
).map(str.encode) | st.binary(min_size=7, max_size=34)


@given(st.lists(NEAR_DIGESTS, max_size=6), st.sampled_from(ROLES[:5]))
def test_digests_are_read_as_the_reference_reads_them(
    snapshot: Snapshot, some: list[bytes], role: str
) -> None:
    both(snapshot, Leaf("c", role), pa.record_batch({"c": pa.array(some, pa.binary())}))


@pytest.mark.parametrize("role", ["sha256", "md5", "text"])
def test_many_values_with_few_hits_are_found_at_their_rows(role: str, snapshot: Snapshot) -> None:
    own = {"sha256": SHA256.hexdigest(), "md5": MD5.hexdigest(), "text": PASSAGE}[role]
    size = {"sha256": 64, "md5": 32, "text": 64}[role]
    some = [own if n % 701 == 3 else f"{n:0{size}x}" for n in range(5000)]
    column = pa.array(some)
    ((_, _, hits, _),) = both(snapshot, Leaf("c", role), pa.record_batch({"c": column}))
    assert sorted(hits) == [row for row in range(5000) if row % 701 == 3]
