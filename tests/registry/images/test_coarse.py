"""Pictures of faint parts: what coarse encoders leave of them is looked for, too."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from optout.registry.images import (
    DEFAULT_RADIUS,
    SHAPES,
    VARIANTS,
    corpus_hashes,
    decode,
    opened,
    phash,
    picture_hashes,
    variants,
)
from optout.registry.images.coarse import FORMS, coarse_forms, small_copy
from PIL import Image

Save = Callable[..., bytes]
OCTREE = Image.Quantize.FASTOCTREE


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def hashed(file: bytes) -> bytes:
    return corpus_hashes(file, ["phash256"])["phash256"]


@pytest.fixture(scope="module")
def fog(cat: Image.Image) -> Image.Image:
    """A photograph with an eighth of its contrast."""
    return cat.convert("RGB").point(lambda level: 112 + level // 8)


@pytest.fixture(scope="module")
def held(fog: Image.Image) -> dict[str, bytes]:
    file = io.BytesIO()
    fog.save(file, "PNG")
    return dict(picture_hashes(file.getvalue()).hashes["phash256"])


def coarse(picture: Image.Image, form: str, saved: Save) -> bytes:
    if form == "jpeg":
        return saved(picture, "JPEG", quality=10)
    return saved(picture.quantize(256, OCTREE), "GIF")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_coarse_copy_of_a_faint_picture_is_found(
    fog: Image.Image, held: dict[str, bytes], shape: str, form: str, saved: Save
) -> None:
    copy = hashed(coarse(variants(fog)[shape], form, saved))
    assert min(distance(copy, packed) for packed in held.values()) <= DEFAULT_RADIUS // 2


def test_by_its_shapes_alone_it_would_not_be(
    fog: Image.Image, held: dict[str, bytes], saved: Save
) -> None:
    copy = hashed(coarse(fog, "jpeg", saved))
    assert min(distance(copy, held[shape]) for shape in SHAPES) > DEFAULT_RADIUS


@pytest.mark.parametrize("variant", VARIANTS[len(SHAPES) :])
def test_a_coarse_form_is_what_an_encoder_leaves_of_a_shape(
    fog: Image.Image, held: dict[str, bytes], variant: str
) -> None:
    shape, _, form = variant.partition("-")
    grey = dict(coarse_forms(variants(fog)[shape]))[form]
    if variant in held:
        assert held[variant] == phash(grey, 16)
    else:
        others = [packed for name, packed in held.items() if name.startswith(shape)]
        assert min(distance(phash(grey, 16), packed) for packed in others) <= DEFAULT_RADIUS // 2


def test_only_what_moves_is_looked_for(cat: Image.Image, saved: Save) -> None:
    # A picture of much contrast, and one that is registered half of the radius away.
    for picture in (cat, cat.convert("L")):
        hashes = picture_hashes(saved(picture)).hashes
        found = hashes["phash256"]
        for variant in found.keys() - set(SHAPES):
            assert distance(found[variant], found[variant.partition("-")[0]]) > DEFAULT_RADIUS // 2
        assert "original-jpeg" not in found
        assert hashes["phash64"].keys() == set(SHAPES)


def test_what_is_left_of_a_picture_that_vanishes_is_not_looked_for(
    cat: Image.Image, saved: Save
) -> None:
    # A palette of nearly one colour: everybody has drawn that.
    faint = cat.convert("RGB").point(lambda level: 128 + level // 16)
    plain = hashed(coarse(faint, "palette", saved))
    found = picture_hashes(saved(faint)).hashes["phash256"]
    assert min(distance(plain, packed) for packed in found.values()) > DEFAULT_RADIUS


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1024, 700), (1024, 700)),
        ((1025, 700), (513, 350)),
        ((3000, 2200), (750, 550)),
        ((9000, 5), (563, 1)),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_large_picture_is_made_small_by_halves(
    size: tuple[int, int], small: tuple[int, int], mode: str, saved: Save
) -> None:
    ramp = np.add.outer(np.arange(size[1]), np.arange(size[0])) % 251
    picture = Image.fromarray(ramp.astype(np.uint8)).convert(mode)
    file = saved(picture, compress_level=1)
    with opened(file) as sheet:
        made = small_copy(sheet)
    assert (made.size, made.mode) == (small, mode)
    factor = -(-size[0] // small[0])
    # In parts as if it were one.
    assert made.tobytes() == decode(file).reduce(factor).tobytes()
