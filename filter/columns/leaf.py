"""Where in a record values stand, and what they are to a filter."""

from __future__ import annotations

from dataclasses import dataclass

from optout.registry.errors import UsageError
from optout.registry.identifiers import PLATFORMS

from .paths import JSON, REST

Role = str
"""What a leaf holds: one of `ROLES`; after a colon, for `account` the platform whose accounts they
are, and for `work` the scheme, where the values do not say it themselves."""

ROLES: tuple[Role, ...] = (
    *("url", "image", "sha256", "md5", "phash256", "phash64", "pdq256"),
    *("text", "account", "work"),
)
"""Addresses, the bytes of pictures, digests of files, hashes of pictures, passages, accounts,
numbers of works."""

SCHEMES = ("isbn", "doi", "arxiv", "iscc")
"""What numbers works, as `work:<scheme>` names it."""


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """A place in a record whose values can be matched.

    Attributes:
        path: a column's name. A field of a struct is written `image.bytes`, the elements of a
            list `images[]`, and what JSON in a text holds `metadata{}`; they may follow each
            other: `images[].bytes`, `metadata{}[].src`. A map is a list of `key` and `value`.
            `metadata{}*` is every text in the JSON that looks like its role and stands under no
            path that is looked at by itself, however rare its path is.
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
        return cls(path, checked_role(role))

    @property
    def is_rest(self) -> bool:
        """Whether it is what stands in JSON anywhere else."""
        return self.path.endswith(JSON + REST)

    @property
    def base(self) -> Role:
        """Its role without what follows the colon."""
        return base_role(self.role)


def base_role(role: Role) -> Role:
    """The one of `ROLES` that a role is: `account` of `account:github`."""
    return role.partition(":")[0]


def checked_role(role: str) -> Role:
    """A role that comes from outside.

    Raises:
        UsageError: there is no such role.
    """
    base, colon, word = role.partition(":")
    if base == "account" and word not in PLATFORMS:
        raise UsageError(
            f"{role!r} does not say whose accounts they are" if not word else _unknown(role),
            f"Write account:PLATFORM, as in account:github; there are {', '.join(PLATFORMS)}.",
        )
    if base == "work" and colon and word not in SCHEMES:
        raise UsageError(_unknown(role), f"It may be work, or work: and {', '.join(SCHEMES)}.")
    if base not in ROLES or (colon and base not in ("account", "work")):
        raise UsageError(_unknown(role), f"It may be {', '.join(_WRITTEN)}.")
    return role


def _unknown(role: str) -> str:
    return f"{role!r} is not a role"


_WRITTEN = tuple("account:PLATFORM" if role == "account" else role for role in ROLES)
