"""Ed25519 keys in the text forms of signed notes.

A verifier key is `name+id+base64(0x01 || public key)` (https://c2sp.org/signed-note, "Verifier
keys"); a signing key is `PRIVATE+KEY+name+id+base64(0x01 || seed)`, the form that
golang.org/x/mod/sumdb/note reads and writes. The id is the first 4 bytes of
SHA-256(name || 0x0A || 0x01 || public key), so that a changed character is noticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from optout.registry.durable import publish_new
from optout.registry.errors import RegistryError, UsageError

ED25519 = b"\x01"
"""The signature type of plain Ed25519; no other is known here."""

ID_SIZE = 4
"""Bytes of a key's id."""

_KEY_SIZE = 32
_PRIVATE = "PRIVATE+KEY+"
_MAX_FILE = 1 << 16


def check_name(name: str) -> None:
    """Hold a key's name against the rules of signed notes.

    Raises:
        UsageError: it is empty, or has a space, a plus, a control character or a lone surrogate.
    """
    plain = all(c > " " and not c.isspace() and not "\ud800" <= c <= "\udfff" for c in name)
    if not name or not plain or "+" in name:
        raise UsageError(
            f"{name!r} cannot be the name of a key",
            "Choose something like example.org/optout, without spaces and plus signs.",
        )


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key: who has it can check signatures. `str()` gives its text form.

    Attributes:
        name: whose key it is.
        public: the 32 bytes of the public key (RFC 8032).
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _KEY_SIZE:
            raise UsageError(
                f"the key of {self.name} has {len(self.public)} bytes instead of {_KEY_SIZE}",
                "Copy the key again, whole.",
            )

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the text form.

        Raises:
            UsageError: it is no verifier key, or not an Ed25519 key.
        """
        name, data = _parse(text, "verifier")
        key = cls(name, data)
        if str(key) != text:
            raise _not_a_key("verifier", "its parts do not belong together")
        return key

    @property
    def id(self) -> bytes:
        """The 4 bytes that stand for the key in a signature line."""
        material = self.name.encode() + b"\n" + ED25519 + self.public
        return hashlib.sha256(material).digest()[:ID_SIZE]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`; never raises for bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(self.public)}"


class SigningKey:
    """A whole key: who has it can sign. It shows itself by name and id only.

    Args:
        name: whose key it is.
        seed: the 32 secret bytes (RFC 8032).
    """

    __slots__ = ("_seed", "name")

    def __init__(self, name: str, seed: bytes) -> None:
        check_name(name)
        if len(seed) != _KEY_SIZE:
            raise UsageError(f"the key of {name} is not {_KEY_SIZE} bytes long", "Copy it whole.")
        self.name = name
        self._seed = seed

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new key.

        Raises:
            UsageError: `name` cannot be the name of a key.
        """
        return cls(name, secrets.token_bytes(_KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read the text form.

        Raises:
            UsageError: it is no signing key, or not an Ed25519 key. No part of `text` is shown.
        """
        if not text.startswith(_PRIVATE):
            raise _not_a_key("signing", f"it does not begin with {_PRIVATE}")
        key = cls(*_parse(text.removeprefix(_PRIVATE), "signing"))
        if key.text() != text:
            raise _not_a_key("signing", "its parts do not belong together")
        return key

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read the file that `save` wrote: the text form on one line.

        Raises:
            RegistryError: the file cannot be read, or holds something else.
        """
        try:
            with path.open("rb") as stream:
                text = stream.read(_MAX_FILE).decode()
        except OSError as fault:
            raise RegistryError(
                f"the signing key {path} cannot be read: {fault.strerror}",
                "Restore it from a backup, and let its owner read it.",
            ) from fault
        except UnicodeDecodeError as fault:
            raise _damaged(path) from fault
        try:
            return cls.parse(text.removesuffix("\n"))
        except UsageError as fault:
            raise _damaged(path) from fault

    def save(self, path: Path) -> None:
        """Write the key's file: whole or not at all, for its owner's eyes only.

        Raises:
            RegistryError: there is a file already; it stays as it is.
            OSError: the disk is full, read-only or failing; there is no file then.
        """
        try:
            publish_new(path, f"{self.text()}\n".encode(), mode=0o600)
        except FileExistsError as fault:
            raise RegistryError(
                f"{path} exists, and a key is never overwritten",
                "Move it away first, or choose another path.",
            ) from fault

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature of `message`: always the same (RFC 8032)."""
        return self._private().sign(message)

    def text(self) -> str:
        """The text form: a secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{_base64(self._seed)}"

    def __repr__(self) -> str:
        return f"<SigningKey {self.name}+{self.verifier.id.hex()}>"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._seed)


def _parse(text: str, what: str) -> tuple[str, bytes]:
    """The name and the key bytes of `name+id+base64(type || key)`; the id is not checked."""
    parts = text.split("+", 2)  # base64 has plus signs of its own
    if len(parts) < 3:
        raise _not_a_key(what, "it does not have the form name+id+key")
    try:
        data = base64.b64decode(parts[2].encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise _not_a_key(what, "its last part is not base64") from fault
    if data[:1] != ED25519 or len(data) != 1 + _KEY_SIZE:
        raise _not_a_key(what, "it is not of the kind Ed25519")
    return parts[0], data[1:]


def _base64(key: bytes) -> str:
    return base64.b64encode(ED25519 + key).decode()


def _not_a_key(what: str, why: str) -> UsageError:
    return UsageError(f"this is no {what} key: {why}", "Copy the whole line that holds the key.")


def _damaged(path: Path) -> RegistryError:
    return RegistryError(
        f"the file {path} holds no signing key", "Restore it from a backup, or name another file."
    )
