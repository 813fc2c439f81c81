"""How plain a picture is: measures, each of which sees what the others do not.

Measured on unrelated pictures, as pairs whose phash256 are within 30 bits: photographs none of
7e8; two shapes on white 0.5%, which `flat_fraction` tells; two linear gradients 56%, two patterns
of stripes 30%, which `undecided_fraction` tells. A clear sky is flat too, but shaded, and shapes
are drawn on one tone: `ground_fraction` tells these apart. Under faint noise nothing is flat, and
the hash is that of the drawing: `drawn_fraction` sees through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .greys import SIDE, amplitudes, flat_share, small
from .tones import MAX_DRAWN_FRACTION

if TYPE_CHECKING:
    from PIL import Image

MAX_FLAT_FRACTION = 0.6
"""From here on a picture is too flat. Photographs stay below, shapes and words on white do not."""

MAX_UNDECIDED_FRACTION = 0.5
"""From here on a hash is noise. Photographs stay below 0.2, linear gradients are above 0.9."""

MAX_GROUND_FRACTION = 0.2
"""From here on a flat picture is drawn on a ground, or cut out. Skies are at 0.07 to 0.18, logos
above 0.6, charts above 0.5, shapes above 0.35; some gradients are below."""

_TONE = 3
_FLAT_STEP = 1.5
_FAINT = 0.05


def flat_fraction(picture: Image.Image) -> float:
    """How much of a picture is flat.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of its pixels, at 64 x 64 greys, that differ from their right and from their
        lower neighbour by 1.5 grey levels at most.
    """
    return flat_share(small(picture), _FLAT_STEP)


def undecided_fraction(picture: Image.Image) -> float:
    """How much of a picture's phash256 says nothing about it.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of the 256 waves of the hash whose amplitude is less than a twentieth of a grey
        level away from the median, which decides whether their bit is set.
    """
    import numpy as np

    waves = amplitudes(small(picture))
    return float(np.mean(np.abs(waves - np.median(waves)) < _FAINT))


def ground_fraction(picture: Image.Image) -> float:
    """How much of a picture is of one tone.

    Args:
        picture: any mode that Pillow can turn into greys.

    Returns:
        the share of its pixels, at 64 x 64 greys, that the three grey levels beside each other have
        that have the most.
    """
    import numpy as np

    counts = np.bincount(small(picture).astype(np.uint8).reshape(-1), minlength=256)
    return float(np.convolve(counts, np.ones(_TONE)).max() / SIDE**2)


def is_plain(flat: float, undecided: float, drawn: float) -> bool:
    """Whether a picture of these measures cannot be told apart from others by likeness.

    Args:
        flat: its `flat_fraction`.
        undecided: its `undecided_fraction`.
        drawn: its `drawn_fraction`.
    """
    return (
        flat >= MAX_FLAT_FRACTION
        or undecided >= MAX_UNDECIDED_FRACTION
        or drawn >= MAX_DRAWN_FRACTION
    )
