"""Pictures in bulk: states and candidates are the plain kernel's, whatever the files are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pytest
from optout.filter.scan import Scanned, kernels_for, picture_kernels, plain_kernels
from optout.filter.scan.pictures import BulkPictureKernel
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import sighted_hashes
from optout.registry.snapshot import Snapshot
from PIL import ImageFile, ImageOps

from ..pictures.hostile_pictures import (  # noqa: TID252  # the tests are no package
    SEEDS,
    drawn_file,
    hostile_file,
    picture,
    saved,
)

FILE = saved(picture(90, (300, 200)), "JPEG")
OTHER = b"no picture at all"


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable) -> Snapshot:
    known = [picture(seed, (400, 300)) for seed in range(0, SEEDS, 2)]
    clients = sighted_hashes(saved(picture(1, (400, 300)), "PNG")).phash256
    return snapshot_of(
        *(Identifier.image(saved(shown, "PNG")) for shown in known),
        Identifier.image_phash256(clients.hex()),
        Identifier.file_sha256(hashlib.sha256(FILE).hexdigest()),
        Identifier.file_md5(hashlib.md5(OTHER).hexdigest()),
    )


def alike(
    snapshot: Snapshot,
    files: list[bytes],
    kinds: frozenset[Kind] = frozenset(Kind),
    radius: int = 30,
) -> Scanned:
    """What both kernels say, which is the same."""
    values = pa.array(files, pa.large_binary())
    plain = plain_kernels(snapshot, kinds, radius, ["image"])["image"](values)
    bulk = kernels_for(snapshot, kinds, radius, ["image"])["image"]
    assert isinstance(bulk, BulkPictureKernel)
    found = bulk(values)
    assert found.states.tolist() == plain.states.tolist()
    assert found.traces == plain.traces
    return found


@pytest.mark.parametrize("seed", range(6))
def test_whatever_files_are_both_kernels_say_the_same(seed: int, snapshot: Snapshot) -> None:
    random = Random(seed)
    files = [random.choice((drawn_file, hostile_file))(random) for _ in range(40)]
    files += [b"", FILE, OTHER, *random.sample(files, 8)]
    found = alike(snapshot, files)
    assert len(found.traces) > 3
    assert len(set(found.states.tolist())) == 3


@pytest.mark.parametrize("kinds", [{Kind.FILE}, {Kind.IMAGE}, {Kind.URL}])
def test_only_what_is_looked_for_is_found(kinds: set[Kind], snapshot: Snapshot) -> None:
    files = [FILE, OTHER, saved(picture(0, (600, 450)), "JPEG"), b"", FILE]
    found = alike(snapshot, files, frozenset(kinds))
    assert len(found.traces) == (3 if Kind.FILE in kinds else 1 if Kind.IMAGE in kinds else 0)


@pytest.mark.parametrize("radius", [0, 2, 16, 64])
def test_every_radius_is_kept(radius: int, snapshot: Snapshot) -> None:
    shown = picture(2, (1040, 780))
    files = [
        saved(each, "JPEG", quality=quality)
        for each in (shown, ImageOps.mirror(shown), shown.rotate(2), shown.rotate(4))
        for quality in (20, 90)
    ]
    alike(snapshot, files, radius=radius)


def test_equal_pictures_are_looked_at_once(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = saved(picture(0, (200, 150)), "JPEG")
    twin = saved(picture(3, (200, 150)), "BMP")
    differs = b"BM" + twin[2:100] + b"\0" * 9 + twin[109:]
    files = [copy, twin, copy, differs, b"", copy, twin]
    seen: list[bytes] = []
    known = picture_kernels.features
    monkeypatch.setattr(
        picture_kernels,
        "features",
        lambda data, **how: seen.append(data) or known(data, **how),
    )
    kernel = kernels_for(snapshot, frozenset(Kind), 30, ["image"])["image"]
    found = kernel(pa.array(files, pa.large_binary()))
    assert seen == [copy]
    assert found.candidates().tolist() == [0, 2, 5]
    alike(snapshot, files)


def test_no_value_is_no_fault(snapshot: Snapshot) -> None:
    assert not len(alike(snapshot, []).states)
    assert alike(snapshot, [b"", b""]).traces == {}


def test_a_process_that_loads_cut_off_pictures_is_refused(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    kernel = kernels_for(snapshot, frozenset(Kind), 30, ["image"])["image"]
    with pytest.raises(UsageError, match="cut-off"):
        kernel(pa.array([FILE], pa.large_binary()))
