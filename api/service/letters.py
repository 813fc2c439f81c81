"""Sending the letters that are due: taken from the registry, written, handed to the mailer.

A letter is sent at least once: where a process is stopped between handing it over and saying so, it
is sent again once nobody else's claim on it holds any more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from optout.api.errors import LetterDelayed, LetterRefused
from optout.api.places import where
from optout.registry import Registry
from optout.registry.cases import LEASE, Letter, Wish

from .outside import Outside
from .turns import Turns

log = logging.getLogger("optout.api")

_BATCH = 20
"""Letters that are taken at once."""

_SECONDS = LEASE.total_seconds() / 2
"""After so many no further letter of a batch is begun: the last one may take as long again."""


class Letters:
    """Sends what is due.

    Args:
        registry: the registry, open.
        outside: its time, its post and its mailer.
    """

    def __init__(self, registry: Registry, outside: Outside) -> None:
        self._registry = registry
        self._outside = outside
        self._turns = Turns(1, 1)
        self.when_queued: list[Callable[[], None]] = []
        """Told when a letter may have been queued here."""

    def queued(self) -> None:
        """Say that a letter may have been queued, so that it is sent at once."""
        for tell in self.when_queued:
            tell()

    async def send_due(self) -> None:
        """Send every letter that is due. One that cannot be sent now is due again later.

        Raises:
            RegistryError: the database cannot be read or written.
        """
        news, clock = self._registry.news, self._outside.clock
        while letters := await self._turns.run(news.take, clock(), _BATCH):
            begun = time.monotonic()
            async with self._outside.mailer.batch():
                for letter in letters:
                    if time.monotonic() - begun > _SECONDS:
                        break  # the rest will be due again
                    await self._send(letter)

    async def _send(self, letter: Letter) -> None:
        news = self._registry.news
        if not await self._turns.run(self._is_wanted, letter):
            await self._turns.run(news.refused, letter.id)
            return
        try:
            written = self._outside.post.write(
                str(letter.wish),
                letter.language,
                letter.address,
                self._values(letter),
                identity=letter.id,
            )
            await self._outside.mailer.send(written)
        except LetterRefused as error:
            log.warning("a letter was given up: %s", error.message)
            await self._turns.run(news.refused, letter.id)
        except LetterDelayed as error:
            log.warning("a letter was not sent: %s", error.message)
            await self._turns.run(news.delayed, letter.id, self._outside.clock())
        except Exception as error:  # one that cannot be written must not keep the others
            log.error("%s", where(error))
            await self._turns.run(news.delayed, letter.id, self._outside.clock())
        else:
            await self._turns.run(news.sent, letter.id)

    def _is_wanted(self, letter: Letter) -> bool:
        """Whether address and wish are still as they were when the letter was queued."""
        contact = self._registry.contacts.of(letter.case_number)
        return (
            contact is not None
            and contact.confirmed
            and contact.address == letter.address
            and letter.wish in contact.wishes
        )

    def _values(self, letter: Letter) -> dict[str, str | int]:
        link = self._outside.post.link(letter.case_number)
        values: dict[str, str | int] = {"case": letter.case_number, "link": link}
        if letter.wish is not Wish.CONFIRMED:
            values.update(letter.values, items=int(letter.values["items"]))
        return values
