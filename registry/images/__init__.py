"""Pictures: decoded safely, hashed perceptually, and refused where nothing tells them apart."""

from .client_hashes import client_hashes
from .decoding import MAX_BYTES, MAX_PIXELS, decode, opened
from .gates import (
    CLIENT_RADIUS,
    DEFAULT_RADIUS,
    MAX_RADIUS,
    RADIUS,
    check_client_hash,
    warm_gate,
)
from .hashing import (
    NAMESPACES,
    VARIANTS,
    PictureHashes,
    SightedHashes,
    check_distinct,
    corpus_hashes,
    phash,
    picture_hashes,
    sighted_hashes,
)
from .pdq import MIN_QUALITY, Pdq, pdq
from .pdq_gate import check_client_pdq
from .plainness import (
    MAX_FLAT_FRACTION,
    MAX_UNDECIDED_FRACTION,
    flat_fraction,
    undecided_fraction,
)
from .scaled import ScaledJpeg, scaled_jpeg
from .shapes import SHAPES, variants
from .sighted_pdq import KERNELS, SightedPdq, pdq_levels, pdq_of_levels, sighted_pdq
from .tail import radius_for
from .tones import MAX_DRAWN_FRACTION, drawn_fraction

__all__ = [
    "CLIENT_RADIUS",
    "DEFAULT_RADIUS",
    "KERNELS",
    "MAX_BYTES",
    "MAX_DRAWN_FRACTION",
    "MAX_FLAT_FRACTION",
    "MAX_PIXELS",
    "MAX_RADIUS",
    "MAX_UNDECIDED_FRACTION",
    "MIN_QUALITY",
    "NAMESPACES",
    "RADIUS",
    "SHAPES",
    "VARIANTS",
    "Pdq",
    "PictureHashes",
    "ScaledJpeg",
    "SightedHashes",
    "SightedPdq",
    "check_client_hash",
    "check_client_pdq",
    "check_distinct",
    "client_hashes",
    "corpus_hashes",
    "decode",
    "drawn_fraction",
    "flat_fraction",
    "opened",
    "pdq",
    "pdq_levels",
    "pdq_of_levels",
    "phash",
    "picture_hashes",
    "radius_for",
    "scaled_jpeg",
    "sighted_hashes",
    "sighted_pdq",
    "undecided_fraction",
    "variants",
    "warm_gate",
]
