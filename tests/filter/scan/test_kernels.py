"""A kernel passes over nothing that an entry covers, and says what every value is."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import ROLES
from optout.filter.scan import Kernel, Scanned, State, kernels_for, keys_of, reach
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import corpus_hashes
from optout.registry.snapshot import Snapshot
from PIL import ImageOps

FILE = b"the bytes of some file"
FILE_SHA256 = hashlib.sha256(FILE).hexdigest()
FILE_MD5 = hashlib.md5(FILE).hexdigest()
PASSAGE = "It was a bright cold day in April, and the clocks were striking."


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
        Identifier.file_md5(FILE_MD5),
        Identifier.text(PASSAGE),
        Identifier.account("github:octocat"),
        Identifier.work("isbn:9780306406157"),
        Identifier.prefix("https://portal.example/anna"),
    )


def kernels(snapshot: Snapshot, *kinds: Kind, radius: int = 30) -> dict[str, Kernel]:
    roles = [role for role in ROLES if role != "account"]
    roles += ["account:github", "work:isbn"]
    return dict(kernels_for(snapshot, frozenset(kinds or Kind), radius, roles))


def looked(kernel: Kernel, *values: bytes | str) -> Scanned:
    packed = [value.encode() if isinstance(value, str) else value for value in values]
    return kernel(pa.array(packed, pa.large_binary()))


def hits(scanned: Scanned) -> set[int]:
    return set(scanned.candidates().tolist())


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
    assert hits(scanned) == {1}
    if scanned.traces:
        assert scanned.traces[1].words == {"url": address}
    else:
        told = scanned.registered.keys
        assert set(told.probe.tolist()) <= {key.probe for key in keys_of("url", address) or ()}
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
    assert not hits(looked(kernels(snapshot)["url"], address))


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
    assert not hits(scanned)


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
    assert hits(scanned) == {0, 1}
    assert scanned.traces[0].words["sha256"] == hashlib.sha256(picture).hexdigest()
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
    assert hits(scanned) == {0, 2, 3, 4, 5}
    # The registered file is no picture at all, and still the registered file.
    assert states(scanned)[5] == State.UNJUDGEABLE


def test_an_undecodable_picture_cannot_be_judged(snapshot: Snapshot, picture: bytes) -> None:
    scanned = looked(kernels(snapshot)["image"], b"", picture[:200], b"words")
    assert states(scanned) == [State.EMPTY, State.UNJUDGEABLE, State.UNJUDGEABLE]


def test_where_no_picture_is_looked_for_none_is_decoded(snapshot: Snapshot, picture: bytes) -> None:
    kernel = kernels(snapshot, Kind.FILE)["image"]
    scanned = looked(kernel, picture, FILE, b"words")
    assert states(scanned) == [State.JUDGED] * 3
    assert hits(scanned) == {1}


def test_a_radius_of_nothing_finds_only_equal_hashes(
    snapshot: Snapshot, picture: bytes, photograph: Callable, encoded: Callable
) -> None:
    blurred = encoded(photograph(1).resize((160, 120)), quality=40)
    assert hits(looked(kernels(snapshot, radius=0)["image"], picture, blurred)) == {0}
    assert hits(looked(kernels(snapshot)["image"], picture, blurred)) == {0, 1}


@pytest.mark.parametrize("digest", [FILE_SHA256, FILE_SHA256.upper(), f" {FILE_SHA256}\n"])
def test_a_digest_is_found_in_any_case(digest: str, snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["sha256"], "ab" * 32, digest)
    assert hits(scanned) == {1}
    assert scanned.traces[1].words["sha256"] == FILE_SHA256


def test_a_packed_digest_is_found(snapshot: Snapshot) -> None:
    scanned = looked(kernels(snapshot)["sha256"], bytes.fromhex(FILE_SHA256), bytes(32))
    assert hits(scanned) == {0}
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


@pytest.mark.parametrize("role", ["url", "sha256", "image", "md5", "text"])
def test_kinds_that_nobody_looks_for_are_not_found(
    role: str, snapshot: Snapshot, picture: bytes
) -> None:
    covered, by = {
        "url": (b"https://anna.example/harbour.jpg", Kind.URL),
        "sha256": (FILE_SHA256.encode(), Kind.FILE),
        "md5": (FILE_MD5.encode(), Kind.FILE),
        "text": (PASSAGE.encode(), Kind.TEXT),
        # A picture's file is not registered here: it is found by what it shows.
        "image": (picture, Kind.IMAGE),
    }[role]
    for kind in Kind:
        scanned = looked(kernels(snapshot, kind)[role], covered)
        assert bool(hits(scanned)) == (kind is by)


@pytest.mark.parametrize(
    ("role", "value"),
    [
        ("md5", FILE_MD5.upper()),
        ("md5", bytes.fromhex(FILE_MD5)),
        ("text", f"  {PASSAGE.upper()}\n"),
        ("account:github", "Octocat/hello-world"),
        ("account:github", "octocat"),
        ("work:isbn", "0-306-40615-2"),
        ("work", "isbn:978-0-306-40615-7"),
        ("url", "https://github.com/Octocat/hello-world/blob/main/a.py"),
        ("url", "http://portal.example/anna/2024/1.jpg?x=1"),
        ("image", FILE),
    ],
)
def test_every_role_finds_what_its_kinds_cover(
    role: str, value: bytes | str, snapshot: Snapshot
) -> None:
    assert hits(looked(kernels(snapshot)[role], "another", value)) == {1}


@pytest.mark.parametrize(
    ("role", "value", "state"),
    [
        ("md5", b"n/a", State.FOREIGN),
        ("md5", b"\xff" * 15, State.UNJUDGEABLE),
        ("text", b"a cat", State.FOREIGN),
        ("text", PASSAGE.encode() + b"\xff", State.UNJUDGEABLE),
        ("text", b"", State.EMPTY),
        ("account:github", b"?!", State.FOREIGN),
        ("work", b"9780306406157", State.FOREIGN),
        ("work:isbn", b"9780306406157", State.JUDGED),
        ("phash64", b"", State.EMPTY),
        ("phash64", b"12345", State.FOREIGN),
        ("phash64", b"\xff" * 9, State.UNJUDGEABLE),
    ],
)
def test_what_a_value_is_to_its_role(
    role: str, value: bytes, state: State, snapshot: Snapshot
) -> None:
    assert states(looked(kernels(snapshot)[role], value)) == [state]


@pytest.mark.parametrize(("role", "most"), [("phash256", 30), ("phash64", 2)])
def test_hashes_that_a_corpus_carries_are_near_within_their_radius(
    role: str, most: int, snapshot: Snapshot, picture: bytes
) -> None:
    own = int.from_bytes(corpus_hashes(picture, [role])[role])
    digits = 16 if role == "phash64" else 64
    near, far = own ^ ((1 << most) - 1), own ^ ((1 << (most + 1)) - 1)
    kernel = kernels(snapshot)[role]
    shown = [f"{near:0{digits}x}", f"{far:0{digits}x}".upper(), f"0x{own:0{digits}X}"]
    assert hits(looked(kernel, *shown)) == {0, 2}
    assert hits(looked(kernel, near.to_bytes(digits // 2))) == {0}


def test_a_mirror_image_is_found_by_its_bytes_and_not_by_a_hash(
    snapshot: Snapshot, photograph: Callable, encoded: Callable
) -> None:
    mirrored = encoded(ImageOps.mirror(photograph(1)), quality=70)
    address = f"data:image/jpeg;base64,{base64.b64encode(mirrored).decode()}"
    looks = kernels(snapshot)
    assert hits(looked(looks["image"], b"another", mirrored)) == {1}
    assert hits(looked(looks["url"], "another", address)) == {1}
    own = corpus_hashes(mirrored, ["phash256"])["phash256"]
    assert hits(looked(looks["phash256"], own.hex())) == set()


def test_every_kind_can_be_found_through_some_role() -> None:
    assert frozenset().union(*map(reach, ROLES)) == frozenset(Kind)


VALUES = st.one_of(
    st.text(max_size=600),
    st.text("ab \t\u0301\u1161\u00ad\u1100\u11a8", max_size=400),
    st.sampled_from(
        [PASSAGE, "https://github.com/octocat/x", "isbn:9780306406157", "octocat", "a.example/b"]
    ),
)


@given(VALUES)
def test_what_a_value_is_does_not_depend_on_what_a_snapshot_holds(
    snapshot: Snapshot, lacking: Snapshot, value: str
) -> None:
    packed = value.encode("utf-8", "surrogatepass")
    full, bare = kernels(snapshot), kernels(lacking)
    for role in ("url", "text", "work", "account:github", "work:isbn", "sha256", "md5"):
        assert states(looked(full[role], packed)) == states(looked(bare[role], packed))
        assert not hits(looked(bare[role], packed))


@pytest.fixture(scope="module")
def lacking(snapshot_of: Callable, picture: bytes) -> Snapshot:
    """It holds nothing that words can be covered by."""
    return snapshot_of(Identifier.image(picture))


@pytest.mark.parametrize("kind", [Kind.URL, Kind.SITE, Kind.PREFIX, Kind.ACCOUNT])
def test_a_snapshot_of_one_kind_is_asked_for_that_kind_alone(
    kind: Kind, snapshot_of: Callable
) -> None:
    entries = {
        Kind.URL: Identifier.url("https://github.com/octocat/x"),
        Kind.SITE: Identifier.site("anna.example"),
        Kind.PREFIX: Identifier.prefix("https://github.com/octocat"),
        Kind.ACCOUNT: Identifier.account("github:octocat"),
    }
    scanned = looked(
        kernels(snapshot_of(entries[kind]))["url"], "https://github.com/octocat/x", "b.anna.example"
    )
    assert hits(scanned) == ({1} if kind is Kind.SITE else {0})
