"""Columns of published corpora are found by name, by type and by a look at values."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from optout.filter.columns import DetectedColumn, Sample, detect
from PIL import Image


def picture(form: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(stream, form)
    return stream.getvalue()


def sampled(**columns: Any) -> Sample:
    table = pa.table(columns)
    looked_at = [name for name in table.column_names if not pa.types.is_integer(table[name].type)]
    return Sample(table.schema, table.select(looked_at))


def found(*samples: Sample) -> dict[str, DetectedColumn]:
    return {column.path: column for column in detect(samples)}


def roles(*samples: Sample) -> dict[str, str | None]:
    columns = found(*samples).items()
    return {path: column.role for path, column in columns if not column.is_rest}


URLS = ["https://a.example/1", "https://b.example/2", None]
MD5 = [hashlib.md5(bytes([n])).hexdigest() for n in range(3)]
SHA256 = [hashlib.sha256(bytes([n])).hexdigest() for n in range(3)]
TEXT = ["a cat", "a dog", "a cat and a dog"]


def test_laion_is_matched_by_its_address_and_never_by_its_row_key() -> None:
    laion = sampled(
        URL=URLS,
        TEXT=TEXT,
        HEIGHT=pa.array([1, 2, 3], pa.int32()),
        LICENSE=["?"] * 3,
        NSFW=["UNLIKELY"] * 3,
        hash=pa.array([-(2**63), 0, 2**63 - 1]),
    )
    assert roles(laion) == {
        "URL": "url",
        **dict.fromkeys(["TEXT", "HEIGHT", "LICENSE", "NSFW", "hash"]),
    }
    columns = found(laion)
    assert columns["URL"].why == "2 of 2 sampled values are addresses"
    assert columns["hash"].why == "int64: only text and bytes can be matched"
    assert columns["TEXT"].why == "named like passages, but none of its sampled values is one"
    assert columns["NSFW"].why == "neither addresses, digests, pictures nor passages"


def test_img2dataset_is_matched_by_address_picture_and_digest() -> None:
    downloaded = sampled(
        url=URLS,
        key=["000000000", "000000001", "000000002"],
        status=["success", "success", "failed_to_download"],
        md5=MD5,
        sha256=[*SHA256[:2], None],
        sha512=["a" * 128] * 3,
        jpg=pa.array([picture(), picture("PNG"), None], pa.binary()),
    )
    assert roles(downloaded) == {
        "url": "url",
        "sha256": "sha256",
        "jpg": "image",
        "md5": "md5",
        **dict.fromkeys(["key", "status", "sha512"]),
    }
    assert found(downloaded)["md5"].why == "3 of 3 sampled values are MD5 digests"
    assert found(downloaded)["jpg"].why == "2 of 2 sampled values are pictures"


def test_the_hash_of_pd12m_is_an_md5() -> None:
    columns = found(sampled(id=TEXT, url=URLS, s3_key=["a/1.jpg"] * 3, hash=MD5))
    assert columns["hash"].role == "md5"
    assert columns["s3_key"].role is None


def test_datacomp_is_matched_by_its_sha256_and_not_by_its_uid() -> None:
    assert roles(sampled(uid=MD5, url=URLS, text=TEXT, sha256=SHA256)) == {
        "uid": None,
        "url": "url",
        "text": None,
        "sha256": "sha256",
    }


def test_a_64_bit_picture_hash_is_known_by_its_name() -> None:
    coyo = found(sampled(url=URLS, image_phash=["ba8c84536bd3c366"] * 3, key=["0" * 16] * 3))
    assert coyo["image_phash"].role == "phash64"
    assert coyo["key"].role is None
    assert coyo["key"].why.startswith("64-bit hashes")


def test_the_page_and_the_picture_are_both_addresses() -> None:
    waon = roles(sampled(url=URLS, page_url=URLS, caption=TEXT, page_title=TEXT))
    assert [path for path, role in waon.items() if role == "url"] == ["url", "page_url"]


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("source", URLS, "url"),
        ("source_ref", ["data:image/png;base64,iVBORw0KGgo="], "url"),
        ("anything", SHA256, "sha256"),
        ("content", pa.array([picture("WEBP")]), "image"),
        ("sha256", pa.array([bytes(range(32))], pa.binary(32)), "sha256"),
        ("payload", pa.array([bytes(range(32))], pa.binary(32)), None),
        ("url", pa.array([b"https://a.example/1"]), "url"),
        ("url", pa.array(URLS).dictionary_encode(), "url"),
        ("image_url", ["a.example/1.jpg"], "url"),
        ("caption", ["a.example/1.jpg"], None),
        ("url", ["n/a", "none"], None),
        ("sha256", ["n/a"], None),
        ("jpg", pa.array([b"not a picture"]), "image"),
        ("jpg", ["not bytes"], None),
    ],
)
def test_a_column_is_what_its_values_are(name: str, values: Any, role: str | None) -> None:
    assert roles(sampled(**{name: values})) == {name: role}


def test_a_quarter_of_the_values_gives_a_column_its_role() -> None:
    words = ["word"] * 3
    assert roles(sampled(source=[*words, "https://a.example"])) == {"source": "url"}
    assert roles(sampled(source=[*words, "word", "https://a.example"])) == {"source": None}
    # Its name and a single address among its values are enough too.
    assert roles(sampled(url=[*words, "word", "https://a.example"])) == {"url": "url"}


def test_one_shard_full_of_addresses_speaks_for_all() -> None:
    plain = sampled(source=["word"] * 90)
    assert roles(plain, sampled(source=URLS)) == {"source": "url"}


def test_names_decide_where_there_are_no_values() -> None:
    schema = pa.schema(
        [
            ("url", pa.string()),
            ("image_src", pa.large_string()),
            ("sha256", pa.string()),
            ("jpg", pa.binary()),
            ("jpg_text", pa.string()),
            ("caption", pa.string()),
            ("word", pa.string()),
        ]
    )
    assert roles(Sample(schema)) == {
        "url": "url",
        "image_src": "url",
        "sha256": "sha256",
        "jpg": "image",
        "jpg_text": "text",
        "caption": "text",
        "word": None,
    }
    columns = found(Sample(schema))
    assert columns["url"].why == "its name; no values to look at"
    assert columns["word"].why == "no values, and a name that says nothing"


def test_a_name_that_its_values_belie_is_said() -> None:
    assert found(sampled(url=["n/a"]))["url"].why == (
        "named like addresses, but none of its sampled values is one"
    )


PASSAGE = "A long walk along the harbour of a small town."


def test_web_text_is_matched_by_its_passages_and_its_page() -> None:
    fineweb = sampled(
        text=[PASSAGE] * 3,
        id=["<urn:uuid:1>"] * 3,
        url=URLS,
        file_path=["s3://commoncrawl/a.warc.gz"] * 3,
        note=[PASSAGE] * 3,
    )
    assert roles(fineweb) == {
        "text": "text",
        "id": None,
        "url": "url",
        "file_path": None,
        "note": "text",
    }


def test_obelics_is_matched_inside_its_lists_and_its_json() -> None:
    obelics = sampled(
        images=[["https://a.example/1.jpg", None], [None], []],
        texts=[[None, PASSAGE], [PASSAGE], []],
        metadata=['[{"src": "https://a.example/1.jpg", "width": 3}, null]'] * 3,
        general_metadata=['{"url": "https://a.example/", "warc": "crawl-data/a"}'] * 3,
    )
    assert roles(obelics) == {
        "images[]": "url",
        "texts[]": "text",
        "metadata": None,
        "general_metadata": None,
        "metadata{}[].src": "url",
        "general_metadata{}.url": "url",
    }
    assert found(obelics)["metadata{}[].src"].type == "json"


def test_code_is_matched_by_its_owner_and_its_content() -> None:
    stack = sampled(
        hexsha=["a" * 40] * 3,
        max_stars_repo_name=["octocat/hello-world"] * 3,
        max_stars_repo_path=["src/a.py"] * 3,
        content=["def main() -> None:\n    print('hello')\n"] * 3,
    )
    assert roles(stack) == {
        "hexsha": None,
        "max_stars_repo_name": "account:github",
        "max_stars_repo_path": None,
        "content": "text",
    }
    assert roles(sampled(repo_name=["octocat/hello-world"])) == {"repo_name": "account:github"}
    assert roles(sampled(flickr_user=["anna"])) == {"flickr_user": "account:flickr"}


def test_a_structs_parts_are_columns_of_their_own() -> None:
    downloaded = sampled(
        image=pa.array([{"bytes": picture(), "path": "1.jpg"}]),
        meta=pa.array([{"url": "https://a.example/", "score": 0.5}]),
    )
    assert roles(downloaded) == {
        "image.bytes": "image",
        "image.path": None,
        "meta.url": "url",
        "meta.score": None,
    }


def test_works_are_known_by_their_scheme_or_by_the_name() -> None:
    papers = sampled(
        doi=["10.1000/182"], isbn13=["9780306406157"], ref=["arXiv:2101.00001"], n=["9780306406157"]
    )
    assert roles(papers) == {"doi": "work:doi", "isbn13": "work:isbn", "ref": "work", "n": None}


def test_a_column_may_play_two_parts() -> None:
    rows = sampled(doi=["https://doi.org/10.1000/182"])
    assert {column.role for column in detect([rows])} == {"work:doi", "url"}


@pytest.mark.parametrize("name", ["id", "uid", "content_digest", "image_id"])
def test_what_numbers_rows_is_no_digest(name: str) -> None:
    assert roles(sampled(**{name: SHA256}))[name] is None
    assert roles(sampled(**{name: MD5}))[name] is None


def test_hashes_of_pictures_are_told_apart_by_name_and_length() -> None:
    assert roles(
        sampled(phash=SHA256, pdq=SHA256, hash=["0123456789abcdef"] * 3, phash256=SHA256)
    ) == {"phash": "phash256", "pdq": "pdq256", "hash": "phash64", "phash256": "phash256"}


def test_where_hashes_may_be_pdq_it_is_said_how_to_say_so() -> None:
    columns = found(sampled(hash=SHA256, sha256=SHA256, md5=MD5))
    assert columns["hash"].role == "sha256"
    assert columns["hash"].why == (
        "3 of 3 sampled values are SHA-256 digests by their length; "
        "where they are PDQ hashes, say --column pdq256=hash"
    )
    assert not [name for name in ("sha256", "md5") if "pdq256" in columns[name].why]
    assert "pdq256" not in found(sampled(hash=MD5))["hash"].why


def test_a_hash_is_of_the_sort_that_it_is_a_part_of() -> None:
    nested = [{"hash": value, "quality": "100"} for value in SHA256]
    told = roles(sampled(pdq=nested, phash=nested, image=nested))
    assert {path: role for path, role in told.items() if path.endswith("hash")} == {
        "pdq.hash": "pdq256",
        "phash.hash": "phash256",
        "image.hash": "sha256",
    }


def test_json_that_stands_in_few_values_is_text() -> None:
    assert roles(sampled(source=["word"] * 5 + ['{"url": "https://a.example"}'])) == {
        "source": None
    }


def test_shards_of_different_types_are_one_column() -> None:
    columns = found(
        sampled(url=pa.array([1, 2])), sampled(url=URLS), sampled(url=pa.array([b"//a.example"]))
    )
    assert columns["url"].type == "int64 | string | binary"
    assert columns["url"].role == "url"


def test_every_column_is_told_in_the_order_it_was_met() -> None:
    assert list(found(sampled(b=TEXT, a=TEXT), sampled(c=TEXT, a=TEXT))) == ["b", "a", "c"]


def test_where_all_are_nulls_the_name_speaks() -> None:
    nothing = Sample(pa.schema({"jpg": pa.null(), "url": pa.null(), "word": pa.null()}))
    assert roles(nothing) == {"jpg": "image", "url": "url", "word": None}
    numbers = Sample(pa.schema({"jpg": pa.int64()}))
    assert roles(nothing, numbers)["jpg"] is None


def test_json_is_looked_at_under_every_path_for_what_shows_itself() -> None:
    sample = sampled(meta=['{"lang": "en", "more": "{}"}'] * 3, url=URLS)
    rest = [(c.path, c.role) for c in detect([sample]) if c.is_rest]
    assert rest == [("meta{}*", "url"), ("meta{}*", "work")]
    assert not [c for c in detect([sampled(url=URLS)]) if c.is_rest]


def features(**said: Any) -> dict[str, str]:
    return {"huggingface": json.dumps({"info": {"features": said}})}


IMAGE = {"_type": "Image"}
BYTES = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.mark.parametrize(
    ("kind", "said", "path"),
    [
        (BYTES, IMAGE, "seen.bytes"),
        (pa.binary(), IMAGE, "seen"),
        (pa.list_(BYTES), [IMAGE], "seen[].bytes"),
        (pa.list_(BYTES), {"_type": "List", "feature": IMAGE}, "seen[].bytes"),
        (pa.struct([("a", BYTES)]), {"a": IMAGE}, "seen.a.bytes"),
        (
            pa.struct([("a", pa.list_(BYTES))]),
            {"_type": "Sequence", "feature": {"a": IMAGE}},
            "seen.a[].bytes",
        ),
    ],
)
def test_a_data_set_says_which_of_its_columns_hold_pictures_though_none_was_sampled(
    kind: pa.DataType, said: Any, path: str
) -> None:
    schema = pa.schema([("seen", kind)])
    assert set(roles(Sample(schema, schema.empty_table())).values()) == {None}
    told = schema.with_metadata(features(seen=said))
    assert roles(Sample(told, told.empty_table()))[path] == "image"
    assert found(Sample(told))[path].why == "the data set's own features; no values to look at"


def test_what_a_data_set_says_of_itself_makes_no_picture_of_text_and_no_other_of_what_is_seen() -> (
    None
):
    table = pa.table({"seen": URLS, "hash": pa.array(SHA256)})
    said = table.replace_schema_metadata(features(seen=IMAGE, hash={"_type": "Image"}))
    assert roles(Sample(said.schema, said)) == {"seen": "url", "hash": "sha256"}


@pytest.mark.parametrize(
    "said", ["{", "[]", "{}", '{"info": {"features": [7]}}', '{"info": {"features": {"url": 7}}}']
)
def test_broken_features_say_nothing(said: str) -> None:
    table = pa.table({"url": URLS}).replace_schema_metadata({"huggingface": said})
    assert roles(Sample(table.schema, table)) == {"url": "url"}


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("gitlab_owner", "account:gitlab"),
        ("max_stars_gitlab_repo_name", "account:gitlab"),
        ("hf_author", "account:huggingface"),
        ("deviantArtUser", "account:deviantart"),
        ("threads_user_id", "account:threads"),
        ("500px_username", "account:500px"),
        ("repo_name", None),
        ("author", None),
        ("github_id", None),
    ],
)
def test_names_say_whose_accounts_values_are(path: str, role: str | None) -> None:
    assert roles(sampled(**{path: ["annalens", "bob", "cleo"]}))[path] == role


def test_an_author_beside_a_subreddit_is_one_of_reddit() -> None:
    posts = {"author": ["annalens", "[deleted]", "bob_b"], "subreddit": ["pics"] * 3}
    assert roles(sampled(**posts)) == {"author": "account:reddit", "subreddit": None}


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("UCBR8-60-B28hp2BmDPdntcQ", "account:youtube"),
        ("70000031@N01", "account:flickr"),
        ("@anna@mastodon.social", "account:mastodon"),
        ("anna@mail.example", None),
    ],
)
def test_some_accounts_are_told_by_their_values_whatever_their_column_is_called(
    value: str, role: str | None
) -> None:
    assert roles(sampled(some=[value] * 3)) == {"some": role}
