"""HEIC photographs: hashed by the registry's rules, whatever library decodes them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import anyio
import pillow_heif
import pytest
from optout.api.service import Item, Limits, Refusal, Upload, read_picture
from optout.api.service.apart import read_picture_apart
from optout.registry.identifiers import Identifier
from optout.registry.images import phash
from PIL import Image

NEAR = 10
"""Bits that a good HEIC of a picture is away from it, at most."""


@pytest.fixture(scope="module")
def picture(photograph: Callable[..., bytes]) -> Image.Image:
    return Image.open(io.BytesIO(photograph(3, "PNG"))).convert("RGB")


def heic_of(picture: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=90, **options)
    return stream.getvalue()


def hash_of(result: Item | Refusal) -> int:
    assert isinstance(result, Item)
    return int.from_bytes(result.identifier.hashes["phash256"]["original"])


def far(result: Item | Refusal, picture: Image.Image) -> int:
    return (hash_of(result) ^ int.from_bytes(phash(picture, 16))).bit_count()


def test_a_heic_has_the_hashes_of_its_picture(picture: Image.Image) -> None:
    result = read_picture(Upload("a.heic", heic_of(picture)), 1)
    assert far(result, picture) <= NEAR
    assert isinstance(result, Item)
    assert {"original", "square", "padded"} <= result.identifier.hashes["phash256"].keys()


@pytest.mark.parametrize(
    ("turned", "how"),
    [
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_270),
        (8, Image.Transpose.ROTATE_90),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
    ],
)
def test_it_is_turned_as_its_camera_was_held(
    picture: Image.Image, turned: int, how: Image.Transpose
) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    result = read_picture(Upload("a.heic", heic_of(picture, exif=exif.tobytes())), 1)
    assert far(result, picture.transpose(how)) <= NEAR


def test_of_several_pictures_the_main_one_counts(
    picture: Image.Image, photograph: Callable[..., bytes]
) -> None:
    file = pillow_heif.from_pillow(Image.open(io.BytesIO(photograph(9, "PNG"))).convert("RGB"))
    file.add_from_pillow(picture)
    stream = io.BytesIO()
    file.save(stream, quality=90, primary_index=1)
    assert far(read_picture(Upload("a.heic", stream.getvalue()), 1), picture) <= NEAR


def test_a_plain_one_is_offered_as_its_own_bytes() -> None:
    data = heic_of(Image.new("RGB", (200, 200), "white"))
    refusal = read_picture(Upload("a.heic", data), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.offer is not None
    assert refusal.offer.identifiers == Identifier.files(data)


@pytest.mark.parametrize("cut", [12, 30, 200, 3000])
def test_one_that_was_cut_off_is_none(picture: Image.Image, cut: int) -> None:
    refusal = read_picture(Upload("a.heic", heic_of(picture)[:cut]), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not-a-picture"


def test_more_pixels_than_are_read_are_refused_before_they_are_decoded(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heic_of(picture)
    monkeypatch.setattr("optout.api.service.heic.MAX_PIXELS", picture.width * picture.height - 1)
    monkeypatch.setattr(pillow_heif.HeifImage, "load", None)
    refusal = read_picture(Upload("a.heic", data), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "too-many-pixels"


def test_without_the_library_it_is_said_what_to_do(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heic_of(picture)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    refusal = read_picture(Upload("a.heic", data), 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.advice) == ("heic", "Send the picture as JPEG.")


def test_it_is_decoded_in_a_process_of_its_own(picture: Image.Image) -> None:
    data = heic_of(picture)
    apart = anyio.run(read_picture_apart, Upload("a.heic", data), 1, Limits())
    assert apart == read_picture(Upload("a.heic", data), 1)
