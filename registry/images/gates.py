"""Which hashes may be matched by likeness, and how far."""

from __future__ import annotations

from collections.abc import Mapping

from optout.registry.errors import PictureError

from .flat_pictures import flat_hashes
from .regularity import MAX_REGULARITY, regularity

RADIUS: Mapping[str, int] = {"phash256": 30, "phash64": 2, "pdq256": 31}
"""Two hashes this many bits apart, or fewer, are of one picture, by namespace. phash64 is short:
at 8 bits a hundred million registered pictures would match nearly everything."""

DEFAULT_RADIUS = RADIUS["phash256"]
"""The radius of phash256."""

CLIENT_RADIUS = 16
"""The most for a hash that was made by a client, of a picture that nobody here has seen."""

MAX_RADIUS = 64
"""The most that anybody may ask for."""

# Whatever such a hash can drop is then further than DEFAULT_RADIUS from every plain picture.
_FLAT_DISTANCE = DEFAULT_RADIUS + CLIENT_RADIUS


def check_client_hash(phash256: bytes) -> None:
    """Refuse a hash that no distinct picture has, or that would match what everybody draws.

    Args:
        phash256: the hash of the original variant, made by a client.

    Raises:
        PictureError: it is not 32 bytes, has not half of its bits set, lacks the bit of the mean
            brightness (the first, always set), is near the hash of a flat picture, or as regular as
            those of words and shapes are.
    """
    if len(phash256) != 32 or int.from_bytes(phash256).bit_count() != 128 or phash256[0] < 0x80:
        raise PictureError(
            "no picture has this hash",
            "Make it with imagehash.phash(picture, hash_size=16), 64 hexadecimal digits.",
        )
    if is_near_flat_picture(phash256):
        raise PictureError(
            "the hash is too near to that of a plain picture",
            "Register the picture itself, or its exact bytes as a file.",
        )
    if regularity(phash256) >= MAX_REGULARITY:
        raise PictureError(
            "the hash is as regular as those of logos and plain shapes",
            "Register the picture itself, or its exact bytes as a file.",
        )


def warm_gate() -> None:
    """Draw the flat pictures, which takes seconds once a process, before the first hash comes."""
    flat_hashes()


def is_near_flat_picture(phash256: bytes) -> bool:
    """Whether what a hash matches may be near the hash of a flat picture.

    Args:
        phash256: 32 bytes.
    """
    import numpy as np

    differing = flat_hashes() ^ np.frombuffer(phash256, np.uint8)
    return int(np.bitwise_count(differing).sum(axis=1).min()) <= _FLAT_DISTANCE


def tells_alone(phash256: bytes) -> bool:
    """Whether a hash tells a picture apart though nobody sees how plain that is.

    Args:
        phash256: 32 bytes, made of some picture.
    """
    return regularity(phash256) < MAX_REGULARITY and not is_near_flat_picture(phash256)
