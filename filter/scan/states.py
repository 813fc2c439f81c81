"""What a scan says of values: what they are, and which of them may be covered by an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.registry.identifiers import KeyColumns

States = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]


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
        mirrored: of its mirror image, where the picture itself is at hand and not only a hash that
            somebody made of it.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, bytes] = field(default_factory=dict)
    mirrored: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegisteredKeys:
    """Keys that may be an entry's, where a compiled kernel knows which: many, and no words.

    Attributes:
        values: int64[n], the position of the value that each key is of, ascending.
        keys: those keys.
    """

    values: Positions = field(default_factory=lambda: np.empty(0, np.int64))
    keys: KeyColumns = field(default_factory=lambda: KeyColumns.of(()))


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a kernel found in an array of values.

    No value that is covered is missing from `traces` and `registered`; some that are not covered
    may be among them. None is in both.

    Attributes:
        states: uint8[n], a `State` for every value.
        traces: by position, values that may be covered.
        registered: keys of values that may be covered.
    """

    states: States
    traces: Mapping[int, Trace]
    registered: RegisteredKeys = field(default_factory=RegisteredKeys)

    def candidates(self) -> Positions:
        """The positions of all values that may be covered, ascending."""
        traced = np.fromiter(self.traces, np.int64, len(self.traces))
        return np.union1d(traced, self.registered.values)


class Kernel(Protocol):
    """Looks at values of one role. A faster one may only be a faster form of the plain one."""

    distinct: bool
    """Whether equal values should be folded before they come here."""

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at values, none of them null."""
