"""One thing that is opted out, as far as a filter needs to know it: never the thing itself."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
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
    NAMESPACES,
    RADIUS,
    SHAPES,
    check_client_pdq,
    check_distinct,
    client_hashes,
    picture_hashes,
)

from .address import quoted
from .forms import understood
from .keys import Key, file_key, key_of, md5_key, sha256_of
from .kinds import Kind
from .matter import KNOWN_BY, PDQ_VERSION, Hashes, read_matter, version_of

Read = TypeVar("Read")

_BLOCK = 1 << 20
_DIGITS = re.compile(r"[0-9a-f]*")


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
        return cls._of(key_of(Kind.URL, understood(Kind.URL, text)))

    @classmethod
    def site(cls, text: str) -> Identifier:
        """A host and everything below it.

        Raises:
            IdentifierError: it is no host, more than a host, or a public suffix.
        """
        return cls._of(key_of(Kind.SITE, understood(Kind.SITE, text)))

    @classmethod
    def prefix(cls, text: str) -> Identifier:
        """A path on one host and everything below it.

        Raises:
            IdentifierError: it is no address, a whole site, or a part of a platform that many
                people share.
        """
        return cls._of(key_of(Kind.PREFIX, understood(Kind.PREFIX, text)))

    @classmethod
    def account(cls, text: str) -> Identifier:
        """An account on a platform, such as `instagram:anna` or the address of a profile.

        Raises:
            IdentifierError: it names no account, or not on which platform.
        """
        return cls._of(key_of(Kind.ACCOUNT, understood(Kind.ACCOUNT, text)))

    @classmethod
    def work(cls, text: str) -> Identifier:
        """A work by its ISBN, DOI, arXiv identifier or ISCC.

        Raises:
            IdentifierError: it is no such number, or its check digit is wrong.
        """
        return cls._of(key_of(Kind.WORK, understood(Kind.WORK, text)))

    @classmethod
    def text(cls, text: str) -> Identifier:
        """A passage that fills a field, however it is spaced and capitalised.

        Raises:
            IdentifierError: it is too short to tell it from others.
        """
        return cls._of(key_of(Kind.TEXT, understood(Kind.TEXT, text)))

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
    def file_md5(cls, digits: str) -> Identifier:
        """A file's exact bytes, for corpora that carry only their MD5.

        Args:
            digits: 32 hexadecimal digits.

        Raises:
            IdentifierError: it is no such digest.
        """
        return cls._of(md5_key(digits))

    @classmethod
    def files(cls, data: bytes) -> tuple[Identifier, Identifier]:
        """Both entries of a file's exact bytes: by their SHA-256 and by their MD5."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return cls.file_sha256(sha256_of(data)), cls.file_md5(md5)

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
        return cls.image_client({"original": digits})

    @classmethod
    def image_client(
        cls, phash256: Mapping[str, str], phash64: Mapping[str, str] | None = None
    ) -> Identifier:
        """A picture by hashes that somebody else made of its shapes: they reach less far.

        Args:
            phash256: by shape, one of `original`, which is always given, `square` and `padded`, 64
                hexadecimal digits each. Another shape that tells nothing apart is passed over.
            phash64: likewise, 16 hexadecimal digits each.

        Raises:
            IdentifierError: one of them is no such hash, or the original is missing.
            PictureError: the original is of a picture too flat to tell apart, or of none, or the
                phash64 of a shape is of another picture.
        """
        long = _shapes(phash256, "phash256")
        if "original" not in long:
            raise IdentifierError(
                "no hash of the picture as it is was given", "Give the phash256 of the original."
            )
        hashes = client_hashes(long, _shapes(phash64 or {}, "phash64"))
        return cls._picture(hashes, CLIENT_RADIUS)

    @classmethod
    def image_pdq256(cls, digits: str) -> Identifier:
        """A picture by a PDQ that somebody else made of it, as lists of hashes hold them.

        Args:
            digits: its PDQ, 64 hexadecimal digits.

        Raises:
            IdentifierError: it is no such hash.
            PictureError: it is the hash of a picture too flat to tell apart, or of none.
        """
        original = _hash(digits, "pdq256")
        check_client_pdq(original)
        return cls._picture({"pdq256": {"original": original}}, RADIUS["pdq256"])

    @classmethod
    def parse(cls, kind: Kind, value: str) -> Identifier:
        """An identifier from what stands on a command line.

        Args:
            kind: of the identifier.
            value: as somebody wrote it; for a file and a picture, the path of the file.

        Raises:
            IdentifierError: the value is not of that kind, or the file cannot be read.
            PictureError: the file is no picture, or one too flat to tell apart.
        """
        if kind not in {Kind.FILE, Kind.IMAGE}:
            return cls._of(key_of(kind, understood(kind, value)))
        if kind == Kind.FILE:
            return cls.file_sha256(_read_file(value, _digests)[0])
        try:
            return cls.image(_read_file(value, _picture_data))
        except PictureError as fault:
            raise PictureError(f"{quoted(value, 1000)}: {fault.message}", fault.advice) from fault

    @classmethod
    def parse_all(cls, kind: Kind, value: str) -> tuple[Identifier, ...]:
        """Every entry that a value makes: two of a file, by SHA-256 and by MD5; otherwise one.

        Raises:
            IdentifierError: as `parse`.
            PictureError: as `parse`.
        """
        if kind != Kind.FILE:
            return (cls.parse(kind, value),)
        sha256, md5 = _read_file(value, _digests)
        return cls.file_sha256(sha256), cls.file_md5(md5)

    @property
    def version(self) -> int:
        """The version of the rules that it follows; what knows no such version cannot find it."""
        return version_of(self.hashes)

    def matter(self) -> dict[str, Any]:
        """Every field that a filter reads, as a JSON value; `from_matter` reads it back."""
        matter: dict[str, Any] = {
            "v": self.version,
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
        version = version_of(hashes)
        known_by = KNOWN_BY[version]
        digits = hashes[known_by]["original"].hex()
        # The same bits of another hash are another picture's.
        form = f"{known_by}:{digits}" if version == PDQ_VERSION else digits
        key = key_of(Kind.IMAGE, form)
        return cls(Kind.IMAGE, key.digest, key.probe, hashes, radius)


def _hash(digits: str, namespace: str) -> bytes:
    lower = digits.strip().lower()
    most = NAMESPACES[namespace] ** 2 // 4
    if len(lower) != most or not _DIGITS.fullmatch(lower):
        raise IdentifierError(
            f"{quoted(digits)} is not a {namespace}", f"It has {most} hexadecimal digits."
        )
    return bytes.fromhex(lower)


def _shapes(digits: Mapping[str, str], namespace: str) -> dict[str, bytes]:
    unknown = next((shape for shape in digits if shape not in SHAPES), None)
    if unknown is not None:
        raise IdentifierError(
            f"{quoted(unknown)} is no shape of a picture", f"Choose from {', '.join(SHAPES)}."
        )
    # In one order, whoever gives them.
    return {shape: _hash(digits[shape], namespace) for shape in SHAPES if shape in digits}


def _digests(stream: BufferedReader) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    while block := stream.read(_BLOCK):
        sha256.update(block)
        md5.update(block)
    return sha256.hexdigest(), md5.hexdigest()


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
