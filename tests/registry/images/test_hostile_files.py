"""Files that nobody vouches for: a picture or a `PictureError`, never a warning, never a crash."""

from __future__ import annotations

import io
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optout.registry.errors import PictureError, UsageError
from optout.registry.images import MAX_PIXELS, corpus_hashes, decode
from PIL import Image, ImageFile

Save = Callable[..., bytes]

SMALL = Image.radial_gradient("L").resize((40, 30))
KINDS = {
    "PNG": {},
    "JPEG": {"quality": 80},
    "progressive JPEG": {"quality": 80, "progressive": True},
    "WEBP": {"quality": 80},
    "lossless WEBP": {"lossless": True},
    "GIF": {},
    "BMP": {},
}


def file(kind: str, picture: Image.Image = SMALL, **how: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind.split()[-1], **{**KINDS[kind], **how})
    return written.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Pillow's warnings would hide in the errors that `decode` turns faults into: count them."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    assert [str(warning.message) for warning in heard] == []


def outcome(data: bytes) -> bytes | None:
    """The pixels, or None for a refusal; anything else is a failure."""
    try:
        return decode(data).tobytes()
    except PictureError as error:
        told = error
    assert told.advice
    assert told.message[-1].isalnum()
    return None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><html></html>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        b"8BPS\0\1" + bytes(100),
        b"\0\0\0\x18ftypheic" + bytes(100),
        b"\0\0\1\0\1\0" + bytes(100),
        b"RIFF\0\0\0\0WAVEfmt ",
        b"P6 1 1 255 abc",
    ],
)
def test_other_formats_are_refused_by_their_first_bytes(data: bytes) -> None:
    with pytest.raises(PictureError, match="not a picture in a format"):
        decode(data)


def test_a_tiff_is_refused_whatever_it_is_called(folder: Path) -> None:
    with pytest.raises(PictureError, match="not a picture in a format"):
        decode((folder / "multipage.tif").read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_refused_unless_no_pixel_is_missing(kind: str) -> None:
    data = file(kind)
    whole = decode(data).tobytes()
    for end in range(len(data)):
        # What follows the last pixel, a checksum and an end mark, may be missing.
        assert outcome(data[:end]) in ([None] if end < 0.9 * len(data) else [None, whole])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_a_beginning_is_refused(kind: str) -> None:
    with pytest.raises(PictureError):
        decode(file(kind)[:12])


@given(st.data())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_changed_bytes_make_a_picture_or_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(file(data.draw(st.sampled_from(sorted(KINDS)))))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(changed) - 1, 700)))
        changed[place] = data.draw(st.integers(0, 255))
    outcome(bytes(changed))


@given(
    st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x40\0\0\0WEBP", b"BM"]
    ),
    st.binary(max_size=300),
)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_noise_behind_a_true_beginning_makes_a_picture_or_a_refusal(
    start: bytes, noise: bytes
) -> None:
    outcome(start + noise)


