"""What may be matched by likeness: pictures that can be told apart, and hashes of such."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import PictureError
from optout.registry.images import (
    CLIENT_RADIUS,
    DEFAULT_RADIUS,
    MAX_DRAWN_FRACTION,
    MAX_FLAT_FRACTION,
    MAX_UNDECIDED_FRACTION,
    check_client_hash,
    check_distinct,
    decode,
    drawn_fraction,
    flat_fraction,
    phash,
    picture_hashes,
    undecided_fraction,
)
from optout.registry.images.flat_pictures import flat_hashes, plain_pictures
from optout.registry.images.gates import tells_alone
from optout.registry.images.plainness import MAX_GROUND_FRACTION, ground_fraction, is_plain
from optout.registry.images.regularity import MAX_REGULARITY, regularity
from PIL import Image, ImageDraw, ImageFont

Save = Callable[..., bytes]
Draw = Callable[[ImageDraw.ImageDraw], None]


def drawing(draw: Draw, ground: str = "white") -> Image.Image:
    picture = Image.new("RGB", (800, 600), ground)
    draw(ImageDraw.Draw(picture))
    return picture


def words(*lines: str, size: int) -> Image.Image:
    def write(draw: ImageDraw.ImageDraw) -> None:
        font = ImageFont.load_default(size)
        for number, line in enumerate(lines):
            place = (400, 300 + (number - (len(lines) - 1) / 2) * size * 1.3)
            draw.text(place, line, fill="black", anchor="mm", font=font)

    return drawing(write)


def gradient(angle: float) -> Image.Image:
    y, x = np.mgrid[0:600, 0:800]
    slope = x * math.cos(angle) + y * math.sin(angle)
    share = (slope - slope.min()) / (slope.max() - slope.min())
    colours = np.array([30, 60, 200]) + share[..., None] * np.array([200, 150, -180])
    return Image.fromarray(colours.round().astype(np.uint8))


FLAT = {
    "one colour": Image.new("RGB", (800, 600), "teal"),
    "black": Image.new("L", (10, 10), 0),
    "one pixel": Image.new("RGB", (1, 1), "red"),
    "disc": drawing(lambda draw: draw.ellipse((150, 100, 600, 500), fill="red")),
    "bar": drawing(lambda draw: draw.rectangle((100, 90, 300, 550), fill="navy")),
    "triangle": drawing(lambda draw: draw.polygon([(400, 60), (90, 500), (700, 520)], "green")),
    "ring": drawing(lambda draw: draw.ellipse((200, 100, 600, 500), outline="black", width=40)),
    "flag": drawing(lambda draw: draw.rectangle((0, 300, 800, 600), fill="white"), "red"),
    "shapes": drawing(
        lambda draw: (
            draw.rectangle((60, 60, 300, 250), fill="orange"),  # type: ignore[func-returns-value]
            draw.ellipse((400, 250, 700, 550), fill="purple"),  # type: ignore[func-returns-value]
        )
    ),
    "logo": words("ACME", size=150),
    "two words": words("Sunflower", "Bakery", size=90),
    "quotation": words("Keep calm", "and say", "no", size=80),
    "paragraph": words(*["the quick brown fox jumps over the lazy dog"] * 6, size=24),
    "gradient": gradient(0),
    "steep gradient": gradient(math.pi / 2),
    "oblique gradient": gradient(0.6),
    "chessboard": Image.fromarray(np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((64, 64))) > 0),
    "stripes": Image.fromarray(np.tile(np.arange(800) // 50 % 2, (600, 1)) > 0),
}


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_everybody_draws_is_refused(saved: Save, name: str, kind: str) -> None:
    picture = FLAT[name].convert("L" if FLAT[name].mode == "1" else FLAT[name].mode)
    with pytest.raises(PictureError, match="too plain") as refusal:
        check_distinct(picture_hashes(saved(picture, kind)))
    assert "exact bytes" in refusal.value.advice


def test_a_cut_out_on_white_is_refused(cat: Image.Image, saved: Save) -> None:
    sheet = Image.new("RGB", (800, 800), "white")
    sheet.paste(cat.resize((250, 200)), (275, 300))
    with pytest.raises(PictureError, match="too plain"):
        check_distinct(picture_hashes(saved(sheet)))


def under_noise(picture: Image.Image, levels: float, grain: int) -> Image.Image:
    """A picture at nine tenths of its contrast, with spots of so many pixels on it."""
    width, height = picture.size
    chance = np.random.default_rng(1)
    spots = chance.normal(0, levels, (height // grain, width // grain)).astype(np.float32)
    noise = Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)
    greys = np.asarray(picture.convert("L")) * 0.9 + 12 + np.asarray(noise)
    return Image.fromarray(greys.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", ["triangle", "shapes"])
@pytest.mark.parametrize(("levels", "grain"), [(3, 6), (6, 6), (3, 16)])
def test_a_drawing_under_noise_is_refused(
    saved: Save, name: str, levels: float, grain: int
) -> None:
    noisy = under_noise(FLAT[name], levels, grain)
    assert flat_fraction(noisy) < MAX_FLAT_FRACTION
    assert undecided_fraction(noisy) < MAX_UNDECIDED_FRACTION
    with pytest.raises(PictureError, match="too plain"):
        check_distinct(picture_hashes(saved(noisy)))


@pytest.mark.parametrize("name", ["bar", "disc", "flag", "ring", "shapes", "triangle"])
@pytest.mark.parametrize(("levels", "grain"), [(3, 6), (6, 6), (3, 16)])
def test_what_passes_under_noise_does_not_cover_the_drawing(
    name: str, levels: float, grain: int
) -> None:
    noisy = under_noise(FLAT[name], levels, grain)
    if drawn_fraction(noisy) < MAX_DRAWN_FRACTION:
        clean, found = (int.from_bytes(phash(each, 16)) for each in (FLAT[name], noisy))
        assert (clean ^ found).bit_count() > DEFAULT_RADIUS


def test_a_square_that_is_a_drawing_under_noise_is_not_kept(cat: Image.Image, saved: Save) -> None:
    wide = cat.resize((1200, 600))
    wide.paste(under_noise(FLAT["triangle"].resize((600, 600)), 3, 6).convert("RGB"), (300, 0))
    hashed = picture_hashes(saved(wide))
    check_distinct(hashed)
    assert all("square" not in held for held in hashed.hashes.values())


def test_noise_that_hides_the_drawing_hides_it_from_the_gate() -> None:
    noisy = under_noise(FLAT["disc"], 60, 40)
    assert drawn_fraction(noisy) < MAX_DRAWN_FRACTION


def test_a_photograph_passes(photograph: bytes) -> None:
    check_distinct(picture_hashes(photograph))


def test_a_photograph_passes_with_room_to_spare(photograph: bytes) -> None:
    hashed = picture_hashes(photograph)
    assert hashed.flat_fraction < 0.75 * MAX_FLAT_FRACTION
    assert hashed.undecided_fraction < 0.25 * MAX_UNDECIDED_FRACTION


def test_a_bad_copy_of_a_photograph_passes(photograph: bytes, saved: Save) -> None:
    small = decode(photograph).resize((160, 120))
    check_distinct(picture_hashes(saved(small, "JPEG", quality=30)))


def test_the_measures_are_shares() -> None:
    for picture in FLAT.values():
        assert 0 <= flat_fraction(picture) <= 1
        assert 0 <= undecided_fraction(picture) <= 1
        assert 0 <= drawn_fraction(picture) <= 1
    assert drawn_fraction(FLAT["one colour"]) == 1
    assert flat_fraction(FLAT["one colour"]) == 1
    assert undecided_fraction(FLAT["one colour"]) > 0.99
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    assert flat_fraction(Image.fromarray(noise)) < 0.01
    assert undecided_fraction(Image.fromarray(noise)) < 0.1


def test_a_step_of_one_grey_level_is_flat_and_of_two_is_not() -> None:
    ramp = np.arange(64, dtype=np.uint8) + np.zeros((64, 1), np.uint8)
    assert flat_fraction(Image.fromarray(ramp)) == 1
    assert flat_fraction(Image.fromarray(ramp * 2)) == 0
    assert flat_fraction(Image.fromarray((ramp * 2).T)) == 0


def test_a_clients_hash_of_a_photograph_is_taken(photograph: bytes) -> None:
    check_client_hash(phash(decode(photograph), 16))


@given(st.binary(min_size=32, max_size=32))
def test_a_clients_hash_has_half_of_its_bits_set(value: bytes) -> None:
    if int.from_bytes(value).bit_count() != 128:
        with pytest.raises(PictureError, match="no picture has this hash"):
            check_client_hash(value)


@pytest.mark.parametrize("size", [0, 8, 31, 33])
def test_a_clients_hash_has_32_bytes(size: int) -> None:
    with pytest.raises(PictureError, match="no picture has this hash"):
        check_client_hash(b"\xf0" * size)


def test_a_clients_hash_has_the_bit_of_the_brightness(cat: Image.Image) -> None:
    inverted = bytes(byte ^ 0xFF for byte in phash(cat, 16))
    assert int.from_bytes(inverted).bit_count() == 128
    with pytest.raises(PictureError, match="no picture has this hash"):
        check_client_hash(inverted)


@cache
def letters() -> list[bytes]:
    """Hashes of plain pictures that come with optout and that a client could send."""
    hashes = [phash(picture, 16) for name, picture in plain_pictures() if name == "letter"]
    return [value for value in hashes if int.from_bytes(value).bit_count() == 128]


def moved(value: bytes, bits: int) -> bytes:
    """A hash that many bits away, an even number, with half of its bits set as before."""
    unpacked = np.unpackbits(np.frombuffer(value, np.uint8))
    set_bits, clear_bits = np.flatnonzero(unpacked)[1:], np.flatnonzero(unpacked == 0)
    unpacked[set_bits[: bits // 2]] = 0
    unpacked[clear_bits[: bits // 2]] = 1
    return np.packbits(unpacked).tobytes()


@pytest.mark.parametrize("bits", [0, CLIENT_RADIUS, DEFAULT_RADIUS, DEFAULT_RADIUS + CLIENT_RADIUS])
def test_a_clients_hash_near_a_plain_picture_is_refused(bits: int) -> None:
    for letter in letters()[::100]:
        with pytest.raises(PictureError, match="plain picture"):
            check_client_hash(moved(letter, bits))


def test_what_a_clients_hash_can_drop_is_no_plain_picture(photograph: bytes) -> None:
    accepted = np.frombuffer(phash(decode(photograph), 16), np.uint8)
    check_client_hash(accepted.tobytes())
    distances = np.bitwise_count(flat_hashes() ^ accepted).sum(axis=1)
    assert distances.min() - CLIENT_RADIUS > DEFAULT_RADIUS


def test_other_drawings_of_the_same_sorts_are_mostly_refused() -> None:
    """Not all of them: the set is a net, and the radius of such a hash is small besides."""
    refused: dict[str, list[bool]] = defaultdict(list)
    for name, picture in plain_pictures(seed=2, share=0.1):
        try:
            check_client_hash(phash(picture, 16))
            refused[name].append(False)
        except PictureError:
            refused[name].append(True)
    shares = {name: np.mean(outcomes) for name, outcomes in refused.items()}
    assert len(shares) == 19
    assert min(shares["letter"], shares["badge"], shares["word"]) > 0.5
    # What is drawn with many parts differs from all others of its sort.
    various = {"bars", "curves", "page", "pie", "sign_above"}
    assert np.mean([share for name, share in shares.items() if name not in various]) > 0.45


def naive_regularity(value: bytes) -> float:
    signs = [1 if byte >> bit & 1 else -1 for byte in value for bit in range(7, -1, -1)]
    rows = [signs[16 * row : 16 * row + 16] for row in range(16)]
    most = 0.0
    for down in range(5):
        for right in range(-4, 5):
            if (down, right) == (0, 0):
                continue
            products = [
                rows[u][v] * rows[u + down][v + right]
                for u in range(16 - down)
                for v in range(16)
                if 0 <= v + right < 16
            ]
            most = max(most, abs(sum(products)) / len(products))
    return most


@given(st.binary(min_size=32, max_size=32))
def test_regularity_is_how_far_bits_agree_with_those_beside_them(value: bytes) -> None:
    assert regularity(value) == pytest.approx(naive_regularity(value), abs=1e-12)


def test_words_are_regular_and_photographs_are_not(photograph: bytes) -> None:
    assert regularity(bytes(32)) == 1
    assert regularity(phash(words("Sunflower", size=90), 16)) >= MAX_REGULARITY
    assert regularity(phash(decode(photograph), 16)) < MAX_REGULARITY


def test_a_clients_hash_that_is_regular_is_refused() -> None:
    with pytest.raises(PictureError, match="as regular as those of logos") as refusal:
        check_client_hash(phash(words("Sunflower", size=90), 16))
    assert "exact bytes" in refusal.value.advice


def test_plain_pictures_are_drawn_alike_every_time() -> None:
    once, again = (list(plain_pictures(share=0.02)) for _ in range(2))
    assert [(name, picture.tobytes()) for name, picture in once] == [
        (name, picture.tobytes()) for name, picture in again
    ]


def test_the_net_is_made_once_and_quickly_looked_up(cat: Image.Image) -> None:
    value = phash(cat, 16)
    check_client_hash(value)
    start = time.process_time()
    for _ in range(10):
        check_client_hash(value)
    assert time.process_time() - start < 0.5


def test_what_is_drawn_lies_on_a_ground() -> None:
    for name, picture in plain_pictures(seed=5, share=0.05):
        measures = flat_fraction(picture), undecided_fraction(picture), drawn_fraction(picture)
        if name != "gradient" and is_plain(*measures):
            assert ground_fraction(picture) >= MAX_GROUND_FRACTION


def test_a_sky_is_flat_and_has_no_ground() -> None:
    sky = Image.linear_gradient("L").point(lambda level: 160 + level // 4)
    assert flat_fraction(sky) >= MAX_FLAT_FRACTION
    assert ground_fraction(sky) == pytest.approx(3 / 64, abs=0.03)
    sky.paste(160, (0, 0, 256, 128))
    assert ground_fraction(sky) == pytest.approx(0.5, abs=0.05)


def test_a_hash_tells_alone_what_is_neither_drawn_nor_regular(photograph: bytes) -> None:
    assert tells_alone(phash(decode(photograph), 16))


def test_a_regular_hash_and_one_near_a_drawing_tell_nothing_alone() -> None:
    word = phash(words("Sunflower", size=90), 16)
    assert regularity(word) >= MAX_REGULARITY
    assert not tells_alone(word)
    assert not tells_alone(flat_hashes()[0].tobytes())
