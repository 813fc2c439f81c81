"""A JPEG is decoded at a part of its size where nothing is wrong with it, and refused otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from optout.registry.errors import PictureError
from optout.registry.images import decode, decoding, scaled, scaled_jpeg
from PIL import Image


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """A file of a picture with some texture."""

    def make(size: tuple[int, int], mode: str = "RGB", form: str = "JPEG", **options: Any) -> bytes:
        y, x = np.mgrid[0 : size[1], 0 : size[0]]
        waves = [np.sin(x / 9 + n) + np.cos(y / 13 - n * x / 50) for n in range(3)]
        levels = (np.stack(waves, axis=2) + 2) * 60
        stream = io.BytesIO()
        Image.fromarray(levels.astype(np.uint8)).convert(mode).save(stream, form, **options)
        return stream.getvalue()

    return make


def shown(data: bytes, least: int) -> np.ndarray:
    """What Pillow's decoder says."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (least, least))
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("size", [(256, 256), (511, 300), (512, 700), (1030, 1100), (2100, 2050)])
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
def test_it_is_what_another_decoder_makes_of_it(
    size: tuple[int, int], options: dict[str, Any], jpeg: Callable[..., bytes]
) -> None:
    data = jpeg(size, **options)
    found = scaled_jpeg(data, 256)
    assert found is not None
    colours = np.stack([found.pixels >> shift & 0xFF for shift in (0, 8, 16)], axis=2)
    assert (colours == shown(data, 256)).all()


def test_one_without_colours_has_three_equal_ones(jpeg: Callable[..., bytes]) -> None:
    data = jpeg((600, 520), "L")
    found = scaled_jpeg(data, 256)
    assert found is not None
    assert found.part == 2
    assert (found.pixels & 0xFF == shown(data, 256)[:, :, 0]).all()
    assert (found.pixels >> 16 & 0xFF == found.pixels & 0xFF).all()


def test_no_side_becomes_too_short(jpeg: Callable[..., bytes]) -> None:
    shapes = {}
    for size in ((255, 2000), (256, 2000), (512, 2000), (4096, 1024)):
        found = scaled_jpeg(jpeg(size), 256)
        assert found is not None
        shapes[size] = found.pixels.shape[::-1]
    assert shapes == {
        (255, 2000): (255, 2000),
        (256, 2000): (256, 2000),
        (512, 2000): (256, 1000),
        (4096, 1024): (1024, 256),
    }


def test_of_other_sorts_nothing_is_said(jpeg: Callable[..., bytes]) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    for data in (
        jpeg((300, 300), "CMYK"),
        jpeg((300, 300), keep_rgb=True),
        jpeg((300, 300), exif=turned),
        jpeg((300, 300), form="PNG"),
        b"no picture",
        b"",
    ):
        assert scaled_jpeg(data, 64) is None


def _with_sampling(data: bytes, sampling: int) -> bytes:
    """The same scan, called that of other proportions of the colours."""
    changed = bytearray(data)
    changed[changed.index(b"\xff\xc0") + 11] = sampling
    return bytes(changed)


def test_a_sampling_that_its_decoder_has_no_name_for_is_left_to_the_other(
    jpeg: Callable[..., bytes],
) -> None:
    data = _with_sampling(jpeg((300, 300), subsampling=2), 0x14)
    assert scaled_jpeg(data, 64) is None


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xe0\x00\x09JFIF\0\1\1",
        b"\xff\xee\x00\x08Adobe\0",
        b"\xff\x01\xff\xfe\x00\x04ab",
    ],
)
def test_segments_that_decoders_read_differently_are_left_to_the_other(
    segment: bytes, jpeg: Callable[..., bytes]
) -> None:
    data = jpeg((300, 300))
    assert scaled_jpeg(data, 64) is not None
    assert scaled_jpeg(data[:2] + segment + data[2:], 64) is None


def test_a_coarse_or_noisy_picture_is_not_scaled(jpeg: Callable[..., bytes]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (600, 600, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", quality=90)
    parts = []
    for data in (jpeg((600, 600), quality=50), jpeg((600, 600), quality=20), stream.getvalue()):
        found = scaled_jpeg(data, 256)
        assert found is not None
        parts.append(found.part)
    assert parts == [2, 1, 1]


def test_a_picture_in_very_many_passes_is_left_to_the_other(jpeg: Callable[..., bytes]) -> None:
    data = jpeg((300, 300), progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert scaled_jpeg(data, 64) is not None
    assert scaled_jpeg(data[:-2] + 40 * scan + data[-2:], 64) is None


def test_metadata_does_not_matter(jpeg: Callable[..., bytes]) -> None:
    upright = Image.Exif()
    upright[0x0112] = 1
    data = jpeg((300, 300), exif=upright, comment=b"x" * 3000, icc_profile=b"?" * 70_000)
    found = scaled_jpeg(data, 64)
    assert found is not None
    bare = scaled_jpeg(jpeg((300, 300)), 64)
    assert bare is not None
    assert (found.pixels == bare.pixels).all()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_cut_off_picture_is_refused_wherever_it_ends(
    progressive: bool, jpeg: Callable[..., bytes]
) -> None:
    data = jpeg((600, 520), quality=60, progressive=progressive)
    assert scaled_jpeg(data, 256) is not None
    for end in (*range(len(data) - 40, len(data)), *range(2, len(data), 497)):
        if scaled_jpeg(data[:end], 256) is not None:
            decode(data[:end])
    assert scaled_jpeg(data[:-40], 256) is None
    with pytest.raises(PictureError):
        decode(data[:-40])


def test_proportions_that_only_some_decoders_know_are_refused(jpeg: Callable[..., bytes]) -> None:
    data = bytearray(jpeg((512, 512), subsampling=2))
    at = data.index(b"\xff\xc0")
    data[at + 11], data[at + 14] = 0x31, 0x21
    assert scaled_jpeg(bytes(data), 64) is None


@pytest.mark.parametrize("name", ["MAX_PIXELS", "MAX_WORK"])
def test_more_than_is_decoded_is_refused(
    name: str, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = jpeg((300, 200), progressive=True)
    most = 300 * 200 * (1 if name == "MAX_PIXELS" else data.count(b"\xff\xda"))
    for module in (scaled, decoding):
        monkeypatch.setattr(module, name, most)
    assert scaled_jpeg(data, 64) is not None
    decode(data)
    for module in (scaled, decoding):
        monkeypatch.setattr(module, name, most - 1)
    assert scaled_jpeg(data, 64) is None
    with pytest.raises(PictureError):
        decode(data)
