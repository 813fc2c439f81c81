"""What entries match among pictures that nobody registered: held against a naive count."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry import Identifier, Registry, calibration
from optout.registry.calibration import SAME, SHOWN, Background, Matched, Registered, matches
from optout.registry.errors import UsageError
from optout.registry.images import CLIENT_RADIUS, DEFAULT_RADIUS
from optout.registry.index import BruteForce, RadiusIndex, multi_index, pigeonhole, radius_index
from optout.registry.registry import Claim
from PIL import Image

from .conftest import picture

BITS = 256


def rows(numbers: Sequence[int]) -> np.ndarray:
    packed = b"".join(number.to_bytes(BITS // 8) for number in numbers)
    return np.frombuffer(packed, np.uint8).reshape(-1, BITS // 8)


def apart(one: int, two: int) -> int:
    return (one ^ two).bit_count()


def moved(number: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(BITS), bits):
        number ^= 1 << bit
    return number


def crowd(seed: int, size: int) -> list[int]:
    """Hashes of which many are near each other, at every distance that decides something."""
    chance = random.Random(seed)
    made = [chance.getrandbits(BITS)]
    while len(made) < size:
        far = chance.choice([0, 1, SAME - 1, SAME, SAME + 1, DEFAULT_RADIUS, BITS // 2])
        made.append(moved(chance.choice(made), far, chance))
    return made


def naive_groups(pictures: Sequence[tuple[int, int]]) -> list[int]:
    """In the order of their hashes, each with the first leader that it is near to."""
    leaders: list[int] = []
    group = {}
    for one in sorted(set(pictures)):
        near = [
            number
            for number, leader in enumerate(leaders)
            if min(apart(leader, way) for way in one) <= SAME
        ]
        if not near:
            leaders.append(one[0])
        group[one] = near[0] if near else len(leaders) - 1
    return [group[one] for one in pictures]


crowds = st.tuples(st.integers(0, 2**32), st.integers(1, 150))


@given(crowds)
def test_pictures_are_grouped_as_one_after_the_other_would_be(made: tuple[int, int]) -> None:
    hashes = crowd(*made)
    chance = random.Random(made[0])
    mirrored = [chance.choice([one, chance.getrandbits(BITS), hashes[0]]) for one in hashes]
    groups = Background(rows(hashes), rows(mirrored)).groups()
    assert groups.tolist() == naive_groups(list(zip(hashes, mirrored, strict=True)))


@given(crowds)
def test_the_order_of_pictures_does_not_matter(made: tuple[int, int]) -> None:
    hashes = crowd(*made)
    order = random.Random(made[1]).sample(range(len(hashes)), len(hashes))
    groups = Background(rows(hashes), rows(hashes)).groups()
    shuffled = rows([hashes[place] for place in order])
    assert Background(shuffled, shuffled).groups().tolist() == groups[order].tolist()


def test_what_stands_between_does_not_draw_far_ones_together() -> None:
    chance = random.Random(5)
    bits = chance.sample(range(BITS), 4 * SAME)
    chain = [0]
    for step in range(4):
        chain.append(chain[-1] | sum(1 << bit for bit in bits[SAME * step : SAME * (step + 1)]))
    groups = Background(rows(chain), rows(chain)).groups()
    assert max(np.bincount(groups)) <= 3  # a leader and one on either side
    assert groups.max() >= 1


@given(crowds, st.integers(0, 2**32))
def test_matches_are_those_of_a_naive_count(made: tuple[int, int], seed: int) -> None:
    pictures = crowd(*made)
    chance = random.Random(seed)
    mirrored = [chance.choice([one, chance.getrandbits(BITS)]) for one in pictures]
    entry, hashes, radius = [], list[int](), []
    for number in range(chance.randrange(12)):
        own = chance.choice([0, CLIENT_RADIUS, DEFAULT_RADIUS])
        for _ in range(chance.randint(1, 3)):
            near = chance.choice([*pictures, *mirrored, *hashes, chance.getrandbits(BITS)])
            hashes.append(moved(near, chance.choice([0, 1, 15, 16, 17, 29, 30, 31]), chance))
            entry.append(3 * number)
            radius.append(own)
    background = Background(rows(pictures), rows(mirrored))
    groups = background.groups()
    registered = Registered(rows(hashes), np.array(entry, int), np.array(radius, int))

    expected = []
    for index in dict.fromkeys(entry):
        variants = [(h, r) for e, h, r in zip(entry, hashes, radius, strict=True) if e == index]
        near = [
            [
                (d, place)
                for place, ways in enumerate(zip(pictures, mirrored, strict=True))
                if (d := min(apart(h, way) for way in ways)) <= r
            ]
            for h, r in variants
        ]
        most = max(len({groups[place] for _, place in each}) for each in near)
        named: dict[int, int] = {}
        for _, place in sorted(pair for each in near for pair in each):
            named.setdefault(groups[place], place)
        if most:
            expected.append(Matched(index, most, tuple([*named.values()][:SHOWN])))
    expected.sort(key=lambda one: (-one.matches, one.entry))
    assert matches(registered, background, groups, index=BruteForce) == expected


def test_where_there_are_many_they_are_sorted_first_and_the_same_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(6)
    hashes = rows(crowd(3, 400))
    mirrored = rows([moved(int.from_bytes(each), 12, chance) for each in map(bytes, hashes)])
    background = Background(hashes, mirrored[::-1].copy())
    registered = Registered(hashes[::3], np.arange(len(hashes[::3])), np.full(len(hashes[::3]), 30))
    groups = background.groups()
    found = matches(registered, background, groups, index=BruteForce)
    built: list[int] = []

    def noted(hashes: np.ndarray, postings: np.ndarray) -> RadiusIndex:
        built.append(len(postings))
        return radius_index(hashes, postings)

    monkeypatch.setattr(calibration, "PAYS", 0)
    monkeypatch.setattr(calibration, "radius_index", noted)
    monkeypatch.setattr(multi_index, "FEW_PAIRS", -1)
    monkeypatch.setattr(multi_index, "COMPARISON", 1e6)  # chunks are always the faster way
    monkeypatch.setattr(pigeonhole, "FEWEST", 64)
    monkeypatch.setattr(pigeonhole, "MOST_BYTES", 1 << 16)
    assert np.array_equal(background.groups(), groups)
    assert matches(registered, background, groups) == found
    assert len(found) > 50
    assert all(built)
    assert len(built) == 2


def test_everybody_hears_how_far_it_has_come() -> None:
    hashes = rows(crowd(1, 150))
    heard: list[int] = []
    background = Background(hashes, hashes)
    groups = background.groups(heard.append)
    distinct = len(set(map(bytes, hashes)))
    assert sum(heard) == distinct
    heard.clear()
    nobody = Registered(rows([]), np.empty(0, np.int64), np.empty(0, np.int64))
    assert matches(nobody, background, groups, hear=heard.append) == []
    assert sum(heard) == len(hashes)


def test_no_pictures_match_nothing() -> None:
    empty = Background(rows([]), rows([]))
    one = Registered(rows([1]), np.zeros(1, int), np.full(1, DEFAULT_RADIUS))
    assert matches(one, empty, empty.groups()) == []


@pytest.mark.long
def test_a_million_equal_pictures_are_one() -> None:
    hashes = np.broadcast_to(rows([7]), (1_000_000, 32))
    background = Background(hashes, hashes)
    groups = background.groups()
    assert groups.max() == 0
    one = Registered(rows([7]), np.zeros(1, int), np.full(1, DEFAULT_RADIUS))
    assert [each.matches for each in matches(one, background, groups)] == [1]


def test_registered_are_the_pictures_in_force_with_every_variant(registry: Registry) -> None:
    blotches = np.random.default_rng(1).integers(0, 256, (12, 16), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blotches).resize((240, 180)).save(stream, "PNG")
    whole, hashed = Identifier.image(stream.getvalue()), picture(1)
    page = Identifier.url('https://anna.example/"kind":"image"')
    claims = [Claim(page), Claim(whole), Claim(hashed), Claim(picture(2))]
    _, first, second, gone = (one.index for one in registry.add(claims))
    registry.withdraw([gone])
    registered, _ = Registered.of(registry.openings())
    assert registered.entries == 2
    found = {
        (entry, bytes(row), radius)
        for entry, row, radius in zip(
            registered.entry.tolist(), registered.hashes, registered.radius.tolist(), strict=True
        )
    }
    assert found == {
        *((first, packed, DEFAULT_RADIUS) for packed in whole.hashes["phash256"].values()),
        (second, hashed.hashes["phash256"]["original"], CLIENT_RADIUS),
    }
    assert registered.entry.tolist() == sorted(registered.entry.tolist())


def test_what_is_known_by_its_pdq_alone_is_held_against_pdq_and_nothing_else(
    registry: Registry,
) -> None:
    listed = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    registry.add([Claim(Identifier.image_pdq256(listed))])
    registry.add([Claim(picture(1))])
    by_phash, by_pdq = Registered.of(registry.openings())
    assert (by_phash.entry.tolist(), by_phash.namespace) == ([1], "phash256")
    assert (by_pdq.entry.tolist(), by_pdq.namespace) == ([0], "pdq256")
    assert (by_pdq.hashes.tobytes().hex(), by_pdq.radius.tolist()) == (listed, [31])
    chance = random.Random(2)
    near = [moved(int(listed, 16), bits, chance) for bits in (31, 32)]
    background = Background(rows(near), rows([0, 0]))
    assert matches(by_pdq, background, np.arange(2)) == [Matched(0, 1, (0,))]
    empty = Background(rows([]), rows([]))
    assert matches(by_pdq, empty, empty.groups()) == []


def test_what_is_quarantined_is_withdrawn_each_for_its_own_reason(registry: Registry) -> None:
    added = registry.add([Claim(picture(n)) for n in range(4)])
    a, b, c, d = (one.index for one in added)
    registry.withdraw([b])
    registry.erase([c])
    assert registry.quarantine({a: "quarantined: 2", b: "no", c: "no", d: "quarantined: 3", 99: ""})
    state = registry.state()
    assert [str(state.entries[i].status) for i in (a, b, c, d)] == [
        *("withdrawn", "withdrawn", "erased", "withdrawn")
    ]
    leaves = b"".join(registry.leaves(6))
    assert b"quarantined: 2" in leaves
    assert b"quarantined: 3" in leaves
    assert b'"why":"no"' not in leaves
    assert registry.quarantine({a: "again"}) == []
    assert registry.quarantine({}) == []
    assert registry.size == 8


def test_what_was_restored_is_known_to_be_reviewed(registry: Registry) -> None:
    indexes = [one.index for one in registry.add([Claim(picture(n)) for n in range(3)])]
    registry.withdraw(indexes[:2])
    registry.restore(indexes[:1])
    assert registry.restored(indexes) == set(indexes[:1])
    registry.withdraw(indexes[:1])
    assert registry.restored(indexes) == set(indexes[:1])
    assert registry.restored([]) == set()
    assert registry.restored([99]) == set()


@pytest.mark.parametrize("why", ["two\nlines", "x" * 501])
def test_a_quarantine_with_an_unfit_reason_changes_nothing(registry: Registry, why: str) -> None:
    registry.add([Claim(picture(1)), Claim(picture(2))])
    with pytest.raises(UsageError, match="the reason"):
        registry.quarantine({0: "fine", 1: why})
    assert registry.size == 2
