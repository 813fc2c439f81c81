"""From pictures to what registration keeps of them, all by the plain reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.images import VARIANTS, picture_hashes
from optout.registry.images.plainness import is_plain

from .rows import NAMES
from .transforms import base, jpeg, published


def shown(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """A picture as it is published here, registered."""
    return registered(published(data, side))


def original(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """A photograph as a JPEG, registered: the file that `rows.copies` makes copies of."""
    return registered(jpeg(base(data, side)))


def registered(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """What registration keeps of a file.

    Returns:
        by namespace uint8[variants, bytes], and `has_` of it, bool[variants]; `flat`,
        `undecided` and `drawn`; `plain`, whether the gates refuse it.
    """
    found = picture_hashes(data)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, width in NAMES.items():
        rows = np.zeros((len(VARIANTS), width), np.uint8)
        there = np.zeros(len(VARIANTS), bool)
        for number, variant in enumerate(VARIANTS):
            packed = found.hashes.get(name, {}).get(variant)
            if packed is not None:
                rows[number], there[number] = np.frombuffer(packed, np.uint8), True
        arrays[name], arrays[f"has_{name}"] = rows, there
    measures = found.flat_fraction, found.undecided_fraction, found.drawn_fraction
    arrays |= dict(zip(("flat", "undecided", "drawn"), map(np.array, measures), strict=True))
    arrays["plain"] = np.array(is_plain(*measures))
    return arrays
