"""Many keys side by side, as whoever looks many up at once wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .keys import Key
from .kinds import Kind

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """Keys, as columns of equal length.

    Attributes:
        kind: uint8[n], codes of their kinds.
        digest: uint8[n, 32].
        probe: uint64[n].
    """

    kind: npt.NDArray[np.uint8]
    digest: npt.NDArray[np.uint8]
    probe: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.probe)

    @classmethod
    def of(cls, keys: Sequence[Key]) -> KeyColumns:
        """The same keys as columns."""
        codes = {kind: kind.code for kind in Kind}
        return cls(
            np.array([codes[key.kind] for key in keys], np.uint8),
            np.frombuffer(b"".join([key.digest for key in keys]), np.uint8).reshape(-1, _DIGEST),
            np.array([key.probe for key in keys], np.uint64),
        )
