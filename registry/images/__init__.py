"""Pictures: decoded safely, hashed perceptually, and refused where nothing tells them apart."""

from .decoding import MAX_BYTES, MAX_PIXELS, decode, opened
from .gates import (
    CLIENT_RADIUS,
    DEFAULT_RADIUS,
    MAX_RADIUS,
    RADIUS,
    check_client_hash,
    check_distinct,
)
from .hashing import (
    NAMESPACES,
    VARIANTS,
    PictureHashes,
    SightedHashes,
    corpus_hashes,
    phash,
    picture_hashes,
    sighted_hashes,
    variants,
)
from .pdq import MIN_QUALITY, Pdq, pdq
from .plainness import (
    MAX_FLAT_FRACTION,
    MAX_UNDECIDED_FRACTION,
    flat_fraction,
    undecided_fraction,
)

__all__ = [
    "CLIENT_RADIUS",
    "DEFAULT_RADIUS",
    "MAX_BYTES",
    "MAX_FLAT_FRACTION",
    "MAX_PIXELS",
    "MAX_RADIUS",
    "MAX_UNDECIDED_FRACTION",
    "MIN_QUALITY",
    "NAMESPACES",
    "RADIUS",
    "VARIANTS",
    "Pdq",
    "PictureHashes",
    "SightedHashes",
    "check_client_hash",
    "check_distinct",
    "corpus_hashes",
    "decode",
    "flat_fraction",
    "opened",
    "pdq",
    "phash",
    "picture_hashes",
    "sighted_hashes",
    "undecided_fraction",
    "variants",
]
