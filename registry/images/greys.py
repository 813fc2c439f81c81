"""What phash256 sees of a picture: 64 x 64 greys, and of these the 256 lowest waves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

SIDE = 64
"""Of the greys."""

_WAVES = 16


def small(picture: Image.Image) -> npt.NDArray[np.float64]:
    """The greys of a picture: float64[64, 64], whole numbers from 0 to 255.

    Args:
        picture: any mode that Pillow can turn into greys.
    """
    import numpy as np
    from PIL.Image import Resampling

    greys = picture.convert("L").resize((SIDE, SIDE), Resampling.LANCZOS)
    return np.asarray(greys, dtype=np.float64)


def flat_share(greys: npt.NDArray[np.float64], step: float) -> float:
    """The share of pixels that are at most a step from both their right and lower neighbour.

    Args:
        greys: float64[64, 64].
        step: in grey levels.
    """
    import numpy as np

    right = np.abs(np.diff(greys, axis=1))[:-1]
    down = np.abs(np.diff(greys, axis=0))[:, :-1]
    return float(np.mean((right <= step) & (down <= step)))


def amplitudes(greys: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The waves of the hash: float64[16, 16], in grey levels, down and across.

    Args:
        greys: float64[64, 64].
    """
    waves = _cosines()
    found: npt.NDArray[np.float64] = waves @ greys @ waves.T * (4 / SIDE**2)
    return found


def bits_apart(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> int:
    """How many bits the phash256 of two pictures differ in, both float64[64, 64]."""
    import numpy as np

    first, second = (waves > np.median(waves) for waves in map(amplitudes, (one, other)))
    return int(np.count_nonzero(first != second))


@cache
def _cosines() -> npt.NDArray[np.float64]:
    """The lowest waves of the discrete cosine transform, one a row."""
    import numpy as np

    wave, place = np.arange(_WAVES)[:, None], np.arange(SIDE)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * SIDE))
