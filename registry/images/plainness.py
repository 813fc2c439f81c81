"""How plain a picture is: measures, each of which sees what the others do not.

Measured on unrelated pictures, as pairs whose phash256 are within 30 bits: photographs none of
7e8; two shapes on white 0.5%, which `flat_fraction` tells; two linear gradients 56%, two patterns
of stripes 30%, which `undecided_fraction` tells. A clear sky is flat too, but shaded, and shapes
are drawn on one tone: `ground_fraction` tells these apart.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

MAX_FLAT_FRACTION = 0.6
"""From here on a picture is too flat. Photographs stay below, shapes and words on white do not."""

MAX_UNDECIDED_FRACTION = 0.5
"""From here on a hash is noise. Photographs stay below 0.2, linear gradients are above 0.9."""

MAX_GROUND_FRACTION = 0.2
"""From here on a flat picture is drawn on a ground, or cut out. Skies are at 0.07 to 0.18, logos
above 0.6, charts above 0.5, shapes above 0.35; some gradients are below."""

_SIDE = 64
_TONE = 3
_FLAT_STEP = 1.5
_WAVES = 16
_FAINT = 0.05


def flat_fraction(picture: Image.Image) -> float:
    """How much of a picture is flat.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of its pixels, at 64 x 64 greys, that differ from their right and from their
        lower neighbour by 1.5 grey levels at most.
    """
    import numpy as np

    grey = _small(picture)
    right = np.abs(np.diff(grey, axis=1))[:-1]
    down = np.abs(np.diff(grey, axis=0))[:, :-1]
    return float(np.mean((right <= _FLAT_STEP) & (down <= _FLAT_STEP)))


def undecided_fraction(picture: Image.Image) -> float:
    """How much of a picture's phash256 says nothing about it.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of the 256 waves of the hash whose amplitude is less than a twentieth of a grey
        level away from the median, which decides whether their bit is set.
    """
    import numpy as np

    waves = _cosines()
    amplitudes = waves @ _small(picture) @ waves.T * (4 / _SIDE**2)
    return float(np.mean(np.abs(amplitudes - np.median(amplitudes)) < _FAINT))


def ground_fraction(picture: Image.Image) -> float:
    """How much of a picture is of one tone.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of its pixels, at 64 x 64 greys, that the three grey levels beside each other have
        that have the most.
    """
    import numpy as np

    counts = np.bincount(_small(picture).astype(np.uint8).reshape(-1), minlength=256)
    return float(np.convolve(counts, np.ones(_TONE)).max() / _SIDE**2)


def is_plain(flat: float, undecided: float) -> bool:
    """Whether a picture of these measures cannot be told apart from others by likeness."""
    return flat >= MAX_FLAT_FRACTION or undecided >= MAX_UNDECIDED_FRACTION


def _small(picture: Image.Image) -> npt.NDArray[np.float64]:
    import numpy as np
    from PIL.Image import Resampling

    small = picture.convert("L").resize((_SIDE, _SIDE), Resampling.LANCZOS)
    return np.asarray(small, dtype=np.float64)


@cache
def _cosines() -> npt.NDArray[np.float64]:
    """The lowest waves of the discrete cosine transform, one a row."""
    import numpy as np

    wave, place = np.arange(_WAVES)[:, None], np.arange(_SIDE)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
