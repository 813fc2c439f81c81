"""Memory that is filled again and again.

A page of fresh memory is found and cleared by the system before anything can be put there. For
what is as large as a row group, and gone again soon, that costs more than to fill it.
"""

from __future__ import annotations

import mmap
import threading
from contextlib import suppress

SMALLEST_BYTES = 4 << 20
"""Below this a block would be mostly empty: the system gives memory of huge pages."""


class Scratch:
    """Blocks of memory, each used by one at a time; usable from several threads."""

    def __init__(self) -> None:
        self._spare: list[mmap.mmap] = []
        self._lock = threading.Lock()

    def take(self, size: int) -> mmap.mmap:
        """A block; what it holds is anything. What nobody fills takes no memory.

        Args:
            size: bytes that it must have at the least.

        Raises:
            MemoryError: there is no room for it.
        """
        # Of few sizes, so that what was filled once is filled again, and not what is larger.
        size = 1 << (max(size, SMALLEST_BYTES) - 1).bit_length()
        with self._lock:
            for place, block in enumerate(self._spare):
                if len(block) == size:
                    return self._spare.pop(place)
            # Who needs other sizes now may never need that one again.
            self._spare[:1] = []
        return _block(size)

    def give_back(self, block: mmap.mmap) -> None:
        """Let a block be used by others: nobody may read it any more."""
        with self._lock:
            self._spare.append(block)


def _block(size: int) -> mmap.mmap:
    try:
        block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as fault:
        raise MemoryError(fault.strerror) from fault
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a system without them
            block.madvise(mmap.MADV_HUGEPAGE)
    return block
