"""The PDQ by which a picture of a corpus is looked for: its own, and that of its mirror image.

Compiled where there is a compiler. What the compiled form cannot be sure of, since sums may be
rounded another way, and whatever is too large to lie in memory twice, is left to the reference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from optout.registry.compiled import available, kernels

from .decoding import opened
from .pdq import MIN_QUALITY, SIDE, WAVES, Pdq, cosines, has_pdq, pdq_both_ways, side_taps

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .sheet import Sheet

KERNELS = ("optout.registry.images.pdq_kernels",)
"""The modules of compiled functions that make it, for `optout warm`."""

_MOST_PIXELS = 1 << 24
_LONGEST = 1 << 13
_STEPS = 90
_APART = 1e-3
"""Waves nearer to each other than that may change places where sums are rounded another way."""

_DOUBTFUL_STEPS = 8
"""So few more or less changes say nothing: one value that is rounded another way makes up to 4."""


class SightedPdq(NamedTuple):
    """What a picture of a corpus is looked for by where entries are known by their PDQ alone.

    Attributes:
        pdq256: of the picture as it is, 32 bytes; None where its quality is below 50.
        mirrored: the same of its mirror image, left and right exchanged.
    """

    pdq256: bytes | None
    mirrored: bytes | None


def sighted_pdq(data: bytes, *, plain: bool = False) -> SightedPdq:
    """Hash a picture of a corpus in both ways in which it is looked for.

    Args:
        data: the picture's file.
        plain: whether the reference has to do it.

    Raises:
        PictureError: the picture cannot be read.
    """
    found = None if plain or not available() else _compiled(data)
    if found is not None:
        return found
    with opened(data) as sheet:
        return _by_reference(sheet)


def _by_reference(sheet: Sheet) -> SightedPdq:
    return SightedPdq(*map(_kept, pdq_both_ways(sheet)))


def _kept(of: Pdq) -> bytes | None:
    return of.hash if of.quality >= MIN_QUALITY else None


def pdq_levels(sheet: Sheet) -> npt.NDArray[np.uint8] | None:
    """The levels of a picture as `pdq_of_levels` takes them, who decodes it only once.

    Args:
        sheet: the picture.

    Returns:
        uint8[height, width, 1 or 3], greys or colours; None where the reference has to hash it.
    """
    import numpy as np

    width, height = sheet.size
    if not _is_compiled(width, height):
        return None
    return np.ascontiguousarray(sheet.whole()).reshape(height, width, -1)


def pdq_of_levels(levels: npt.NDArray[np.uint8]) -> SightedPdq | None:
    """Hash a picture that is decoded already, as `sighted_pdq` hashes its file.

    Args:
        levels: uint8[height, width, bands], in one piece: one band of greys, or red, green and
            blue, and a fourth that says nothing or none.

    Returns:
        None where the reference has to hash it, since sums may be rounded another way, or since its
        size is none of those that are hashed here.
    """
    import numpy as np

    height, width, bands = levels.shape
    if not _is_compiled(width, height):
        return None
    packed, steps = np.empty((2, WAVES**2 // 8), np.uint8), np.empty(2, np.int64)
    apart = np.empty(2)
    kernels(*KERNELS).hash_levels(
        levels.reshape(height, -1),
        bands,
        *_columns(height),
        *_columns(width),
        cosines(),
        packed,
        steps,
        apart,
    )
    least = MIN_QUALITY * _STEPS
    if (apart < _APART).any() or (abs(steps - least) < _DOUBTFUL_STEPS).any():
        return None
    found = (
        way.tobytes() if many >= least else None for way, many in zip(packed, steps, strict=True)
    )
    return SightedPdq(*found)


def _compiled(data: bytes) -> SightedPdq | None:
    """The same; None where it is doubtful."""
    with opened(data) as sheet:
        levels = pdq_levels(sheet)
    # Not before: whatever goes wrong while a sheet is open is the picture's fault.
    return None if levels is None else pdq_of_levels(levels)


def _is_compiled(width: int, height: int) -> bool:
    """Whether pictures of a size are hashed by the compiled form."""
    if not has_pdq(width, height) or max(width, height) > _LONGEST:
        return False
    return width * height <= _MOST_PIXELS


class _Columns(NamedTuple):
    """The taps of a side as the compiled form takes them.

    Attributes:
        starts: int64[64], the first pixel of each.
        counts: int64[64], how many.
        weights: float64[64, n], of each; 0 behind the last.
    """

    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


@lru_cache(256)
def _columns(size: int) -> _Columns:
    import numpy as np

    taps = side_taps(size)
    counts = np.array([each.stop - each.start for each in taps])
    weights = np.zeros((SIDE, counts.max()))
    for row, each in enumerate(taps):
        weights[row, : counts[row]] = each.weights
    return _Columns(np.array([each.start for each in taps]), counts, weights)
