"""What a request wants registered, and how it is known again where it is sent once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optout.registry.cases import CaseItem, Repeat

from .items import Item

_OPERATION = "open a case"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A case that somebody asks for.

    Attributes:
        items: what becomes of it, an item for each entry.
        repeat: what tells whether the request came before; None where its sender chose no key.
    """

    items: Sequence[CaseItem]
    repeat: Repeat | None = None

    @classmethod
    def of(cls, items: Sequence[Item], usage: Sequence[str], key: str, secret: bytes) -> Wanted:
        """What a request asks for.

        Args:
            items: what it names.
            usage: what they are opted out of.
            key: chosen by its sender, for the case that it comes again; empty where there is none.
            secret: of the registry, for repeated requests.
        """
        wanted = [
            CaseItem(identifier, item.shown, tuple(usage))
            for item in items
            for identifier in item.identifiers
        ]
        if not key:
            return cls(wanted)
        return cls(wanted, Repeat.of(secret, _OPERATION, key, _asked(wanted, usage)))

    def __len__(self) -> int:
        return len(self.items)


def _asked(items: Sequence[CaseItem], usage: Sequence[str]) -> Iterator[str]:
    """What was understood, and not the bytes: a form that is sent again has another boundary."""
    yield " ".join(usage)
    for item in items:
        known = item.identifier
        yield f"{known.kind} {known.digest.hex()} {known.radius}"
        yield item.shown
