"""Keys in the text forms of signed notes, and the file one is kept in."""

from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import RegistryError, UsageError
from optout.registry.log import SigningKey, VerifierKey

# golang.org/x/mod/sumdb/note, note_test.go.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
WRONG_LENGTH = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
WRONG_TYPE = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

# c2sp.org/signed-note@v1.0.0, the example of "Verifier keys".
EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

# RFC 8032, 7.1, TEST 2.
RFC_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
RFC_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
RFC_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)

names = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="+"), min_size=1
)


@pytest.mark.parametrize(("text", "name"), [(PETER, "PeterNeumann"), (EXAMPLE, "example.com/foo")])
def test_a_published_verifier_key_is_read_and_written(text: str, name: str) -> None:
    key = VerifierKey.parse(text)
    assert (key.name, key.id.hex(), str(key)) == (name, text.split("+")[1], text)


def test_a_published_signing_key_is_read_and_written() -> None:
    key = SigningKey.parse(PETER_PRIVATE)
    assert (key.name, key.text(), str(key.verifier)) == ("PeterNeumann", PETER_PRIVATE, PETER)


def test_signatures_are_those_of_the_rfc() -> None:
    key = SigningKey("rfc8032", RFC_SEED)
    assert key.verifier.public == RFC_PUBLIC
    assert key.sign(b"\x72") == RFC_SIGNATURE
    assert key.verifier.verify(b"\x72", RFC_SIGNATURE)


@pytest.mark.parametrize("text", [PETER, PETER_PRIVATE])
def test_no_part_of_a_key_and_no_changed_key_is_a_key(text: str) -> None:
    form = SigningKey if text.startswith("PRIVATE") else VerifierKey
    mangled = {text[i:j] for i in range(len(text)) for j in range(i, len(text) + 1)} - {text}
    mangled |= {text[:i] + chr(ord(c) + 1) + text[i + 1 :] for i, c in enumerate(text)}
    mangled |= {f"{text}\n", f" {text}", f"{text}=", text.replace("c74f20a3", "C74F20A3")}
    for other in mangled:
        with pytest.raises(UsageError, match="key"):
            form.parse(other)


@pytest.mark.parametrize("text", [WRONG_LENGTH, WRONG_TYPE])
def test_keys_of_another_kind_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="Ed25519"):
        VerifierKey.parse(text)


def test_a_refused_signing_key_is_not_shown() -> None:
    secret = PETER_PRIVATE.rpartition("+")[2]
    with pytest.raises(UsageError) as caught:
        SigningKey.parse(f"PRIVATE+KEY+PeterNeumann+c74f20a4+{secret}")
    assert secret not in str(caught.value)


def test_a_key_shows_itself_without_its_secret() -> None:
    key = SigningKey.parse(PETER_PRIVATE)
    assert repr(key) == str(key) == "<SigningKey PeterNeumann+c74f20a3>"


@given(names, st.binary(max_size=50))
def test_what_a_key_signs_it_verifies(name: str, message: bytes) -> None:
    key = SigningKey.generate(name)
    read = VerifierKey.parse(str(key.verifier))
    assert read == key.verifier
    assert read.verify(message, key.sign(message))
    assert SigningKey.parse(key.text()).sign(message) == key.sign(message)


@given(st.integers(0, 63), st.integers(0, 7))
def test_a_changed_signature_is_wrong(place: int, bit: int) -> None:
    changed = bytearray(RFC_SIGNATURE)
    changed[place] ^= 1 << bit
    assert not VerifierKey("rfc8032", RFC_PUBLIC).verify(b"\x72", bytes(changed))


@given(st.binary(max_size=100), st.binary(min_size=32, max_size=32))
def test_whatever_is_put_to_a_key_it_answers(signature: bytes, public: bytes) -> None:
    # Some points let anybody sign, so the answer need not be no: it is to be an answer.
    assert VerifierKey("anybody", public).verify(b"text", signature) in (True, False)


def test_two_new_keys_differ() -> None:
    assert SigningKey.generate("a").verifier != SigningKey.generate("a").verifier


@pytest.mark.parametrize(
    "name",
    [
        "",
        "two words",
        "a+b",
        "tab\t",
        "line\n",
        "no\u00a0break",
        "\u2028",
        chr(0xD800),
        chr(0xDFFF),
        "\0",
    ],
)
def test_a_name_that_no_note_could_carry_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="name of a key"):
        SigningKey.generate(name)
    with pytest.raises(UsageError, match="name of a key"):
        VerifierKey(name, RFC_PUBLIC)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="31 bytes"):
        VerifierKey("short", RFC_PUBLIC[:31])
    with pytest.raises(UsageError, match="32 bytes"):
        SigningKey("short", RFC_SEED[:31])


def test_a_saved_key_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "optout.key"
    SigningKey.parse(PETER_PRIVATE).save(path)
    assert path.read_text() == f"{PETER_PRIVATE}\n"
    assert SigningKey.load(path).text() == PETER_PRIVATE


def test_a_saved_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SigningKey.generate("optout.local").save(tmp_path / "optout.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "optout.key").stat().st_mode) == 0o600


def test_a_key_never_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "optout.key"
    SigningKey.parse(PETER_PRIVATE).save(path)
    with pytest.raises(RegistryError, match=r"optout\.key exists"):
        SigningKey.generate("another").save(path)
    assert SigningKey.load(path).text() == PETER_PRIVATE
    assert list(tmp_path.iterdir()) == [path]


def test_where_there_is_no_folder_no_key_is_saved(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SigningKey.generate("a").save(tmp_path / "missing" / "optout.key")


def test_a_key_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))  # bytes: less than a key takes
    try:
        with pytest.raises(OSError, match="File too large"):
            SigningKey.generate("a").save(tmp_path / "optout.key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe", f"{PETER}\n".encode(), b"PRIVATE+KEY+"])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "optout.key"
    path.write_bytes(data)
    with pytest.raises(RegistryError, match=r"optout\.key holds no signing key"):
        SigningKey.load(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"absent\.key cannot be read: No such file"):
        SigningKey.load(tmp_path / "absent.key")


def test_a_huge_file_is_no_key_and_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "optout.key"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: it takes no room
    with pytest.raises(RegistryError, match="holds no signing key"):
        SigningKey.load(path)
