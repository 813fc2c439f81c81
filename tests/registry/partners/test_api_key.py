"""What a key looks like, and what is told from it before the database is asked."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import UsageError
from optout.registry.partners import ApiKey, Purpose


@pytest.mark.parametrize("purpose", Purpose)
def test_a_key_says_its_purpose_and_is_read_again(purpose):
    key = ApiKey.make(purpose)
    assert re.fullmatch(rf"oo_{purpose}_[0-9A-Za-z]{{36}}", key.text)
    assert ApiKey.parse(key.text) == key


def test_two_keys_are_never_the_same():
    assert len({ApiKey.make(Purpose.READ).text for _ in range(100)}) == 100


def test_what_is_kept_and_shown_does_not_tell_the_key():
    key = ApiKey.make(Purpose.UPLOAD)
    assert key.hash == hashlib.sha256(key.text.encode()).digest()
    assert key.shown == f"oo_upload_…{key.text[-4:]}"
    assert key.text not in repr(key)


def test_the_check_is_crc_32_in_base62():
    # CRC-32 of the first 38 characters is 3,493,533,373.
    assert ApiKey.parse("oo_read_" + "0" * 30 + "3oQVcT").purpose is Purpose.READ


@given(st.integers(0, 43), st.sampled_from("0aZ"))
def test_a_mistyped_key_is_told_apart(place, letter):
    text = ApiKey.make(Purpose.READ).text
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(UsageError) as refused:
            ApiKey.parse(changed)
        assert changed not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "oo_read_", "oo_admin_" + "0" * 36, "ghp_" + "0" * 36, "oo_read_" + "é" * 36]
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(UsageError, match="no API key of optout"):
        ApiKey.parse(text)


def test_a_key_that_was_cut_off_is_refused():
    with pytest.raises(UsageError):
        ApiKey.parse(ApiKey.make(Purpose.REPORT).text[:-1])
