"""Digests of files, compiled: read in whatever form they come, and looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Role
from optout.registry.compiled import kernels
from optout.registry.identifiers import Kind

from .layout import layout
from .picture_kernels import HashKernel
from .probing import near_rows
from .states import Scanned, State, Trace
from .words import WordKernel, held_kinds, traces_at, with_left
from .written import DIGEST_BYTES, HASHES

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_KERNELS = "optout.filter.scan.digest_kernels"
_BEFORE = {"sha256": b"", "md5": b"md5:"}
"""What stands before the digits in the canonical form."""

Packed = npt.NDArray[np.uint8]


class DigestKernel:
    """Digests of exact bytes.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        role: `sha256` or `md5`.
        plain: looks at what the compiled part leaves.
    """

    distinct = False

    def __init__(
        self, snapshot: Snapshot, kinds: frozenset[Kind], role: Role, plain: WordKernel
    ) -> None:
        self._kernels = kernels(_KERNELS)
        self._snapshot = snapshot  # it holds what the tables point to
        looks = Kind.FILE in kinds & held_kinds(snapshot)
        self._tables = snapshot.probe_tables if looks else np.empty((0, 8), np.uint64)
        self._role = role
        self._before = np.frombuffer(bytearray(_BEFORE[role]), np.uint8)
        self._plain = plain

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at digests."""
        states, present = np.empty(len(values), np.uint8), np.empty(len(values), np.uint8)
        self._kernels.look_at_digests(
            *layout(values),
            self._before,
            DIGEST_BYTES[self._role],
            self._tables,
            states,
            present,
        )
        traces = traces_at(self._role, values, np.flatnonzero(present))
        return with_left(Scanned(states, traces), self._kernels.LEFT, values, self._plain)


class ReadHashKernel:
    """Hashes of pictures that somebody else made.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        role: which hashes they are; also the name of their namespace.
        radius: the most bits in which they may differ.
        plain: looks at what the compiled part leaves.
    """

    distinct = False

    def __init__(
        self,
        snapshot: Snapshot,
        kinds: frozenset[Kind],
        role: Role,
        radius: int,
        plain: HashKernel,
    ) -> None:
        self._kernels = kernels(_KERNELS)
        self._snapshot = snapshot
        self._looks = Kind.IMAGE in kinds
        self._role = role
        self._radius = radius
        self._plain = plain

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at hashes."""
        states = np.empty(len(values), np.uint8)
        packed = np.empty((len(values), HASHES[self._role]), np.uint8)
        self._kernels.read_hashes(*layout(values), states, packed)
        traces = {}
        judged = np.flatnonzero(states == State.JUDGED)
        if self._looks and len(judged):
            # A hash that many pictures share is searched for once.
            distinct, place = np.unique(_whole(packed[judged]), return_inverse=True)
            hashes = distinct.view(np.uint8).reshape(len(distinct), -1)
            met = np.zeros(len(distinct), bool)
            met[near_rows(self._snapshot, self._role, hashes, self._radius)] = True
            shown = {n: Trace(hashes={self._role: hashes[n].tobytes()}) for n in _numbers(met)}
            traces = {int(judged[n]): shown[int(place[n])] for n in _numbers(met[place])}
        return with_left(Scanned(states, traces), self._kernels.LEFT, values, self._plain)


def _whole(packed: Packed) -> npt.NDArray[np.void]:
    """Every row as one value, which sorts by its bytes."""
    return np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").reshape(-1)


def _numbers(which: npt.NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(which).tolist()
    return found
