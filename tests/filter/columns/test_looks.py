"""What a single value looks like."""

from __future__ import annotations

import io

import pytest
from optout.filter.columns import looks, names
from PIL import Image

ADDRESSES = [
    b"https://a.example/1.jpg",
    b"HTTP://A.EXAMPLE",
    b"//a.example/x",
    b" https://a.example/x\n",
    b"http://[::1]:80/",
    b"data:image/png;base64,iVBORw0KGgo=",
    b"DATA:image/jpeg,x",
]
BARE = [
    b"a.example/x",
    b"www.a.example",
    b"a.example:8080/x?y",
    b"xn--mller-kva.xn--p1ai/",
    b"a.de.",
]
OTHERS = [
    b"",
    b"a cat",
    b"see http://a.example",
    b"ftp://a.example/x",
    b"12:30",
    b"//",
    b"data:text/plain,x",
    b"3.14",
    b"img/1.jpg",
]


@pytest.mark.parametrize("value", ADDRESSES)
def test_an_address_with_a_scheme_is_one_under_any_name(value: bytes) -> None:
    assert looks.is_address(value, bare=False)
    assert looks.is_address(value, bare=True)


@pytest.mark.parametrize("value", BARE)
def test_an_address_without_a_scheme_is_one_where_the_name_says_so(value: bytes) -> None:
    assert looks.is_address(value, bare=True)
    assert not looks.is_address(value, bare=False)


@pytest.mark.parametrize("value", OTHERS)
def test_other_text_is_no_address(value: bytes) -> None:
    assert not looks.is_address(value, bare=True)


def test_a_sha256_is_64_digits_or_32_packed_bytes() -> None:
    assert looks.is_digest(b"ab" * 32, 64, packed=False)
    assert looks.is_digest(b"AB" * 32, 64, packed=False)
    assert looks.is_digest(bytes(32), 64, packed=True)
    assert not looks.is_digest(bytes(32), 64, packed=False)
    assert not looks.is_digest(b"ab" * 16, 64, packed=False)
    assert not looks.is_digest(b"zz" * 32, 64, packed=False)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_is_known_by_its_first_bytes(form: str) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(stream, form)
    assert looks.is_picture(stream.getvalue())


@pytest.mark.parametrize("value", [b"", b"BMW", b"\x00\x01\x02", b"%PDF-1.7", b"RIFF1234WAVE"])
def test_other_bytes_are_no_picture(value: bytes) -> None:
    assert not looks.is_picture(value)


@pytest.mark.parametrize(
    ("digits", "words"),
    [(16, "64-bit hashes"), (32, "MD5 digests"), (40, "SHA-1 digests"), (128, "SHA-512 digests")],
)
def test_other_digests_are_named(digits: int, words: str) -> None:
    assert looks.other_digest([b"a" * digits, b"0" * digits]) == words
    assert looks.other_digest([b"a" * digits, b"0" * 31]) is None
    assert looks.other_digest([b"z" * digits]) is None
    assert looks.other_digest([]) is None


@pytest.mark.parametrize("name", ["URL", "url", "page_url", "imageUrl", "image-src", "SourceURI"])
def test_a_name_that_ends_in_a_word_for_addresses_says_so(name: str) -> None:
    assert names.names_exactly_address(name)
    assert names.names_address(name)


@pytest.mark.parametrize("name", ["text", "curl_exit", "url_count", "", "hash", "1"])
def test_other_names_do_not(name: str) -> None:
    assert not names.names_exactly_address(name)


@pytest.mark.parametrize("name", ["sha256", "SHA-256", "image_sha256", "fileSha_256"])
def test_a_name_may_say_sha256(name: str) -> None:
    assert names.names_digest(name) == "sha256"
    assert names.names_digest(name + "_prefix") is None
    assert names.names_digest(name.replace("256", "1")) is None


@pytest.mark.parametrize("name", ["jpg", "PNG", "image_bytes", "thumbPhoto", "img0"])
def test_a_name_may_say_picture(name: str) -> None:
    assert names.names_picture(name)
    assert not names.names_picture("imagine")


@pytest.mark.parametrize(
    ("value", "named", "unnamed"),
    [
        ("A long walk along the harbour.", True, True),
        ("one_word_of_more_than_twenty_four", True, False),
        ("海辺の小さな町の港に沿って長い散歩をしました。とても静かでした。", True, True),
        ("A short walk.", False, False),
        ("https://a.example/a/long/address", False, False),
        ('{"a": "long walk along the harbour"}', True, False),
        (" " * 30, False, False),
    ],
)
def test_a_passage_has_24_characters_and_words(value: str, named: bool, unnamed: bool) -> None:
    assert looks.is_passage(value.encode(), named=True) == named
    assert looks.is_passage(value.encode(), named=False) == unnamed


def test_broken_text_is_no_passage() -> None:
    assert not looks.is_passage(b"\xff" * 30, named=True)
