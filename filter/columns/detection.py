"""Which column plays which role: by name, type and a look at values."""

from __future__ import annotations
from dataclasses import dataclass
from .leaf import Role


@dataclass(frozen=True, slots=True)
class DetectedColumn:
    """A column and the part it plays.

    Attributes:
        path: its path, as a `Leaf` has it.
        type: its type in words; several where shards differ.
        role: what its values are to a filter; None where they cannot be matched.
        why: the reason, for people.
    """

    path: str
    type: str
    role: Role | None
    why: str
