"""What the fast look says of a picture is what the reference says, or is left to it."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest
from optout.filter.pictures import MARGIN, Proposals, proposals, propose, small_greys
from optout.registry.errors import PictureError
from optout.registry.images import sighted_hashes
from PIL import Image, ImageOps

from .hostile_pictures import drawn_file, hostile_file, picture, saved


def distances(data: bytes, found: Proposals) -> list[int]:
    """How many bits the hashes of one picture are off: its own, and its mirror image's."""
    exact = np.frombuffer(b"".join(sighted_hashes(data)), np.uint8).reshape(2, -1)
    return np.bitwise_count(exact ^ found.hashes[0]).sum(1).tolist()


def agrees(data: bytes) -> bool:
    """Whether a file's proposal is as good as it says; False where it says nothing."""
    try:
        found = propose([small_greys(data)])
    except PictureError:
        with pytest.raises(PictureError):
            sighted_hashes(data)
        return False
    off = distances(data, found)
    if found.doubtful[0]:
        return False
    assert max(off) <= (MARGIN if found.drafted[0] else 0)
    return True


@pytest.mark.parametrize("seed", range(10))
def test_greys_are_reduced_as_pillow_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    for width, height in random.integers(1, 500, (20, 2)).tolist():
        level = random.integers(0, 2, (height, width)) * 255  # the hardest to round
        shown = Image.fromarray(level.astype(np.uint8))
        expected = np.asarray(shown.resize((64, 64), Image.Resampling.LANCZOS))
        assert (proposals.reduced(shown) == expected).all(), (width, height)


@pytest.mark.parametrize("seed", range(15))
def test_every_format_and_mode_is_hashed_as_the_reference_does(seed: int) -> None:
    random = Random(seed)
    assert sum(agrees(drawn_file(random)) for _ in range(10)) >= 2


@pytest.mark.parametrize("seed", range(25))
def test_what_is_damaged_is_refused_by_both_or_by_neither(seed: int) -> None:
    random = Random(1000 + seed)
    for _ in range(10):
        agrees(hostile_file(random))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_cut_off_jpeg_is_refused_wherever_it_ends(progressive: bool, subsampling: int) -> None:
    shown = picture(1, (600, 520))
    data = saved(shown, "JPEG", quality=60, progressive=progressive, subsampling=subsampling)
    assert small_greys(data)[1]
    for end in (*range(len(data) - 60, len(data)), *range(700, len(data), 997)):
        agrees(data[:end])
    with pytest.raises(PictureError):
        small_greys(data[:-40])


def test_a_large_jpeg_is_scaled_down_as_it_is_decoded_and_nothing_else() -> None:
    large, small = picture(2, (512, 600)), picture(2, (511, 600))
    assert small_greys(saved(large, "JPEG"))[1]
    assert small_greys(saved(large.convert("L"), "JPEG"))[1]
    others = (
        saved(small, "JPEG"),
        saved(large, "PNG"),
        saved(large, "WEBP"),
        saved(large.convert("CMYK"), "JPEG"),
    )
    assert not any(small_greys(data)[1] for data in others)


def test_what_is_mostly_black_or_white_is_not_scaled_down() -> None:
    bright = ImageOps.autocontrast(picture(2, (520, 520)), cutoff=30)
    assert small_greys(saved(picture(2, (520, 520)), "JPEG"))[1]
    data = saved(bright, "JPEG")
    assert not small_greys(data)[1]
    assert agrees(data)


def test_proportions_that_only_some_sizes_can_be_decoded_at_are_not_scaled() -> None:
    data = bytearray(saved(picture(3, (512, 512)), "JPEG", subsampling=2))
    at = data.index(b"\xff\xc0")
    data[at + 11], data[at + 14] = 0x31, 0x21
    agrees(bytes(data))
    with pytest.raises(PictureError):
        small_greys(bytes(data))


def test_a_turned_picture_is_looked_at_upright() -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    lying = picture(4, (700, 520)).transpose(Image.Transpose.ROTATE_90)
    assert agrees(saved(lying, "JPEG", quality=95, exif=tags))


def test_of_a_mirrored_picture_the_hashes_change_places() -> None:
    shown = picture(5, (256, 256))
    one, other = (
        propose([small_greys(saved(each, "PNG"))]).hashes[0]
        for each in (shown, ImageOps.mirror(shown))
    )
    assert (one == other[::-1]).all()


def test_a_plain_picture_is_left_to_the_reference() -> None:
    for size in ((100, 100), (700, 700)):
        found = propose([small_greys(saved(Image.new("L", size, 90), "JPEG"))])
        assert found.doubtful.all()
        assert not found.drafted.any()


def test_many_pictures_have_the_hashes_that_each_has_alone() -> None:
    files = [saved(picture(seed, (256, 200)), "PNG") for seed in range(5)]
    greys = [small_greys(data) for data in files]
    together = propose([*greys, None])
    assert together.undecodable.tolist() == [False] * 5 + [True]
    for number, each in enumerate(greys):
        assert (propose([each]).hashes[0] == together.hashes[number]).all()
    assert propose([]).hashes.shape == (0, 2, 32)


def test_nothing_is_compiled_or_decoded_where_pictures_are_only_named() -> None:
    code = "import sys, optout.filter; print([m for m in ('PIL', 'numba') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
