"""Which PDQ of others may be registered: those of pictures that are unlike what everybody draws."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from optout.registry.errors import PictureError
from optout.registry.images import RADIUS, check_client_pdq, pdq
from optout.registry.images.flat_pictures import plain_pictures
from optout.registry.images.pdq_gate import flat_pdqs

BRIDGE = bytes.fromhex("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")
"""The hash that python-threatexchange shows first."""


def turned(packed: bytes, count: int) -> bytes:
    """As many set as unset bits are turned: half of all stay set."""
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    places = [np.flatnonzero(bits == bit)[: count // 2] for bit in (0, 1)]
    bits[np.concatenate(places)] ^= 1
    return np.packbits(bits).tobytes()


def test_the_hash_of_a_photograph_passes() -> None:
    check_client_pdq(BRIDGE)


@pytest.mark.parametrize(
    "packed",
    [b"", BRIDGE[:-1], BRIDGE + b"\0", bytes(32), b"\xff" * 32, BRIDGE[:-1] + b"\x23"],
    ids=["nothing", "short", "long", "none", "all", "one more"],
)
def test_half_of_256_bits_are_set(packed: bytes) -> None:
    with pytest.raises(PictureError, match="no picture has this PDQ"):
        check_client_pdq(packed)


@pytest.mark.parametrize("number", [0, 100, 2_000, 4_000])
def test_what_it_can_drop_is_no_plain_picture(number: int) -> None:
    flat = flat_pdqs()[number].tobytes()
    assert flat.hex().count("0") < 60
    for bits in (0, 2 * RADIUS["pdq256"]):
        with pytest.raises(PictureError, match="the PDQ is too near to that of a plain picture"):
            check_client_pdq(turned(flat, bits))


def test_many_words_on_white_that_are_like_no_plain_picture_are_too_regular() -> None:
    words = [shown for sort, shown in plain_pictures(seed=7, share=0.1) if sort == "word"]
    refused = [refusal(pdq(shown).hash) for shown in words]
    regular = "the PDQ is as regular as those of logos and plain shapes"
    assert refused.count(regular) >= len(words) / 4


def refusal(packed: bytes) -> str | None:
    try:
        check_client_pdq(packed)
    except PictureError as fault:
        return fault.message
    return None


def test_plain_pictures_have_the_pdq_that_pdq_makes_of_them() -> None:
    chosen = slice(0, None, 460)
    some = [pdq(picture).hash for _, picture in islice(plain_pictures(), 0, None, 460)]
    apart = np.bitwise_count(
        flat_pdqs()[chosen] ^ np.frombuffer(b"".join(some), np.uint8).reshape(-1, 32)
    )
    # Sums are rounded another way, and what changes nowhere is noise.
    assert np.median(apart.sum(1)) == 0
