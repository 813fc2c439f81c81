"""What picture bytes are looked up by: the digests of the file, the hash of the picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from optout.registry.errors import PictureError
from optout.registry.identifiers import sha256_of
from optout.registry.images import sighted_hashes

NAMESPACE = "phash256"


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of the bytes of one picture.

    Attributes:
        sha256: of the bytes, hex.
        md5: of the bytes, hex.
        phash256: of the picture, 32 bytes; None where nobody asked or it cannot be decoded.
        mirrored: the same of its mirror image.
        undecodable: whether it was to be decoded and could not be.
    """

    sha256: str
    md5: str
    phash256: bytes | None = None
    mirrored: bytes | None = None
    undecodable: bool = False


def features(data: bytes, *, perceptual: bool) -> Features:
    """Hash one picture.

    Args:
        data: the file's bytes.
        perceptual: whether to decode it; without, only the bytes count.
    """
    sha256 = sha256_of(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if not perceptual:
        return Features(sha256, md5)
    try:
        return Features(sha256, md5, *sighted_hashes(data))
    except PictureError:
        return Features(sha256, md5, undecodable=True)
