"""Pictures that are handed in: hashed, sealed for the next page, refused with a reason."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.service import Item, PictureSeal, Refusal, Upload, read_picture
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import MAX_RADIUS
from PIL import Image


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def test_a_photograph_is_known_by_its_hashes(photograph: Callable) -> None:
    data = photograph()
    item = read_picture(Upload("harbour.jpg", data), 1)
    assert isinstance(item, Item)
    assert item.identifier == Identifier.image(data)
    assert (item.kind, item.shown, item.identifier.radius) == (
        Kind.IMAGE,
        "harbour.jpg",
        MAX_RADIUS,
    )
    assert item.understood == item.identifier.hashes["phash256"]["original"].hex()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\anna\\été.jpg", "été.jpg"),
        ("/home/anna/a.jpg", "a.jpg"),
        ("", "#7"),
        ("a\u202egpj.exe", "a\N{REPLACEMENT CHARACTER}gpj.exe"),
    ],
)
def test_a_picture_is_called_by_its_file_or_its_place(
    name: str, shown: str, photograph: Callable
) -> None:
    item = read_picture(Upload(name, photograph()), 7)
    assert isinstance(item, Item)
    assert item.shown == shown


def test_a_picture_that_is_too_plain_is_offered_as_its_exact_bytes(plain_picture: bytes) -> None:
    refusal = read_picture(Upload("logo.png", plain_picture), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "flat"
    assert refusal.offer is not None
    digest = hashlib.sha256(plain_picture).hexdigest()
    assert refusal.offer.identifier == Identifier.file_sha256(digest)
    assert refusal.offer.identifiers == Identifier.files(plain_picture)
    assert refusal.offer.shown == "logo.png"


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (Upload("a.jpg"), "empty"),
        (Upload("a.jpg", excess="too-large"), "too-large"),
        (Upload("a.jpg", excess="too-many"), "too-many"),
        (Upload("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "not-a-picture"),
        (Upload("a.jpg", b"\0\0\0\x18ftypmif1\0\0\0\0"), "not-a-picture"),
        (Upload("a.jpg", b"no picture"), "not-a-picture"),
        (Upload("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "not-a-picture"),
        (Upload("a.png", png_of(10, 10)), "not-a-picture"),
        (Upload("a.png", png_of(60_000, 60_000)), "too-many-pixels"),
    ],
)
def test_a_picture_that_cannot_be_taken_says_why(upload: Upload, reason: str) -> None:
    refusal = read_picture(upload, 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.offer) == (reason, None)
    assert refusal.detail


def test_a_picture_that_was_cut_off_is_none(photograph: Callable) -> None:
    refusal = read_picture(Upload("a.jpg", photograph()[:400]), 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not-a-picture"


def test_an_animation_is_known_by_its_first_picture(photograph: Callable) -> None:
    frames = [Image.open(io.BytesIO(photograph(seed, "PNG"))) for seed in (1, 2)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    item = read_picture(Upload("a.gif", stream.getvalue()), 1)
    assert isinstance(item, Item)
    assert item.kind is Kind.IMAGE


def test_what_was_sealed_is_known_again(photograph: Callable, plain_picture: bytes) -> None:
    seal = PictureSeal()
    picture = read_picture(Upload("été “1”.jpg", photograph()), 1)
    refusal = read_picture(Upload("logo.png", plain_picture), 2)
    assert isinstance(picture, Item)
    assert isinstance(refusal, Refusal)
    assert refusal.offer is not None
    for item in (picture, refusal.offer):
        assert seal.open(seal.close(item)) == item


def test_what_another_process_has_sealed_is_not(photograph: Callable) -> None:
    item = read_picture(Upload("a.jpg", photograph()), 1)
    assert isinstance(item, Item)
    assert PictureSeal().open(PictureSeal().close(item)) is None


def test_no_changed_seal_opens(photograph: Callable) -> None:
    seal = PictureSeal()
    item = read_picture(Upload("a.jpg", photograph()), 1)
    assert isinstance(item, Item)
    sealed = seal.close(item)
    for place in range(0, len(sealed), 7):
        if sealed[place] in ".=":
            continue
        other = "A" if sealed[place] != "A" else "B"
        opened = seal.open(sealed[:place] + other + sealed[place + 1 :])
        # The last digit before the padding has bits that mean nothing.
        assert opened in (None, item)
        assert opened is None or sealed[place + 1] == "="
    body, mark = sealed.split(".")
    for torn in (body, mark, f".{mark}", f"{body}.", f"{body}.{mark}.", f"{mark}.{body}"):
        assert seal.open(torn) is None


@given(st.text(max_size=100))
def test_no_text_is_a_mishap_for_the_seal(text: str) -> None:
    assert PictureSeal().open(text) is None
