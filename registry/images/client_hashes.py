"""Hashes of several shapes of a picture, made by a client: what of them tells a picture apart."""

from __future__ import annotations

from collections.abc import Mapping

from optout.registry.errors import PictureError

from .gates import check_client_hash

_WAVES = 8

_MOST_APART = 12
"""Bits. Of 198 shapes of pictures none has its phash64 further than 7 from the lowest waves of its
phash256; of two unrelated pictures hardly any are nearer than 17."""


def client_hashes(
    phash256: Mapping[str, bytes], phash64: Mapping[str, bytes]
) -> dict[str, dict[str, bytes]]:
    """What is taken of a client's hashes.

    Args:
        phash256: by shape, 32 bytes each; `original` among them.
        phash64: by shape, 8 bytes each.

    Returns:
        hashes by namespace and shape. Another shape than `original` that tells nothing apart is
        left out, as the plain middle of a picture is, and its phash64 with it.

    Raises:
        PictureError: the `original` is refused (see `check_client_hash`), or a phash64 is not of
            the same picture as the phash256 of its shape.
    """
    check_client_hash(phash256["original"])
    taken = {shape: packed for shape, packed in phash256.items() if _is_taken(shape, packed)}
    short = {shape: packed for shape, packed in phash64.items() if shape in taken}
    if not all(is_of_same(packed, taken[shape]) for shape, packed in short.items()):
        raise PictureError(
            "the phash64 is not of the same picture as the phash256",
            "Make both of one picture, or leave the phash64 out.",
        )
    hashes = {"phash256": taken}
    return hashes | ({"phash64": short} if short else {})


def is_of_same(phash64: bytes, phash256: bytes) -> bool:
    """Whether both may be of one picture: the waves of the one are the lowest of the other.

    Nothing else holds a short hash to be of a picture that tells itself apart.

    Args:
        phash64: 8 bytes.
        phash256: 32 bytes.
    """
    # A row of the larger square is two bytes, and the first has the lower waves.
    lowest = phash256[: 2 * _WAVES : 2]
    return (int.from_bytes(phash64) ^ int.from_bytes(lowest)).bit_count() <= _MOST_APART


def _is_taken(shape: str, phash256: bytes) -> bool:
    if shape == "original":
        return True
    try:
        check_client_hash(phash256)
    except PictureError:
        return False
    return True
