"""Pictures by the thousand: hashes that propose which of them are worth the reference's look.

Nothing is decided by them. A large JPEG is scaled down as it is decoded, and its hash guessed from
that. Any other picture is decoded whole, and comes out as the reference hashes it, bit by bit, or
is found doubtful. So does every picture of which the PDQ is asked too, which takes all of it: both
are made of what was decoded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optout.registry.errors import PictureError
from optout.registry.images import (
    SightedPdq,
    decode,
    opened,
    pdq_levels,
    pdq_of_levels,
    scaled_jpeg,
    sighted_pdq,
)

from . import greys, waves
from .features import NO_PDQ
from .greys import Levels, clipped, greys_of, reduced
from .scratch import SCRATCH
from .waves import exact_hashes, near_hashes

KERNELS = (waves.KERNELS, greys.KERNELS)
"""The modules of compiled functions that hash."""

MARGIN = 12
"""The most bits in which the hash of a picture that was scaled down as it was decoded, or of its
mirror image, is taken to differ from the reference's.

Measured, not proven: of 3,639 crops of photographs and drawings, in JPEG of all qualities, colour
resolutions and both orders, that were scaled down and guessed at, 29 were 8 bits off and three were
10; of 1,213 odd and damaged files none was more than 4. Screened and noisy pictures in coarse JPEG
were up to 32 bits off, and one made for it 124: such files are not scaled any more (see
`optout.registry.images.scaled_jpeg`), and of what is left of them none was more than 10. Of 38,564
pictures that were decoded whole and not found doubtful every hash was the reference's, bit by bit.
"""

LEAST = 256
"""Pixels across and down to which a JPEG is scaled as it is decoded."""

_MOST = 1024
"""Pixels across and down from which what was scaled down is a strip, to be decoded whole."""

_MOST_FAINT = 24
"""Bits that may be faint. Of dark pictures, and of nearly plain ones, many are."""

_CLIPPED = 0.2
"""The share of levels that may be 0 or 255. A decoder cuts off what would be darker or brighter, at
each size something else: a lot of it where a file is damaged and its blocks are noise."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What some pictures may be looked for by.

    Attributes:
        hashes: uint8[n, 2, 32], phash256 of each picture and of its mirror image.
        margin: uint8[n], the most bits in which they may differ from the reference's; 0 where they
            are the reference's.
        doubtful: bool[n], the hashes say nothing: the reference has to hash the picture.
        undecodable: bool[n], the picture cannot be decoded.
        by_pdq: the reference's PDQ of each picture, both ways; nothing where nobody asked.
    """

    hashes: Levels
    margin: npt.NDArray[np.uint8]
    doubtful: npt.NDArray[np.bool_]
    undecodable: npt.NDArray[np.bool_]
    by_pdq: Sequence[SightedPdq]


@dataclass(frozen=True, slots=True)
class _Proposal:
    hashes: Levels
    margin: int = 0
    doubtful: bool = False
    by_pdq: SightedPdq = NO_PDQ


_UNDECODABLE = _Proposal(np.zeros((2, 32), np.uint8))


def propose(files: Iterable[bytes], *, by_pdq: bool = False) -> Proposals:
    """Hash pictures.

    Args:
        files: the pictures' files; one at a time is held.
        by_pdq: whether to make their PDQ too.
    """
    made = [_with_pdq(data) if by_pdq else _proposal(data) for data in files]
    return Proposals(
        np.array([each.hashes for each in made], np.uint8).reshape(len(made), 2, 32),
        np.array([each.margin for each in made], np.uint8),
        np.array([each.doubtful for each in made], bool),
        np.array([each is _UNDECODABLE for each in made], bool),
        [each.by_pdq for each in made],
    )


def _proposal(data: bytes) -> _Proposal:
    jpeg = scaled_jpeg(data, LEAST, _room)
    if jpeg is not None and jpeg.part > 1:
        if max(jpeg.pixels.shape) <= _MOST and clipped(jpeg.pixels) <= _CLIPPED:
            hashes, faint = near_hashes(greys_of(jpeg.pixels))
            if faint <= _MOST_FAINT:
                return _Proposal(hashes, MARGIN)
        jpeg = scaled_jpeg(data, None, _room)
    try:
        levels = greys_of(jpeg.pixels) if jpeg else np.asarray(decode(data, grey=True))
    except PictureError:
        return _UNDECODABLE
    hashes, doubtful = exact_hashes(reduced(levels))
    return _Proposal(hashes, doubtful=doubtful)


def _with_pdq(data: bytes) -> _Proposal:
    """The same of a picture that is decoded whole; and its PDQ."""
    try:
        hashes, doubtful, by_pdq = _decoded_once(data)
        if by_pdq is None:
            by_pdq = sighted_pdq(data, plain=True)
    except PictureError:
        return _UNDECODABLE
    return _Proposal(hashes, doubtful=doubtful, by_pdq=by_pdq)


def _decoded_once(data: bytes) -> tuple[Levels, bool, SightedPdq | None]:
    """Hashes, whether they are doubtful, and the PDQ unless the reference has to make it."""
    jpeg = scaled_jpeg(data, None, _room)
    levels: Levels | None
    if jpeg is not None:
        levels, grey = jpeg.levels(), greys_of(jpeg.pixels)
    else:
        with opened(data) as sheet:
            levels, grey = pdq_levels(sheet), np.asarray(sheet.whole(grey=True))
    by_pdq = None if levels is None else pdq_of_levels(levels)
    return *exact_hashes(reduced(grey)), by_pdq


def _room(size: int) -> Levels:
    return SCRATCH.bytes("pixels", size)
