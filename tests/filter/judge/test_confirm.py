"""A candidate is confirmed by digest or distance, and only where the policy obeys the entry."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from optout.filter.judge import Judge, Meeting, Policy
from optout.filter.scan import Trace
from optout.registry.identifiers import Grade, Identifier, Kind
from optout.registry.images import corpus_hashes, sighted_hashes, sighted_pdq
from optout.registry.snapshot import Snapshot

FILE_SHA256 = hashlib.sha256(b"a file").hexdigest()


def balanced(seed: int) -> bytes:
    """A hash as pictures have it: half of the bits set, the first among them."""
    bits = np.random.default_rng(seed).permutation(np.array([0, 1] * 128, np.uint8))
    one = int(np.flatnonzero(bits)[0])
    bits[0], bits[one] = bits[one], bits[0]
    return np.packbits(bits).tobytes()


def turned(phash: bytes, bits: int) -> bytes:
    """A hash at this distance."""
    flags = np.unpackbits(np.frombuffer(phash, np.uint8))
    flags[1 : 1 + bits] ^= 1
    return np.packbits(flags).tobytes()


CLIENTS = balanced(4)


@pytest.fixture(scope="module")
def picture(photograph: Callable, encoded: Callable) -> bytes:
    return encoded(photograph(1))


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, picture: bytes) -> Snapshot:
    return snapshot_of(
        Identifier.url("https://a.example/1"),
        (Identifier.site("a.example"), "self"),
        (Identifier.site("b.example"), "domain"),
        (Identifier.url("https://c.example/"), "reviewed", ("search",)),
        (Identifier.url("https://c.example/"), "self", ("train-ai", "search")),
        Identifier.file_sha256(FILE_SHA256),
        Identifier.image(picture),
        Identifier.image_phash256(CLIENTS.hex()),
    )


def met(snapshot: Snapshot, trace: Trace, **policy: object) -> list[Meeting]:
    (found,) = Judge(snapshot, Policy(**policy)).meet([trace])
    return found


def test_an_address_is_met_by_itself_and_by_the_sites_above_it(snapshot: Snapshot) -> None:
    trace = Trace({"url": "http://www.a.example/1"})
    assert met(snapshot, trace) == []
    assert met(snapshot, trace, min_grade={}) == [Meeting(1, Kind.SITE, Grade.SELF)]
    trace = Trace({"url": "http://a.example/1"})
    assert met(snapshot, trace) == [Meeting(0, Kind.URL, Grade.REVIEWED)]
    assert {m.entry for m in met(snapshot, trace, min_grade={})} == {0, 1}


def test_only_entries_of_the_runs_usage_are_obeyed(snapshot: Snapshot) -> None:
    trace = Trace({"url": "https://c.example"})
    assert [m.entry for m in met(snapshot, trace)] == [4]
    assert [m.entry for m in met(snapshot, trace, usage="search")] == [3, 4]


def test_kinds_that_are_not_looked_for_meet_nothing(snapshot: Snapshot, picture: bytes) -> None:
    only = {"kinds": frozenset({"file"})}
    hashed = corpus_hashes(picture, ["phash256"])["phash256"]
    assert met(snapshot, Trace({"url": "https://b.example/"}), **only) == []
    assert met(snapshot, Trace({"sha256": FILE_SHA256}, {"phash256": hashed}), **only) == [
        Meeting(5, Kind.FILE, Grade.REVIEWED)
    ]


def test_what_a_scan_took_for_covered_and_is_not_meets_nothing(snapshot: Snapshot) -> None:
    assert met(snapshot, Trace({"url": "https://other.example/"})) == []
    assert met(snapshot, Trace({"url": "not an address"})) == []
    assert met(snapshot, Trace({"sha256": "00" * 32}, {"phash256": turned(CLIENTS, 200)})) == []
    assert Judge(snapshot, Policy()).meet([]) == []


def test_a_picture_is_met_once_at_its_nearest_variant(snapshot: Snapshot, picture: bytes) -> None:
    trace = Trace(hashes=corpus_hashes(picture, ["phash256"]))
    assert met(snapshot, trace) == [Meeting(6, Kind.IMAGE, Grade.REVIEWED, 0)]


def test_a_picture_is_met_by_its_mirror_image_and_a_hash_is_not(
    snapshot: Snapshot, picture: bytes
) -> None:
    other = {"phash256": balanced(9)}
    hashed, mirrored = ({"phash256": packed} for packed in sighted_hashes(picture))
    entry = Meeting(6, Kind.IMAGE, Grade.REVIEWED, 0)
    assert met(snapshot, Trace(hashes=other, mirrored=hashed)) == [entry]
    assert met(snapshot, Trace(hashes=hashed, mirrored=mirrored)) == [entry]
    assert met(snapshot, Trace(hashes=mirrored)) == []


@pytest.mark.parametrize(("one", "other", "nearest"), [(4, 12, 4), (12, 4, 4), (12, 200, 12)])
def test_of_a_picture_and_its_mirror_image_the_nearer_one_counts(
    one: int, other: int, nearest: int, snapshot: Snapshot
) -> None:
    ways = ({"phash256": turned(CLIENTS, distance)} for distance in (one, other))
    assert met(snapshot, Trace({}, *ways)) == [Meeting(7, Kind.IMAGE, Grade.REVIEWED, nearest)]


@pytest.mark.parametrize(
    ("distance", "radius", "reached"),
    [(0, 30, True), (16, 30, True), (17, 30, False), (4, 4, True), (5, 4, False), (16, 64, True)],
)
def test_neither_the_entrys_radius_nor_the_policys_is_exceeded(
    distance: int, radius: int, reached: bool, snapshot: Snapshot
) -> None:
    found = met(snapshot, Trace(hashes={"phash256": turned(CLIENTS, distance)}), radius=radius)
    assert found == ([Meeting(7, Kind.IMAGE, Grade.REVIEWED, distance)] if reached else [])


def test_every_trace_has_its_own_meetings_in_order(snapshot: Snapshot) -> None:
    traces = [
        Trace({"url": "https://b.example/"}),
        Trace({"url": "x"}),
        Trace(hashes={"phash256": CLIENTS}),
    ]
    found = Judge(snapshot, Policy()).meet(traces)
    assert [[m.entry for m in meetings] for meetings in found] == [[2], [], [7]]


def test_a_crowd_that_is_not_obeyed_takes_no_memory(snapshot_of: Callable) -> None:
    alike = Identifier.image_phash256(CLIENTS.hex())
    crowd = snapshot_of(alike, *[(alike, "self")] * 300)
    judge = Judge(crowd, Policy(min_grade={"image": "reviewed"}))

    def peak(count: int) -> int:
        traces = [Trace(hashes={"phash256": turned(CLIENTS, n % 16)}) for n in range(count)]
        tracemalloc.start()
        try:
            found = judge.meet(traces)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert [[(m.entry, m.distance) for m in each] for each in found] == [
                [(0, n % 16)] for n in range(count)
            ]

    peak(10)
    # 240,000 pairs: as columns alone they would take 7 MB.
    assert peak(800) < peak(40) + (2 << 20)


@pytest.fixture(scope="module")
def listed(snapshot_of: Callable, picture: bytes, photograph: Callable, encoded: Callable) -> tuple:
    """Entry 0 has every hash of a picture, entry 1 the PDQ of the same and entry 2 of another."""
    other = encoded(photograph(2))
    digits = [sighted_pdq(data).pdq256.hex() for data in (picture, other)]
    held = snapshot_of(Identifier.image(picture), *map(Identifier.image_pdq256, digits))
    return held, other


def seen(data: bytes) -> Trace:
    ways = zip(sighted_hashes(data), sighted_pdq(data), strict=True)
    return Trace({}, *({"phash256": one, "pdq256": two} for one, two in ways))


def test_by_the_pdq_of_a_picture_only_entries_are_met_that_have_no_other_hash(
    listed: tuple, picture: bytes
) -> None:
    held, other = listed
    assert [(m.entry, m.distance) for m in met(held, seen(picture))] == [(0, 0), (1, 0)]
    assert [(m.entry, m.distance) for m in met(held, seen(other))] == [(2, 0)]
    apart = {"phash256": balanced(9)}
    trace = Trace({}, apart | {"pdq256": sighted_pdq(picture).pdq256}, {})
    assert [m.entry for m in met(held, trace)] == [1]


def test_a_column_of_pdq_meets_whatever_has_one(listed: tuple, picture: bytes) -> None:
    trace = Trace(hashes={"pdq256": sighted_pdq(picture).pdq256})
    assert [m.entry for m in met(listed[0], trace)] == [0, 1]


@pytest.mark.parametrize(("distance", "reached"), [(0, True), (31, True), (32, False)])
def test_a_pdq_of_others_reaches_31_bits_whatever_the_radius_of_phash256_is(
    distance: int, reached: bool, listed: tuple
) -> None:
    held, other = listed
    trace = Trace(hashes={"pdq256": turned(sighted_pdq(other).pdq256, distance)})
    for radius in (0, 30, 64):
        assert [m.entry for m in met(held, trace, radius=radius)] == [2] * reached
