"""Hashes of several shapes that a client made: what of them is taken."""

from __future__ import annotations

import numpy as np
import pytest
from optout.registry.errors import IdentifierError, PictureError
from optout.registry.identifiers import Identifier
from optout.registry.images import CLIENT_RADIUS, phash, variants
from optout.registry.images.client_hashes import is_of_same
from PIL import Image

Digits = dict[str, str]


def drawn(seed: int, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A picture with texture at many scales, unlike any other seed's."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / 60
    levels = np.zeros(size[::-1])
    for octave in range(1, 16):
        angle, phase = random.uniform(0, 2 * np.pi, 2)
        levels += np.sin(octave * (x * np.cos(angle) + y * np.sin(angle)) + phase) / octave**0.5
    scaled = (levels - levels.min()) / np.ptp(levels) * 255
    return Image.fromarray(scaled.astype(np.uint8))


def hashes(picture: Image.Image, size: int) -> Digits:
    return {shape: phash(grey, size).hex() for shape, grey in variants(picture).items()}


def test_every_shape_of_a_picture_is_taken_within_a_clients_radius() -> None:
    picture = drawn(1)
    made = Identifier.image_client(hashes(picture, 16), hashes(picture, 8))
    assert made.radius == CLIENT_RADIUS
    for namespace, size in {"phash256": 16, "phash64": 8}.items():
        taken = {shape: packed.hex() for shape, packed in made.hashes[namespace].items()}
        assert taken == hashes(picture, size)
    assert Identifier.from_matter(made.matter()) == made


def test_the_original_alone_is_what_it_was() -> None:
    digits = hashes(drawn(1), 16)["original"]
    assert Identifier.image_client({"original": digits}) == Identifier.image_phash256(digits)


def test_the_order_of_shapes_means_nothing() -> None:
    long = hashes(drawn(1), 16)
    backwards = dict(reversed(long.items()))
    first, second = Identifier.image_client(long), Identifier.image_client(backwards)
    assert list(first.hashes["phash256"]) == list(second.hashes["phash256"])


def test_a_plain_shape_is_left_out_with_its_short_hash() -> None:
    picture, plain = drawn(1), Image.new("L", (200, 200), "white")
    plain.paste(0, (80, 80, 120, 120))
    long = hashes(picture, 16) | {"square": phash(plain, 16).hex()}
    made = Identifier.image_client(long, hashes(picture, 8))
    assert list(made.hashes["phash256"]) == list(made.hashes["phash64"]) == ["original", "padded"]


def test_a_plain_picture_is_refused() -> None:
    plain = Image.linear_gradient("L")
    with pytest.raises(PictureError):
        Identifier.image_client(hashes(plain, 16))


def test_a_short_hash_of_another_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="not of the same picture"):
        Identifier.image_client(hashes(drawn(1), 16), hashes(drawn(2), 8))


def test_short_hashes_are_told_from_those_of_other_pictures() -> None:
    pictures = [drawn(seed, size) for seed in range(8) for size in ((300, 200), (97, 160))]
    long = [phash(each, 16) for each in pictures]
    short = [phash(each, 8) for each in pictures]
    assert all(map(is_of_same, short, long))
    others = [
        is_of_same(one, other)
        for i, one in enumerate(short)
        for j, other in enumerate(long)
        if i != j
    ]
    assert not any(others)


@pytest.mark.parametrize(
    ("long", "short", "told"),
    [
        ({}, {}, "no hash of the picture as it is"),
        ({"square": "0" * 64}, {}, "no hash of the picture as it is"),
        ({"original": "0" * 63}, {}, "is not a phash256"),
        ({"original": "0" * 64, "": "0" * 64}, {}, "is no shape of a picture"),
        ({"original": "0" * 64}, {"original": "0" * 64}, "is not a phash64"),
        ({"original": "0" * 64}, {"original-jpeg": "0" * 16}, "is no shape of a picture"),
    ],
)
def test_what_is_no_hash_or_shape_is_refused(long: Digits, short: Digits, told: str) -> None:
    with pytest.raises(IdentifierError, match=told):
        Identifier.image_client(long, short)
