"""What picture files become: the same pixels as anywhere, upright, on white, the first frame."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optout.registry.images import decode
from PIL import Image, ImageOps

Save = Callable[..., bytes]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, colour: int, row: bytes, *more: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * height)
    chunks = (chunk(b"IHDR", head), *more, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def values(picture: Image.Image) -> list[int]:
    return np.asarray(picture).ravel().tolist()


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(decode(data))


def test_a_photograph_has_the_pixels_that_pillow_gives(photograph: bytes) -> None:
    with Image.open(io.BytesIO(photograph)) as picture:
        expected = picture.convert("L" if picture.mode == "L" else "RGB")
    decoded = decode(photograph)
    assert decoded.mode == expected.mode
    assert decoded.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 60}),
        ("JPEG", {"quality": 60}),
        ("JPEG", {"quality": 60, "progressive": True, "subsampling": 0}),
        ("GIF", {}),
    ],
)
def test_every_format_has_the_pixels_that_pillow_gives(
    cat: Image.Image, saved: Save, kind: str, how: dict[str, object]
) -> None:
    data = saved(cat, kind, **how)
    with Image.open(io.BytesIO(data)) as picture:
        assert decode(data).tobytes() == picture.convert("RGB").tobytes()


def test_greys_are_those_of_the_colours(photograph: bytes) -> None:
    assert decode(photograph, grey=True).tobytes() == decode(photograph).convert("L").tobytes()


def test_cmyk_becomes_rgb(cat: Image.Image, saved: Save) -> None:
    data = saved(cat.convert("CMYK"), "JPEG", quality=95)
    difference = np.abs(pixels_of(data).astype(int) - np.asarray(cat))
    assert decode(data).mode == "RGB"
    assert difference.mean() < 4


def test_ycck_of_adobe_becomes_rgb(cat: Image.Image, saved: Save) -> None:
    data = saved(cat.convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data[:200]
    with Image.open(io.BytesIO(data)) as picture:
        assert decode(data).tobytes() == picture.convert("RGB").tobytes()


def test_greys_stay_greys(cat: Image.Image, saved: Save) -> None:
    assert decode(saved(cat.convert("L"))).mode == "L"
    assert decode(saved(cat.convert("L"), "JPEG")).mode == "L"


def test_black_and_white_become_greys() -> None:
    picture = decode(png(8, 1, 1, 0, b"\xf0"))
    assert (picture.mode, values(picture)) == ("L", [255] * 4 + [0] * 4)


def test_sixteen_bits_keep_the_high_byte() -> None:
    picture = decode(png(3, 1, 16, 0, b"\x00\xff\x12\x34\xff\x00"))
    assert (picture.mode, values(picture)) == ("L", [0, 0x12, 0xFF])


def test_sixteen_bit_colours_keep_the_high_byte() -> None:
    assert pixels_of(png(1, 1, 16, 2, b"\x01\xff\x02\xff\x03\xff")).tolist() == [[[1, 2, 3]]]


def test_half_transparent_colours_lie_on_white() -> None:
    picture = png(3, 1, 8, 6, bytes([10, 20, 30, 255, 0, 0, 0, 0, 0, 0, 0, 128]))
    assert pixels_of(picture).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]]


def test_half_transparent_greys_lie_on_white() -> None:
    picture = png(3, 1, 8, 4, bytes([10, 255, 0, 0, 0, 128]))
    assert pixels_of(picture).tolist() == [[[10] * 3, [255] * 3, [127] * 3]]
    assert np.asarray(decode(picture, grey=True)).tolist() == [[10, 255, 127]]


def test_transparent_entries_of_a_palette_lie_on_white() -> None:
    palette = chunk(b"PLTE", bytes([1, 2, 3, 4, 5, 6])), chunk(b"tRNS", b"\x00")
    assert pixels_of(png(2, 1, 8, 3, b"\0\1", *palette)).tolist() == [[[255] * 3, [4, 5, 6]]]


@pytest.mark.parametrize(
    ("colour", "depth", "row", "transparent"),
    [
        (0, 1, b"\x80", b"\0\1"),
        (0, 8, b"\x07\x00", b"\0\7"),
        (0, 16, b"\x07\x01\x00\x00", b"\7\1"),
        (2, 8, b"\x07\x08\x09\x00\x00\x00", b"\0\7\0\x08\0\x09"),
    ],
)
def test_the_one_transparent_colour_is_white(
    colour: int, depth: int, row: bytes, transparent: bytes
) -> None:
    picture = png(2, 1, depth, colour, row, chunk(b"tRNS", transparent))
    assert np.asarray(decode(picture).convert("L")).tolist() == [[255, 0]]


def test_sixteen_bit_greys_are_transparent_by_both_bytes() -> None:
    picture = png(2, 1, 16, 0, b"\x07\x01\x07\x02", chunk(b"tRNS", b"\7\1"))
    assert values(decode(picture)) == [255, 7]


def frames(cat: Image.Image) -> list[Image.Image]:
    return [ImageOps.invert(cat), ImageOps.mirror(cat)]


@pytest.mark.parametrize(("kind", "how"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})])
def test_the_first_frame_counts(
    cat: Image.Image, saved: Save, kind: str, how: dict[str, object]
) -> None:
    moving = saved(cat, kind, save_all=True, append_images=frames(cat), duration=100, **how)
    assert pixels_of(moving).tobytes() == pixels_of(saved(cat, kind, **how)).tobytes()


def test_what_a_gif_does_after_its_first_frame_does_not_matter(
    cat: Image.Image, saved: Save
) -> None:
    grey = cat.convert("L")
    for disposal in range(4):
        moving = saved(grey, "GIF", save_all=True, append_images=[grey, grey], disposal=disposal)
        assert pixels_of(moving).tobytes() == pixels_of(saved(grey, "GIF")).tobytes()


def test_a_gif_frame_larger_than_its_screen_is_seen_whole(cat: Image.Image, saved: Save) -> None:
    data = bytearray(saved(cat, "GIF"))
    data[6:10] = struct.pack("<HH", 5, 5)
    assert decode(bytes(data)).size == cat.size


def test_a_gif_frame_smaller_than_its_screen_is_seen_where_it_lies(
    cat: Image.Image, saved: Save
) -> None:
    small = cat.quantize(16).resize((40, 30))
    data = bytearray(saved(small, "GIF", transparency=0))
    data[6:10] = struct.pack("<HH", 100, 90)
    with Image.open(io.BytesIO(data)) as picture:
        white = Image.new("RGBA", picture.size, "white")
        expected = Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    assert decode(bytes(data)).tobytes() == expected.tobytes()


def test_interlaced_gif_and_the_file_of_somebody_else(folder: Path) -> None:
    data = (folder / "no_time_for_that_tiny.gif").read_bytes()
    with Image.open(io.BytesIO(data)) as picture:
        assert decode(data).tobytes() == picture.convert("RGB").tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright(
    cat: Image.Image, saved: Save, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(cat, kind, exif=exif)
    with Image.open(io.BytesIO(data)) as picture:
        expected = ImageOps.exif_transpose(picture).convert("RGB")
    decoded = decode(data)
    assert decoded.size == expected.size
    assert decoded.tobytes() == expected.tobytes()


def test_exif_behind_the_pixels_of_a_png_counts() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = png(2, 1, 8, 0, b"\x01\x02")
    late = data[:-12] + chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + data[-12:]
    assert (decode(data).size, decode(late).size) == ((2, 1), (1, 2))
