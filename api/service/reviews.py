"""What creators show the reviewer, at the desk."""

from __future__ import annotations

from optout.registry import Registry
from optout.registry.cases import SharedItem

from .outside import Outside
from .turns import Turns


class ReviewDesk:
    """Takes what creators show the reviewer, and shows them what became of it.

    Deciding is the reviewer's, who does it at the command line.

    Args:
        registry: the registry, open.
        outside: what the service asks of the world: the time.
        turns: threads.
    """

    def __init__(self, registry: Registry, outside: Outside, turns: Turns) -> None:
        self._sharing = registry.sharing
        self._clock = outside.clock
        self._turns = turns

    async def ask(self, number: str, secret: str, entry: int, value: str, note: str) -> SharedItem:
        """Show an item to the reviewer; once more replaces what was shown.

        Args:
            number: of the case.
            secret: of the case.
            entry: of the case.
            value: what it is; of a picture or a file, where it can be seen.
            note: what the reviewer is to know; may be empty.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry in force, or it covers something else, or it is
                reviewed already, or a text is too long.
            Busy: too many are waiting already.
        """
        return await self._turns.run(
            self._sharing.show, number, secret, entry, value, note, self._clock()
        )

    async def take_back(self, number: str, secret: str, entry: int) -> None:
        """Show an item no longer; what is decided, or was never shown, stays as it is.

        Args:
            number: of the case.
            secret: of the case.
            entry: of the case.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            Busy: too many are waiting already.
        """
        await self._turns.run(self._sharing.take_back, number, secret, entry)

    async def of(self, number: str, secret: str) -> list[SharedItem]:
        """What a case has shown, by entry, and what became of it.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        return await self._turns.run(self._sharing.of, number, secret)
