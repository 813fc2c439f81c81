"""A picture inside an address is read as a browser reads it (RFC 2397, WHATWG fetch)."""

from __future__ import annotations

import base64
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.pictures import is_picture_address, picture_of

BODY = b"\x89PNG\r\n\x1a\n and more"
DIGITS = base64.b64encode(BODY).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/png;base64,{DIGITS}",
        f"DATA:IMAGE/PNG;BASE64,{DIGITS}",
        f" \n\tdata: image/png;base64,{DIGITS}",
        f"data:image/png;name=x; base64 ,{DIGITS}",
        f"data:image/png;base64,{DIGITS.rstrip('=')}",
        f"data:image/png;base64,{DIGITS[:8]} \n{DIGITS[8:]}\t",
        f"data:image/png;base64,{DIGITS.replace('/', '%2F').replace('+', '%2B')}",
        f"data:image/png;base64,{DIGITS}#fragment",
        f"data:image/png,{quote_from_bytes(BODY)}",
    ],
)
def test_a_picture_is_taken_out_of_its_address(text: str) -> None:
    assert is_picture_address(text)
    assert picture_of(text) == BODY


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,",
        "data:image/png;base64,a",
        "data:image/png;base64,ab=c",
        "data:image/png;base64,äö",
        "data:image/png;base64",
        "data:image/png,",
    ],
)
def test_what_is_cut_off_or_no_base64_is_no_picture(text: str) -> None:
    assert is_picture_address(text)
    assert picture_of(text) is None


@pytest.mark.parametrize(
    "text", ["https://a.example/x.png", "data:text/plain,image/png", "xdata:image/png,x", ""]
)
def test_other_addresses_carry_no_picture(text: str) -> None:
    assert not is_picture_address(text)
    assert picture_of(text) is None


@given(st.binary(min_size=1))
def test_every_body_comes_back_in_both_forms(body: bytes) -> None:
    assert picture_of(f"data:image/x;base64,{base64.b64encode(body).decode()}") == body
    assert picture_of(f"data:image/x,{quote_from_bytes(body, safe='')}") == body
