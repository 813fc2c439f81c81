"""What a person has to place."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from optout.api.proofs import Challenge

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ANNA = Challenge("C-1", "anna.example", bytes(range(32)), NOW + timedelta(days=30))


def test_the_record() -> None:
    assert ANNA.record_name == "_optout-challenge.anna.example"
    token = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert ANNA.record_value == f"token={token} expiry=2026-12-31T00:00:00Z"
    assert ANNA.is_record(ANNA.record_value.encode(), NOW)


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ("token={t}", True),
        ('"expiry=never  token={t}"', True),
        ("token={t} expiry=2026-12-01T00:00:01", True),
        ("token={t} expiry=2026-11-30T23:59:59Z", False),
        ("token={t}x", False),
        ("{t}", False),
        ("v=spf1 -all", False),
        ("", False),
        ("\xff\xfe", False),
    ],
)
def test_what_counts_as_the_record(value: str, counts: bool) -> None:
    assert ANNA.is_record(value.format(t=ANNA.text).encode("latin-1"), NOW) is counts


def test_the_file_serves_one_case_and_one_host() -> None:
    assert ANNA.file_address.endswith(f"/.well-known/optout-challenge/{ANNA.text}")
    assert ANNA.is_file(f"{ANNA.file_body}\r\n".encode())
    assert not ANNA.is_file(ANNA.text.encode())
    for other in (replace(ANNA, case_number="C-2"), replace(ANNA, subject="b.example")):
        assert not other.is_file(ANNA.file_body.encode())


def test_the_line_is_short_and_bound() -> None:
    assert re.fullmatch("optout:[a-z2-7]{16}", ANNA.line)
    assert replace(ANNA, case_number="C-2").line != ANNA.line
    assert replace(ANNA, subject="github:anna").line != ANNA.line
    assert ANNA.is_in(f"I paint. {ANNA.line.upper()}, and more")
    assert not ANNA.is_in(f"{ANNA.line}a")
    assert not ANNA.is_in(f"x{ANNA.line}")
    assert not ANNA.is_in(ANNA.line[:-1])


def test_a_token_has_its_length_and_is_not_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 3"):
        replace(ANNA, token=b"abc")
    assert repr(ANNA.token) not in repr(ANNA)
