"""What the fast look says of a picture is what the reference says, or is left to it."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest
from optout.filter.pictures import Proposals, propose
from optout.filter.pictures.proposals import MARGIN
from optout.registry.errors import PictureError
from optout.registry.images import SightedPdq, sighted_hashes, sighted_pdq
from PIL import Image, ImageOps

from .hostile_pictures import drawn_file, hostile_file, picture, saved


def distances(data: bytes, found: Proposals) -> list[int]:
    """How many bits the hashes of one picture are off: its own, and its mirror image's."""
    exact = np.frombuffer(b"".join(sighted_hashes(data)), np.uint8).reshape(2, -1)
    return np.bitwise_count(exact ^ found.hashes[0]).sum(1).tolist()


def agrees(data: bytes) -> bool:
    """Whether a file's proposal is as good as it says; False where it says nothing."""
    found = propose([data])
    if found.undecodable[0]:
        with pytest.raises(PictureError):
            sighted_hashes(data)
        return False
    off = distances(data, found)
    if found.doubtful[0]:
        return False
    assert max(off) <= found.margin[0]
    return True


@pytest.mark.parametrize("seed", range(15))
def test_every_format_and_mode_is_hashed_as_the_reference_does(seed: int) -> None:
    random = Random(seed)
    assert sum(agrees(drawn_file(random)) for _ in range(10)) >= 2


@pytest.mark.parametrize("seed", range(25))
def test_what_is_damaged_is_refused_by_both_or_by_neither(seed: int) -> None:
    random = Random(1000 + seed)
    for _ in range(10):
        agrees(hostile_file(random))


def test_a_turned_picture_is_looked_at_upright() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    lying = picture(4, (700, 520)).transpose(Image.Transpose.ROTATE_90)
    assert agrees(saved(lying, "JPEG", quality=95, exif=tags))


@pytest.mark.parametrize("size", [(256, 256), (511, 800), (600, 511), (17, 5)])
def test_a_small_jpeg_is_hashed_exactly(size: tuple[int, int]) -> None:
    for mode in ("RGB", "L"):
        found = propose([saved(picture(3, size).convert(mode), "JPEG")])
        assert not found.margin.any()


@pytest.mark.parametrize("quality", [40, 85])
def test_a_large_jpeg_is_guessed_at(quality: int) -> None:
    for size in ((512, 512), (1040, 700)):
        data = saved(picture(2, size), "JPEG", quality=quality)
        assert propose([data]).margin[0] == MARGIN
        assert agrees(data)


def test_of_what_is_mostly_black_or_white_or_plain_nothing_is_guessed() -> None:
    shown = picture(2, (520, 520))
    bright = ImageOps.autocontrast(shown, cutoff=30)
    dull = shown.point(lambda level: 128 + level // 100)
    for each in (bright, dull):
        data = saved(each, "JPEG", quality=95)
        assert propose([data]).margin[0] == 0
        agrees(data)


def test_of_a_strip_nothing_is_guessed() -> None:
    data = saved(picture(2, (520, 2100)), "JPEG")
    assert propose([data]).margin[0] == 0
    assert agrees(data)


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF"])
def test_what_is_no_jpeg_is_hashed_exactly(form: str) -> None:
    found = propose([saved(picture(3, (300, 200)), form)])
    assert not found.margin.any()
    assert not found.doubtful.any()


def test_of_a_mirrored_picture_the_hashes_change_places() -> None:
    shown = picture(5, (256, 256))
    one, other = (
        propose([saved(each, "PNG")]).hashes[0] for each in (shown, ImageOps.mirror(shown))
    )
    assert (one == other[::-1]).all()


def test_a_plain_picture_is_left_to_the_reference() -> None:
    for form in ("JPEG", "PNG"):
        found = propose([saved(Image.new("L", (700, 700), 90), form)])
        assert found.doubtful.all()


def test_many_pictures_have_the_hashes_that_each_has_alone() -> None:
    shown = [picture(seed, (600, 520)) for seed in range(4)]
    files = [
        saved(each, form, **options)
        for each in shown
        for form, options in (("PNG", {}), ("JPEG", {"quality": 90}))
    ]
    together = propose([*files, b"no picture"])
    assert (together.margin > 0).tolist() == [False, True] * 4 + [False]
    assert together.undecodable.tolist() == [False] * 8 + [True]
    for number, each in enumerate(files):
        assert (propose([each]).hashes[0] == together.hashes[number]).all()
    assert propose([]).hashes.shape == (0, 2, 32)


@pytest.mark.parametrize("seed", range(4))
def test_the_pdq_is_the_references_and_so_are_the_hashes_beside_it(seed: int) -> None:
    random = Random(2000 + seed)
    files = [draw(random) for draw in (drawn_file, hostile_file) for _ in range(8)]
    files += [
        saved(picture(seed, size).convert(mode), "JPEG", quality=90)
        for mode in ("RGB", "L", "CMYK")
        for size in ((530, 520), (200, 4))
    ]
    found = propose(files, by_pdq=True)
    assert not found.margin.any()
    for number, data in enumerate(files):
        if found.undecodable[number]:
            with pytest.raises(PictureError):
                sighted_hashes(data)
            assert found.by_pdq[number] == SightedPdq(None, None)
        else:
            assert found.by_pdq[number] == sighted_pdq(data, plain=True)
            exact = b"".join(sighted_hashes(data))
            assert found.doubtful[number] or found.hashes[number].tobytes() == exact


def test_no_pdq_is_made_unless_asked_for() -> None:
    data = saved(picture(3, (300, 200)), "JPEG")
    assert propose([data]).by_pdq == [SightedPdq(None, None)]
    assert None not in propose([data], by_pdq=True).by_pdq[0]


def test_nothing_is_compiled_or_decoded_where_pictures_are_only_named() -> None:
    code = "import sys, optout.filter; print([m for m in ('PIL', 'numba') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
