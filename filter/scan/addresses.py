"""The fast kernel of addresses: compiled, and the plain one where that has to say."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.registry.compiled import kernels
from optout.registry.identifiers import Kind

from .address_platforms import platforms
from .states import Scanned, Trace
from .words import WordKernel, held_kinds
from .written import is_meant, reach

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_KERNELS = "optout.filter.scan.address_kernels"

_BITS = {Kind.URL: 1, Kind.SITE: 2, Kind.PREFIX: 4, Kind.ACCOUNT: 8}
"""How the compiled functions name the kinds."""

_PUNYCODE = "https://xn--0.example/"
"""An address with a name in punycode that stands for nothing."""


class AddressKernel:
    """Addresses: what `WordKernel` says of them, much sooner.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        plain: looks at what the compiled functions leave.
    """

    distinct = False

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], plain: WordKernel) -> None:
        self._snapshot = snapshot
        self._plain = plain
        sought = kinds & reach("url") & held_kinds(snapshot)
        self._wanted = sum(_BITS[kind] for kind in sought)
        # Whoever reads addresses for the reference may or may not decode such names: it is asked.
        self._punycode = int(is_meant("url", _PUNYCODE))

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at values."""
        states, hits = self._look(values)
        rows = np.flatnonzero(states == 0)
        traces = {
            int(row): Trace({"url": values[int(row)].as_py().decode()})
            for row in np.flatnonzero(hits)
        }
        if len(rows):
            rest = values.take(pa.array(rows)).dictionary_encode()
            scanned = self._plain(rest.dictionary)
            places = rest.indices.to_numpy()
            states[rows] = scanned.states[places]
            if scanned.traces:
                for row, place in zip(rows.tolist(), places.tolist(), strict=True):
                    if place in scanned.traces:
                        traces[row] = scanned.traces[place]
        return Scanned(states, traces)

    def _look(
        self, values: pa.LargeBinaryArray
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        compiled = kernels(_KERNELS)
        count = len(values)
        states, hits = np.empty(count, np.uint8), np.empty(count, np.uint8)
        if not count:
            return states, hits
        _, offsets, data = values.buffers()
        if offsets.size < 8 * (values.offset + count + 1):
            raise ValueError("an array of addresses is cut off")
        left = compiled.look_at(
            np.uint64(offsets.address + 8 * values.offset),
            count,
            _bytes_of(data),
            self._wanted,
            self._snapshot.probe_tables,
            self._punycode,
            *platforms(),
            states,
            hits,
        )
        if left < 0:
            raise ValueError("the values of an array of addresses overlap")
        return states, hits


def _bytes_of(data: pa.Buffer | None) -> npt.NDArray[np.uint8]:
    """The bytes of a buffer, as compiled functions take them: not read-only, but only read."""
    if data is None or not data.size:
        return np.empty(0, np.uint8)
    room = (ctypes.c_uint8 * data.size).from_address(data.address)
    return np.ctypeslib.as_array(room)
