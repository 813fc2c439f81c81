"""From pictures to figures, a stage after the other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from optout.registry.images import SHAPES, VARIANTS

from . import drawn, false_matches, hashing, keeping, robustness, rows, sources, tail
from .false_matches import Class
from .packages import PHOTOGRAPHS
from .sources import Source

_SAME = 30
_LOOKED_AT = 60
"""Bits within which two photographs are listed, so that somebody looks at them."""

_MEMES = "memes"

Hashing = Callable[[bytes, int], keeping.Arrays]
"""A picture's file, and how large its longer side may be, to hashes."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        side: of the longer side of a photograph, at most.
        small: of other pictures.
        copies: photographs that are copied in every way.
        parts: of each photograph, for unrelated pairs.
        drawn: pictures of each class that is drawn here.
        templates: photographs that memes are made of, each as often as `captions` says.
        captions: how often.
        most: pictures of each class from packages.
    """

    side: int = 800
    small: int = 512
    copies: int = 1_000
    parts: int = 24
    drawn: int = 300
    templates: int = 10
    captions: int = 20
    most: int = 600


def gathered(cache: Path, *, quick: bool, most: int) -> tuple[dict[str, list[Source]], Any]:
    """The pictures of every class, each file once, and what is said about their packages."""
    there, missing = sources.fetched(cache, quick=quick)
    classes: dict[str, list[Source]] = {}
    told, known = [], set[bytes]()
    for package in there:
        counts: dict[str, int] = {}
        for source in sources.pictures(package, cache):
            digest = hashlib.sha256(source.data).digest()
            if digest not in known:
                known.add(digest)
                classes.setdefault(source.sort, []).append(source)
                counts[source.sort] = counts.get(source.sort, 0) + 1
        told.append({"name": package.name, "licence": package.licence, "pictures": counts})
    cut = {
        sort: listed if sort == PHOTOGRAPHS and not quick else _spread(listed, most)
        for sort, listed in classes.items()
    }
    return cut, {"packages": told, "missing": missing}


def _spread(listed: Sequence[Source], most: int) -> list[Source]:
    """At most so many, spread over all of them."""
    return list(listed[:: max(1, -(-len(listed) // most))])


def made(sort: str, found: Sequence[Source], side: int, cache: Path, processes: int) -> Class:
    """Hash a class of pictures, both as registered and as rows of a corpus."""
    arrays = _both(sort, found, side, hashing.shown, rows.row, cache, processes)
    return false_matches.stacked(
        sort, arrays, [each.kin for each in found], [each.name for each in found]
    )


def _both(
    stage: str, found: Sequence[Source], side: int, registered: Hashing, seen: Hashing,
    cache: Path, processes: int,
) -> list[keeping.Arrays]:  # fmt: skip
    """Of each picture what registration keeps, and what is seen in a corpus."""
    digests = [f"{hashlib.sha256(each.data).hexdigest()} {side}" for each in found]
    halves = [
        keeping.done(
            stage,
            [(name, way, (each.data, side)) for name, each in zip(digests, found, strict=True)],
            cache,
            processes,
        )
        for way in (registered, seen)
    ]
    return [{**one, **other} for one, other in zip(*halves, strict=True)]


def distinct(photographs: Class) -> tuple[list[int], list[tuple[int, str, str]]]:
    """Of photographs that are the same picture the first, and every pair that is near."""
    pairs = false_matches.near_pairs(photographs, _LOOKED_AT)
    numbers = {name: number for number, name in enumerate(photographs.names)}
    left = set(numbers.values())
    for bits, one, other in pairs:
        if bits <= _SAME and numbers[one] in left:
            left.discard(numbers[other])
    return sorted(left), pairs


def measured(size: Size, cache: Path, processes: int, *, quick: bool) -> dict[str, Any]:
    """Everything."""
    classes, packages = gathered(cache, quick=quick, most=size.most)
    listed = classes.pop(PHOTOGRAPHS)
    everything = made(PHOTOGRAPHS, listed, size.side, cache, processes)
    left, near = distinct(everything)
    photographs = [listed[number] for number in left]
    arrays = {key: array[left] for key, array in everything.arrays.items()}
    names = [everything.names[number] for number in left]
    kept = {PHOTOGRAPHS: Class(PHOTOGRAPHS, arrays, everything.kin[left], names)}
    for sort, found in classes.items():
        kept[sort] = made(sort, found, size.small, cache, processes)
    for sort, found in _drawn(size, photographs, cache).items():
        kept[sort] = made(sort, found, size.small, cache, processes)
    copied = _spread(photographs, size.copies)
    copies = _both("copies", copied, size.side, hashing.original, rows.copies, cache, processes)
    lines = robustness.measured(copies)
    tails = _tails(size, photographs, kept[PHOTOGRAPHS].kin, cache, processes)
    return {
        "packages": packages,
        "photographs": {
            "files": len(listed),
            "distinct": len(photographs),
            "plain": int(kept[PHOTOGRAPHS].refused.sum()),
            "variants": _variants(kept[PHOTOGRAPHS]),
            "near": near,
        },
        "robustness": lines,
        "classes": [_class(each, kept[PHOTOGRAPHS]) for each in kept.values()],
        "templates": _templates(kept[_MEMES]),
        "tails": tails,
    }


def _variants(some: Class) -> dict[str, int]:
    """How many of the pictures that are registered have which variant; `faint`: any coarse form."""
    there = some.arrays["has_phash256"][~some.refused]
    counts = dict(zip(VARIANTS, there.sum(axis=0).tolist(), strict=True))
    return counts | {"faint": int(there[:, len(SHAPES) :].any(axis=1).sum())}


def _drawn(size: Size, photographs: Sequence[Source], cache: Path) -> dict[str, list[Source]]:
    fonts = str(cache / "packages" / "fonts-dejavu-core")
    found = {
        sort: [
            Source(f"{sort} {seed}", sort, f"{sort} {seed}", drawn.drawn(sort, seed, fonts))
            for seed in range(size.drawn)
        ]
        for sort in drawn.SORTS
    }
    step = max(1, len(photographs) // size.templates)
    found[_MEMES] = [
        Source(
            f"meme {number} on {each.name}",
            _MEMES,
            each.name,
            drawn.drawn(_MEMES, 1_000 * place + number, fonts, each.data),
        )
        for place, each in enumerate(photographs[::step][: size.templates])
        for number in range(size.captions)
    ]
    return found


def _tails(
    size: Size, photographs: Sequence[Source], kin: Any, cache: Path, processes: int
) -> dict[str, Any]:
    """Distances of parts of photographs that have nothing to do with each other."""
    # Of photographs that may show the same, only the first takes part.
    _, firsts = np.unique(kin, return_index=True)
    chosen = [photographs[number] for number in sorted(firsts)]
    parts = keeping.done(
        "parts",
        [
            (
                f"{hashlib.sha256(each.data).hexdigest()} {size.side} {size.parts}",
                rows.crops,
                (each.data, size.side, size.parts, each.name),
            )
            for each in chosen
        ],
        cache,
        processes,
    )
    arrays = {key: np.stack([each[key] for each in parts]) for key in parts[0]}
    passing = ~arrays["plain"]
    print(f"{time.strftime('%H:%M:%S')} pairs of {passing.size:,} parts", flush=True)
    phash, padded = arrays["phash256"], arrays["padded"]
    wanted = (
        ("as they are", phash, phash),
        ("both padded to squares", padded, padded),
        ("one mirrored", phash, arrays["mirrored"]),
    )
    tails = [
        tail.extrapolated(false_matches.compared(name, one, other, passing))
        for name, one, other in wanted
    ]
    others = {}
    for name, radii in (("phash64", (2, 8)), ("pdq256", (31,))):
        good = passing & arrays["has_pdq256"] if name == "pdq256" else passing
        pairs = false_matches.compared(name, arrays[name], arrays[name], good, tail=0)
        total = float(pairs.total.sum())
        others[name] = [
            {
                "radius": radius,
                "pairs": int(total),
                "matches": (matches := int(pairs.histogram[: radius + 1].sum())),
                "bound": false_matches.upper_bound(matches, total),
            }
            for radius in radii
        ]
    return {
        "parts": size.parts,
        "photographs": len(chosen),
        "passing": round(float(passing.mean()), 4),
        "phash256": tails,
        "others": others,
    }


def _class(some: Class, photographs: Class) -> dict[str, Any]:
    client = [_client(packed.tobytes()) for packed in some.arrays["phash256"][:, 0]]
    return {
        "name": some.name,
        "pictures": len(some.names),
        "kin": len(set(some.kin.tolist())),
        "refused": int(some.refused.sum()),
        "client refused": client.count(False),
        "all": false_matches.alike(some, some, gated=False),
        "gated": false_matches.alike(some, some, gated=True),
        "photographs": None
        if some is photographs or some.name == _MEMES
        else false_matches.alike(some, photographs, gated=True),
    }


def _client(phash256: bytes) -> bool:
    """Whether the gates let the hash pass if a client made it and nobody here saw the picture."""
    from optout.registry.errors import PictureError
    from optout.registry.images import check_client_hash

    try:
        check_client_hash(phash256)
    except PictureError:
        return False
    return True


def _templates(memes: Class) -> dict[str, Any]:
    """How many memes on one photograph match each other, whose words are not the same."""
    apart = Class(memes.name, memes.arrays, np.arange(len(memes.names)), memes.names)
    every, others = (false_matches.alike(each, each, gated=False) for each in (apart, memes))
    pairs = every["pairs"] - others["pairs"]
    return {
        "pairs": pairs,
        "within": {r: every["within"][r] - others["within"][r] for r in every["within"]},
    }
