"""Signed envelopes: DSSE 1.0.2 (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).

What is signed is not the JSON but `PAE(type, body)`, and what was verified is handed on as the
bytes that were verified: nobody parses the envelope a second time.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from optout.filter.errors import EvidenceError
from optout.registry import documents
from optout.registry.errors import OptOutError
from optout.registry.log import SigningKey, VerifierKey

IN_TOTO = "application/vnd.in-toto+json"
"""The payload type of an in-toto Statement."""

_ADVICE = "Restore the file from where it was published."


def pae(payload_type: str, body: bytes) -> bytes:
    """The pre-authentication encoding: what a signature is over.

    `DSSEv1 SP len(type) SP type SP len(body) SP body`, lengths in bytes as decimal numbers.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope.

    Attributes:
        keyid: a hint, not authenticated; optout writes the signer's vkey there.
        value: the signature.
    """

    keyid: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and who signed it; nothing in it is to be believed before `verify`."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def render(self) -> bytes:
        """The one form in which optout writes envelopes."""
        return documents.render(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [
                    {"keyid": s.keyid, "sig": base64.b64encode(s.value).decode()}
                    for s in self.signatures
                ],
            }
        )

    @classmethod
    def parse(cls, data: bytes, name: str = "the envelope") -> Envelope:
        """Read an envelope of anybody's: any JSON layout, standard or URL-safe base64.

        Raises:
            EvidenceError: it is no DSSE envelope.
        """
        try:
            document = json.loads(data)
            signatures = document["signatures"]
            if not isinstance(signatures, list) or not signatures:
                raise ValueError("no signature")
            return cls(
                # "Empty fields may be omitted" (envelope.md).
                _text(document.get("payloadType", "")),
                _unbase64(document.get("payload", "")),
                tuple(
                    Signature(_text(entry.get("keyid") or ""), _unbase64(entry["sig"]))
                    for entry in signatures
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
            raise EvidenceError(f"{name} is no DSSE envelope", _ADVICE) from fault

    def verify(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """The keys among `keys` that signed this payload; none where nobody did."""
        message = pae(self.payload_type, self.payload)
        return tuple(
            key for key in keys if any(key.verify(message, s.value) for s in self.signatures)
        )


def sign(payload: bytes, key: SigningKey, payload_type: str = IN_TOTO) -> Envelope:
    """Put a payload into an envelope signed with `key`, whose vkey becomes the key id."""
    signature = Signature(str(key.verifier), key.sign(pae(payload_type, payload)))
    return Envelope(payload_type, payload, (signature,))


def open_own(data: bytes, name: str, key: VerifierKey | None = None) -> tuple[bytes, VerifierKey]:
    """Verify an envelope that optout wrote; no byte of it may be different.

    Args:
        data: the file's bytes.
        name: what to call it in a message.
        key: whose signature is expected; by default the one that the envelope names.

    Returns:
        The payload that was verified, and the key that signed it.

    Raises:
        EvidenceError: a byte is different, or somebody else signed it.
    """
    documents.parse(data, name, error=EvidenceError)
    envelope = Envelope.parse(data, name)
    # Base64 has bits that decode to nothing, and a parser passes over fields it does not know.
    if envelope.render() != data or len(envelope.signatures) != 1:
        raise EvidenceError(f"{name} is not in the form optout writes", _ADVICE)
    if envelope.payload_type != IN_TOTO:
        raise EvidenceError(f"{name} does not hold an in-toto statement", _ADVICE)
    named = _named_key(envelope.signatures[0].keyid, name)
    if key is not None and str(named) != str(key):
        raise EvidenceError(
            f"{name} is signed by {named}, not by {key}",
            "Ask whoever published it for their key, or do not rely on it.",
        )
    if not envelope.verify([named]):
        raise EvidenceError(f"{name} does not match its signature", _ADVICE)
    return envelope.payload, named


def _named_key(keyid: str, name: str) -> VerifierKey:
    try:
        return VerifierKey.parse(keyid)
    except OptOutError as fault:
        raise EvidenceError(f"{name} does not name the key it is signed with", _ADVICE) from fault


def _text(value: Any) -> str:  # noqa: ANN401  # whatever JSON held there
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _unbase64(text: Any) -> bytes:  # noqa: ANN401  # whatever JSON held there
    try:
        return base64.b64decode(_text(text).translate(_URL_SAFE), validate=True)
    except binascii.Error as fault:
        raise ValueError("not base64") from fault


_URL_SAFE = str.maketrans("-_", "+/")
