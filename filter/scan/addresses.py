"""The fast kernel of addresses: compiled, and the plain one where that has to say."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.registry.compiled import kernels
from optout.registry.identifiers import Key, Kind, key_of

from .address_platforms import platforms
from .states import Scanned, Trace
from .words import WordKernel, held_kinds
from .written import is_meant, reach

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

Rows = npt.NDArray[np.int64]

_KERNELS = "optout.filter.scan.address_kernels"

_BITS = {Kind.URL: 1, Kind.SITE: 2, Kind.PREFIX: 4, Kind.ACCOUNT: 8}
"""How the compiled functions name the kinds."""

_KINDS = {bit: kind for kind, bit in _BITS.items() if kind is not Kind.ACCOUNT}
"""Those whose keys are made of a part of the address."""

_NOTHING, _NOWHERE = np.empty((0, 4), np.int64), np.empty(0, np.uint8)

_AT_ONCE = 1 << 11
"""Values of which it is said at once by which keys they are covered."""

_KEYS_OF_ONE = 8
"""Registered keys of an address; where a call finds more the reference says which they are."""

_GROWTH, _FORM = 8, 1024
"""A canonical form has at most three times the bytes of its value and some more, and may be written
twice: once for address and sites, once for prefixes."""

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
        traces = self._traces(values, np.flatnonzero(hits))
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

    def _traces(self, values: pa.LargeBinaryArray, rows: Rows) -> dict[int, Trace]:
        """What the judge needs of the values of which a key is registered."""
        traces: dict[int, Trace] = {}
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            hit = values.take(pa.array(some))
            keys = self._keys(hit)
            for place, row in enumerate(some.tolist()):
                known = keys.get(place)
                # Whatever may belong to an account is the reference's, with all that covers it.
                traces[row] = (
                    Trace(keys=known) if known else Trace({"url": hit[place].as_py().decode()})
                )
        return traces

    def _keys(self, values: pa.LargeBinaryArray) -> dict[int, tuple[Key, ...]]:
        """By position, the registered keys of values; none of those that may name an account."""
        found = np.empty((len(values) * _KEYS_OF_ONE, 4), np.int64)
        found[0] = 0, -1, 0, 0
        forms = np.empty(_GROWTH * values.nbytes + len(values) * _FORM, np.uint8)
        self._look(values, found, forms)
        told = found[1 : 1 + max(0, int(found[0, 0]))]
        text = forms[: told[:, 3].max(initial=0)].tobytes()
        keys: dict[int, tuple[Key, ...]] = {}
        for place, bit, start, end in told.tolist():
            if bit in _KINDS:
                keys[place] = (*keys.get(place, ()), key_of(_KINDS[bit], text[start:end]))
        for place in told[told[:, 1] == _BITS[Kind.ACCOUNT], 0].tolist():
            keys.pop(place, None)
        return keys

    def _look(
        self,
        values: pa.LargeBinaryArray,
        found: npt.NDArray[np.int64] = _NOTHING,
        forms: npt.NDArray[np.uint8] = _NOWHERE,
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
            found,
            forms,
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
