"""Identifiers: made from values, carried as matter, read back strictly."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry import documents
from optout.registry.errors import IdentifierError, LogFault, PictureError
from optout.registry.identifiers import (
    CANONICALISER_VERSION,
    PDQ_VERSION,
    Identifier,
    Kind,
    canonical,
    file_key,
)
from optout.registry.images import CLIENT_RADIUS, MAX_RADIUS, RADIUS, picture_hashes
from PIL import Image


def picture(seed: int = 1, form: str = "PNG") -> bytes:
    """A picture with texture everywhere."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8), "RGB")
    stream = io.BytesIO()
    coarse.resize((320, 240), Image.Resampling.BICUBIC).save(stream, form)
    return stream.getvalue()


PATIENT = settings(deadline=None)
"""The machine may be busy."""

PICTURE = picture()
EXAMPLES = {
    "url": Identifier.url("https://anna.example/harbour.jpg"),
    "site": Identifier.site("anna.example"),
    "file": Identifier.file_sha256(hashlib.sha256(PICTURE).hexdigest()),
    "prefix": Identifier.prefix("anna.example/gallery"),
    "account": Identifier.account("instagram:anna"),
    "work": Identifier.work("isbn:9780306406157"),
    "text": Identifier.text("The harbour lay quiet in the morning light."),
    "file by MD5": Identifier.file_md5(hashlib.md5(PICTURE).hexdigest()),
    "image": Identifier.image(PICTURE),
    "client's image": Identifier.image_phash256(
        picture_hashes(PICTURE).hashes["phash256"]["original"].hex()
    ),
    "image by PDQ": Identifier.image_pdq256(
        picture_hashes(PICTURE).hashes["pdq256"]["original"].hex()
    ),
}

every_identifier = pytest.mark.parametrize("identifier", EXAMPLES.values(), ids=EXAMPLES.keys())


def test_however_an_address_is_written_it_is_one_identifier() -> None:
    one = Identifier.url("https://anna.example/harbour.jpg")
    other = Identifier.url("HTTP://me@Anna.Example.:80/./h%61rbour.jpg#top")
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1
    assert one != Identifier.url("https://anna.example/")
    assert one != Identifier.site("anna.example")


def test_a_picture_is_hashed_in_every_variant_and_known_by_the_original() -> None:
    image = EXAMPLES["image"]
    expected = picture_hashes(PICTURE).hashes
    assert image.kind is Kind.IMAGE
    assert image.radius == MAX_RADIUS
    assert image.hashes == expected
    assert {name: set(each) for name, each in image.hashes.items()} == {
        "phash256": {"original", "square", "padded"},
        "phash64": {"original", "square", "padded"},
        "pdq256": {"original", "square", "padded"},
    }
    form = expected["phash256"]["original"].hex()
    assert image.digest == hashlib.sha256(f"optout/v1/image\0{form}".encode()).digest()
    assert image.probe == xxhash.xxh3_64_intdigest(form.encode())


def test_a_hash_made_by_a_client_is_all_that_is_kept_and_reaches_less_far() -> None:
    image, client = EXAMPLES["image"], EXAMPLES["client's image"]
    original = image.hashes["phash256"]["original"]
    assert client.hashes == {"phash256": {"original": original}}
    assert client.radius == CLIENT_RADIUS
    assert (client.digest, client.probe) == (image.digest, image.probe)
    assert client != image
    assert client == Identifier.image_phash256(f" {original.hex().upper()}\n")


def test_a_picture_of_a_list_is_known_by_its_pdq_alone() -> None:
    image, listed = EXAMPLES["image"], EXAMPLES["image by PDQ"]
    original = image.hashes["pdq256"]["original"]
    assert listed.kind is Kind.IMAGE
    assert listed.hashes == {"pdq256": {"original": original}}
    assert listed.radius == RADIUS["pdq256"]
    assert listed == Identifier.image_pdq256(f" {original.hex().upper()}\n")
    form = f"pdq256:{original.hex()}".encode()
    assert listed.digest == hashlib.sha256(b"optout/v1/image\0" + form).digest()
    assert listed.probe == xxhash.xxh3_64_intdigest(form)


def test_only_what_is_known_by_its_pdq_alone_is_of_the_second_version() -> None:
    versions = {name: one.version for name, one in EXAMPLES.items()}
    assert versions.pop("image by PDQ") == PDQ_VERSION
    assert set(versions.values()) == {CANONICALISER_VERSION}
    assert all(one.matter()["v"] == one.version for one in EXAMPLES.values())


