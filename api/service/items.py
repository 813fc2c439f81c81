"""One thing that a person wants registered: understood, or refused with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from optout.api.words import visible
from optout.registry.identifiers import Identifier, Kind


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be registered.

    Attributes:
        identifier: what the registry takes.
        shown: what its sender will recognise it by; sealed with the case.
        understood: the canonical form that will be looked for.
        also: what else the registry takes for the same thing: of a file's bytes their MD5.
    """

    identifier: Identifier
    shown: str
    understood: str
    also: tuple[Identifier, ...] = ()

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Everything that the registry takes, each an entry of its own."""
        return (self.identifier, *self.also)

    @property
    def kind(self) -> Kind:
        """What sort of thing it is."""
        return self.identifier.kind


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that cannot be registered as it was given.

    Attributes:
        shown: what was given.
        reason: a stable word, such as `public-suffix`; the pages have a sentence for each.
        detail: the reason in English, for programs and their authors.
        advice: what to do about it; may be empty.
        offer: what can be registered in its place, if its sender agrees.
    """

    shown: str
    reason: str
    detail: str
    advice: str = ""
    offer: Item | None = None


def file_name(text: str) -> str:
    """The name of an uploaded file, without the folders that some browsers put before it."""
    return visible(text.replace("\\", "/").rpartition("/")[2], 120)
