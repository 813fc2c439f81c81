"""PDQ, held by hashes and qualities that the published implementation (pdqhash 0.2.8) made."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optout.registry.images import (
    MIN_QUALITY,
    RADIUS,
    Pdq,
    corpus_hashes,
    pdq,
    picture_hashes,
    variants,
)
from optout.registry.images.pdq import pdq_both_ways
from optout.registry.images.sheet import Sheet
from PIL import Image, ImageDraw, ImageOps

Save = Callable[..., bytes]

VECTORS = json.loads((Path(__file__).parent / "pdq_vectors.json").read_text("utf-8"))


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def drawn(seed: int) -> Image.Image:
    chance = random.Random(seed)
    size = (chance.randint(40, 400), chance.randint(40, 400))
    picture = Image.new("RGB", size, (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(2, 60)):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        box = (x, y, x + chance.randrange(90), y + chance.randrange(90))
        draw.rectangle(box, fill=tuple(chance.randrange(256) for _ in range(3)))
    return picture


def pictured(folder: Path, vector: dict) -> Image.Image:
    if vector["how"] == "drawn":
        return drawn(vector["picture"])
    with Image.open(folder / vector["picture"]) as file:
        picture = file.convert("L" if file.mode == "L" else "RGB")
    how, *numbers = vector["how"].split()
    if how == "grey":
        return picture.convert("L")
    if how == "whole":
        return picture
    box = tuple(map(int, numbers))
    return picture.resize(box) if how == "resize" else picture.crop(box)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['picture']} {v['how']}")
def test_hash_and_quality_are_those_of_the_published_implementation(
    folder: Path, vector: dict
) -> None:
    found = pdq(pictured(folder, vector))
    assert (found.hash.hex(), found.quality) == (vector["hash"], vector["quality"])


def test_vectors_are_of_many_qualities() -> None:
    qualities = [vector["quality"] for vector in VECTORS]
    assert sum(quality < MIN_QUALITY for quality in qualities) >= 10
    assert sum(quality >= 80 for quality in qualities) >= 50


@pytest.mark.parametrize("size", [(4, 100), (100, 4), (1, 1), ((1 << 20) + 1, 5)])
def test_too_narrow_and_too_long_pictures_have_no_quality(size: tuple[int, int]) -> None:
    assert pdq(Image.new("L", size)) == Pdq(bytes(32), 0)


def test_a_plain_picture_has_no_quality() -> None:
    assert pdq(Image.new("RGB", (300, 200), (9, 99, 199))).quality == 0


@pytest.mark.parametrize("size", [(301, 200), (200, 301), (90, 90)])
def test_what_lies_outside_of_a_picture_is_white(cat: Image.Image, size: tuple[int, int]) -> None:
    picture = cat.resize(size)
    long, short = max(size), min(size)
    for name, side in (("padded", long), ("square", short)):
        shape = variants(picture)[name]
        left, top = -((side - size[0]) // 2), -((side - size[1]) // 2)
        assert pdq(picture, (left, top, left + side, top + side)) == pdq(shape)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_has_the_hash_of_what_is_seen(
    cat: Image.Image, saved: Save, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = ImageOps.exif_transpose(Image.open(_file(saved(cat, exif=exif))))
    assert corpus_hashes(saved(cat, exif=exif), ["pdq256"]) == {"pdq256": pdq(seen).hash}


def _file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


@pytest.mark.parametrize("vector", VECTORS[::4], ids=lambda v: f"{v['picture']} {v['how']}")
def test_both_ways_are_those_of_the_picture_and_of_its_mirror_image(
    folder: Path, vector: dict
) -> None:
    seen = pictured(folder, vector)
    assert pdq_both_ways(seen) == (pdq(seen), pdq(ImageOps.mirror(seen)))


def test_registration_and_corpus_have_one_hash(photograph: bytes) -> None:
    held = picture_hashes(photograph).hashes.get("pdq256", {}).get("original")
    assert corpus_hashes(photograph, ["pdq256"]).get("pdq256") == held


def test_every_variant_is_hashed(cat: Image.Image, saved: Save) -> None:
    held = picture_hashes(saved(cat)).hashes["pdq256"]
    assert held == {name: pdq(shape).hash for name, shape in variants(cat).items()}


def test_a_picture_of_low_quality_has_no_hash(cat: Image.Image, saved: Save) -> None:
    faint = cat.point(lambda value: 128 + value // 32)
    assert pdq(faint).quality < MIN_QUALITY
    assert corpus_hashes(saved(faint), ["pdq256", "phash64"]).keys() == {"phash64"}
    assert picture_hashes(saved(faint)).hashes.keys() == {"phash256", "phash64"}


COPIES: dict[str, Callable[[Image.Image, Save], bytes]] = {
    "jpeg of quality 30": lambda picture, saved: saved(picture, "JPEG", quality=30),
    "jpeg of quality 75": lambda picture, saved: saved(picture, "JPEG", quality=75),
    "webp": lambda picture, saved: saved(picture, "WEBP", quality=50),
    "grey": lambda picture, saved: saved(picture.convert("L")),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_picture_that_is_encoded_again_is_within_the_radius(
    photograph: bytes, saved: Save, copy: Callable[[Image.Image, Save], bytes]
) -> None:
    held = corpus_hashes(photograph, ["pdq256"]).get("pdq256")
    with Image.open(_file(photograph)) as picture:
        found = corpus_hashes(copy(picture.convert("RGB"), saved), ["pdq256"]).get("pdq256")
    if held and found:
        assert distance(held, found) <= RADIUS["pdq256"]


def test_most_photographs_have_a_hash_and_none_is_near_another(folder: Path) -> None:
    names = ["astronaut.png", "chelsea.png", "coffee.png", "retina.jpg", "motorcycle_left.png"]
    found = [corpus_hashes((folder / name).read_bytes(), ["pdq256"])["pdq256"] for name in names]
    for number, one in enumerate(found):
        assert all(distance(one, other) > 2 * RADIUS["pdq256"] for other in found[:number])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "CMYK", "1"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_in_tiles_is_the_picture(
    cat: Image.Image, mode: str, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = cat.convert(mode)
    if "A" in mode:
        picture.putalpha(cat.convert("L"))
    if mode == "P":
        picture.info["transparency"] = bytes(range(256))
    whole = Sheet(picture.copy(), orientation)
    expected = {grey: whole.whole(grey=grey) for grey in (False, True)}
    monkeypatch.setattr("optout.registry.images.sheet._TILE", 70)
    for grey, one in expected.items():
        tiled = Sheet(picture, orientation).whole(grey=grey)
        assert (tiled.mode, tiled.size) == (one.mode, one.size)
        assert np.array_equal(np.asarray(tiled), np.asarray(one))