def bombs() -> dict[str, bytes]:
    """A few bytes that promise more pixels than are read, whole as far as a header goes."""
    side = 65_000
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    jpeg = bytearray(file("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    gif = bytearray(file("GIF"))
    gif[6:10] = struct.pack("<HH", side, side)
    wide_frame = bytearray(file("GIF"))
    place = wide_frame.index(b",\0\0\0\0", 13)
    wide_frame[place + 5 : place + 9] = struct.pack("<HH", side, side)
    bmp = bytearray(file("BMP"))
    bmp[18:26] = struct.pack("<ii", side, side)
    lossless = bytearray(file("lossless WEBP"))
    lossless[21:25] = struct.pack("<I", 0x3FFF | 0x3FFF << 14)
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0" * 2
    lossy = bytearray(file("WEBP"))
    lossy[26:30] = struct.pack("<HH", 0x3FFF, 0x3FFF)
    return {
        "PNG": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x"),
        "JPEG": bytes(jpeg),
        "GIF": bytes(gif),
        "GIF by its frame": bytes(wide_frame),
        "BMP": bytes(bmp),
        "lossless WebP": bytes(lossless),
        "lossy WebP": bytes(lossy),
        "extended WebP": b"RIFF" + struct.pack("<I", 22) + b"WEBP" + extended,
    }


@pytest.mark.parametrize("name", bombs())
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(name: str) -> None:
    start = time.process_time()
    with pytest.raises(PictureError, match=r"16383|16384|65000") as refusal:
        decode(bombs()[name])
    assert "pixel" in refusal.value.message
    assert time.process_time() - start < 0.5


def test_a_picture_is_read_up_to_the_ceiling_and_not_above(saved: Save) -> None:
    width = 16_000
    allowed = saved(Image.new("1", (width, MAX_PIXELS // width)), optimize=True)
    assert decode(allowed).size == (width, MAX_PIXELS // width)
    with pytest.raises(PictureError, match="16000 x 8001 pixels"):
        decode(saved(Image.new("1", (width, MAX_PIXELS // width + 1))))


def test_the_ceiling_does_not_depend_on_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {kind: decode(file(kind)).tobytes() for kind in KINDS}
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for kind in KINDS.keys() - {"WEBP", "lossless WEBP"}:
        assert decode(file(kind)).tobytes() == expected[kind]
    # Pillow's WebP decoder looks at the limit itself.
    with pytest.raises(PictureError, match="more pixels than Pillow is set to read"):
        decode(file("WEBP"))


def test_a_process_that_loads_cut_off_pictures_gets_no_hashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UsageError, match="cut-off") as refusal:
        corpus_hashes(file("JPEG"), ["phash256"])
    assert not isinstance(refusal.value, PictureError)
    assert "LOAD_TRUNCATED_IMAGES" in refusal.value.advice


def test_thousands_of_passes_over_a_picture_are_refused(saved: Save) -> None:
    data = saved(Image.new("L", (8000, 8000), 128), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    start = time.process_time()
    with pytest.raises(PictureError, match="passes"):
        decode(data[:-2] + last * 5000 + data[-2:])
    assert time.process_time() - start < 0.5


def test_passes_behind_the_end_of_a_picture_are_none_over_it(saved: Save) -> None:
    data = saved(Image.new("L", (8000, 8000), 128), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data + last * 5000).size == (8000, 8000)


def test_many_passes_over_a_small_picture_are_nothing() -> None:
    data = file("progressive JPEG")
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data[:-2] + last * 50 + data[-2:]).size == SMALL.size


BROKEN_EXIF = [
    b"",
    b"II",
    b"II*\0",
    b"XX*\0\x08\0\0\0",
    b"II*\0\xff\xff\xff\xff",
    b"II*\0\x08\0\0\0\xff\xff" + b"\x12\1" * 6,
    # A tag whose value lies beyond the end, and one of an unknown type.
    b"II*\0\x08\0\0\0\2\0" + struct.pack("<HHII", 0x0110, 2, 99, 9999) + b"\x1a\1\x63\0" + bytes(8),
    b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, 77, 0),
]


@pytest.mark.parametrize("exif", BROKEN_EXIF)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_does_not_matter(kind: str, exif: bytes) -> None:
    assert decode(file(kind, exif=b"Exif\0\0" + exif)).tobytes() == decode(file(kind)).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_broken_colour_profile_does_not_matter(kind: str) -> None:
    profiled = file(kind, icc_profile=b"no profile" * 50)
    assert decode(profiled).tobytes() == decode(file(kind)).tobytes()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    "between",
    [
        segment(0xE2, b"MPF\0II*\0\xff\xff\0\0nonsense"),
        segment(0xE2, b"ICC_PROFILE\0\x07\x02cut"),
        segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\xff\xff"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmp"),
        segment(0xFE, b"a comment"),
        b"\xff\xff\xff" + segment(0xFE, b"padded"),
        b"junk" + segment(0xFE, b""),
        b"\xff\x00",
    ],
)
def test_what_stands_beside_the_pixels_of_a_jpeg_does_not_matter(between: bytes) -> None:
    data = file("JPEG")
    after_jfif = data.index(b"\xff\xdb")
    disturbed = data[:after_jfif] + between + data[after_jfif:]
    assert decode(disturbed).tobytes() == decode(data).tobytes()


@pytest.mark.parametrize("behind", [b"x", bytes(5000), b"\xff\xd8\xff", b"\xff\xda" * 9999])
@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG", "GIF", "BMP"])
def test_what_stands_behind_the_picture_does_not_matter(kind: str, behind: bytes) -> None:
    assert decode(file(kind) + behind).tobytes() == decode(file(kind)).tobytes()


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)),
        chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(8_000_000), 9)),
        chunk(b"iCCP", b"cut"),
        chunk(b"acTL", b"\0\0"),
        chunk(b"acTL", b"\0\0\0\0\0\0\0\0"),
        chunk(b"pHYs", b""),
        chunk(b"gAMA", b""),
        chunk(b"eXIf", b"no exif"),
        chunk(b"tEXt", b"wrong sum")[:-4] + b"abcd",
        chunk(b"quuX", b"unknown"),
    ],
)
def test_what_stands_beside_the_pixels_of_a_png_does_not_matter(extra: bytes) -> None:
    data = file("PNG")
    assert decode(data[:33] + extra + data[33:]).tobytes() == decode(data).tobytes()
    assert decode(data[:-12] + extra + data[-12:]).tobytes() == decode(data).tobytes()


def test_pixels_of_a_png_that_something_interrupts_are_refused() -> None:
    data = file("PNG")
    (length,) = struct.unpack_from(">I", data, 33)
    pixels = data[41 : 41 + length]
    halves = chunk(b"IDAT", pixels[:50]), chunk(b"IDAT", pixels[50:])
    assert outcome(data[:33] + b"".join(halves) + data[-12:]) == decode(data).tobytes()
    assert outcome(data[:33] + chunk(b"tEXt", b"").join(halves) + data[-12:]) is None


def test_a_png_without_its_end_is_still_whole() -> None:
    assert decode(file("PNG")[:-12]).tobytes() == decode(file("PNG")).tobytes()


def test_many_threads_at_once_see_what_one_sees() -> None:
    good = [file(kind, SMALL.rotate(turn)) for kind in KINDS for turn in range(0, 360, 30)]
    files = [data for one in good for data in (one, one[: len(one) // 2], b"\xff\xd8\xff" + one)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(outcome, files)) == [outcome(data) for data in files]


def test_nothing_of_the_process_is_changed() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for kind in KINDS:
        decode(file(kind))
        outcome(file(kind)[:50])
    assert before == (
        Image.MAX_IMAGE_PIXELS,
        ImageFile.LOAD_TRUNCATED_IMAGES,
        list(warnings.filters),
    )
