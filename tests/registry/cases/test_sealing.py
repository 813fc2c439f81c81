"""A sealed item opens in its own place alone, and does not show how long it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.cases.sealing import LEAST, NONCE_SIZE, new_nonce, seal, unseal
from optout.registry.errors import RegistryError

KEY, NONCE, NUMBER = b"k" * 32, b"n" * NONCE_SIZE, "K7WQ-2MZD"


def sealed(shown: str = "https://anna.example/", place: int = 3) -> bytes:
    return seal(KEY, NONCE, NUMBER, 17, place=place, shown=shown)


@given(st.text(), st.integers(0, 2**32 - 1))
def test_what_was_sealed_is_there_again(shown: str, place: int) -> None:
    readable = shown.encode("utf-8", "replace").decode()
    assert unseal(KEY, NONCE, NUMBER, 17, sealed(shown, place)) == (place, readable)


def test_a_lone_surrogate_does_not_hinder_sealing() -> None:
    assert unseal(KEY, NONCE, NUMBER, 17, sealed("a\ud800b")) == (3, "a?b")


def test_the_length_of_an_address_does_not_show() -> None:
    sizes = {len(sealed("x" * length)) for length in range(500)}
    assert sizes == {LEAST + 16}


def test_longer_values_take_the_next_sizes() -> None:
    sizes = {len(sealed("x" * length)) - 16 for length in range(0, 5000, 7)}
    assert sizes == {512, 1024, 2048, 4096, 8192}


def test_the_plain_value_does_not_show() -> None:
    assert b"anna" not in sealed()


@pytest.mark.parametrize(
    ("key", "nonce", "number", "entry"),
    [
        (b"x" * 32, NONCE, NUMBER, 17),
        (KEY, b"x" * NONCE_SIZE, NUMBER, 17),
        (KEY, NONCE, "K7WQ-2MZE", 17),
        (KEY, NONCE, NUMBER, 18),
    ],
)
def test_a_box_opens_nowhere_else(key: bytes, nonce: bytes, number: str, entry: int) -> None:
    with pytest.raises(RegistryError, match=f"entry {entry} is damaged"):
        unseal(key, nonce, number, entry, sealed())


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_changed_box_does_not_open(at: int) -> None:
    box = bytearray(sealed())
    box[at] ^= 1
    with pytest.raises(RegistryError, match="entry 17 is damaged"):
        unseal(KEY, NONCE, NUMBER, 17, bytes(box))


def test_nonces_differ() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100
