"""Openings: what a commitment in the log is a commitment to.

The log shows 32 bytes. Whoever has the salt and the matter sees what they stand for; once both are
destroyed, nobody can, not even by guessing the matter.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field

from optout.registry import documents
from optout.registry.errors import LogFault
from optout.registry.identifiers import Identifier

from .folding import Entry

SALT_SIZE = 16
"""Bytes of a salt."""

_DOMAIN = b"optout/v1/commitment\0"
_ADVICE = "Fetch the snapshot again; if it still fails, whoever runs the registry must explain it."


def new_salt() -> bytes:
    """16 random bytes, for one entry."""
    return secrets.token_bytes(SALT_SIZE)


@dataclass(frozen=True, slots=True)
class Opening:
    """Salt and matter of one entry.

    Attributes:
        index: of the entry.
        salt: 16 bytes.
        matter: every field a filter reads, as canonical JSON (RFC 8785).
    """

    index: int
    salt: bytes = field(repr=False)
    matter: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_SIZE:
            raise LogFault(
                f"the salt of entry {self.index} has {len(self.salt)} bytes, not {SALT_SIZE}",
                _ADVICE,
            )

    @classmethod
    def of(cls, index: int, identifier: Identifier, salt: bytes) -> Opening:
        """The opening of an entry that covers `identifier`."""
        return cls(index, salt, documents.canonical(identifier.matter()))

    def commitment(self) -> bytes:
        """SHA-256(`optout/v1/commitment` 0x00 || salt || matter)."""
        return hashlib.sha256(_DOMAIN + self.salt + self.matter).digest()

    def identifier(self) -> Identifier:
        """What the entry covers.

        Raises:
            LogFault: the matter is not canonical JSON, or not an identifier's.
        """
        what = f"the matter of entry {self.index}"
        try:
            document = json.loads(self.matter)
            exact = isinstance(document, dict) and documents.canonical(document) == self.matter
        except (ValueError, RecursionError) as fault:
            raise LogFault(f"{what} is not readable JSON", _ADVICE) from fault
        if not exact:
            raise LogFault(f"{what} is not in canonical form", _ADVICE)
        return Identifier.from_matter(document)

    def check(self, entry: Entry) -> Identifier:
        """Hold the opening against its entry in the log.

        Returns:
            What the entry covers.

        Raises:
            LogFault: it opens another entry, or covers another kind of thing than the log says.
        """
        if self.index != entry.index or self.commitment() != entry.commitment:
            raise LogFault(f"an opening does not open entry {entry.index}", _ADVICE)
        identifier = self.identifier()
        if identifier.kind is not entry.kind:
            raise LogFault(
                f"entry {entry.index} covers a {identifier.kind}, and the log says {entry.kind}",
                _ADVICE,
            )
        return identifier
