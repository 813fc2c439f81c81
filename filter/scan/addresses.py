"""The fast kernel of addresses: compiled, and the plain one where that has to say."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.registry.compiled import kernels
from optout.registry.identifiers import Key, KeyColumns, Kind, key_of

from .address_platforms import platforms
from .layout import chosen
from .states import RegisteredKeys, Scanned, Trace
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
"""RegisteredKeys keys of an address; where a call finds more the reference says which they are."""

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
        registered, unread = self._registered(values, np.flatnonzero(hits))
        traces = {
            row: Trace({"url": text.decode()})
            for row, text in zip(unread.tolist(), chosen(values, unread).to_pylist(), strict=True)
        }
        rows = np.flatnonzero(states == 0)
        if len(rows):
            rest = chosen(values, rows).dictionary_encode()
            scanned = self._plain(rest.dictionary)
            places = rest.indices.to_numpy()
            states[rows] = scanned.states[places]
            if scanned.traces:
                for row, place in zip(rows.tolist(), places.tolist(), strict=True):
                    if place in scanned.traces:
                        traces[row] = scanned.traces[place]
        return Scanned(states, traces, registered)

    def _registered(self, values: pa.LargeBinaryArray, rows: Rows) -> tuple[RegisteredKeys, Rows]:
        """The registered keys of values that have some, and those that are the reference's.

        Args:
            values: all of them.
            rows: int64, the positions of those of which a key is registered, ascending.
        """
        owners, keys, unread = [], [], []
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            told, found = self._keys(chosen(values, some))
            owners.append(some[told])
            keys += found
            left = np.ones(len(some), bool)
            left[told] = False
            unread.append(some[left])
        if not keys:
            return RegisteredKeys(), rows
        return RegisteredKeys(np.concatenate(owners), KeyColumns.of(keys)), np.concatenate(unread)

    def _keys(self, values: pa.LargeBinaryArray) -> tuple[Rows, list[Key]]:
        """The registered keys of values, and the position of the value that each is of.

        Left out are values of which a key may name an account, with all their keys: which accounts
        an address may belong to the reference says.
        """
        found = np.empty((len(values) * _KEYS_OF_ONE, 4), np.int64)
        found[0] = 0, -1, 0, 0
        forms = np.empty(_GROWTH * values.nbytes + len(values) * _FORM, np.uint8)
        self._look(values, found, forms)
        told = found[1 : 1 + max(0, int(found[0, 0]))]
        accounts = told[:, 1] == _BITS[Kind.ACCOUNT]
        if accounts.any():
            told = told[~np.isin(told[:, 0], told[accounts, 0])]
        told = told[np.argsort(told[:, 0], kind="stable")]
        text = forms[: told[:, 3].max(initial=0)].tobytes()
        keys = [key_of(_KINDS[bit], text[start:end]) for _, bit, start, end in told.tolist()]
        return told[:, 0], keys

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
