"""The orientation tag of EXIF: read as Pillow reads it, and 1 for whatever is broken."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.images.orientation import orientation, upright
from PIL import ExifTags, Image

texts = st.text("abc", max_size=20)


@given(value=st.integers(1, 8), maker=texts, note=texts, width=st.integers(0, 2**16))
def test_it_is_found_among_other_tags(value: int, maker: str, note: str, width: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = maker
    exif[ExifTags.Base.ImageDescription] = note
    exif[ExifTags.Base.ImageWidth] = width
    exif[ExifTags.Base.Orientation] = value
    assert orientation(exif.tobytes().removeprefix(b"Exif\0\0")) == value


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["H", "I"])
@pytest.mark.parametrize(("start", "order"), [(b"II*\0", "<"), (b"MM\0*", ">")])
def test_both_byte_orders_and_both_sizes(start: bytes, order: str, kind: str, value: int) -> None:
    tag = struct.pack(f"{order}HHI", 0x0112, 3 if kind == "H" else 4, 1)
    block = struct.pack(f"{order}IH", 8, 1) + tag + struct.pack(order + kind, value) + bytes(2)
    assert orientation(start + block) == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_value_that_means_nothing_is_as_stored(value: int) -> None:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, value, 0)
    assert orientation(b"II*\0" + struct.pack("<IH", 8, 1) + entry) == 1


@given(st.one_of(st.binary(), st.binary().map(lambda rest: b"II*\0\x08\0\0\0" + rest)))
def test_noise_is_as_stored_or_a_turn(noise: bytes) -> None:
    assert orientation(noise) in range(1, 9)


def test_a_block_that_ends_early_is_as_stored() -> None:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    whole = b"II*\0" + struct.pack("<IH", 8, 1) + entry
    assert orientation(whole) == 6
    assert {orientation(whole[:end]) for end in range(len(whole) - 2)} == {1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, [[1, 2], [3, 4]]),
        (2, [[2, 1], [4, 3]]),
        (3, [[4, 3], [2, 1]]),
        (4, [[3, 4], [1, 2]]),
        (5, [[1, 3], [2, 4]]),
        (6, [[3, 1], [4, 2]]),
        (7, [[4, 2], [3, 1]]),
        (8, [[2, 4], [1, 3]]),
    ],
)
def test_every_turn(value: int, expected: list[list[int]]) -> None:
    picture = Image.fromarray(np.array([[1, 2], [3, 4]], np.uint8))
    assert np.asarray(upright(picture, value)).tolist() == expected
