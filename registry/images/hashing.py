"""Perceptual hashes of a picture and of the shapes it is stored in.

phash256 and phash64 are `imagehash.phash`, itself; pdq256 is PDQ, for corpora that carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from optout.registry.errors import UsageError

from .decoding import opened
from .orientation import Box
from .pdq import MIN_QUALITY, pdq
from .plainness import flat_fraction, is_plain, undecided_fraction

if TYPE_CHECKING:
    from PIL import Image

NAMESPACES: Mapping[str, int] = {"phash256": 16, "phash64": 8, "pdq256": 16}
"""Kinds of hash, and the side of the square of bits that each is made of."""

_PDQ = "pdq256"
_LOOKED_FOR = NAMESPACES["phash256"]

VARIANTS = ("original", "square", "padded")
"""The shapes in which a registered picture is looked for."""

_MAX_PADDED_SIDE = 8192

# Measured on crops of unrelated photographs, padded: none of 4:1 are within 50 bits of each other;
# of 10:1, one pair in 50,000 is within 30.
_MAX_PADDED_RATIO = 4


@dataclass(frozen=True)
class PictureHashes:
    """What registration keeps of a picture.

    Attributes:
        hashes: packed hashes by namespace and variant. `original` is always there; a variant that
            tells nothing apart is not: a plain square, the padding of a very narrow picture. Of
            pdq256 only what has a quality of 50 or more is there: nothing, where the original has
            less.
        flat_fraction: how much of the picture is flat, 0 to 1.
        undecided_fraction: how much of its phash256 says nothing about it, 0 to 1.
    """

    hashes: Mapping[str, Mapping[str, bytes]]
    flat_fraction: float
    undecided_fraction: float


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


def variants(picture: Image.Image) -> dict[str, Image.Image]:
    """The shapes in which data sets store a picture, as img2dataset's modes make them.

    Args:
        picture: mode RGB or L.

    Returns:
        `original`; `square`, the largest one around the centre; `padded`, centred on a white
        square. A picture whose longer side is above 8192 pixels is padded at that size.
    """
    return {"original": picture, "square": _square(picture), "padded": _padded(picture)}


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
    wanted = VARIANTS[:1] if _PDQ in sizes else ()
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
    grey, found = _read(data, VARIANTS)
    shapes = variants(grey)
    if max(grey.size) > _MAX_PADDED_RATIO * min(grey.size):
        del shapes["padded"]
    if is_plain(*_measures(shapes["square"])):
        del shapes["square"]
    hashes = {
        namespace: {name: phash(shape, size) for name, shape in shapes.items()}
        for namespace, size in NAMESPACES.items()
        if namespace != _PDQ
    }
    if kept := {name: packed for name, packed in found.items() if name in shapes}:
        hashes[_PDQ] = kept
    return PictureHashes(hashes, *_measures(grey))


def _read(data: bytes, wanted: Iterable[str]) -> tuple[Image.Image, dict[str, bytes]]:
    """The greys of a picture, and the pdq256 of those variants of it that have one."""
    with opened(data) as sheet:
        hashed = {name: pdq(sheet, _frame(sheet.size, name)) for name in wanted}
        grey = sheet.whole(grey=True)
    if hashed and hashed["original"].quality < MIN_QUALITY:
        # Whatever its padding has of quality is that of its edge.
        return grey, {}
    return grey, {name: of.hash for name, of in hashed.items() if of.quality >= MIN_QUALITY}


def _frame(size: tuple[int, int], variant: str) -> Box:
    """Where a variant lies on the picture, or the picture on it."""
    width, height = size
    if variant == "original":
        return 0, 0, width, height
    side = min(size) if variant == "square" else max(size)
    left, top = -((side - width) // 2), -((side - height) // 2)
    return left, top, left + side, top + side


def _measures(picture: Image.Image) -> tuple[float, float]:
    return flat_fraction(picture), undecided_fraction(picture)


def _hash_size(namespace: str) -> int:
    try:
        return NAMESPACES[namespace]
    except KeyError:
        raise UsageError(
            f"there is no picture hash called {namespace}",
            f"Choose from {', '.join(NAMESPACES)}.",
        ) from None


def _square(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    return _centred(picture, side)


def _padded(picture: Image.Image) -> Image.Image:
    from PIL.Image import Resampling

    longest = max(picture.size)
    if longest > _MAX_PADDED_SIDE:
        # A panorama's square would have more pixels than any picture may have.
        scale = _MAX_PADDED_SIDE / longest
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Resampling.LANCZOS)
    return _centred(picture, max(picture.size))


def _centred(picture: Image.Image, side: int) -> Image.Image:
    """A picture on the middle of a white square, cut off where it is larger."""
    from PIL import Image

    if picture.size == (side, side):
        return picture
    square = Image.new(picture.mode, (side, side), "white")
    # Pasted and not cropped: `crop` warns about large pictures.
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square
