"""A kernel passes over nothing that an entry covers, and says what every value is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pyarrow as pa
import pytest
from optout.filter.scan import REACH, Kernel, Scanned, State, plain_kernels
from optout.registry.identifiers import Identifier, Kind
from optout.registry.snapshot import Snapshot

FILE = b"the bytes of some file"
FILE_SHA256 = hashlib.sha256(FILE).hexdigest()


@pytest.fixture(scope="module")
def picture(photograph: Callable, encoded: Callable) -> bytes:
    return encoded(photograph(1), quality=90)


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, picture: bytes) -> Snapshot:
    return snapshot_of(
        Identifier.url("https://anna.example/harbour.jpg"),
        Identifier.site("fotografin.example"),
        Identifier.file_sha256(FILE_SHA256),
        Identifier.image(picture),
    )


def kernels(snapshot: Snapshot, *kinds: Kind, radius: int = 30) -> dict[str, Kernel]:
    return dict(plain_kernels(snapshot, frozenset(kinds or Kind), radius))


def looked(kernel: Kernel, *values: bytes | str) -> Scanned:
    packed = [value.encode() if isinstance(value, str) else value for value in values]
    return kernel(pa.array(packed, pa.large_binary()))


def states(scanned: Scanned) -> list[State]:
    return [State(state) for state in scanned.states]


@pytest.mark.parametrize(
    "address",
    [
        "https://anna.example/harbour.jpg",
        "HTTP://ANNA.example:80/./harbour%2Ejpg#top",
        "//anna.example/harbour.jpg",
        "https://fotografin.example",
        "http://shop.fotografin.example:8080/a?b",
        "https://a.b.c.FOTOGRAFIN.example./",
    ],
)
def test_a_covered_address_is_a_candidate(address: str, snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["url"], "https://other.example/", address)
    assert set(scanned.traces) == {1}
    assert scanned.traces[1].url == address
    assert states(scanned) == [State.JUDGED] * 2


@pytest.mark.parametrize(
    "address",
    [
        "https://www.anna.example/harbour.jpg",
        "https://anna.example/harbour.jpg/",
        "https://notfotografin.example/",
        "https://fotografin.example.org/",
    ],
)
def test_its_neighbours_are_not(address: str, snapshot: Snapshot) -> None:
    assert not looked(kernels(snapshot)["url"], address).traces


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (b"", State.EMPTY),
        (b"a cat", State.FOREIGN),
        (b"ftp://fotografin.example/", State.FOREIGN),
        (b"http://", State.FOREIGN),
        (b"https://fotografin.example/\xff", State.UNJUDGEABLE),
        (b"data:image/png;base64,broken!", State.UNJUDGEABLE),
        (b"data:image/png;base64,AAAA", State.UNJUDGEABLE),
        (b"data:text/plain,x", State.FOREIGN),
    ],
)
def test_what_is_no_address_is_told(value: bytes, state: State, snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["url"], value)
    assert states(scanned) == [state]
    assert not scanned.traces


def test_a_picture_inside_an_address_is_judged_as_a_picture(
    snapshot: Snapshot, picture: bytes, photograph: Callable, encoded: Callable
) -> None:
    smaller = encoded(photograph(1).resize((200, 150)), "PNG")
    other = encoded(photograph(2))
    addresses = [
        f"data:image/x;base64,{base64.b64encode(data).decode()}"
        for data in (picture, smaller, other)
    ]
    scanned = looked(kernels(snapshot)["url"], *addresses)
    assert set(scanned.traces) == {0, 1}
    assert scanned.traces[0].sha256 == hashlib.sha256(picture).hexdigest()
    assert states(scanned) == [State.JUDGED] * 3


def test_a_picture_is_found_by_its_bytes_and_by_what_it_shows(
    snapshot: Snapshot, picture: bytes, photograph: Callable, encoded: Callable
) -> None:
    copies = [
        encoded(photograph(1).resize((200, 150)), quality=60),
        encoded(photograph(1).resize((224, 224)), "WEBP"),
        encoded(photograph(1).convert("L"), "PNG"),
        FILE,
    ]
    scanned = looked(kernels(snapshot)["image"], picture, encoded(photograph(2)), *copies)
    assert set(scanned.traces) == {0, 2, 3, 4, 5}
    # The registered file is no picture at all, and still the registered file.
    assert states(scanned)[5] == State.UNJUDGEABLE


def test_an_undecodable_picture_cannot_be_judged(snapshot: Snapshot, picture: bytes) -> None:
    scanned = looked(kernels(snapshot)["image"], b"", picture[:200], b"words")
    assert states(scanned) == [State.EMPTY, State.UNJUDGEABLE, State.UNJUDGEABLE]


def test_where_no_picture_is_looked_for_none_is_decoded(snapshot: Snapshot, picture: bytes) -> None:
    kernel = kernels(snapshot, Kind.FILE)["image"]
    scanned = looked(kernel, picture, FILE, b"words")
    assert states(scanned) == [State.JUDGED] * 3
    assert set(scanned.traces) == {1}


def test_a_radius_of_nothing_finds_only_equal_hashes(
    snapshot: Snapshot, picture: bytes, photograph: Callable, encoded: Callable
) -> None:
    blurred = encoded(photograph(1).resize((160, 120)), quality=40)
    assert set(looked(kernels(snapshot, radius=0)["image"], picture, blurred).traces) == {0}
    assert set(looked(kernels(snapshot)["image"], picture, blurred).traces) == {0, 1}


@pytest.mark.parametrize("digest", [FILE_SHA256, FILE_SHA256.upper(), f" {FILE_SHA256}\n"])
def test_a_digest_is_found_in_any_case(digest: str, snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["sha256"], "ab" * 32, digest)
    assert set(scanned.traces) == {1}
    assert scanned.traces[1].sha256 == FILE_SHA256


def test_a_packed_digest_is_found(snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["sha256"], bytes.fromhex(FILE_SHA256), bytes(32))
    assert set(scanned.traces) == {0}
    assert states(scanned) == [State.JUDGED] * 2


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (b"", State.EMPTY),
        (b"n/a", State.FOREIGN),
        (b"ab" * 20, State.FOREIGN),
        (b"\xff" * 31, State.UNJUDGEABLE),
    ],
)
def test_what_is_no_digest_is_told(value: bytes, state: State, snapshot: Snapshot) -> None:
    assert states(looked(kernels(snapshot)["sha256"], value)) == [state]


@pytest.mark.parametrize("role", REACH)
def test_kinds_that_nobody_looks_for_are_not_found(
    role: str, snapshot: Snapshot, picture: bytes
) -> None:
    covered = {
        "url": b"https://anna.example/harbour.jpg",
        "sha256": FILE_SHA256.encode(),
        "image": picture,
    }[role]
    for kind in Kind:
        scanned = looked(kernels(snapshot, kind)[role], covered)
        # A picture's file is not registered here: it is found by what it shows.
        by = {"url": Kind.URL, "sha256": Kind.FILE, "image": Kind.IMAGE}[role]
        assert bool(scanned.traces) == (kind is by)


def test_every_kind_can_be_found_through_some_role() -> None:
    assert frozenset().union(*REACH.values()) == frozenset(Kind)
