"""Bytes of pictures where entries are known by their PDQ alone: it is made of each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pytest
from optout.filter.pictures import proposals
from optout.filter.scan import are_hashed_twice, kernels_for, picture_kernels, plain_kernels
from optout.filter.scan.picture_kernels import PictureKernel
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import SightedPdq, pdq, sighted_pdq
from optout.registry.snapshot import Snapshot
from PIL import ImageOps

from ..pictures.hostile_pictures import (  # noqa: TID252  # the tests are no package
    SEEDS,
    drawn_file,
    hostile_file,
    picture,
    saved,
)

FILE = saved(picture(90, (300, 200)), "JPEG")
KINDS = frozenset(Kind)


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, photograph: Callable) -> Snapshot:
    return snapshot_of(Identifier.image_pdq256(pdq(photograph(1)).hash.hex()))


@pytest.fixture(scope="module")
def other(snapshot_of: Callable, photograph: Callable, encoded: Callable) -> Snapshot:
    return snapshot_of(Identifier.image(encoded(photograph(1), "PNG")))


def test_pictures_are_hashed_twice_where_it_finds_something(
    snapshot: Snapshot, other: Snapshot
) -> None:
    for held, twice in ((snapshot, True), (other, False)):
        assert PictureKernel(held, KINDS, 30).makes_pdq == twice
        assert are_hashed_twice(held, KINDS, ["url", "image"]) == twice
    assert not are_hashed_twice(snapshot, KINDS, ["url", "pdq256"])
    assert not are_hashed_twice(snapshot, KINDS - {Kind.IMAGE}, ["image"])
    assert not PictureKernel(snapshot, KINDS - {Kind.IMAGE}, 30).makes_pdq


@pytest.fixture(scope="module")
def mixed(snapshot_of: Callable) -> Snapshot:
    """Pictures that are known by every hash, by their PDQ, by their bytes."""
    even, odd = ([picture(seed, (400, 300)) for seed in range(n, SEEDS, 2)] for n in (0, 1))
    return snapshot_of(
        *(Identifier.image(saved(shown, "PNG")) for shown in even),
        *(Identifier.image_pdq256(pdq(shown).hash.hex()) for shown in odd),
        Identifier.file_sha256(hashlib.sha256(FILE).hexdigest()),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kinds", [KINDS, {Kind.IMAGE}, {Kind.FILE}], ids=["all", "image", "file"])
def test_both_kernels_say_the_same(seed: int, kinds: frozenset[Kind], mixed: Snapshot) -> None:
    random = Random(seed)
    files = [random.choice((drawn_file, hostile_file))(random) for _ in range(25)]
    shown = picture(random.randrange(1, SEEDS, 2), (600, 450))
    files += [saved(each, "JPEG", quality=60) for each in (shown, ImageOps.mirror(shown))]
    files += [b"", FILE, *random.sample(files, 5)]
    values = pa.array(files, pa.large_binary())
    given = (mixed, frozenset(kinds), 30, ["image"])
    found, plain = (make(*given)["image"](values) for make in (kernels_for, plain_kernels))
    assert found.states.tolist() == plain.states.tolist()
    assert found.traces == plain.traces
    assert list(found.traces) == sorted(found.traces)
    assert {25, 26} <= found.traces.keys() or Kind.IMAGE not in kinds


def test_a_copy_and_its_mirror_image_are_candidates(
    snapshot: Snapshot, photograph: Callable, encoded: Callable
) -> None:
    shown = photograph(1)
    files = [encoded(each, quality=80) for each in (shown, ImageOps.mirror(shown), photograph(2))]
    found = kernels_for(snapshot, KINDS, 30, ["image"])["image"](pa.array(files, pa.large_binary()))
    assert found.candidates().tolist() == [0, 1]
    ways = sighted_pdq(files[0])
    assert found.traces[0].hashes["pdq256"] == ways.pdq256
    assert found.traces[0].mirrored["pdq256"] == ways.mirrored
    assert found.traces[0].hashes.keys() == {"phash256", "pdq256"}


def test_of_equal_pictures_one_is_decoded_once(
    snapshot: Snapshot, photograph: Callable, encoded: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    jpeg, png = (encoded(photograph(2, (600, 520)), form) for form in ("JPEG", "PNG"))
    decoded: list[bytes] = []

    def seen(known: Callable) -> Callable:
        return lambda data, *how: decoded.append(data) or known(data, *how)

    monkeypatch.setattr(proposals, "scaled_jpeg", seen(proposals.scaled_jpeg))
    kernel = kernels_for(snapshot, KINDS, 30, ["image"])["image"]
    found = kernel(pa.array([jpeg, png, b"", png, jpeg], pa.large_binary()))
    assert decoded == [jpeg, png]
    assert found.traces == {}
    assert found.states.tolist() == [4, 4, 1, 4, 4]


def test_one_without_a_pdq_is_looked_for_by_its_phash256(
    snapshot: Snapshot, photograph: Callable, encoded: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = picture_kernels.features(encoded(photograph(1)), perceptual=True)
    assert known.by_pdq == SightedPdq(None, None)
    kernel = PictureKernel(snapshot, KINDS, 30)
    assert kernel.candidates({0: known}) == {}


def test_no_pdq_is_made_for_nobody(
    other: Snapshot, photograph: Callable, encoded: Callable
) -> None:
    assert PictureKernel(other, KINDS, 30).features(encoded(photograph(1))).by_pdq == (None, None)
