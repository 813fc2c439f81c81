"""By which number the vault has a key: that of its entry, until a registry was recovered.

A registry that is made anew from a backup gives numbers once more that the lost one had given, and
whose keys may be destroyed. From there on it takes its keys from a part of the vault that is whole;
from which entry on, and from which part, its database says.
"""

from __future__ import annotations

from dataclasses import dataclass

from optout.registry.errors import RegistryError
from sqlalchemy import Connection

from .settings import KEY_PARTS, put_setting, read_setting
from .vault import PART_BITS, PARTS, Label, Shredded, Vault


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one registry.

    Attributes:
        vault: has them.
        parts: of every recovery that changed it, the first entry after it and the part from then
            on; in the order in which they came.
    """

    vault: Vault
    parts: tuple[tuple[int, int], ...] = ()

    def number(self, entry: int) -> int:
        """By which number the vault has the key of an entry, or of the case that begins with it."""
        for first, part in reversed(self.parts):
            if entry >= first:
                return entry + (part << PART_BITS)
        return entry

    def key(self, label: Label, entry: int) -> bytes | None:
        """The key, 32 bytes; None where it was destroyed."""
        try:
            return self.vault.key(label, self.number(entry))
        except Shredded:  # erased meanwhile, or since this copy of the database was made
            return None


def read_keys(connection: Connection, vault: Vault) -> Keys:
    """The keys of the registry that is being read.

    Raises:
        RegistryError: it does not say which they are.
    """
    said = read_setting(connection, KEY_PARTS) or ""
    try:
        return Keys(vault, tuple(map(_part, said.split())))
    except ValueError as fault:
        raise RegistryError(
            "the registry's database does not say which keys of its vault are its own",
            "Restore it from a backup, with its key and its vault.",
        ) from fault


def go_on(connection: Connection, vault: Vault, size: int) -> Keys:
    """Let the entries of a recovered log have keys that nobody has destroyed, from its size on.

    Args:
        connection: writing.
        vault: as it is now.
        size: records that the log has.

    Raises:
        RegistryError: no part of the vault is whole.
    """
    keys = read_keys(connection, vault)
    part = vault.whole_part()
    if keys.number(size) == size + (part << PART_BITS):
        return keys
    keys = Keys(vault, (*keys.parts, (size, part)))
    put_setting(connection, KEY_PARTS, " ".join(f"{first}:{part}" for first, part in keys.parts))
    return keys


def _part(word: str) -> tuple[int, int]:
    first, _, part = word.partition(":")
    if not 0 <= int(part) < PARTS:
        raise ValueError(part)
    return int(first), int(part)
