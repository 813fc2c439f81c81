"""What a scan says of values: what they are, and which of them may be covered by an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.registry.identifiers import Key

States = npt.NDArray[np.uint8]


class State(IntEnum):
    """What a value is to its role."""

    NULL = 0
    EMPTY = 1
    FOREIGN = 2
    """Not what the role asks for: no http(s) address, no digest, too short a text. It stays."""
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
        words: by role, what the value is in words, as `written` gives them: of an address itself,
            of picture bytes their digests.
        hashes: of a picture, by namespace.
        keys: in place of words, where a compiled kernel knows which keys may be an entry's.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, bytes] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()


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
