"""Numbers and secrets: drawn, read back however they were typed, and good for separate keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.cases.secret import ALPHABET, CaseKeys, folded, new_number, new_secret


def test_numbers_and_secrets_have_their_form() -> None:
    assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}", new_number())
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", new_secret())


def test_every_letter_is_drawn_and_none_twice_as_often() -> None:
    drawn = "".join(new_secret() for _ in range(2000)).replace("-", "")
    counts = [drawn.count(letter) for letter in ALPHABET]
    assert len(drawn) == 32_000
    assert min(counts) > 800
    assert max(counts) < 1200


@pytest.mark.parametrize(
    "typed",
    [
        "QO4I-7BKC-PM2A-ZV6H",
        "qo4i-7bkc-pm2a-zv6h",
        "QO4I7BKCPM2AZV6H",
        " qo4i 7bkc\tpm2a zv6h\n",
        "Q04I–7BKC—PM2A‑ZV6H",
        "Q041-78KC-PM2A-ZV6H",
        "ＱＯ４Ｉ－７ＢＫＣ－ＰＭ２Ａ－ＺＶ６Ｈ",
        "\u200bQO4I-7BKC-PM2A-ZV6H\ufeff",
        "“QO4I.7BKC.PM2A.ZV6H”",
    ],
)
def test_a_secret_is_understood_however_it_was_typed(typed: str) -> None:
    assert folded(typed) == "QO4I-7BKC-PM2A-ZV6H"


@given(st.text())
def test_folding_takes_any_text_and_ends_at_once(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert set(once) <= {*ALPHABET, "-"}


def test_the_keys_of_a_secret_differ_and_stay_the_same() -> None:
    number, secret = new_number(), new_secret()
    keys = CaseKeys.derive(number, secret)
    assert keys == CaseKeys.derive(number, secret)
    assert len({keys.proof, keys.box, keys.token}) == 3
    assert all(len(key) == 32 for key in (keys.proof, keys.box, keys.token))


def test_a_secret_is_good_for_one_case_alone() -> None:
    secret = new_secret()
    one, other = (CaseKeys.derive(number, secret) for number in ("AAAA-AAAA", "AAAA-AAAB"))
    assert {one.proof, one.box, one.token}.isdisjoint({other.proof, other.box, other.token})


def test_keys_are_as_hkdf_says() -> None:
    """RFC 5869 written out: extract, then expand into three blocks."""
    import hashlib
    import hmac

    number, secret, info = b"K7WQ-2MZD", b"Q4TN-7XKC-PM2A-ZV6H", b"optout/v1/case"
    extracted = hmac.digest(number, secret, hashlib.sha256)
    blocks = [b""]
    for count in (1, 2, 3):
        blocks.append(hmac.digest(extracted, blocks[-1] + info + bytes([count]), "sha256"))
    keys = CaseKeys.derive(number.decode(), secret.decode())
    assert [keys.proof, keys.box, keys.token] == blocks[1:]


def test_tokens_differ_by_nonce() -> None:
    keys = CaseKeys.derive(new_number(), new_secret())
    assert keys.token_of(b"a") != keys.token_of(b"b")
    assert len(keys.token_of(b"a")) == 32


def test_keys_do_not_show_themselves() -> None:
    keys = CaseKeys.derive(new_number(), new_secret())
    assert repr(keys.box) not in repr(keys)
