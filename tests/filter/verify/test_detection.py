"""A leaf is recognised by what is in it, whatever it is called and whoever planned otherwise."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from optout.filter.verify.detection import SHARD_EVIDENCE, Detection
from optout.filter.verify.leaves import leaf_values
from PIL import Image


def seen(*shards: dict[str, pa.Array | list[object]]) -> Detection:
    detection = Detection()
    for shard in shards:
        detection.add_shard([leaf_values(pa.record_batch(shard), 0)])
    return detection


def roles(values: pa.Array | list[object], name: str = "column") -> set[str]:
    return set(seen({name: values}).matchable().get(name, ()))


def picture(form: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/1.jpg",
        "HTTP://a.example",
        "//a.example/x",
        " https://a.example/x\n",
        "http://[::1]:80/",
    ],
)
def test_an_address_with_a_scheme_is_a_url_under_any_name(value: str) -> None:
    assert roles([value]) == {"url"}
    assert roles(pa.array([value.encode()])) == {"url"}


@pytest.mark.parametrize("value", ["a.example/x", "www.a.example", "a.example:8080/x?y"])
def test_an_address_without_a_scheme_is_a_url_where_the_name_says_so(value: str) -> None:
    assert roles([value], "image_URL") == {"url"}
    assert roles([value], "caption") == set()


@pytest.mark.parametrize("value", ["cat", "see http://a.example", "ftp://a.example", "12:30", "//"])
def test_other_text_is_no_url(value: str) -> None:
    assert roles([value], "url") == set()


def test_64_hexadecimal_digits_are_a_sha_256() -> None:
    assert roles(["ab" * 32, "AB" * 32]) == {"sha256"}


@pytest.mark.parametrize("value", ["ab" * 16, "ab" * 33, "zz" * 32, "ab" * 32 + "\n"])
def test_other_digits_are_no_sha_256(value: str) -> None:
    assert roles([value], "sha256") == set()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_is_recognised_by_its_first_bytes(form: str) -> None:
    assert roles(pa.array([picture(form)])) == {"image"}


def test_bytes_that_begin_like_nothing_known_are_no_picture() -> None:
    assert roles(pa.array([b"\x00\x01\x02 not a picture", b"BMW"])) == set()


def test_nulls_and_empty_values_do_not_dilute() -> None:
    assert roles(["https://a.example"] + [None, ""] * 50) == {"url"}


def test_a_caption_that_quotes_an_address_now_and_then_is_no_url() -> None:
    assert roles(["https://a.example"] + ["a cat on a mat"] * 9) == set()


def test_nested_leaves_are_looked_at() -> None:
    found = seen(
        {
            "image": [{"bytes": picture("PNG"), "path": "x.png"}],
            "images": [["https://a.example", None]],
        }
    ).matchable()
    assert found == {"image.bytes": {"image"}, "images[]": {"url"}}


def test_a_shard_with_enough_of_them_speaks_for_itself() -> None:
    text = {"c": ["a cat"] * SHARD_EVIDENCE * 5}
    assert "c" in seen(text, {"c": ["https://a.example"] * SHARD_EVIDENCE}).matchable()
    assert "c" not in seen(text, {"c": ["https://a.example"]}).matchable()


def test_json_with_addresses_inside_is_counted_apart() -> None:
    detection = seen({"meta": ['[{"src": "http:\\/\\/a.example"}]', '{"n": 1}', "[sic]"]})
    assert detection.leaves["meta"].json == 1
    assert detection.matchable() == {}
