"""The compiled kernel of addresses says what the plain one says, of whatever value."""

from __future__ import annotations

import base64
import ctypes
import mmap
import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.scan import State, addresses
from optout.filter.scan.addresses import AddressKernel
from optout.registry.identifiers import Identifier, Kind, account_places
from optout.registry.snapshot import Snapshot

from .hostile_addresses import HOSTS, KINDS, PARTS, SCHEMES, Hostile, Registered, both, differences


def packed(values: list[bytes]) -> pa.LargeBinaryArray:
    return pa.array(values, pa.large_binary())


def test_registered_keys_are_told_by_the_kernel_and_not_worked_out_again(
    registered: Registered, hostile: list[bytes]
) -> None:
    kernel, _ = both(registered, KINDS)
    scanned = kernel(packed(hostile))
    told = np.unique(scanned.registered.values)
    assert len(told) > 0.5 * len(scanned.candidates()) > 100


@pytest.mark.parametrize("room", [1, 2, 8])
def test_where_there_is_no_room_for_its_keys_an_address_is_the_references(
    room: int, registered: Registered, hostile: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_KEYS_OF_ONE", room)
    fast, plain = both(registered, KINDS)
    assert differences(fast, plain, packed(hostile)) == []
    told = fast(packed(hostile)).registered.keys
    assert bool(len(told)) == (room > 1), "a test that cannot fail"


@pytest.fixture(scope="module")
def hostile() -> list[bytes]:
    return Hostile(7).values(6000)


@pytest.fixture(scope="module")
def registered(hostile: list[bytes]) -> Registered:
    return Registered.some_of(hostile, 7, 0.3)


@pytest.mark.parametrize("seed", range(8))
def test_hostile_addresses_are_judged_as_the_reference_judges_them(seed: int) -> None:
    values = Hostile(seed).values(12_000)
    fast, plain = both(Registered.some_of(values, seed, 0.1 * (seed + 1)), KINDS)
    assert differences(fast, plain, packed(values)) == []


@pytest.mark.parametrize("kinds", [*({kind} for kind in sorted(KINDS)), frozenset()])
def test_so_they_are_by_each_kind_alone(
    kinds: set[Kind], hostile: list[bytes], registered: Registered
) -> None:
    fast, plain = both(registered, frozenset(kinds))
    assert differences(fast, plain, packed(hostile)) == []


def test_most_of_them_are_not_left_to_the_reference(registered: Registered) -> None:
    crawled = [
        b"https://www.anna.example/%7eanna/a%20b.jpg?x=[1]#top",
        b"http://B.example:80/\xc3\xa9",
    ]
    kernel, _ = both(registered, KINDS)
    states, _ = kernel._look(packed(crawled))
    assert states.tolist() == [State.JUDGED] * 2


pieces = st.one_of(
    st.sampled_from([*SCHEMES, *HOSTS, *PARTS, "/", "?", "#", "&", "/../", "/./", ":"]), st.text()
)


@settings(max_examples=200)
@given(st.lists(st.lists(pieces, max_size=9).map("".join), max_size=6))
def test_so_is_any_text(texts: list[str]) -> None:
    values = [text.encode() for text in texts]
    fast, plain = both(Registered.some_of(values, 1, 0.5), KINDS)
    assert differences(fast, plain, packed(values)) == []


@given(st.lists(st.tuples(st.sampled_from(["", "http://", "https://a.b/"]), st.binary())))
def test_so_are_any_bytes(parts: list[tuple[str, bytes]]) -> None:
    values = [start.encode() + rest for start, rest in parts]
    fast, plain = both(Registered.some_of(values, 1, 0.5), KINDS)
    assert differences(fast, plain, packed(values)) == []


def test_a_part_of_an_array_is_as_good_as_a_whole_one(
    hostile: list[bytes], registered: Registered
) -> None:
    few = packed(hostile[:24])
    fast, plain = both(registered, KINDS)
    for start in range(len(few) + 1):
        for end in range(start, len(few) + 1):
            assert differences(fast, plain, few[start:end]) == []


def test_a_value_that_is_null_may_hold_any_bytes(registered: Registered) -> None:
    fast, plain = both(registered, KINDS)
    data = b"https://anna.example/a\xff"
    under = pa.Array.from_buffers(
        pa.large_binary(),
        3,
        [None, pa.py_buffer(np.array([4, 4, 22, 23], np.int64)), pa.py_buffer(data)],
    )
    assert differences(fast, plain, under) == []


class Claimed:
    """What says it is an array of values, and may lie."""

    offset = 0

    def __init__(self, offsets: list[int], data: bytes | None, length: int) -> None:
        self._buffers = [
            None,
            pa.py_buffer(np.array(offsets, np.int64)),
            None if data is None else pa.py_buffer(data),
        ]
        self._length = length

    def buffers(self) -> list[pa.Buffer | None]:
        return self._buffers

    def __len__(self) -> int:
        return self._length


@pytest.mark.parametrize("offsets", [[0, 9, 4], [0, 4, 40], [-1, 4, 5], [5, 2, 3], [0, 40, 4]])
def test_offsets_that_lead_outside_are_refused(offsets: list[int], registered: Registered) -> None:
    kernel, _ = both(registered, KINDS)
    with pytest.raises(ValueError, match="overlap"):
        kernel._look(Claimed(offsets, b"http://a.b/", 2))


def test_too_few_offsets_are_refused(registered: Registered) -> None:
    kernel, _ = both(registered, KINDS)
    with pytest.raises(ValueError, match="cut off"):
        kernel._look(Claimed([0, 4], b"http", 2))


class Guarded:
    """Memory between two pages that nobody can read."""

    def __init__(self, size: int) -> None:
        page = mmap.PAGESIZE
        pages = -(-size // page)
        self._room = mmap.mmap(-1, (pages + 2) * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        self.first, self.end = start + page, start + (pages + 1) * page
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for place in (start, self.end):
            assert protect(ctypes.c_void_p(place), ctypes.c_size_t(page), 0) == 0

    def holding(self, values: list[bytes], *, at_end: bool) -> pa.LargeBinaryArray:
        data = b"".join(values)
        place = self.end - len(data) if at_end else self.first
        ctypes.memmove(place, data, len(data))
        offsets = np.cumsum([0, *map(len, values)]).astype(np.int64)
        buffers = [None, pa.py_buffer(offsets), pa.foreign_buffer(place, len(data), self)]
        return pa.Array.from_buffers(pa.large_binary(), len(values), buffers)


@pytest.mark.parametrize("at_end", [True, False])
def test_nothing_outside_of_the_values_is_read(
    at_end: bool, hostile: list[bytes], registered: Registered
) -> None:
    kernel, _ = both(registered, KINDS)
    guarded = Guarded(1 << 17)
    for value in hostile:
        for cut in {len(value), len(value) // 2, 9}:
            states, _ = kernel._look(guarded.holding([value[:cut]], at_end=at_end))
            assert states.tolist() == kernel._look(packed([value[:cut]]))[0].tolist()
    few = hostile[:400]
    states, _ = kernel._look(guarded.holding(few, at_end=at_end))
    assert states.tolist() == kernel._look(packed(few))[0].tolist()


def test_nothing_at_all_is_fine(registered: Registered) -> None:
    kernel, _ = both(registered, KINDS)
    assert len(kernel(packed([])).states) == 0
    assert kernel(packed([b"", b""])).states.tolist() == [State.EMPTY] * 2
    states, _ = kernel._look(Claimed([0, 0], None, 1))
    assert states.tolist() == [State.EMPTY]


@pytest.mark.parametrize("size", [8191, 8192, 8193, 32767, 32768, 32769, 100_000])
@pytest.mark.parametrize("letter", ["a", "%41", "é", "/", "a."])
def test_long_addresses_are_judged_too(size: int, letter: str) -> None:
    in_path = f"https://anna.example/{letter * size}"[:size].encode(errors="ignore")
    in_host = f"https://{letter * size}"[: size - 9] + ".example/"
    values = [b"http://a.b/c", in_path, in_host.encode(), b"http://a.b/d", in_path[:-1] + b" "]
    fast, plain = both(Registered.some_of(values, 3, 0.5), KINDS)
    assert differences(fast, plain, packed(values)) == []


def test_an_address_of_a_megabyte_is_judged_too(registered: Registered) -> None:
    values = [b"http://a.b/c", b"https://anna.example/" + b"a" * 1_000_000, b"http://a.b/d"]
    fast, plain = both(registered, KINDS)
    assert differences(fast, plain, packed(values)) == []


def test_pictures_inside_addresses_are_looked_at(
    snapshot_of: Callable, photograph: Callable, encoded: Callable
) -> None:
    picture = encoded(photograph(1), quality=90)
    snapshot: Snapshot = snapshot_of(
        Identifier.image(picture), Identifier.url("https://anna.example/a.jpg")
    )
    inside = b"data:image/jpeg;base64," + base64.b64encode(picture)
    values = [b"https://anna.example/a.jpg", inside, b"data:image/png;base64,AAAA", b"", inside]
    fast, plain = both(snapshot, frozenset(Kind))
    assert differences(fast, plain, packed(values)) == []
    assert fast(packed(values)).candidates().tolist() == [0, 1, 4]


def test_a_snapshot_is_searched_for_what_it_holds(snapshot_of: Callable) -> None:
    snapshot: Snapshot = snapshot_of(
        Identifier.url("https://anna.example/a.jpg"),
        Identifier.site("fotografin.example"),
        Identifier.prefix("https://portal.example:8080/anna"),
        Identifier.account("flickr:anna"),
        Identifier.account("@anna@chaos.example"),
    )
    covered = [
        b"HTTP://ANNA.example:443/./a%2Ejpg#top",
        b"http://a.b.fotografin.example/\xc3\xa9",
        b"https://portal.example:8080/anna/b/c?d",
        b"https://www.flickr.com/photos/Anna/123",
        b"https://chaos.example/users/Anna/1",
    ]
    others = [
        b"https://anna.example/A.jpg",
        b"https://nofotografin.example/",
        b"https://portal.example/anna/b",
        b"https://www.flickr.com/groups/anna",
        b"https://chaos.example/user/anna",
    ]
    fast, plain = both(snapshot, KINDS)
    values = packed([*covered, *others])
    assert fast(values).candidates().tolist() == list(range(len(covered)))
    assert differences(fast, plain, values) == []


@pytest.mark.parametrize("handle", ["annasmith", "AnnaSmith1", "123456", "anna.smith"])
def test_accounts_are_found_wherever_platforms_put_them(handle: str) -> None:
    values = []
    for place in account_places():
        path = "/".join([*place.literals, f"{place.before}{handle}"])
        host = f"{handle}.{place.host}" if place.below else place.host
        values += [f"https://{host}/{end}".encode() for end in (path, f"{path}/more?a=b", "")]
        if place.in_query:
            field = f"https://{host}/{'/'.join(place.literals)}?id={handle}&user={handle}"
            values.append(field.encode())
    fast, plain = both(Registered.some_of(values, 1, 1.1), frozenset({Kind.ACCOUNT}))
    assert differences(fast, plain, packed(values)) == []
    assert len(fast(packed(values)).candidates()) > len(values) // 6


def test_hosts_in_punycode_are_judged_alike_whatever_they_stand_for(
    registered: Registered,
) -> None:
    drawn = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    names = ["xn--" + "".join(drawn.choices(letters, k=size % 20)) for size in range(2000)]
    hosts = [f"{drawn.choice(['', 'a.', 'xn--fa-hia.'])}{name}.example" for name in names]
    values = [f"https://{host}/{place}".encode() for place, host in enumerate(hosts)]
    fast, plain = both(Registered.some_of(values, 3, 0.5), KINDS)
    assert differences(fast, plain, packed(values)) == []


def test_a_reference_that_reads_punycode_is_asked_for_it(registered: Registered) -> None:
    kernel, plain = both(registered, KINDS)
    kernel._punycode = 0
    values = packed([b"https://xn--bcher-kva.example/a", b"http://ab--c.example/", b"http://a.b/"])
    assert kernel._look(values)[0].tolist() == [0, 0, State.JUDGED]
    assert differences(kernel, plain, values) == []


def test_kernels_are_told_what_to_look_for(registered: Registered) -> None:
    none = Registered(registered.probes, registered.prefixes, frozenset())
    kernel = both(none, KINDS)[0]
    assert isinstance(kernel, AddressKernel)
    assert not len(kernel(packed([b"https://anna.example/a"])).candidates())
