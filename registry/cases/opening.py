"""How a case comes about: from what was asked for to what is kept, sealed under its secret."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from optout.registry.errors import UsageError
from optout.registry.identifiers import USAGES, Grade
from optout.registry.log import Status
from optout.registry.store import Added, Claim, SealedItem

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .sealing import new_nonce, seal
from .secret import CaseKeys


@dataclass(frozen=True, slots=True)
class Draft:
    """A case that was asked for, and has no number yet.

    Attributes:
        items: as they were given.
        first: for every item, the place of the first that says the same.
        places: of those that become entries, ascending.
    """

    items: Sequence[CaseItem]
    first: list[int]
    places: list[int]

    @classmethod
    def of(cls, items: Sequence[CaseItem]) -> Draft:
        """What becomes of items.

        Raises:
            UsageError: there is none.
        """
        if not items:
            raise UsageError("a case without items registers nothing", "Give at least one item.")
        keyed = [(item.identifier, frozenset(item.usage)) for item in items]
        firsts = {key: place for place, key in reversed(list(enumerate(keyed)))}
        return cls(items, [firsts[key] for key in keyed], sorted(firsts.values()))

    @property
    def claims(self) -> list[Claim]:
        """One for every entry."""
        found = [self.items[place] for place in self.places]
        return [Claim(item.identifier, tuple(item.usage)) for item in found]

    def under(self, number: str, secret: str) -> Opening:
        """The case, under this number and secret."""
        return Opening(
            self,
            number,
            secret,
            CaseKeys.derive(number, secret),
            [new_nonce() for _ in self.places],
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """A case that is being opened.

    Attributes:
        draft: what was asked for.
        number: XXXX-XXXX.
        secret: kept nowhere.
        keys: what follows from it.
        nonces: one for every entry.
    """

    draft: Draft
    number: str
    secret: str = field(repr=False)
    keys: CaseKeys
    nonces: list[bytes] = field(repr=False)

    @property
    def auths(self) -> list[bytes]:
        """For every entry, SHA-256 of the token that may end it."""
        return [hashlib.sha256(self.keys.token_of(nonce)).digest() for nonce in self.nonces]

    def sealed(self, indexes: Sequence[int]) -> list[SealedItem]:
        """What is kept of its entries, whose numbers these are."""
        return [
            SealedItem(
                index,
                nonce,
                seal(
                    self.keys.box,
                    nonce,
                    self.number,
                    index,
                    place=place,
                    shown=self.draft.items[place].shown,
                ),
            )
            for index, nonce, place in zip(indexes, self.nonces, self.draft.places, strict=True)
        ]

    def opened(self, indexes: Sequence[int], date: str) -> OpenedCase:
        """What its owner is told, once its entries have these numbers, of this day."""
        index_at = dict(zip(self.draft.places, indexes, strict=True))
        entries = [
            Added(index_at[first], new=first == place)
            for place, first in enumerate(self.draft.first)
        ]
        shown = [
            self._shown(self.draft.items[place], index, date) for place, index in index_at.items()
        ]
        return OpenedCase(self.number, self.secret, entries, Case(self.number, date, shown))

    def _shown(self, item: CaseItem, index: int, date: str) -> CaseEntry:
        return CaseEntry(
            index,
            item.identifier.kind,
            item.shown.encode("utf-8", "replace").decode(),  # as it is sealed
            Status.IN_FORCE,
            Grade.SELF,
            tuple(word for word in USAGES if word in item.usage),
            date,
        )
