"""Which values are worth a closer look: what the scan's kernels say, on every row.

A kernel is a fast form of the registry's reference functions. It need not be believed: whatever it
points at is looked up by the reference's own keys, and on the rows of the sample it is held against
them whether it points or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.scan import Kernel, State, kernels_for
from optout.registry.compiled import available
from optout.registry.identifiers import Kind

from .policy import Eligibility

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a kernel says of some values.

    Attributes:
        at: bool[n], what may be covered by an entry, or cannot be judged.
        broken: bool[n], what cannot be judged.
    """

    at: Mask
    broken: Mask

    def some(self, chosen: npt.NDArray[np.intp]) -> Pointed:
        """The same of some of the values."""
        return Pointed(self.at[chosen], self.broken[chosen])


class Pointer:
    """Asks the kernels.

    Args:
        snapshot: opened, its files checked.
        eligibility: says which kinds are looked for.
        roles: what values are taken for.

    Attributes:
        compiled: whether the kernels are compiled ones.
    """

    def __init__(self, snapshot: Snapshot, eligibility: Eligibility, roles: Iterable[str]) -> None:
        kinds = frozenset(kind for kind in Kind if eligibility.judges(kind))
        self.compiled = available()
        self._kernels = dict(
            kernels_for(snapshot, kinds, eligibility.policy.radius, frozenset(roles))
        )

    def look(self, role: str, values: pa.LargeBinaryArray) -> Pointed:
        """Look at values.

        Args:
            role: what they are taken for.
            values: none of them null.
        """
        kernel = self._kernels[role]
        if not kernel.distinct:
            return _pointed(kernel, values)
        folded = values.dictionary_encode()
        which = folded.indices.to_numpy(zero_copy_only=False)
        return _pointed(kernel, folded.dictionary).some(which)


def _pointed(kernel: Kernel, values: pa.LargeBinaryArray) -> Pointed:
    scanned = kernel(values)
    broken = np.asarray(scanned.states) == State.UNJUDGEABLE
    at = broken.copy()
    at[scanned.candidates()] = True
    return Pointed(at, broken)
