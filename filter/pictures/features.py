"""What picture bytes are looked up by: the digests of the file, the hash of the picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from optout.registry.errors import PictureError
from optout.registry.identifiers import sha256_of
from optout.registry.images import SightedPdq, sighted_hashes, sighted_pdq

NAMESPACE, PDQ = "phash256", "pdq256"


NO_PDQ = SightedPdq(None, None)


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of the bytes of one picture.

    Attributes:
        sha256: of the bytes, hex.
        md5: of the bytes, hex.
        phash256: of the picture, 32 bytes; None where nobody asked or it cannot be decoded.
        mirrored: the same of its mirror image.
        by_pdq: what it is looked for by where entries are known by their PDQ alone; nothing where
            nobody asked.
        undecodable: whether it was to be decoded and could not be.
    """

    sha256: str
    md5: str
    phash256: bytes | None = None
    mirrored: bytes | None = None
    by_pdq: SightedPdq = NO_PDQ
    undecodable: bool = False


def features(data: bytes, *, perceptual: bool, by_pdq: bool = False) -> Features:
    """Hash one picture.

    Args:
        data: the file's bytes.
        perceptual: whether to decode it; without, only the bytes count.
        by_pdq: whether to make its PDQ too, where it is decoded.
    """
    sha256 = sha256_of(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if not perceptual:
        return Features(sha256, md5)
    try:
        hashes = sighted_hashes(data)
        return Features(sha256, md5, *hashes, sighted_pdq(data) if by_pdq else NO_PDQ)
    except PictureError:
        return Features(sha256, md5, undecodable=True)
