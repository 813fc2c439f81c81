"""One thing that is opted out, as far as a filter needs to know it: never the thing itself."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from optout.registry.errors import IdentifierError, LogFault, PictureError
from optout.registry.images import (
    CLIENT_RADIUS,
    MAX_BYTES,
    MAX_RADIUS,
    check_client_hash,
    check_distinct,
    picture_hashes,
)

from .address import CANONICALISER_VERSION, address_of, quoted
from .keys import Key, file_key, key_of
from .kinds import Kind
from .matter import Hashes, read_matter
from .sites import site_of

Read = TypeVar("Read")

_PHASH256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a filter recognises one item by. It is made by the methods below.

    Attributes:
        kind: what it names.
        digest: its identity, 32 bytes; see `Key`.
        probe: the 64-bit number under which it is looked for.
        hashes: of a picture, by namespace and variant; empty for every other kind.
        radius: of a picture, the most bits in which another may differ; otherwise None.
    """

    kind: Kind
    digest: bytes
    probe: int
    hashes: Hashes = field(default_factory=dict)
    radius: int | None = None

    def __post_init__(self) -> None:
        frozen = {name: MappingProxyType(dict(each)) for name, each in self.hashes.items()}
        object.__setattr__(self, "hashes", MappingProxyType(frozen))

    def __hash__(self) -> int:
        return hash((self.kind, self.digest, self.radius))

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Identifier], tuple[dict[str, Any]]]:
        return Identifier.from_matter, (self.matter(),)

    @classmethod
    def url(cls, text: str) -> Identifier:
        """One address, however it is written.

        Raises:
            IdentifierError: it is no http or https address.
        """
        return cls._of(key_of(Kind.URL, str(address_of(text))))

    @classmethod
    def site(cls, text: str) -> Identifier:
        """A host and everything below it.

        Raises:
            IdentifierError: it is no host, more than a host, or a public suffix.
        """
        return cls._of(key_of(Kind.SITE, site_of(text)))

    @classmethod
    def file_sha256(cls, digits: str) -> Identifier:
        """A file's exact bytes.

        Args:
            digits: their SHA-256, 64 hexadecimal digits.

        Raises:
            IdentifierError: it is no such digest.
        """
        return cls._of(file_key(digits))

    @classmethod
    def image(cls, data: bytes) -> Identifier:
        """A picture, however it is stored again.

        Args:
            data: the bytes of a picture file.

        Raises:
            PictureError: it cannot be read, or is too flat to tell apart from others.
        """
        hashed = picture_hashes(data)
        check_distinct(hashed)
        return cls._picture(hashed.hashes, MAX_RADIUS)

    @classmethod
    def image_phash256(cls, digits: str) -> Identifier:
        """A picture by a hash that somebody else made of it: it reaches less far.

        Args:
            digits: its phash256, 64 hexadecimal digits.

        Raises:
            IdentifierError: it is no such hash.
            PictureError: it is the hash of a picture too flat to tell apart, or of none.
        """
        lower = digits.strip().lower()
        if not _PHASH256.fullmatch(lower):
            raise IdentifierError(
                f"{quoted(digits)} is not a phash256", "It has 64 hexadecimal digits."
            )
        original = bytes.fromhex(lower)
        check_client_hash(original)
        return cls._picture({"phash256": {"original": original}}, CLIENT_RADIUS)

    @classmethod
    def parse(cls, kind: Kind, value: str) -> Identifier:
        """An identifier from what stands on a command line.

        Args:
            kind: of the identifier.
            value: an address or a site; for a file and a picture, the path of the file.

        Raises:
            IdentifierError: the value is not of that kind, or the file cannot be read.
            PictureError: the file is no picture, or one too flat to tell apart.
        """
        if kind == Kind.URL:
            return cls.url(value)
        if kind == Kind.SITE:
            return cls.site(value)
        if kind == Kind.FILE:
            return cls.file_sha256(_read_file(value, _sha256))
        try:
            return cls.image(_read_file(value, _picture_data))
        except PictureError as fault:
            raise PictureError(f"{quoted(value, 1000)}: {fault.message}", fault.advice) from fault

    def matter(self) -> dict[str, Any]:
        """Every field that a filter reads, as a JSON value; `from_matter` reads it back."""
        matter: dict[str, Any] = {
            "v": CANONICALISER_VERSION,
            "kind": str(self.kind),
            "digest": self.digest.hex(),
            "probe": f"{self.probe:016x}",
        }
        if self.kind is Kind.IMAGE:
            matter["radius"] = self.radius
            matter["hashes"] = {
                namespace: {variant: packed.hex() for variant, packed in variants.items()}
                for namespace, variants in self.hashes.items()
            }
        return matter

    @classmethod
    def from_matter(cls, matter: dict[str, Any]) -> Identifier:
        """Read back what `matter` wrote.

        Raises:
            LogFault: a field is missing, unknown or not what it must be.
        """
        kind, digest, probe, hashes, radius = read_matter(matter)
        if radius is None:
            return cls(kind, digest, probe)
        identifier = cls._picture(hashes, radius)
        if (identifier.digest, identifier.probe) != (digest, probe):
            raise LogFault(
                "the digest of an image is not that of its hash", "Restore it, or make it again."
            )
        return identifier

    @classmethod
    def _of(cls, key: Key) -> Identifier:
        return cls(key.kind, key.digest, key.probe)

    @classmethod
    def _picture(cls, hashes: Hashes, radius: int) -> Identifier:
        key = key_of(Kind.IMAGE, hashes["phash256"]["original"].hex())
        return cls(Kind.IMAGE, key.digest, key.probe, hashes, radius)


def _sha256(stream: BufferedReader) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _picture_data(stream: BufferedReader) -> bytes:
    if os.fstat(stream.fileno()).st_size > MAX_BYTES:
        raise PictureError(
            f"a file of more than {MAX_BYTES >> 20} MiB is no picture that is read here",
            "Send it in another format, or at a smaller size.",
        )
    return stream.read()


def _read_file(path: str, read: Callable[[BufferedReader], Read]) -> Read:
    advice = "Give the path of a file that can be read."
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise IdentifierError(f"{quoted(path, 1000)} is not a file", advice)
        with Path(path).open("rb") as stream:
            return read(stream)
    except FileNotFoundError as fault:
        raise IdentifierError(f"{quoted(path, 1000)} does not exist", advice) from fault
    except (OSError, ValueError) as fault:
        raise IdentifierError(f"{quoted(path, 1000)} cannot be read", advice) from fault
