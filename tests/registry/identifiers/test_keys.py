"""Keys: a digest that is the identity, a probe that is fast, and which keys cover an address."""

from __future__ import annotations

import hashlib
import time

import pytest
import xxhash
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    Identifier,
    Key,
    Kind,
    canonical,
    file_key,
    sha256_of,
    url_keys,
)

PATIENT = settings(deadline=None)
"""The machine may be busy, and the first to ask loads the public suffix list."""

LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
HOSTS = st.lists(LABELS, min_size=1, max_size=5).map(lambda labels: ".".join([*labels, "example"]))


def sites(text: str) -> list[tuple[bytes, int]]:
    keys = url_keys(text)
    assert keys is not None
    assert keys[0].kind is Kind.URL
    assert [key.kind.code for key in keys] == sorted(key.kind.code for key in keys)
    return [(key.digest, key.probe) for key in keys if key.kind is Kind.SITE]


def site(host: str) -> tuple[bytes, int]:
    digest = hashlib.sha256(b"optout/v1/site\0" + host.encode()).digest()
    return digest, xxhash.xxh3_64_intdigest(host.encode())


def test_the_keys_of_an_address_are_those_of_the_table(keys_vector) -> None:
    keys = url_keys(keys_vector["text"])
    assert keys is not None
    told = [(str(key.kind), key.digest.hex(), f"{key.probe:016x}") for key in keys]
    assert [row for row in told if row[0] in {"url", "site"}] == [
        (row["kind"], row["digest"], row["probe"]) for row in keys_vector["keys"]
    ]


def test_the_table_was_made_by_sha256_and_xxh3(keys_vector) -> None:
    for row in keys_vector["keys"]:
        data = row["canonical"].encode()
        domain = f"optout/v1/{row['kind']}\0".encode()
        assert row["digest"] == hashlib.sha256(domain + data).hexdigest()
        assert row["probe"] == xxhash.xxh3_64_hexdigest(data)


@PATIENT
@given(HOSTS)
def test_every_host_above_an_address_with_two_labels_or_more_is_a_site(host: str) -> None:
    labels = host.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    assert sites(f"https://{host}:8080/a?b#c") == [site(each) for each in above]


@PATIENT
@given(HOSTS, HOSTS)
def test_a_site_covers_itself_and_what_lies_below_it_only(host: str, other: str) -> None:
    registered = Identifier.site(host)
    key = (registered.digest, registered.probe)
    assert key in sites(f"http://{host}/")
    assert key in sites(f"https://www.{host}:8443/a/b")
    assert key not in sites(f"http://not{host}/")
    assert key not in sites(f"http://{host}.org/")
    assume(other != host and not other.endswith(f".{host}"))
    assert key not in sites(f"http://{other}/{host}")


@PATIENT
@given(st.ip_addresses(v=4))
def test_an_ip_address_is_covered_by_itself_only(address) -> None:
    assert sites(f"http://{address}:8080/a") == [site(str(address))]


@PATIENT
@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_covered_by_itself_only(address) -> None:
    host = canonical(Kind.SITE, f"[{address}]")
    assert sites(f"http://[{address.exploded}]/a") == [site(host)]


def test_a_single_name_has_no_site() -> None:
    assert sites("http://localhost/a") == []


def test_a_host_longer_than_a_name_can_be_is_covered_by_the_sites_that_can_be() -> None:
    host = "a." * 200 + "anna.example"
    found = sites(f"http://{host}/")
    assert site("anna.example") in found
    assert site("a.anna.example") in found
    assert site("a." * 120 + "anna.example") in found
    assert site("a." * 121 + "anna.example") not in found


@pytest.mark.parametrize("length", [252, 253, 254, 255])
def test_the_longest_name_that_can_be_a_site_has_253_characters(length: int) -> None:
    host = ("a" * 50 + ".") * 4 + "b" * (length - 4 * 51 - 8) + ".example"
    assert len(host) == length
    assert (site(host) in sites(f"http://{host}/")) is (length <= 253)
    assert site(host.partition(".")[2]) in sites(f"http://{host}/")
    if length <= 253:
        assert canonical(Kind.SITE, host) == host
    else:
        with pytest.raises(IdentifierError, match="not the name of a site"):
            canonical(Kind.SITE, host)


def test_a_million_labels_cost_no_more_than_a_hundred() -> None:
    begun = time.monotonic()
    assert len(sites("http://" + "a." * 1_000_000 + "example/")) < 130
    assert time.monotonic() - begun < 60


def test_the_key_of_a_file_is_made_of_its_sha256() -> None:
    digest = sha256_of(b"abc")
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    expected = hashlib.sha256(b"optout/v1/file\0" + digest.encode()).digest()
    assert file_key(digest) == Key(Kind.FILE, expected, xxhash.xxh3_64_intdigest(digest.encode()))
    assert file_key(f" {digest.upper()}\n") == file_key(digest)
    assert canonical(Kind.FILE, digest.upper()) == digest


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 63, "a" * 65, "٣" * 64, "\ud800"])
def test_what_is_no_sha256_is_refused(text: str) -> None:
    with pytest.raises(IdentifierError, match="is no SHA-256 digest"):
        file_key(text)
    with pytest.raises(IdentifierError, match="is no SHA-256 digest"):
        Identifier.file_sha256(text)


def test_the_same_text_of_two_kinds_has_two_digests() -> None:
    digests = {Identifier.url("anna.example").digest, Identifier.site("anna.example").digest}
    assert len(digests) == 2