@pytest.mark.parametrize("digits", ["", "00", "g" * 64])
def test_what_is_no_pdq_is_refused(digits: str) -> None:
    with pytest.raises(IdentifierError, match="is not a pdq256"):
        Identifier.image_pdq256(digits)


def test_the_pdq_of_no_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="no picture has this PDQ"):
        Identifier.image_pdq256("f" * 64)


@pytest.mark.parametrize("digits", ["", "00", "g" * 64, "a" * 63, "٣" * 64, "\ud800"])
def test_what_is_no_phash256_is_refused(digits: str) -> None:
    with pytest.raises(IdentifierError, match="is not a phash256"):
        Identifier.image_phash256(digits)


@pytest.mark.parametrize("digits", ["0" * 64, "f" * 64, "01" * 32])
def test_the_hash_of_no_picture_is_refused(digits: str) -> None:
    with pytest.raises(PictureError):
        Identifier.image_phash256(digits)


def test_a_flat_picture_is_refused() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (320, 240), "navy").save(stream, "PNG")
    with pytest.raises(PictureError):
        Identifier.image(stream.getvalue())


@every_identifier
def test_matter_is_read_back_as_it_was(identifier: Identifier) -> None:
    again = Identifier.from_matter(json.loads(documents.canonical(identifier.matter())))
    assert again == identifier
    assert hash(again) == hash(identifier)
    assert again.matter() == identifier.matter()


@every_identifier
def test_an_identifier_travels_between_processes(identifier: Identifier) -> None:
    again = pickle.loads(pickle.dumps(identifier))
    assert again == identifier
    assert again.matter() == identifier.matter()
    assert copy.deepcopy(identifier) == identifier


@every_identifier
def test_an_identifier_cannot_be_changed(identifier: Identifier) -> None:
    with pytest.raises(FrozenInstanceError):
        identifier.probe = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        identifier.hashes["phash256"] = {}  # type: ignore[index]
    for variants in identifier.hashes.values():
        with pytest.raises(TypeError):
            variants["original"] = b""  # type: ignore[index]


def test_the_matter_of_an_address_is_its_digest_and_probe_and_no_more() -> None:
    matter = EXAMPLES["url"].matter()
    form = canonical(Kind.URL, "https://anna.example/harbour.jpg").encode()
    assert matter == {
        "v": CANONICALISER_VERSION,
        "kind": "url",
        "digest": hashlib.sha256(b"optout/v1/url\0" + form).hexdigest(),
        "probe": xxhash.xxh3_64_hexdigest(form),
    }


def test_the_matter_of_a_picture_holds_every_hash() -> None:
    image = EXAMPLES["image"]
    matter = image.matter()
    assert matter.keys() == {"v", "kind", "digest", "probe", "radius", "hashes"}
    assert matter["radius"] == MAX_RADIUS
    for namespace, variants in image.hashes.items():
        assert matter["hashes"][namespace] == {name: each.hex() for name, each in variants.items()}


@PATIENT
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_any_digest_and_probe_come_back(digest: bytes, probe: int) -> None:
    identifier = Identifier(Kind.URL, digest, probe)
    assert Identifier.from_matter(identifier.matter()) == identifier


URL, IMAGE = EXAMPLES["url"].matter(), EXAMPLES["image"].matter()
LISTED = EXAMPLES["image by PDQ"].matter()
HASHES = IMAGE["hashes"]
OTHER = {"phash256": {"original": "ab" * 32}}


