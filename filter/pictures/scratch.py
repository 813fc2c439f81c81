"""Memory that is used again.

To get a picture's worth from the system, and give it back each time, takes a good part of the time
that it takes to decode one.
"""

from __future__ import annotations

import math
import threading

import numpy as np
import numpy.typing as npt

_KEPT = 1 << 24
"""Bytes of one piece that are kept at most."""


class Scratch(threading.local):
    """Pieces of memory by name, each thread's own. What is in one is gone when it is asked for."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray[np.uint8]] = {}

    def bytes(self, name: str, size: int) -> npt.NDArray[np.uint8]:
        """So many bytes, of any value."""
        piece = self._kept.get(name)
        if piece is None or len(piece) < size:
            piece = np.empty(size, np.uint8)
            if size <= _KEPT:
                self._kept[name] = piece
        return piece[:size]

    def levels(self, name: str, *shape: int) -> npt.NDArray[np.uint8]:
        """uint8[shape]."""
        return self.bytes(name, math.prod(shape)).reshape(shape)


SCRATCH = Scratch()
