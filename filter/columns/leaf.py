"""Where in a record values stand, and what they are to a filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optout.registry.errors import UsageError

Role = Literal["url", "image", "sha256"]
"""What a leaf holds: addresses, the bytes of pictures, or SHA-256 digests of files."""

ROLES: tuple[Role, ...] = ("url", "image", "sha256")


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """A place in a record whose values can be matched.

    Attributes:
        path: a column's name. A field of a struct is written `image.bytes`, the elements of a
            list `images[]`, both together `images[].bytes`.
        role: what its values are.
    """

    path: str
    role: Role

    @classmethod
    def of(cls, path: str, role: str) -> Leaf:
        """A leaf whose role comes from outside.

        Raises:
            UsageError: there is no such role.
        """
        if role not in ROLES:
            raise UsageError(f"{role!r} is not a role", f"It may be {', '.join(ROLES)}.")
        return cls(path, role)
