"""Forms as browsers send them, and as nobody should."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.errors import BodyTooLarge, UnreadableBody, UnsupportedBody
from optout.api.service import Form, Limits, Upload, media_type, read_form

LIMITS = Limits()
MULTIPART = "multipart/form-data; boundary=edge"
URLENCODED = "application/x-www-form-urlencoded"


def read(content_type: str, body: bytes, limits: Limits = LIMITS, size: int = 1 << 16) -> Form:
    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return asyncio.run(read_form(content_type, arriving(), limits))


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
    return f"--edge\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--edge--\r\n"


WHOLE = multipart(
    part("lines", "anna.example\r\nœuvre".encode()),
    part("also", b"www"),
    part("pictures", b"\x89PNG\r\n--edg", "été.png"),
    part("also", b"slash"),
    part("pictures", b"", ""),
)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_a_form_is_the_same_in_whatever_pieces_it_arrives(size: int) -> None:
    form = read(MULTIPART, WHOLE, size=size)
    assert form.text("lines") == "anna.example\r\nœuvre"
    assert form.texts("also") == ["www", "slash"]
    assert form.uploads("pictures") == [Upload("été.png", b"\x89PNG\r\n--edg")]
    assert form.text("nothing") == ""


def test_a_chooser_that_was_left_empty_sends_no_file() -> None:
    assert read(MULTIPART, multipart(part("pictures", b"", ""))).uploads("pictures") == []


def test_a_file_that_is_empty_is_a_file() -> None:
    form = read(MULTIPART, multipart(part("pictures", b"", "a.jpg")))
    assert form.uploads("pictures") == [Upload("a.jpg")]


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_an_urlencoded_form_comes_back_as_it_was(fields: list[tuple[str, str]]) -> None:
    assert read(URLENCODED, urlencode(fields).encode()).fields == tuple(fields)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "multipart/mixed"])
def test_what_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedBody):
        read(content_type, b"lines=x")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", WHOLE),
        ("multipart/form-data; boundary=", WHOLE),
        (MULTIPART, b""),
        (MULTIPART, WHOLE[:-8]),
        (MULTIPART, WHOLE[:60]),
        (MULTIPART, WHOLE.replace(b"--edge", b"--other")),
        (MULTIPART, multipart(b"--edge\r\nContent-Type: text/plain\r\n\r\nx\r\n")),
        (MULTIPART, multipart(b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n")),
        (MULTIPART, multipart(b"--edge\r\nNo header at all\r\n\r\nx\r\n")),
        (MULTIPART, multipart(b"--edge\r\nX: " + b"y" * 100_000 + b"\r\n\r\nx\r\n")),
        (MULTIPART, multipart(part("lines", b"caf\xe9"))),
        (URLENCODED, b"lines=caf\xe9"),
        (URLENCODED, b"lines=caf%E9"),
        (URLENCODED, b"&".join([b"a=1"] * 2000)),
    ],
)
def test_what_is_not_the_form_it_says_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        read(content_type, body)


@given(st.data())
def test_no_body_is_a_mishap(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(WHOLE)))
    put = data.draw(st.binary(max_size=20))
    over = data.draw(st.integers(0, 20))
    body = WHOLE[:cut] + put + WHOLE[cut + over :]
    with contextlib.suppress(UnreadableBody, BodyTooLarge):
        read(MULTIPART, body)


def test_a_picture_above_its_ceiling_is_left_out_and_says_so() -> None:
    body = multipart(
        part("pictures", b"a" * 11, "large.jpg"),
        part("pictures", b"b" * 10, "small.jpg"),
        part("lines", b"anna.example"),
    )
    form = read(MULTIPART, body, Limits(picture=10))
    assert form.uploads("pictures") == [
        Upload("large.jpg", b"", "too-large"),
        Upload("small.jpg", b"b" * 10),
    ]
    assert form.text("lines") == "anna.example"


def test_pictures_above_their_number_are_left_out_and_say_so() -> None:
    body = multipart(*(part("pictures", b"x", f"{number}.jpg") for number in range(3)))
    told = read(MULTIPART, body, Limits(pictures=2)).uploads("pictures")
    assert [(file.name, file.excess) for file in told] == [
        ("0.jpg", ""),
        ("1.jpg", ""),
        ("2.jpg", "too-many"),
    ]


def test_a_field_above_its_ceiling_is_too_large() -> None:
    with pytest.raises(BodyTooLarge):
        read(MULTIPART, multipart(part("lines", b"x" * 11)), Limits(words=10))


def test_fields_without_number_are_too_many() -> None:
    with pytest.raises(BodyTooLarge):
        read(MULTIPART, multipart(*[part("also", b"www")] * 1001))


def test_a_media_type_is_read_without_its_parameters_and_case() -> None:
    assert media_type("Multipart/Form-Data; boundary=x") == "multipart/form-data"
    assert media_type("") == ""
