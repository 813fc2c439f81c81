"""What a scan says of values: what they are, and which of them may be covered by an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

States = npt.NDArray[np.uint8]


class State(IntEnum):
    """What a value is to its role."""

    NULL = 0
    EMPTY = 1
    FOREIGN = 2
    """Not what the role asks for: no http(s) address, no digest. It stays."""
    UNJUDGEABLE = 3
    """It should have been judged and could not be: broken text, an undecodable picture."""
    JUDGED = 4

    @property
    def word(self) -> str:
        """How the state is called in a record's counts."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Trace:
    """What the judge needs of a value that may be covered by an entry.

    Attributes:
        url: an http(s) address as it stands in the corpus.
        sha256: of a file's bytes, hex.
        phash256: of a picture, 32 bytes.
    """

    url: str | None = None
    sha256: str | None = None
    phash256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a kernel found in an array of values.

    Attributes:
        states: uint8[n], a `State` for every value.
        traces: by position, the values that may be covered. None that is covered is missing; some
            that are not covered may be among them.
    """

    states: States
    traces: Mapping[int, Trace]


class Kernel(Protocol):
    """Looks at values of one role. A faster one may only be a faster form of the plain one."""

    distinct: bool
    """Whether equal values should be folded before they come here."""

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at values, none of them null."""
