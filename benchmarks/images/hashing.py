"""From pictures to arrays of hashes, all by the plain reference."""

from __future__ import annotations

import io
import random

import numpy as np
import numpy.typing as npt
from optout.registry.images import (
    MIN_QUALITY,
    VARIANTS,
    corpus_hashes,
    decode,
    flat_fraction,
    pdq,
    phash,
    picture_hashes,
    undecided_fraction,
    variants,
)
from optout.registry.images.plainness import is_plain
from PIL import Image, ImageOps
from PIL.Image import Resampling

from .transforms import ROWS, jpeg, saved

Hashes = npt.NDArray[np.uint8]
NAMES = {"phash256": 32, "phash64": 8, "pdq256": 32}
"""Bytes of each kind of hash."""

_ASPECTS = (1.0, 4 / 3, 3 / 4, 3 / 2, 16 / 9)
_LEAST_SHARE = 0.4
_CROP_SIDE = 256


def base(data: bytes, side: int) -> Image.Image:
    """A picture as it is published here: upright, RGB, its longer side at most `side`."""
    picture = decode(data).convert("RGB")
    picture.thumbnail((side, side), Resampling.LANCZOS)
    return picture


def registered(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    """What registration keeps of a file.

    Returns:
        by namespace uint8[3, bytes], a variant a row, and `has_` of it, bool[3]; `flat` and
        `undecided`; `plain`, whether the gates refuse it.
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
    flat, undecided = found.flat_fraction, found.undecided_fraction
    arrays["flat"], arrays["undecided"] = np.array(flat), np.array(undecided)
    arrays["plain"] = np.array(is_plain(flat, undecided))
    return arrays


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


def both(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """A picture as registered, and as a row of a corpus."""
    file = saved(base(data, side), "PNG", compress_level=1)
    return {
        **registered(file),
        **{f"row_{name}": array for name, array in seen(file).items()},
    }


def transformed(data: bytes, side: int) -> dict[str, npt.NDArray[np.generic]]:
    """A photograph as registered, and every copy of it: arrays `row_`, a transform a row."""
    picture = base(data, side)
    original = jpeg(picture)
    picture = Image.open(io.BytesIO(original)).convert("RGB")
    copies = [seen(row.make(picture)) for row in ROWS]
    return {
        **registered(original),
        **{f"row_{name}": np.stack([copy[name] for copy in copies]) for name in copies[0]},
    }


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
        found["plain"].append(is_plain(flat_fraction(grey), undecided_fraction(grey)))
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
