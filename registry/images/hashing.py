"""Perceptual hashes of a picture and of the shapes it is stored in.

phash256 and phash64 are `imagehash.phash`, itself; pdq256 is PDQ, for corpora that carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from optout.registry.errors import PictureError, UsageError

from .coarse import FORMS, coarse_forms, small_copy
from .decoding import opened
from .gates import DEFAULT_RADIUS, is_near_flat_picture, tells_alone
from .pdq import MIN_QUALITY, pdq
from .plainness import (
    MAX_GROUND_FRACTION,
    MAX_UNDECIDED_FRACTION,
    flat_fraction,
    ground_fraction,
    is_plain,
    undecided_fraction,
)
from .shapes import SHAPES, frame, variants
from .tones import MAX_DRAWN_SQUARE, drawn_fraction

if TYPE_CHECKING:
    from PIL import Image

    from .sheet import Sheet

NAMESPACES: Mapping[str, int] = {"phash256": 16, "phash64": 8, "pdq256": 16}
"""Kinds of hash, and the side of the square of bits that each is made of."""

_PDQ = "pdq256"
_LOOKED_FOR = NAMESPACES["phash256"]

VARIANTS = (*SHAPES, *(f"{shape}-{form}" for shape in SHAPES for form in FORMS))
"""What of a registered picture is looked for: its shapes, and what coarse forms leave of them."""

# A coarse form that moves the hash by less leaves half of the radius to whatever else happens.
_MOVED = DEFAULT_RADIUS // 2

# Measured on crops of unrelated photographs, padded: none of 4:1 are within 50 bits of each other;
# of 10:1, one pair in 50,000 is within 30.
_MAX_PADDED_RATIO = 4


@dataclass(frozen=True)
class PictureHashes:
    """What registration keeps of a picture.

    Attributes:
        hashes: packed hashes by namespace and variant. `original` is always there; a variant that
            tells nothing apart is not: a plain square, the padding of a very narrow picture. Where
            a coarse form moves the phash256 of a shape by more than half of the radius, what it
            leaves is there too. Of pdq256 only what has a quality of 50 or more is there: nothing,
            where the original has less.
        flat_fraction: how much of the picture is flat, 0 to 1.
        undecided_fraction: how much of its phash256 says nothing about it, 0 to 1.
        drawn_fraction: how much of it a drawing explains that it would cover, 0 to 1.
    """

    hashes: Mapping[str, Mapping[str, bytes]]
    flat_fraction: float
    undecided_fraction: float
    drawn_fraction: float


class SightedHashes(NamedTuple):
    """What a picture of a corpus is looked for by.

    Attributes:
        phash256: of the picture as it is, 32 bytes.
        mirrored: the phash256 of its mirror image, left and right exchanged.
    """

    phash256: bytes
    mirrored: bytes


def phash(picture: Image.Image, hash_size: int) -> bytes:
    """The perceptual hash of a picture, as `imagehash.phash(picture, hash_size)` makes it.

    Args:
        picture: any mode that Pillow can turn into greys.
        hash_size: side of the square of bits: 16 for phash256, 8 for phash64.

    Returns:
        `hash_size ** 2` bits, row by row, the first bit the highest of the first byte.
    """
    # scipy's transforms take a fifth of a second to load.
    import imagehash
    import numpy as np

    return np.packbits(imagehash.phash(picture, hash_size).hash).tobytes()


def corpus_hashes(data: bytes, namespaces: Iterable[str]) -> dict[str, bytes]:
    """Hash a picture of a corpus, as it is.

    Args:
        data: the picture's file.
        namespaces: names from `NAMESPACES`; what is not asked for costs nothing.

    Returns:
        packed hashes by namespace; no pdq256 where its quality is below 50.

    Raises:
        PictureError: the picture cannot be read.
        UsageError: a namespace is unknown.
    """
    sizes = {namespace: _hash_size(namespace) for namespace in namespaces}
    wanted = SHAPES[:1] if _PDQ in sizes else ()
    grey, found = _read(data, wanted)
    hashes = {}
    for namespace, size in sizes.items():
        if namespace != _PDQ:
            hashes[namespace] = phash(grey, size)
        elif found:
            (hashes[namespace],) = found.values()
    return hashes


def sighted_hashes(data: bytes) -> SightedHashes:
    """Hash a picture of a corpus in both ways in which it is looked for.

    An entry covers a picture, and its mirror image, if either hash is near one of its own. The
    mirror image is made of the greys as anybody sees them: turned upright, and on white.

    Raises:
        PictureError: the picture cannot be read.
    """
    from PIL import ImageOps

    grey, _ = _read(data, ())
    return SightedHashes(phash(grey, _LOOKED_FOR), phash(ImageOps.mirror(grey), _LOOKED_FOR))


def picture_hashes(data: bytes) -> PictureHashes:
    """Hash a picture for registration: every namespace, every variant that tells it apart.

    Raises:
        PictureError: the picture cannot be read.
    """
    with opened(data) as sheet:
        found = _pdqs(sheet, SHAPES)
        grey = sheet.whole(grey=True)
        small = small_copy(sheet)
    shapes = variants(grey)
    if max(grey.size) > _MAX_PADDED_RATIO * min(grey.size):
        del shapes["padded"]
    measures = _measures(grey)
    flat, undecided, drawn = _measures(shapes["square"])
    is_drawn_square = drawn >= MAX_DRAWN_SQUARE
    is_plain_square = is_drawn_square or is_plain(flat, undecided, 0)
    hashes = {
        namespace: {
            name: phash(shape, size)
            for name, shape in shapes.items()
            if name != "square" or not is_plain_square
        }
        for namespace, size in NAMESPACES.items()
        if namespace != _PDQ
    }
    if kept := {name: packed for name, packed in found.items() if name in hashes["phash64"]}:
        hashes[_PDQ] = kept
    if not is_plain(*measures):
        looked_for = hashes["phash256"]
        if is_plain_square and not is_drawn_square:
            looked_for |= _of_plain_square(shapes["square"])
        looked_for |= _of_coarse_forms(variants(small), looked_for)
    return PictureHashes(hashes, *measures)


def check_distinct(hashes: PictureHashes) -> None:
    """Refuse a picture that likeness cannot tell apart from others.

    Raises:
        PictureError: too much of it is flat, or too much of its hash undecided, or it is a drawing
            under noise.
    """
    if is_plain(hashes.flat_fraction, hashes.undecided_fraction, hashes.drawn_fraction):
        raise PictureError(
            "the picture is too plain to be told apart from others",
            "Register its exact bytes as a file, or the address where it stands.",
        )


def _of_plain_square(square: Image.Image) -> dict[str, bytes]:
    """The phash256 of a square that is plain as a clear sky is, and not as a drawing is.

    The picture around it is none that everybody draws. Of 1,066 plain squares of all sorts of
    pictures 7 pass here, 5 of them of photographs, and none of logos, charts and flat shapes. The
    nearest to them of 7,000 other pictures is 80 bits away.
    """
    packed = phash(square, _LOOKED_FOR)
    drawn = ground_fraction(square) >= MAX_GROUND_FRACTION or is_near_flat_picture(packed)
    if drawn or undecided_fraction(square) >= MAX_UNDECIDED_FRACTION:
        return {}
    return {"square": packed}


def _of_coarse_forms(
    shapes: Mapping[str, Image.Image], looked_for: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The phash256 of those coarse forms that are far from their shape, and from each other.

    How plain a picture is that encoders left little of says nothing about what it is of. So they
    pass the gate of hashes whose pictures nobody sees.
    """
    found = {}
    for shape in looked_for:
        near = [looked_for[shape]]
        for form, grey in coarse_forms(shapes[shape]):
            packed = phash(grey, _LOOKED_FOR)
            is_far = all(_bits_between(packed, other) > _MOVED for other in near)
            if is_far and tells_alone(packed):
                near.append(packed)
                found[f"{shape}-{form}"] = packed
    return found


def _bits_between(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _read(data: bytes, wanted: Iterable[str]) -> tuple[Image.Image, dict[str, bytes]]:
    """The greys of a picture, and the pdq256 of those variants of it that have one."""
    with opened(data) as sheet:
        return sheet.whole(grey=True), _pdqs(sheet, wanted)


def _pdqs(sheet: Sheet, wanted: Iterable[str]) -> dict[str, bytes]:
    hashed = {name: pdq(sheet, frame(sheet.size, name)) for name in wanted}
    if hashed and hashed["original"].quality < MIN_QUALITY:
        # Whatever its padding has of quality is that of its edge.
        return {}
    return {name: of.hash for name, of in hashed.items() if of.quality >= MIN_QUALITY}


def _measures(picture: Image.Image) -> tuple[float, float, float]:
    return flat_fraction(picture), undecided_fraction(picture), drawn_fraction(picture)


def _hash_size(namespace: str) -> int:
    try:
        return NAMESPACES[namespace]
    except KeyError:
        raise UsageError(
            f"there is no picture hash called {namespace}",
            f"Choose from {', '.join(NAMESPACES)}.",
        ) from None
