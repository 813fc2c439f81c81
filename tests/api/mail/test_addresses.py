"""Which addresses can be written to, and why others cannot."""

from __future__ import annotations

import pytest
from optout.api.errors import AddressRefused
from optout.api.mail import read_address


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("anna@anna.example", "anna@anna.example"),
        ("  Anna.B+news@ANNA.Example ", "Anna.B+news@anna.example"),
        ("anna@münchen.example", "anna@xn--mnchen-3ya.example"),
        ("o'neil@mail.co.uk", "o'neil@mail.co.uk"),
        ("a" * 64 + "@anna.example", "a" * 64 + "@anna.example"),
    ],
)
def test_one_mailbox_is_read(typed: str, read: str) -> None:
    assert read_address(typed) == read


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "no-address"),
        ("anna", "no-address"),
        ("@anna.example", "no-address"),
        ("anna@", "no-address"),
        ("änna@anna.example", "not-ascii"),
        ("anna@a.example\r\nBcc: b@b.example", "control"),
        ("anna@a.example\n", "control"),
        ("an\x00na@a.example", "control"),
        ("a@a.example,b@b.example", "several"),
        ("a@a.example;b@b.example", "several"),
        ("Anna <a@a.example>", "several"),
        ("a@b@a.example", "local-part"),
        ('"a b"@a.example', "local-part"),
        (".a@a.example", "local-part"),
        ("a..b@a.example", "local-part"),
        ("a b@a.example", "local-part"),
        ("a" * 65 + "@a.example", "too-long"),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 4), "too-long"),
        ("a@localhost", "domain"),
        ("a@[127.0.0.1]", "domain"),
        ("a@127.0.0.1", "domain"),
        ("a@a..example", "domain"),
        ("a@a.example.", "domain"),
        ("a@-a.example", "domain"),
        ("a@a_b.example", "domain"),
        ("a@" + "b" * 64 + ".example", "domain"),
    ],
)
def test_others_are_refused_with_a_reason_and_not_quoted(typed: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        read_address(typed)
    assert caught.value.reason == reason
    assert caught.value.advice
    assert len(typed) < 15 or typed.strip() not in str(caught.value)
