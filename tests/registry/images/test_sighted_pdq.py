"""The PDQ that a corpus is searched by: the compiled form says what the reference says."""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optout.registry.compiled import PLAIN, available
from optout.registry.errors import PictureError
from optout.registry.images import (
    MIN_QUALITY,
    SightedPdq,
    pdq,
    pdq_levels,
    pdq_of_levels,
    sighted_pdq,
)
from optout.registry.images.sheet import Sheet
from PIL import Image, ImageOps

Save = Callable[..., bytes]

compiled = pytest.mark.skipif(not available(), reason="there is no compiler")


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of those pictures that were left to the reference."""
    sizes: list[tuple[int, int]] = []
    module = sys.modules[sighted_pdq.__module__]
    known = module._by_reference
    monkeypatch.setattr(
        module, "_by_reference", lambda sheet: sizes.append(sheet.size) or known(sheet)
    )
    return sizes


def expected(data: bytes) -> SightedPdq:
    with Image.open(io.BytesIO(data)) as file:
        seen = ImageOps.exif_transpose(file)
    ways = (pdq(seen), pdq(ImageOps.mirror(seen)))
    return SightedPdq(*(way.hash if way.quality >= MIN_QUALITY else None for way in ways))


@compiled
@pytest.mark.parametrize("seed", range(8))
def test_both_forms_say_what_pdq_says_of_picture_and_mirror_image(
    seed: int, folder: Path, saved: Save, left: list
) -> None:
    chance = random.Random(seed)
    for name in ("astronaut.png", "camera.png", "coffee.png", "moon.png", "retina.jpg"):
        with Image.open(folder / name) as file:
            picture = file.convert("L" if file.mode == "L" else "RGB")
        width, height = picture.size
        box = (chance.randrange(width // 2), chance.randrange(height // 2), width, height)
        part = picture.crop(box).resize((chance.randint(5, 500), chance.randint(5, 500)))
        data = saved(part)
        before = len(left)
        assert sighted_pdq(data) == sighted_pdq(data, plain=True) == expected(data)
        assert len(left) - before in (1, 2)


@compiled
def test_a_photograph_is_not_left_to_the_reference(
    cat: Image.Image, saved: Save, left: list
) -> None:
    assert None not in sighted_pdq(saved(cat))
    assert left == []


@compiled
def test_what_is_decoded_already_has_the_same_hashes(cat: Image.Image, saved: Save) -> None:
    for mode in ("L", "RGB", "RGBX"):
        shown = cat.convert("L" if mode == "L" else "RGB")
        levels = np.asarray(shown.convert(mode)).reshape(cat.height, cat.width, -1)
        assert pdq_of_levels(levels) == sighted_pdq(saved(shown), plain=True)


@compiled
def test_a_size_that_is_left_to_the_reference_is_not_taken_decoded_either() -> None:
    for size in ((4, 100), (8193, 5)):
        assert pdq_of_levels(np.zeros((*size, 1), np.uint8)) is None
        assert pdq_levels(Sheet(Image.new("L", size))) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_has_the_hashes_of_what_is_seen(
    cat: Image.Image, saved: Save, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(cat.resize((90, 70)), exif=exif)
    assert sighted_pdq(data) == sighted_pdq(data, plain=True) == expected(data)


@compiled
def test_what_sums_cannot_tell_is_left_to_the_reference(saved: Save, left: list) -> None:
    stripes = Image.new("L", (200, 200), "white")
    stripes.paste(0, (60, 0, 140, 200))
    assert sighted_pdq(saved(stripes)) == expected(saved(stripes))
    assert left == [(200, 200)]


@compiled
def test_a_quality_at_the_edge_is_left_to_the_reference(
    cat: Image.Image, saved: Save, left: list
) -> None:
    small = cat.resize((64, 64))
    faint = [small.point(lambda v, n=n: 128 + (v - 128) * n // 200) for n in range(40, 200)]
    for data in map(saved, faint):
        assert sighted_pdq(data) == sighted_pdq(data, plain=True)
    found = [sighted_pdq(saved(each)).pdq256 for each in (faint[0], faint[-1])]
    assert found[0] is None
    assert found[1] is not None


@compiled
def test_a_picture_that_is_too_large_to_lie_in_memory_twice_is_left_to_the_reference(
    cat: Image.Image, saved: Save, left: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[sighted_pdq.__module__]
    monkeypatch.setattr(module, "_MOST_PIXELS", cat.width * cat.height - 1)
    assert sighted_pdq(saved(cat)) == expected(saved(cat))
    assert left == [cat.size]


@compiled
def test_a_very_long_picture_is_left_to_the_reference(saved: Save, left: list) -> None:
    long = saved(Image.new("L", (8193, 5), "grey"))
    assert sighted_pdq(long) == sighted_pdq(long, plain=True)
    assert left == [(8193, 5)] * 2


@compiled
def test_what_goes_wrong_with_the_compiler_is_not_the_pictures_fault(
    cat: Image.Image, saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise RuntimeError(name)

    monkeypatch.setattr(sys.modules[sighted_pdq.__module__], "kernels", broken)
    with pytest.raises(RuntimeError):
        sighted_pdq(saved(cat))


def test_without_a_compiler_the_reference_does_it(
    cat: Image.Image, saved: Save, left: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLAIN, "plain")
    assert sighted_pdq(saved(cat)) == expected(saved(cat))
    assert left == [cat.size]


@pytest.mark.parametrize("size", [(4, 100), (100, 4)])
def test_too_narrow_a_picture_has_no_hash(size: tuple[int, int], saved: Save) -> None:
    assert sighted_pdq(saved(Image.new("L", size))) == SightedPdq(None, None)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureError):
        sighted_pdq(b"no picture")
