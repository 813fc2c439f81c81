"""Pictures that the browser hashed: taken as a stranger's, or refused with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.service import Item, Limits, PictureSeal, Refusal, read_hashed_pictures
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import CLIENT_RADIUS, SHAPES, decode, phash, variants

Told = dict[str, Any]


@pytest.fixture
def told(photograph: Callable[..., bytes]) -> Told:
    """What a browser tells of a photograph."""
    return telling(photograph(), "harbour.jpg")


def telling(data: bytes, name: str) -> Told:
    shapes = variants(decode(data, grey=True))
    return {
        "name": name,
        "phash256": {shape: phash(grey, 16).hex() for shape, grey in shapes.items()},
        "phash64": {shape: phash(grey, 8).hex() for shape, grey in shapes.items()},
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data).hexdigest(),
    }


def read(told: object, text: str = "") -> Item | Refusal:
    (result,) = read_hashed_pictures([text or json.dumps(told)], Limits())
    return result


def test_a_photograph_is_known_by_every_shape_within_a_strangers_radius(told: Told) -> None:
    item = read(told)
    assert isinstance(item, Item)
    assert (item.kind, item.shown) == (Kind.IMAGE, "harbour.jpg")
    assert item.identifier.radius == CLIENT_RADIUS
    for namespace in ("phash256", "phash64"):
        assert {
            shape: packed.hex() for shape, packed in item.identifier.hashes[namespace].items()
        } == told[namespace]


def test_it_is_the_same_picture_as_when_it_is_sent_itself(
    told: Told, photograph: Callable[..., bytes]
) -> None:
    item = read(told)
    assert isinstance(item, Item)
    assert item.identifier.digest == Identifier.image(photograph()).digest


def test_it_travels_to_the_next_page_under_the_seal(told: Told) -> None:
    item = read(told)
    assert isinstance(item, Item)
    seal = PictureSeal()
    assert seal.open(seal.close(item)) == item


def test_a_shape_that_tells_nothing_apart_is_left_out(told: Told, plain_picture: bytes) -> None:
    plain = telling(plain_picture, "")
    for namespace in ("phash256", "phash64"):
        told[namespace]["square"] = plain[namespace]["square"]
    item = read(told)
    assert isinstance(item, Item)
    assert [sorted(each) for each in item.identifier.hashes.values()] == [
        ["original", "padded"]
    ] * 2


def test_a_plain_picture_is_offered_as_its_exact_bytes(plain_picture: bytes) -> None:
    refusal = read(telling(plain_picture, "logo.png"))
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.shown) == ("flat", "logo.png")
    assert refusal.offer is not None
    assert refusal.offer.identifiers == Identifier.files(plain_picture)


@pytest.mark.parametrize("hashes", [None, {}, "missing"])
def test_a_picture_that_the_browser_could_not_open_is_offered_as_its_exact_bytes(
    told: Told, hashes: object
) -> None:
    told["phash256"] = hashes
    if hashes == "missing":
        del told["phash256"]
    refusal = read(told)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "unread"
    assert refusal.offer is not None
    assert refusal.offer.identifier == Identifier.file_sha256(told["sha256"])


def test_a_short_hash_of_another_picture_is_refused(
    told: Told, photograph: Callable[..., bytes]
) -> None:
    told["phash64"] = telling(photograph(7), "")["phash64"]
    refusal = read(told)
    assert isinstance(refusal, Refusal)
    assert "not of the same picture" in refusal.detail


def test_without_short_hashes_there_are_none(told: Told) -> None:
    del told["phash64"]
    item = read(told)
    assert isinstance(item, Item)
    assert item.identifier.hashes.keys() == {"phash256"}


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "f" * 63},
        {"md5": None},
        {"md5": ["0" * 32]},
        {"phash256": {"square": "0" * 64}},
        {"phash256": {"original": "zz"}},
        {"phash256": {"original": 7}},
        {"phash256": {"original-jpeg": "0" * 64}},
        {"phash256": {"": "0" * 64}},
        {"phash256": ["0" * 64]},
        {"phash256": "0" * 64},
        {"phash64": {"original": "0" * 64}},
        {"phash64": {"<b>": "0" * 16}},
    ],
)
def test_what_no_browser_of_ours_sends_is_refused(told: Told, change: Told) -> None:
    refusal = read(told | change)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.offer) == ("not-an-image", None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\anna\\été.jpg", "été.jpg"),
        ("a\u202egpj.exe", "a\N{REPLACEMENT CHARACTER}gpj.exe"),
        ("a\r\nb\0.jpg", "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"),
        ("\ud800.jpg", "\N{REPLACEMENT CHARACTER}.jpg"),
        ("", "#1"),
        (None, "#1"),
        ({"a": 1}, "#1"),
    ],
)
def test_a_picture_is_called_by_its_file_or_its_place(told: Told, name: object, shown: str) -> None:
    result = read(told | {"name": name})
    assert isinstance(result, Item)
    assert result.shown.startswith(shown)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"a"', "[" * 4000, '{"a":' * 600, "x" * 10_000, "\ud800", "NaN"],
)
def test_no_text_is_a_mishap(text: str) -> None:
    refusal = read(None, text or " ")
    assert isinstance(refusal, Refusal)
    assert (refusal.shown, refusal.reason) == ("#1", "not-an-image")


@given(st.text(max_size=60))
def test_any_text_is_refused(text: str) -> None:
    assert isinstance(read(None, text or " "), Refusal)


def test_pictures_beyond_those_of_a_case_are_refused_unread(told: Told) -> None:
    results = read_hashed_pictures([json.dumps(told)] * 4, Limits(items=2))
    assert [isinstance(each, Item) for each in results] == [True, True, False, False]
    assert [each.reason for each in results if isinstance(each, Refusal)] == ["too-many"] * 2


def test_every_shape_is_one_that_the_registry_knows(told: Told) -> None:
    assert tuple(told["phash256"]) == SHAPES
