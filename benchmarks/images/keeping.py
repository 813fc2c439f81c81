"""Work done once: what was hashed is kept in the cache, a picture a file, and used again."""

from __future__ import annotations

import hashlib
import inspect
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from . import drawn, hashing, rows, transforms

Arrays = dict[str, npt.NDArray[Any]]
Work = tuple[str, Callable[..., Arrays], tuple[Any, ...]]
"""What tells a piece of work apart from others of its stage, the function, its arguments."""

_LOOK = 30.0
"""Seconds between two words about how far it is."""


def done(stage: str, pieces: Sequence[Work], cache: Path, processes: int) -> list[Arrays]:
    """Do every piece that is not in the cache.

    Args:
        stage: a name; pieces of different stages are kept apart.
        pieces: to be done; functions are called in processes of their own.
        cache: the folder.
        processes: at once.

    Returns:
        what the functions returned, in the order of the pieces.
    """
    place = cache / "hashes" / stage
    place.mkdir(parents=True, exist_ok=True)
    paths = [place / f"{_key(piece)}.npz" for piece in pieces]
    left = [(path, piece) for path, piece in zip(paths, pieces, strict=True) if not path.exists()]
    print(f"{time.strftime('%H:%M:%S')} {stage}: {len(left)} of {len(pieces)} to do", flush=True)
    last = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        running = [
            (path, pool.submit(function, *arguments)) for path, (_, function, arguments) in left
        ]
        for number, (path, each) in enumerate(running):
            half = path.with_suffix(".half.npz")
            np.savez(half, **each.result())
            half.rename(path)
            if time.monotonic() - last > _LOOK:
                last = time.monotonic()
                print(f"  {number + 1} of {len(left)}", file=sys.stderr, flush=True)
    return [_load(path) for path in paths]


def _load(path: Path) -> Arrays:
    try:
        with np.load(path) as kept:
            return dict(kept)
    except (OSError, ValueError, zipfile.BadZipFile) as fault:
        raise SystemExit(f"{path} is damaged: remove it, and run again") from fault


def _key(piece: Work) -> str:
    name, function, _ = piece
    probe = _probe(is_registration=function.__module__ == hashing.__name__)
    return hashlib.sha256(f"{probe}\n{function.__name__} {name}".encode()).hexdigest()[:32]


@cache
def _probe(*, is_registration: bool) -> str:
    """What the hashes depend on besides the picture: another value, and nothing kept is used.

    Rows of a corpus do not depend on what registration makes of a picture.
    """
    from optout.registry.images import (
        coarse,
        corpus_hashes,
        gates,
        greys,
        picture_hashes,
        plainness,
        shapes,
        tones,
    )
    from optout.registry.images import hashing as registration

    ramp = np.add.outer(np.arange(192) ** 2, 7 * np.arange(256)) // 3 % 251
    bands = np.stack([ramp, ramp[::-1], 250 - ramp], axis=-1).astype(np.uint8)
    made = [transforms.jpeg(transforms.Image.fromarray(each), 90) for each in _faint(bands)]
    hashes = [sorted(corpus_hashes(each, rows.NAMES).items()) for each in made]
    texts: list[ModuleType] = [transforms, rows, drawn]
    if is_registration:
        hashes += [sorted(picture_hashes(each).hashes.items()) for each in made]
        texts += [hashing, registration, coarse, gates, greys, plainness, shapes, tones]
    own = [inspect.getsource(each) for each in texts]
    told = version("pillow"), version("imagehash"), own, hashes
    return hashlib.sha256(repr(told).encode() + b"".join(made)).hexdigest()


def _faint(bands: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """A picture, and the same with nearly no contrast."""
    return [bands, 128 + bands // 16]
