"""Keys and hashes on their way to a snapshot."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


class Probes:
    """Keys, each with the position of its value.

    Args:
        snapshot: where they are looked up.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._keys = array("Q")
        self._owners = array("q")

    def add(self, position: int, probe: int) -> None:
        """Note a key of the value at a position."""
        self._keys.append(probe)
        self._owners.append(position)

    def found(self) -> set[int]:
        """Positions of which a probe is in the snapshot."""
        if not self._keys:
            return set()
        query, _ = self._snapshot.candidates(np.frombuffer(self._keys, np.uint64))
        owners = np.frombuffer(self._owners, np.int64)
        return set(np.unique(owners[query]).tolist())


def near(snapshot: Snapshot, namespace: str, hashes: Mapping[int, bytes], radius: int) -> set[int]:
    """Those of some hashes, by position, that are near a registered one.

    Args:
        snapshot: where they are looked up.
        namespace: which hashes they are.
        hashes: by position; all of the namespace's length.
        radius: the most bits in which they may differ.
    """
    if not hashes:
        return set()
    packed = np.frombuffer(b"".join(hashes.values()), np.uint8)
    positions = np.fromiter(hashes, np.int64, len(hashes))
    rows = near_rows(snapshot, namespace, packed.reshape(len(hashes), -1), radius)
    return set(positions[rows].tolist())


def near_rows(
    snapshot: Snapshot, namespace: str, packed: npt.NDArray[np.uint8], radius: int
) -> npt.NDArray[np.int64]:
    """Those of some hashes, uint8[n, bytes of a hash], that are near a registered one."""
    return np.flatnonzero(snapshot.meets(namespace, packed, radius))
