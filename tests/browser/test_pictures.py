"""The fingerprints that a browser makes are those that the registry makes of the same file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from optout.registry.images import decode, phash, variants
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.pictures import (
    SORTS,
    Device,
    device,
    exif,
    file_of,
    heic,
    scene,
    stored,
)

EACH = 11
SIZES = {"phash256": 16, "phash64": 8}


@pytest.fixture(scope="module")
def pictures(chromium: Browser) -> Iterator[Device]:
    with device(chromium) as found:
        yield found


def bits_apart(hashed: dict[str, Any], data: bytes) -> list[int]:
    """How far each hash is from the registry's."""
    shapes = variants(decode(data, grey=True))
    return [
        (int(digits, 16) ^ int.from_bytes(phash(shapes[shape], size))).bit_count()
        for namespace, size in SIZES.items()
        for shape, digits in hashed[namespace].items()
    ]


@pytest.mark.long
def test_photographs_of_every_sort_have_the_registrys_hashes(pictures: Device) -> None:
    files = [file_of(sort, seed) for sort in SORTS for seed in range(EACH)]
    assert len(files) >= 200
    told = [each["hashed"] for each in pictures.hashed(files)]
    for hashed, data in zip(told, files, strict=True):
        assert hashed["sha256"] == hashlib.sha256(data).hexdigest()
        assert hashed["md5"] == hashlib.md5(data).hexdigest()
        assert {"original", "square"} <= hashed["phash256"].keys()
    apart = [bits_apart(*each) for each in zip(told, files, strict=True)]
    assert max(map(max, apart)) <= 4
    assert sum(not any(bits) for bits in apart) >= 0.95 * len(files)
    # Of twenty sorts, one could be apart as a whole and nothing be said of it.
    for start in range(0, len(files), EACH):
        assert not all(map(any, apart[start : start + EACH])), list(SORTS)[start // EACH]


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_camera_was_held(
    pictures: Device, form: str, turned: int
) -> None:
    data = stored(scene(3, (150, 420)), form, exif=exif(turned))
    (told,) = pictures.hashed([data])
    assert bits_apart(told["hashed"], data) == [0] * 6


@pytest.mark.parametrize("size", [(9000, 60), (50, 8800), (8300, 2100), (3, 2)])
def test_long_and_tiny_pictures_are_hashed_alike(pictures: Device, size: tuple[int, int]) -> None:
    data = stored(Image.effect_noise(size, 90), "PNG", compress_level=1)
    (told,) = pictures.hashed([data])
    assert set(bits_apart(told["hashed"], data)) == {0}
    narrow = max(size) > 4 * min(size)
    assert ("padded" in told["hashed"]["phash256"]) is not narrow


def test_what_the_browser_cannot_open_is_told_by_its_bytes_alone(pictures: Device) -> None:
    data = heic(scene(1, (300, 200)))
    (told,) = pictures.hashed([data])
    assert told["hashed"] == {
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data).hexdigest(),
    }


@pytest.mark.parametrize("cut", [3, 40, 4000])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_damaged_picture_stops_nothing(pictures: Device, form: str, cut: int) -> None:
    data = stored(scene(1, (300, 200)), form)
    whole, broken, after = pictures.hashed([data, data[:cut], data])
    assert after["hashed"] == whole["hashed"]
    assert "hashed" in broken or broken["problem"] == "not-a-picture"


def test_what_is_no_picture_is_refused(pictures: Device) -> None:
    told = pictures.hashed(
        [b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"]
    )
    assert [each["problem"] for each in told] == ["not-a-picture"] * 3


def test_more_pixels_than_are_read_are_refused_before_they_are_decoded(pictures: Device) -> None:
    files = [stored(scene(1, (300, 200)), form) for form in ("JPEG", "PNG", "WEBP", "GIF")]
    told = pictures.hashed(files, most_pixels=59_999)
    assert [each["problem"] for each in told] == ["too-many-pixels"] * 4


BYTES = """
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (bytes) => btoa(String.fromCharCode(...bytes));
"""


def as_text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def test_greys_are_resized_as_pillow_does_it(pictures: Device) -> None:
    random = np.random.default_rng(7)
    sizes = [tuple(map(int, random.integers(1, 300, 2))) for _ in range(100)]
    greys = [random.integers(0, 256, (high, wide), np.uint8) for wide, high in sizes]
    told = pictures.page.evaluate(
        f"""async (pictures) => {{ {BYTES}
          const {{ Shapes }} = await import("/static/pictures-shapes.js");
          return pictures.map(([width, height, stored]) => {{
            const shapes = new Shapes(width, height, [64, 32]);
            const greys = bytes(stored);
            for (let y = 0; y < height; y += 1) {{
              shapes.add(greys.subarray(y * width, (y + 1) * width));
            }}
            return shapes.finish().map(({{ name, side, greys }}) => [name, side, text(greys)]);
          }});
        }}""",
        [[*size, as_text(each.tobytes())] for size, each in zip(sizes, greys, strict=True)],
    )
    for each, found in zip(greys, told, strict=True):
        shapes = variants(Image.fromarray(each))
        for name, side, pixels in found:
            small = shapes[name].resize((side, side), Image.Resampling.LANCZOS)
            assert small.tobytes() == base64.b64decode(pixels), (each.shape, name, side)


def test_small_greys_have_the_hash_of_imagehash(pictures: Device) -> None:
    random = np.random.default_rng(8)
    greys = [random.integers(0, 256, (64, 64), np.uint8) for _ in range(200)]
    told = pictures.page.evaluate(
        f"""async (pictures) => {{ {BYTES}
          const {{ phash }} = await import("/static/pictures-phash.js");
          return pictures.map((greys) => phash(bytes(greys), 16));
        }}""",
        [as_text(each.tobytes()) for each in greys],
    )
    assert told == [phash(Image.fromarray(each), 16).hex() for each in greys]


def test_md5_is_that_of_any_bytes(pictures: Device) -> None:
    random = np.random.default_rng(9)
    # Around every length at which a block ends.
    blocks = [random.integers(0, 256, length % 200, np.uint8).tobytes() for length in range(2000)]
    told = pictures.page.evaluate(
        f"""async (blocks) => {{ {BYTES}
          const {{ md5 }} = await import("/static/pictures-md5.js");
          return blocks.map((block) => text(md5(bytes(block))));
        }}""",
        [as_text(block) for block in blocks],
    )
    assert told == [as_text(hashlib.md5(block).digest()) for block in blocks]
