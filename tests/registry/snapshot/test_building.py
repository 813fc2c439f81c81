"""Identifiers are laid out in bounded memory, and as if there were no bound."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.identifiers import Kind
from optout.registry.index import build_filter
from optout.registry.snapshot.building import write_identifiers
from optout.registry.snapshot.formats import ENTRY

PREFIX = Kind.PREFIX.code
ROWS = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, 2**64 - 1),
            st.integers(0, 3),
            st.integers(0, 9).map(lambda low: 0xFEDCBA98 << 32 | low),
        ),
        st.binary(min_size=32, max_size=32) | st.sampled_from([bytes(32), b"\xff" * 32]),
        st.integers(0, 2**40),
        st.integers(0, 3),
        st.sampled_from([Kind.URL.code, PREFIX]),
        st.integers(0, 3),
    ),
    max_size=60,
    unique_by=lambda row: row[2],  # an entry has one place in the log
)


def batch(rows: list[tuple]) -> np.ndarray:
    return np.frombuffer(b"".join(struct.pack("<Q32sQIHH", *row) for row in rows), ENTRY)


def plain(rows: list[tuple]) -> dict[str, bytes]:
    """The files, as their description says."""
    rows = sorted(rows)
    probes = [row[0] for row in rows]
    bits = max(0, len(rows).bit_length() - 4)
    hosts = {row[0] >> 32 for row in rows if row[4] == PREFIX}
    host_bits = 6
    while 2**host_bits < 16 * len(hosts):
        host_bits += 1
    seen = sum({1 << (host >> (32 - host_bits)) for host in hosts})
    places = [sum(p >> (64 - bits) < value for p in probes) for value in range(2**bits)]
    return {
        "probes.bin": struct.pack(f"<{len(rows)}Q", *probes),
        "identifiers.bin": b"".join(struct.pack("<32sQIHH", *row[1:]) for row in rows),
        "filter.bin": bytes(build_filter(np.array(probes, np.uint64))),
        "directory.bin": struct.pack(f"<{2**bits + 1}I", *places, len(rows)),
        "prefix-hosts.bin": seen.to_bytes(2**host_bits // 8, "little") if hosts else b"\0",
    }


def written(batches: list[np.ndarray], part_entries: int) -> dict[str, bytes]:
    with TemporaryDirectory() as place:
        folder = Path(place) / "segment"
        folder.mkdir()
        count = write_identifiers(folder, iter(batches), part_entries=part_entries)
        assert count == sum(map(len, batches))
        assert [path.name for path in Path(place).iterdir()] == ["segment"]
        return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(deadline=None, max_examples=60)
@given(ROWS, st.integers(1, 70), st.data())
def test_however_they_come_and_are_parted_the_files_are_what_is_described(
    rows: list[tuple], part_entries: int, data: st.DataObject
) -> None:
    batches, left = [], rows
    while left:
        size = data.draw(st.integers(1, len(left)))
        batches.append(batch(left[:size]))
        left = left[size:]
    assert written(batches, part_entries) == plain(rows)


def test_probes_that_are_all_the_same_are_told_apart_by_what_follows() -> None:
    drawn = np.random.default_rng(1)
    rows = [(7, drawn.bytes(32), number, 1, PREFIX, 0) for number in range(50)]
    assert written([batch(rows)], 3) == plain(rows)


def many(count: int) -> np.ndarray:
    drawn = np.random.default_rng(2)
    made = np.zeros(count, ENTRY)
    made["probe"] = drawn.integers(0, 2**64, count, dtype=np.uint64)
    made["digest"] = drawn.integers(0, 256, (count, 32), dtype=np.uint8)
    made["entry"] = drawn.permutation(count)
    made["kind"] = PREFIX
    return made


def test_many_entries_have_the_same_files_by_whatever_part() -> None:
    made = many(70_000)
    batches = np.array_split(made, 9)
    files = [written(batches, part_entries) for part_entries in (10**6, 20_000, 300)]
    assert files[0] == files[1] == files[2]
    assert sum(map(len, files[0].values())) / len(made) <= 64


def test_memory_is_bounded_by_a_part(tmp_path: Path) -> None:
    (tmp_path / "segment").mkdir()
    batches = (many(10_000) for _ in range(30))
    tracemalloc.start()
    try:
        write_identifiers(tmp_path / "segment", batches, part_entries=10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A filter is built whole, from 300,000 probes of 8 bytes.
    assert peak < 300_000 * ENTRY.itemsize


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "segment").mkdir()

    def batches():
        yield many(50)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_identifiers(tmp_path / "segment", batches(), part_entries=10)
    assert [path.name for path in tmp_path.iterdir()] == ["segment"]
    assert not list((tmp_path / "segment").iterdir())
