"""A leaf is recognised by what is in it, whatever it is called and whoever planned otherwise."""

from __future__ import annotations

import hashlib
import io
import json
import random

import numpy as np
import pyarrow as pa
import pytest
from optout.filter.verify.detection import SHARD_EVIDENCE, Detection
from optout.filter.verify.inside import MAX_PATHS
from optout.filter.verify.leaves import Values, leaf_values
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
    assert found == {"image.bytes": {"image": 1}, "images[]": {"url": 1}}


def test_a_shard_with_enough_of_them_speaks_for_itself() -> None:
    text = {"c": ["a cat"] * SHARD_EVIDENCE * 5}
    assert "c" in seen(text, {"c": ["https://a.example"] * SHARD_EVIDENCE}).matchable()
    assert "c" not in seen(text, {"c": ["https://a.example"]}).matchable()


def test_addresses_inside_json_are_found_where_they_stand() -> None:
    detection = seen({"meta": ['[{"src": "http:\\/\\/a.example"}]', '{"n": 1}', "[sic]"]})
    assert detection.leaves["meta"].json == 2
    assert detection.matchable() == {"meta{}[].src": {"url": 1}}


def test_json_inside_json_is_looked_into() -> None:
    inner = json.dumps({"url": "https://a.example"})
    assert seen({"m": [json.dumps([{"more": inner}])]}).matchable() == {
        "m{}[].more{}.url": {"url": 1}
    }


def test_json_now_and_then_makes_no_leaf_of_json() -> None:
    files = ['{"url": "https://a.example"}', *["print(1)"] * 9]
    assert seen({"content": files}).matchable() == {}


def test_names_without_end_are_counted_and_not_told_apart() -> None:
    many = json.dumps({f"k{n}": "https://a.example" for n in range(MAX_PATHS + 5)})
    detection = seen({"m": [many]}, {"m": [many]})
    assert len(detection.matchable()) == MAX_PATHS
    assert detection.leaves["m"].passed == 10


def hashes(count: int, size: int) -> list[str]:
    """As many hexadecimal numbers, with half of their bits set, as a hash of pictures has."""
    draw = random.Random(1)
    half = [0] * (size // 2) + [1] * (size // 2)
    return [
        f"{int(''.join(map(str, draw.sample(half, size))), 2):0{size // 4}x}" for _ in range(count)
    ]


def possible(values: list[object], name: str = "column") -> set[str]:
    return set(seen({name: values}).possible().get(name, ()))


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("md5", ["ab" * 16], {"md5"}),
        ("image_md5", ["ab" * 16], {"md5"}),
        ("image_phash", ["ab" * 8], {"phash64"}),
        ("phash", ["ab" * 32], {"phash256"}),
        ("pdq_hash", ["ab" * 32], {"pdq256"}),
        ("max_stars_repo_name", ["anna/garden", "b/c.d"], {"account:github"}),
        ("flickr_user", ["anna", "bert"], {"account:flickr"}),
        ("isbn13", ["978-3-16-148410-0"], {"work:isbn"}),
        ("arxiv_id", ["2101.00001v2", "hep-th/9901001"], {"work:arxiv"}),
        ("about", ["10.1000/182", "doi:10.1000/183"], {"work"}),
        ("about", ["arXiv:2101.00001"], {"work"}),
    ],
)
def test_what_name_and_values_say_together_is_sure(
    name: str, values: list[object], found: set[str]
) -> None:
    assert roles(values, name) == found


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("uid", ["ab" * 16], {"md5"}),
        ("hash", ["ab" * 16], {"md5"}),
        ("id", ["ab" * 32], {"sha256"}),
        ("column", hashes(8, 256), {"phash256", "pdq256"}),
        ("column", hashes(8, 64), {"phash64"}),
        ("text", ["a cat sat on the mat in the sun"], {"text"}),
    ],
)
def test_what_values_alone_cannot_tell_is_only_possible(
    name: str, values: list[object], found: set[str]
) -> None:
    assert roles(values, name) == set()
    assert possible(values, name) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("md5", "xyz"),
        ("max_stars_repo_path", "src/main.py"),
        ("mime_type", "image/jpeg"),
        ("isbn", "978-3-16-148410-1"),
        ("about", "10.0.0.0/8"),
        ("caption", "a red boat"),
        ("column", "ab" * 8),
    ],
)
def test_neither_name_nor_form_alone_is_enough(name: str, value: str) -> None:
    assert roles([value], name) == set()
    assert possible([value], name) == set()


def test_few_balanced_digests_are_digests() -> None:
    assert roles(hashes(7, 256)) == {"sha256"}
    assert roles([hashlib.sha256(bytes([n])).hexdigest() for n in range(200)]) == {"sha256"}


def test_one_picture_is_enough_where_the_metadata_says_that_they_are_pictures() -> None:
    values = pa.array([b"\xff\xd8\xff\xe0", *[b"no picture"] * 5], pa.large_binary())
    leaf = Values("seen.bytes", values, np.arange(6))
    for said, roles in (((), set()), (("seen.bytes",), {"image"})):
        detection = Detection()
        detection.add_shard([[leaf]], said)
        assert set(detection.matchable().get("seen.bytes", ())) == roles
