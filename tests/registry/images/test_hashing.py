"""Hashes: imagehash's own, known values, and the shapes in which data sets store a picture."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import imagehash
import numpy as np
import pytest
from optout.registry.errors import PictureError, UsageError
from optout.registry.images import (
    DEFAULT_RADIUS,
    MAX_FLAT_FRACTION,
    NAMESPACES,
    SHAPES,
    VARIANTS,
    PictureHashes,
    corpus_hashes,
    decode,
    flat_fraction,
    phash,
    picture_hashes,
    sighted_hashes,
    variants,
)
from PIL import Image, ImageDraw, ImageOps

Save = Callable[..., bytes]

KNOWN = {
    "astronaut.png": (
        "c2d692764c9f550f3228bd90dfb1c09bcc15b60a7b25b5e29cf34a51b50a67ac c2924c5532bddfc8"
    ),
    "camera.png": (
        "bf78f183c102c06743fc4e9c8cd8bc233327787761d3339897888f8f4b172e5c bff1c1c0434e8cbc"
    ),
    "chelsea.png": (
        "b1ac5ffee6df46225131214897e25edba410e16552ca376ab8c93d465d07426f b15fe6465121175e"
    ),
    "coffee.png": (
        "bb2483cc209e37f24cf10fc336bc37cf32c29b273241330e60cf9936333c773c bb8320376c0f3637"
    ),
    "motorcycle_left.png": (
        "c5110711c6356b0f925a70e8a88573693576cd52694b973b8c29b58ce59f7dd9 c507c66b9370aa73"
    ),
    "retina.jpg": (
        "c010cc7a1feb97a27afcc01f2d010ff5781f70952c7e0fc770ecec0e25e08d6a c0cc1f977ac02d4f"
    ),
    "rocket.jpg": (
        "c0d937671396ec201bdfe521127e67a19c7e0381fc7e0381ec7a1387e4f81b0f c0371bec1be51267"
    ),
}
"""phash256 and phash64 of photographs that scikit-image ships, as imagehash 4.3.2 makes them."""


PHASHES = ("phash256", "phash64")


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


@cache
def registered(photograph: bytes) -> PictureHashes:
    return picture_hashes(photograph)


@cache
def pixels(photograph: bytes) -> Image.Image:
    return decode(photograph).convert("RGB")


def nearest(held: PictureHashes, copy: bytes) -> int:
    """How far a copy in a corpus is from the nearest variant of the registered picture."""
    found = corpus_hashes(copy, ["phash256"])["phash256"]
    return min(distance(variant, found) for variant in held.hashes["phash256"].values())


def test_the_hash_of_a_photograph_is_imagehashs_own(photograph: bytes) -> None:
    with Image.open(io.BytesIO(photograph)) as picture:
        expected = {n: str(imagehash.phash(picture, NAMESPACES[n])) for n in PHASHES}
    hashed = corpus_hashes(photograph, PHASHES)
    assert {name: value.hex() for name, value in hashed.items()} == expected


@pytest.mark.parametrize("hash_size", [8, 16])
def test_a_hash_is_packed_row_by_row_highest_bit_first(cat: Image.Image, hash_size: int) -> None:
    bits = imagehash.phash(cat, hash_size).hash.flatten()
    packed = phash(cat, hash_size)
    assert len(packed) == hash_size**2 // 8
    assert [packed[n // 8] >> (7 - n % 8) & 1 for n in range(hash_size**2)] == bits.tolist()


@pytest.mark.parametrize("name", KNOWN)
def test_known_hashes(folder: Path, name: str) -> None:
    hashed = corpus_hashes((folder / name).read_bytes(), ["phash256", "phash64"])
    assert f"{hashed['phash256'].hex()} {hashed['phash64'].hex()}" == KNOWN[name]


def test_half_of_the_bits_are_set_and_the_first_is(photograph: bytes) -> None:
    for namespace in PHASHES:
        for value in registered(photograph).hashes[namespace].values():
            assert int.from_bytes(value).bit_count() == len(value) * 4
            assert value[0] >= 0x80


def in_shapes(hashes: Mapping[str, bytes]) -> dict[str, bytes]:
    return {variant: packed for variant, packed in hashes.items() if variant in SHAPES}


def test_registration_holds_what_a_corpus_is_asked_for(photograph: bytes) -> None:
    held = registered(photograph).hashes
    assert {name: of["original"] for name, of in held.items()} == corpus_hashes(
        photograph, NAMESPACES
    )
    shapes = variants(decode(photograph))
    assert {name: in_shapes(held[name]) for name in PHASHES} == {
        name: {variant: phash(shape, NAMESPACES[name]) for variant, shape in shapes.items()}
        for name in PHASHES
    }
    assert held["phash256"].keys() <= set(VARIANTS)


def test_only_what_is_asked_for_is_hashed(cat: Image.Image, saved: Save) -> None:
    assert corpus_hashes(saved(cat), ["phash64"]).keys() == {"phash64"}
    assert corpus_hashes(saved(cat), []) == {}


def test_a_mirror_image_is_hashed_like_a_picture_of_its_own(photograph: bytes) -> None:
    seen = sighted_hashes(photograph)
    assert {"phash256": seen.phash256} == corpus_hashes(photograph, ["phash256"])
    assert seen.mirrored == phash(ImageOps.mirror(decode(photograph, grey=True)), 16)


def test_the_mirror_image_is_that_of_what_anybody_sees(cat: Image.Image, saved: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # its top lies at the right: upright, left and right are other sides
    upright = cat.transpose(Image.Transpose.ROTATE_270)
    assert sighted_hashes(saved(cat, exif=exif)) == sighted_hashes(saved(upright))
    see_through = cat.convert("RGBA")
    see_through.paste((0, 0, 0, 0), (0, 0, 200, cat.height))
    on_white = Image.new("RGB", cat.size, "white")
    on_white.paste(see_through, (0, 0), see_through)
    assert sighted_hashes(saved(see_through)) == sighted_hashes(saved(on_white))


@pytest.mark.parametrize("size", [256, 400])
def test_every_variant_is_found_mirrored(photograph: bytes, size: int, saved: Save) -> None:
    held = registered(photograph).hashes["phash256"].values()
    for shape in variants(pixels(photograph)).values():
        copy = ImageOps.mirror(ImageOps.contain(shape, (size, size)))
        ways = sighted_hashes(saved(copy, "JPEG", quality=70))
        assert min(distance(one, way) for one in held for way in ways) <= 16


def test_an_unknown_namespace_is_named() -> None:
    with pytest.raises(UsageError, match="dhash"):
        corpus_hashes(b"", ["dhash"])


@pytest.mark.parametrize(
    "hashing", [picture_hashes, sighted_hashes, lambda data: corpus_hashes(data, NAMESPACES)]
)
def test_what_cannot_be_read_has_no_hash(hashing: Callable[[bytes], object]) -> None:
    with pytest.raises(PictureError):
        hashing(b"no picture")


@pytest.mark.parametrize("size", [(90, 60), (60, 90), (91, 60), (60, 91), (70, 70)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_variants_are_cut_and_padded_around_the_centre(
    cat: Image.Image, size: tuple[int, int], mode: str
) -> None:
    picture = cat.convert(mode).resize(size)
    shapes = variants(picture)
    assert tuple(shapes) == SHAPES == VARIANTS[:3]
    assert shapes["original"].tobytes() == picture.tobytes()
    short, long = sorted(size)
    left, top = (size[0] - short) // 2, (size[1] - short) // 2
    square = shapes["square"]
    assert (square.mode, square.size) == (mode, (short, short))
    off = [abs(a - b) for a, b in zip((left, top), _place_of(square, picture), strict=True)]
    assert max(off) <= 1
    padded = ImageOps.pad(picture, (long, long), color="white")
    assert shapes["padded"].size == (long, long)
    difference = np.asarray(shapes["padded"]).astype(int) - np.asarray(padded)
    assert np.abs(difference).mean() < 12


def _place_of(part: Image.Image, whole: Image.Image) -> tuple[int, int]:
    for left in range(whole.width - part.width + 1):
        for top in range(whole.height - part.height + 1):
            box = (left, top, left + part.width, top + part.height)
            if whole.crop(box).tobytes() == part.tobytes():
                return left, top
    raise AssertionError("the square is no part of the picture")


def test_a_square_picture_is_its_own_variants(cat: Image.Image) -> None:
    square = cat.resize((64, 64))
    assert {phash(shape, 16) for shape in variants(square).values()} == {phash(square, 16)}


def test_the_square_of_a_long_picture_is_padded_at_a_bounded_size() -> None:
    ribbon = Image.linear_gradient("L").resize((60_000, 10))
    assert variants(ribbon)["padded"].size == (8192, 8192)


def test_the_padding_of_a_narrow_picture_is_not_looked_for(cat: Image.Image, saved: Save) -> None:
    def found(size: tuple[int, int]) -> set[str]:
        held = picture_hashes(saved(cat.crop((0, 100, *size)))).hashes
        assert in_shapes(held["phash256"]).keys() == held["phash64"].keys()
        return set(held["phash64"])

    assert found((400, 200)) == {"original", "square", "padded"}
    assert found((400, 199)) == {"original", "square"}


def with_sides(cat: Image.Image, middle: Image.Image) -> Image.Image:
    """A picture with something to see on both sides."""
    side = cat.resize((300, 300))
    banner = Image.new("RGB", (900, 300))
    banner.paste(side, (0, 0))
    banner.paste(middle, (300, 0))
    banner.paste(ImageOps.mirror(side), (600, 0))
    return banner


def test_a_square_with_nothing_in_it_is_not_looked_for(cat: Image.Image, saved: Save) -> None:
    nothing = Image.new("RGB", (300, 300), "white")
    held = picture_hashes(saved(with_sides(cat, nothing))).hashes
    assert "square" not in held["phash256"]


def test_a_square_that_shows_a_shape_on_a_ground_is_not_looked_for(
    cat: Image.Image, saved: Save
) -> None:
    shape = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(shape).ellipse((100, 100, 200, 200), "black")
    for held in picture_hashes(saved(with_sides(cat, shape))).hashes.values():
        assert "square" not in held


def test_a_square_that_shows_something_against_the_sky_is_looked_for(
    cat: Image.Image, saved: Save
) -> None:
    sky = Image.linear_gradient("L").resize((300, 300)).point(lambda level: 160 + level // 4)
    sky = sky.convert("RGB")
    sky.paste(cat.resize((80, 220)), (110, 80))
    assert flat_fraction(sky) >= MAX_FLAT_FRACTION
    held = picture_hashes(saved(with_sides(cat, sky))).hashes
    assert held["phash256"]["square"] == phash(sky, 16)
    assert "square" not in held["phash64"]
    assert "square" not in held["pdq256"]


def jpeg(quality: int) -> Callable[[Image.Image, Save], bytes]:
    return lambda picture, saved: saved(picture, "JPEG", quality=quality)


def scaled(factor: float) -> Callable[[Image.Image, Save], bytes]:
    def copy(picture: Image.Image, saved: Save) -> bytes:
        size = round(picture.width * factor), round(picture.height * factor)
        return saved(picture.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=90)

    return copy


def squashed(picture: Image.Image, saved: Save) -> bytes:
    return saved(picture.resize((256, 256), Image.Resampling.BOX), "JPEG", quality=95)


def kept_ratio(picture: Image.Image, saved: Save) -> bytes:
    return saved(ImageOps.contain(picture, (256, 256)), "JPEG", quality=95)


def centre_cropped(picture: Image.Image, saved: Save) -> bytes:
    return saved(ImageOps.fit(picture, (256, 256)), "JPEG", quality=95)


def bordered(picture: Image.Image, saved: Save) -> bytes:
    return saved(ImageOps.pad(picture, (256, 256), color="white"), "JPEG", quality=95)


def grey(picture: Image.Image, saved: Save) -> bytes:
    return saved(picture.convert("L"), "JPEG", quality=90)


def webp(picture: Image.Image, saved: Save) -> bytes:
    return saved(picture, "WEBP", quality=50)


def palette(picture: Image.Image, saved: Save) -> bytes:
    return saved(picture.resize((320, 240)).quantize(64), "GIF")


COPIES = {
    **{f"jpeg of quality {quality}": jpeg(quality) for quality in (10, 30, 50, 75, 95)},
    **{f"scaled by {factor}": scaled(factor) for factor in (0.25, 0.5, 0.75, 2)},
    **{
        copy.__name__: copy
        for copy in (squashed, kept_ratio, centre_cropped, bordered, grey, webp, palette)
    },
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_copy_is_within_the_radius_of_a_variant(
    photograph: bytes, saved: Save, copy: Callable[[Image.Image, Save], bytes]
) -> None:
    file = copy(pixels(photograph), saved)
    assert nearest(registered(photograph), file) <= DEFAULT_RADIUS


def test_two_photographs_are_far_apart(folder: Path, photograph: bytes) -> None:
    own = corpus_hashes(photograph, ["phash256"])["phash256"]
    for path in sorted(folder.glob("*.jpg")):
        held = registered(path.read_bytes()).hashes["phash256"]
        if own not in held.values():
            assert min(distance(own, other) for other in held.values()) > 2 * DEFAULT_RADIUS
