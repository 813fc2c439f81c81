"""How many copies of a picture are found, by what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .distances import Distances, Hashes
from .keeping import Arrays
from .transforms import ROWS

_FAR = 255
RADII = {"phash256": (16, 30), "phash64": (2, 8), "pdq256": (31,)}
"""Bits within which a copy counts as found, by kind of hash."""


def measured(photographs: Sequence[Arrays]) -> list[dict[str, Any]]:
    """The share of copies that are found.

    Args:
        photographs: what `hashing.original` and `rows.copies` made of each; plain ones are left
            out here, for they are not registered.

    Returns:
        a transform each: its group and name, whether all are promised, `found` by kind and radius,
        `alone`, the same at 30 bits without variants and mirror images, and how far the copies
        were, the middle and the furthest.
    """
    kept = [each for each in photographs if not each["plain"]]
    lines = []
    for number, row in enumerate(ROWS):
        far = np.array([_least(each, number, "phash256") for each in kept])
        alone = np.array([_least(each, number, "phash256", alone=True) for each in kept])
        found = {}
        for name, radii in RADII.items():
            least = far if name == "phash256" else _of(kept, number, name)
            for radius in radii:
                found[f"{name} {radius}"] = _share(least, radius)
        lines.append(
            {
                "group": row.group,
                "name": row.name,
                "promised": row.promised,
                "copies": len(kept),
                "found": found,
                "alone": _share(alone, 30),
                "middle": int(np.median(far)),
                "furthest": int(far.max()),
            }
        )
    return lines


def _of(kept: Sequence[Arrays], number: int, name: str) -> Distances:
    least = [_least(each, number, name) for each in kept if each[f"has_{name}"].any()]
    return np.array(least, np.uint8)


def _least(photograph: Arrays, number: int, name: str, *, alone: bool = False) -> int:
    """Bits between a copy and the nearest variant that is registered."""
    if name == "pdq256" and not photograph["row_has_pdq256"][number]:
        return _FAR
    ways = [photograph[f"row_{name}"][number]]
    if name == "phash256" and not alone:
        ways.append(photograph["row_mirrored"][number])
    registered = photograph[name][photograph[f"has_{name}"]]
    if alone:
        registered = registered[:1]
    return min(_bits(registered, way) for way in ways)


def _bits(registered: Hashes, way: Hashes) -> int:
    return int(np.bitwise_count(registered ^ way).sum(axis=1).min())


def _share(far: Distances, radius: int) -> float:
    return round(100 * float((far <= radius).mean()), 2)
