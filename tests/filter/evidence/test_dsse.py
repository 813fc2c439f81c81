"""Envelopes are DSSE's: its published vectors, and no byte of our own may change.

Vectors: github.com/secure-systems-lab/dsse, protocol.md and testvectors/vectors.json; the keys are
those of RFC 8032, section 7.1, TEST 1 and TEST 2.
"""

from __future__ import annotations

import base64
import json

import pytest
from optout.filter.errors import EvidenceError
from optout.filter.evidence.dsse import IN_TOTO, Envelope, open_own, pae, sign
from optout.registry.log import SigningKey, VerifierKey

SEED_A = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC_A = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SEED_B = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
A = SigningKey("A", bytes.fromhex(SEED_A))
B = SigningKey("B", bytes.fromhex(SEED_B))

STATEMENT = "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ=="
BY_A = "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="
BY_B = "c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw=="
URL_SAFE = (
    "P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw=="
)
NON_ASCII = (
    "xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw=="
)
EMPTY_BODY = (
    "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg=="
)


def test_the_example_of_the_protocol_is_encoded_as_printed_there() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_in_bytes() -> None:
    assert pae("application/vnd.exämple+json", b"").startswith(b"DSSEv1 29 ")
    assert pae("x", "ä".encode()) == b"DSSEv1 1 x 2 \xc3\xa4"


def test_our_keys_are_those_of_rfc_8032() -> None:
    assert A.verifier.public.hex() == PUBLIC_A


@pytest.mark.parametrize(
    ("payload", "kind", "signatures", "signers"),
    [
        (STATEMENT, IN_TOTO, [BY_A], "A"),
        ("-_-_Pj8=", IN_TOTO, [URL_SAFE], "A"),
        (STATEMENT, "application/vnd.example.other+json", [BY_A], ""),
        (STATEMENT, "application/vnd.exämple+json", [NON_ASCII], "A"),
        ("", IN_TOTO, [EMPTY_BODY], "A"),
        (STATEMENT, IN_TOTO, [BY_A, BY_B], "AB"),
        (STATEMENT, IN_TOTO, [BY_A, BY_A], "A"),
    ],
)
def test_the_published_vectors_verify_or_fail(
    payload: str, kind: str, signatures: list[str], signers: str
) -> None:
    document = {
        "payload": payload,
        "payloadType": kind,
        "signatures": [{"sig": signature} for signature in signatures],
    }
    envelope = Envelope.parse(json.dumps(document).encode())
    assert "".join(key.name for key in envelope.verify([A.verifier, B.verifier])) == signers


def test_signing_gives_the_published_signature() -> None:
    (signature,) = sign(base64.b64decode(STATEMENT), A).signatures
    assert base64.b64encode(signature.value).decode() == BY_A
    assert signature.keyid == str(A.verifier)


def test_a_field_that_is_empty_may_be_left_out() -> None:
    document = {"payloadType": IN_TOTO, "signatures": [{"sig": EMPTY_BODY}]}
    envelope = Envelope.parse(json.dumps(document).encode())
    assert envelope.payload == b""
    assert envelope.verify([A.verifier])


def test_a_key_id_is_a_hint_that_nobody_relies_on() -> None:
    document = {
        "payload": STATEMENT,
        "payloadType": IN_TOTO,
        "signatures": [{"sig": BY_A, "keyid": "B"}],
    }
    envelope = Envelope.parse(json.dumps(document).encode())
    assert envelope.verify([B.verifier]) == ()
    assert envelope.verify([A.verifier]) == (A.verifier,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"payload":"AA==","payloadType":"x","signatures":[]}',
        b'{"payload":"AA==","payloadType":"x","signatures":[{}]}',
        b'{"payload":"AA==","payloadType":"x","signatures":["AA=="]}',
        b'{"payload":"AA==","payloadType":1,"signatures":[{"sig":"AA=="}]}',
        b'{"payload":"A","payloadType":"x","signatures":[{"sig":"AA=="}]}',
        b'{"payload":"AA==","payloadType":"x","signatures":[{"sig":"AA==","keyid":3}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"m\.json is no DSSE envelope"):
        Envelope.parse(data, "m.json")


OWN = sign(b'{"a":1}', A).render()


def test_our_own_envelope_is_opened() -> None:
    assert open_own(OWN, "m.json") == (b'{"a":1}', A.verifier)
    assert open_own(OWN, "m.json", A.verifier) == (b'{"a":1}', A.verifier)


def test_another_signer_than_expected_is_named() -> None:
    with pytest.raises(EvidenceError, match=r"is signed by A\+.*, not by B\+"):
        open_own(OWN, "m.json", B.verifier)


def test_any_changed_byte_of_our_own_is_noticed() -> None:
    for place in range(len(OWN)):
        for bit in range(8):
            changed = bytearray(OWN)
            changed[place] ^= 1 << bit
            with pytest.raises(EvidenceError):
                open_own(bytes(changed), "m.json")


def test_any_added_or_missing_byte_is_noticed() -> None:
    for changed in (OWN[:-1], OWN + b"\n", b" " + OWN, OWN.replace(b": ", b":  ", 1), b""):
        with pytest.raises(EvidenceError):
            open_own(changed, "m.json")


def resigned(**changes: object) -> bytes:
    document = json.loads(OWN)
    return json.dumps({**document, **changes}, indent=2, sort_keys=True).encode() + b"\n"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, "not in the form"),
        ({"signatures": json.loads(OWN)["signatures"] * 2}, "not in the form"),
        ({"signatures": [{"keyid": "A", "sig": BY_A}]}, "does not name the key"),
        ({"signatures": [{"keyid": str(B.verifier), "sig": BY_A}]}, "not match its signature"),
        ({"payload": STATEMENT}, "not match its signature"),
    ],
)
def test_an_envelope_of_another_shape_is_refused(changes: dict, words: str) -> None:
    assert resigned() == OWN
    with pytest.raises(EvidenceError, match=words):
        open_own(resigned(**changes), "m.json")


def test_another_payload_type_is_refused() -> None:
    other = sign(b"{}", A, "application/vnd.example+json").render()
    with pytest.raises(EvidenceError, match="in-toto"):
        open_own(other, "m.json")


def test_a_verifier_key_reads_its_own_text() -> None:
    assert VerifierKey.parse(str(A.verifier)) == A.verifier
