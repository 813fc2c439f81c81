"""A code of mail: eight digits, ten minutes, five attempts, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from optout.api.proofs import Outcome, new_code, try_code

KEY = b"k" * 32
NOW = datetime(2026, 12, 1, tzinfo=UTC)
ASKED = (KEY, "C-1", "anna@anna.example")


def test_the_code_confirms_once() -> None:
    digits, code = new_code(*ASKED, NOW)
    assert len(digits) == 8
    assert digits.isdigit()
    outcome, code = try_code(code, f" {digits[:4]} {digits[4:]}\n", *ASKED, NOW)
    assert outcome == Outcome.CONFIRMED
    assert try_code(code, digits, *ASKED, NOW)[0] == Outcome.USED


def test_small_numbers_keep_their_zeros() -> None:
    assert new_code(*ASKED, NOW, lambda _: 7)[0] == "00000007"


def test_it_is_over_after_ten_minutes() -> None:
    digits, code = new_code(*ASKED, NOW)
    late = NOW + timedelta(minutes=10)
    assert try_code(code, digits, *ASKED, late - timedelta(seconds=1))[0] == Outcome.CONFIRMED
    assert try_code(code, digits, *ASKED, late)[0] == Outcome.EXPIRED


def test_five_attempts_and_no_more() -> None:
    digits, code = new_code(*ASKED, NOW)
    for _ in range(5):
        outcome, code = try_code(code, "no", *ASKED, NOW)
        assert outcome == Outcome.WRONG
    assert try_code(code, digits, *ASKED, NOW)[0] == Outcome.EXHAUSTED


@pytest.mark.parametrize(
    "other",
    [
        (b"x" * 32, "C-1", "anna@anna.example"),
        (KEY, "C-2", "anna@anna.example"),
        (KEY, "C-1", "eve@anna.example"),
    ],
)
def test_it_is_bound_to_key_case_and_address(other: tuple[bytes, str, str]) -> None:
    digits, code = new_code(*ASKED, NOW)
    assert try_code(code, digits, *other, NOW)[0] == Outcome.WRONG


@pytest.mark.parametrize("given", ["", "１２３４５６７８", "\ud800", "1" * 10_000])
def test_nothing_else_passes(given: str) -> None:
    _, code = new_code(*ASKED, NOW, lambda _: 12345678)
    assert try_code(code, given, *ASKED, NOW)[0] == Outcome.WRONG


def test_what_is_kept_shows_no_digest() -> None:
    _, code = new_code(*ASKED, NOW)
    assert code.digest.hex() not in repr(code)
    assert repr(code.digest) not in repr(code)