@pytest.mark.parametrize(
    "matter",
    [
        None,
        [],
        "url",
        {},
        *({name: value for name, value in URL.items() if name != left} for left in URL),
        *({name: value for name, value in IMAGE.items() if name != left} for left in IMAGE),
        URL | {"more": 1},
        URL | {"radius": 1},
        URL | {"radius": None, "hashes": {}},
        URL | {"v": 2},
        URL | {"v": 1.0},
        URL | {"v": True},
        URL | {"v": "1"},
        URL | {"kind": "album"},
        URL | {"kind": "URL"},
        URL | {"kind": 1},
        URL | {"kind": ["url"]},
        URL | {"kind": "image"},
        URL | {"digest": URL["digest"].upper()},
        URL | {"digest": URL["digest"][2:]},
        URL | {"digest": URL["digest"] + "\n"},
        URL | {"digest": 7},
        URL | {"digest": None},
        URL | {"probe": "0x" + URL["probe"][2:]},
        URL | {"probe": 7},
        URL | {"probe": URL["probe"][1:]},
        IMAGE | {"kind": "url"},
        IMAGE | {"radius": None},
        IMAGE | {"radius": True},
        IMAGE | {"radius": -1},
        IMAGE | {"radius": MAX_RADIUS + 1},
        IMAGE | {"radius": 16.0},
        IMAGE | {"radius": "16"},
        IMAGE | {"digest": URL["digest"]},
        IMAGE | {"probe": URL["probe"]},
        IMAGE | {"hashes": {}},
        IMAGE | {"hashes": []},
        IMAGE | {"hashes": OTHER},
        IMAGE | {"hashes": {"phash64": HASHES["phash64"]}},
        IMAGE | {"hashes": {"phash256": {"square": HASHES["phash256"]["square"]}}},
        IMAGE | {"hashes": HASHES | {"phash64": {}}},
        IMAGE | {"hashes": HASHES | {"phash64": []}},
        IMAGE | {"hashes": HASHES | {"phash64": {"original": HASHES["phash256"]["original"]}}},
        IMAGE | {"hashes": HASHES | {"dhash256": HASHES["phash256"]}},
        IMAGE | {"hashes": HASHES | {"phash64": {"mirrored": HASHES["phash64"]["original"]}}},
        IMAGE | {"hashes": HASHES | {"phash64": {"original": None}}},
        IMAGE | {"v": 2},
        IMAGE | {"v": 3},
        IMAGE | {"hashes": {"pdq256": HASHES["pdq256"]}},
        LISTED | {"v": 1},
        LISTED | {"v": 2, "hashes": {}},
        LISTED | {"digest": IMAGE["digest"]},
        LISTED | {"hashes": {"pdq256": {"square": HASHES["pdq256"]["square"]}}},
        LISTED | {"hashes": {"phash64": HASHES["phash64"]}},
        LISTED | {"hashes": LISTED["hashes"] | {"phash256": HASHES["phash256"]}},
    ],
)
def test_matter_that_is_not_what_it_must_be_is_a_fault(matter) -> None:
    with pytest.raises(LogFault) as fault:
        Identifier.from_matter(matter)
    assert fault.value.advice


def test_a_picture_from_before_pdq256_is_read_as_it_was_written() -> None:
    matter = IMAGE | {"hashes": {name: HASHES[name] for name in ("phash256", "phash64")}}
    older = Identifier.from_matter(matter)
    assert older.matter() == matter
    assert (older.digest, older.probe) == (EXAMPLES["image"].digest, EXAMPLES["image"].probe)


def test_a_command_line_names_addresses_by_value_and_files_by_path(tmp_path: Path) -> None:
    path = tmp_path / "Hafen im Winter.png"
    path.write_bytes(PICTURE)
    assert Identifier.parse(Kind.URL, "anna.example/harbour.jpg") == EXAMPLES["url"]
    assert Identifier.parse(Kind.SITE, "anna.example") == EXAMPLES["site"]
    assert Identifier.parse(Kind.FILE, str(path)) == EXAMPLES["file"]
    assert Identifier.parse(Kind.IMAGE, str(path)) == EXAMPLES["image"]
    key = file_key(hashlib.sha256(PICTURE).hexdigest())
    assert (EXAMPLES["file"].digest, EXAMPLES["file"].probe) == (key.digest, key.probe)


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.IMAGE])
def test_a_file_that_is_not_there_is_named(kind: Kind, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.png")
    with pytest.raises(IdentifierError) as refusal:
        Identifier.parse(kind, missing)
    assert refusal.value.message == f"'{missing}' does not exist"


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.IMAGE])
def test_a_folder_or_a_pipe_is_not_a_file(kind: Kind, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        with pytest.raises(IdentifierError, match="is not a file"):
            Identifier.parse(kind, str(path))


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.IMAGE])
@pytest.mark.parametrize("path", ["a\0b", "a" * 5000, "\ud800\0"], ids=["nul", "long", "text"])
def test_a_path_that_cannot_be_one_is_refused(kind: Kind, path: str) -> None:
    with pytest.raises(IdentifierError, match=r"cannot be read|does not exist"):
        Identifier.parse(kind, path)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_bytes(b"Dear Anna")
    with pytest.raises(PictureError) as refusal:
        Identifier.parse(Kind.IMAGE, str(path))
    assert refusal.value.message.startswith(f"'{path}': ")


def test_a_picture_has_no_written_form() -> None:
    with pytest.raises(IdentifierError, match="a picture has no written form"):
        canonical(Kind.IMAGE, "ab" * 32)


def test_a_file_larger_than_any_picture_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: it takes no room
    with pytest.raises(PictureError, match=r"huge\.png.*more than 1024 MiB"):
        Identifier.parse(Kind.IMAGE, str(tmp_path / "huge.png"))
