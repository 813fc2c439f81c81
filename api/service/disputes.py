"""What others say against entries, at the desk: notices, and what owners answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from optout.api.errors import KeyTaken
from optout.registry import Registry
from optout.registry.cases import ANSWERS, Notice, OpenedNotice, Reason, Repeat
from optout.registry.identifiers import Identifier
from starlette.requests import Request

from .outside import Outside
from .turns import Turns

Admit: TypeAlias = Callable[[], None]
"""Counts a notice that is about to be kept, or raises. It may be called in any thread."""

CountedNotice: TypeAlias = Callable[[Request, int], AbstractContextManager[Admit]]
"""Counts notices by who sends them and by entry."""


@contextmanager
def uncounted_notice(_request: Request, _entry: int) -> Iterator[Admit]:
    """Counts nothing."""
    yield lambda: None


class DisputeDesk:
    """Takes notices, shows them to who sent them and to the owners of items, takes answers.

    Deciding is the operator's, who does it at the command line.

    Args:
        registry: the registry, open.
        outside: what the service asks of the world: the time.
        turns: threads.
    """

    def __init__(self, registry: Registry, outside: Outside, turns: Turns) -> None:
        self._notices = registry.notices
        self._answers = registry.derive(ANSWERS)
        self._clock = outside.clock
        self._turns = turns

    async def send(
        self,
        entry: int,
        identifier: Identifier,
        reason: Reason,
        statement: str,
        key: str = "",
        admit: Callable[[], None] | None = None,
        shown: str = "",
    ) -> OpenedNotice:
        """Dispute an entry. It stays in force until the operator decides.

        Args:
            entry: its number.
            identifier: what it covers, as its sender knows it.
            reason: why.
            statement: why, in the sender's words.
            key: chosen at random by who sends it: the same once more with the same key is no second
                notice.
            admit: called before a notice is kept, in some thread; what it raises stops that.
            shown: what its sender calls what the entry covers, for the operator.

        Raises:
            UsageError: there is no such entry in force, or it covers something else, and nobody is
                told which; or enough notices about it are undecided; or the statement is empty or
                too long.
            KeyTaken: the key came with another request.
            Busy: too many are waiting already.
        """
        asked = (str(entry), str(identifier.kind), identifier.digest.hex(), str(reason), statement)
        repeat = Repeat.of(self._answers, "send a notice", key, asked) if key else None
        sent = await self._turns.run(
            self._notices.send,
            entry,
            identifier,
            reason,
            statement,
            self._clock(),
            repeat,
            admit,
            shown,
        )
        if sent is None:
            raise KeyTaken(
                "this Idempotency-Key came with another request",
                "Nothing was sent. Send each request with a key of its own.",
            )
        return sent

    async def read(self, number: str, secret: str) -> Notice:
        """A notice, for its sender.

        Raises:
            CaseNotFound: there is no such notice, or its secret is another one.
        """
        return await self._turns.run(self._notices.read, number, secret)

    async def against(self, number: str, secret: str) -> list[Notice]:
        """The notices against the items of a case, for its owner, the oldest first.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        return await self._turns.run(self._notices.of, number, secret)

    async def counter(self, number: str, secret: str, notice: str, statement: str) -> Notice:
        """Say something to a notice, as the owner of the item; once more replaces it.

        Args:
            number: of the case.
            secret: of the case.
            notice: its number.
            statement: what the owner says.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: no such notice is to be decided, or the statement is empty or too long.
        """
        return await self._turns.run(
            self._notices.counter, number, secret, notice, statement, self._clock()
        )
