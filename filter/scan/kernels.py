"""Which kernel looks at which role: the compiled ones, or the plain ones that they are held to."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Container, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from optout.filter.columns import Role, base_role
from optout.filter.pictures import KERNELS as _PICTURES
from optout.registry.compiled import PLAIN, available
from optout.registry.identifiers import Kind

from .picture_kernels import HashKernel, PictureKernel
from .states import Kernel
from .words import WordKernel, radius_in
from .written import HASHES

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_ADDRESSES, _DIGESTS, _PASSAGES = (
    f"optout.filter.scan.{name}_kernels" for name in ("address", "digest", "passage")
)
KERNELS = (_ADDRESSES, _DIGESTS, _PASSAGES, *_PICTURES)
"""The modules of compiled functions that look at values, for `optout warm`."""

_LOOK_AT = {
    "url": (_ADDRESSES,),
    "text": (_PASSAGES,),
    "sha256": (_DIGESTS,),
    "md5": (_DIGESTS,),
    "image": _PICTURES,
}


def kernels_for(
    snapshot: Snapshot, kinds: frozenset[Kind], radius: int, roles: Iterable[Role]
) -> Mapping[Role, Kernel]:
    """The fastest kernels of some roles that this machine has.

    `OPTOUT_KERNELS=plain` in the environment asks for the plain ones, which find the same.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which two phash256 may differ.
        roles: what is looked at.
    """
    plain = plain_kernels(snapshot, kinds, radius, roles)
    if not are_compiled():
        return plain
    return {
        role: _compiled(snapshot, kinds, radius, role, kernel) for role, kernel in plain.items()
    }


def plain_kernels(
    snapshot: Snapshot, kinds: frozenset[Kind], radius: int, roles: Iterable[Role]
) -> Mapping[Role, Kernel]:
    """The reference kernels of some roles.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which two phash256 may differ.
        roles: what is looked at.
    """
    pictures = PictureKernel(snapshot, kinds, radius)
    kernels: dict[Role, Kernel] = {}
    for role in roles:
        if role == "image":
            kernels[role] = pictures
        elif role in HASHES:
            kernels[role] = HashKernel(snapshot, kinds, role, radius_in(role, radius))
        else:
            kernels[role] = WordKernel(snapshot, kinds, role, pictures)
    return kernels


def are_hashed_twice(snapshot: Snapshot, kinds: Container[Kind], roles: Collection[Role]) -> bool:
    """Whether the PDQ of pictures is made too, which takes longer, whatever kernels there are.

    Args:
        snapshot: where is looked.
        kinds: the kinds of entry that are looked for.
        roles: what is looked at.
    """
    return Kind.IMAGE in kinds and "image" in roles and snapshot.has_pdq_alone


def modules_for(roles: Iterable[Role]) -> list[str]:
    """The modules of compiled functions that look at some roles; none where plain ones do."""
    if not are_compiled():
        return []
    needed = {
        name
        for role in roles
        for name in ((_DIGESTS,) if role in HASHES else _LOOK_AT.get(base_role(role), ()))
    }
    return [name for name in KERNELS if name in needed]


def are_compiled() -> bool:
    """Whether scans use compiled kernels here."""
    return os.environ.get(PLAIN) != "plain" and _has_compiler()


@cache
def _has_compiler() -> bool:
    if available():
        return True
    logging.getLogger("optout").warning(
        "numba cannot be imported here: the filter finds the same without it, but slowly"
    )
    return False


def _compiled(
    snapshot: Snapshot, kinds: frozenset[Kind], radius: int, role: Role, plain: Kernel
) -> Kernel:
    # Imported here: where nothing is scanned, nobody waits for a compiler.
    if isinstance(plain, PictureKernel):
        from .pictures import BulkPictureKernel

        return BulkPictureKernel(snapshot, kinds, radius, plain)
    if isinstance(plain, HashKernel):
        from .digests import ReadHashKernel

        return ReadHashKernel(snapshot, kinds, role, radius_in(role, radius), plain)
    if isinstance(plain, WordKernel):
        base = base_role(role)
        if base == "url":
            from .addresses import AddressKernel

            return AddressKernel(snapshot, kinds, plain)
        if base == "text":
            from .passages import PassageKernel

            return PassageKernel(snapshot, kinds, plain)
        if base in ("sha256", "md5"):
            from .digests import DigestKernel

            return DigestKernel(snapshot, kinds, role, plain)
    return plain
