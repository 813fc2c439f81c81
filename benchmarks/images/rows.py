"""From pictures to the hashes by which a corpus's rows are looked for, by the plain reference."""

from __future__ import annotations

import io
import random

import numpy as np
import numpy.typing as npt
from optout.registry.images import (
    MIN_QUALITY,
    corpus_hashes,
    decode,
    drawn_fraction,
    flat_fraction,
    pdq,
    phash,
    undecided_fraction,
    variants,
)
from optout.registry.images.plainness import is_plain
from PIL import Image, ImageOps
from PIL.Image import Resampling

from .transforms import ROWS, base, jpeg, published

Hashes = npt.NDArray[np.uint8]
NAMES = {"phash256": 32, "phash64": 8, "pdq256": 32}
"""Bytes of each kind of hash."""

_ASPECTS = (1.0, 4 / 3, 3 / 4, 3 / 2, 16 / 9)
_LEAST_SHARE = 0.4
_CROP_SIDE = 256


def seen(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """What a corpus's picture is looked for by: its hashes, and `mirrored`, of its mirror image."""
    found = corpus_hashes(data, NAMES)
    arrays: dict[str, npt.NDArray[np.generic]] = {
        name: np.frombuffer(found.get(name, bytes(width)), np.uint8)
        for name, width in NAMES.items()
    }
    arrays["has_pdq256"] = np.array("pdq256" in found)
    mirror = ImageOps.mirror(decode(data, grey=True))
    arrays["mirrored"] = np.frombuffer(phash(mirror, 16), np.uint8)
    return arrays


def row(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """A picture as it is published here, as a row of a corpus: see `seen`, each named `row_`."""
    return {f"row_{name}": array for name, array in seen(published(data, side)).items()}


def copies(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """Every copy of a photograph: see `seen`, each named `row_`, a transform a row."""
    picture = Image.open(io.BytesIO(jpeg(base(data, side)))).convert("RGB")
    found = [seen(each.make(picture)) for each in ROWS]
    return {f"row_{name}": np.stack([copy[name] for copy in found]) for name in found[0]}


def crops(data: bytes, side: int, count: int, seed: str) -> dict[str, npt.NDArray[np.generic]]:
    """Parts of a photograph, each hashed as if it were one.

    Returns:
        a part a row: by namespace, `padded` and `mirrored` (phash256 of other shapes of it),
        `plain`, `has_pdq256`.
    """
    chance = random.Random(seed)
    whole = base(data, side)
    found: dict[str, list[object]] = {
        name: [] for name in (*NAMES, "padded", "mirrored", "plain", "has_pdq256")
    }
    for _ in range(count):
        part = _part(whole, chance)
        grey = part.convert("L")
        measured = pdq(part)
        found["phash256"].append(_row(phash(grey, 16)))
        found["phash64"].append(_row(phash(grey, 8)))
        found["pdq256"].append(_row(measured.hash))
        found["has_pdq256"].append(measured.quality >= MIN_QUALITY)
        found["padded"].append(_row(phash(variants(grey)["padded"], 16)))
        found["mirrored"].append(_row(phash(ImageOps.mirror(grey), 16)))
        measures = flat_fraction(grey), undecided_fraction(grey), drawn_fraction(grey)
        found["plain"].append(is_plain(*measures))
    return {name: np.array(rows) for name, rows in found.items()}


def _part(whole: Image.Image, chance: random.Random) -> Image.Image:
    aspect = chance.choice(_ASPECTS)
    most = min(whole.width, whole.height * aspect)
    width = most * chance.uniform(_LEAST_SHARE, 1)
    height = width / aspect
    left = chance.uniform(0, whole.width - width)
    top = chance.uniform(0, whole.height - height)
    scale = _CROP_SIDE / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return whole.resize(size, Resampling.LANCZOS, (left, top, left + width, top + height))


def _row(packed: bytes) -> Hashes:
    return np.frombuffer(packed, np.uint8)
