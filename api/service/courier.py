"""Letters that are handed to the mailer at once, and stand nowhere but in the memory of a process.

That is for codes: what is kept of one is an HMAC, and a letter that waited in the database would
hold the code itself. Whoever asks for one does not wait for the mail server, so that no answer
tells what came of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from optout.api.errors import Busy, LetterDelayed, LetterRefused
from optout.api.mail import Letter
from optout.api.places import where

from .outside import Outside

log = logging.getLogger("optout.api")

RETRY = timedelta(seconds=30)
"""After how long a letter is tried once more that could not be sent."""

GRACE = timedelta(seconds=3)
"""How long letters that are under way may still take once the service ends."""


class Courier:
    """Carries letters to the mailer, each in a task of its own.

    Args:
        outside: its mailer, and its time.
        most: how many may be under way at once.
    """

    def __init__(self, outside: Outside, most: int) -> None:
        self._outside = outside
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()

    def check(self) -> None:
        """See to it that a letter can be taken on.

        Raises:
            Busy: too many are under way already, because the mail server is slow.
        """
        if len(self._tasks) >= self._most:
            raise Busy("too many letters are on their way", "Nothing was sent. Try again later.")

    def take(self, write: Callable[[], Letter], until: datetime) -> None:
        """Carry a letter, and return at once.

        Args:
            write: makes the letter.
            until: when nobody needs it any more.
        """
        task = asyncio.get_running_loop().create_task(self._carry(write, until))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait a while for what is under way, and let be what waits for a second attempt."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _carry(self, write: Callable[[], Letter], until: datetime) -> None:
        try:
            letter = write()
            if not await self._send(letter, until) and self._outside.clock() + RETRY < until:
                await asyncio.sleep(RETRY.total_seconds())
                await self._send(letter, until)
        except Exception as error:  # nobody waits for it who could be told
            log.error("%s", where(error))

    async def _send(self, letter: Letter, until: datetime) -> bool:
        """Try once, unless nobody needs it any more: whether it is over with the letter."""
        left = (until - self._outside.clock()).total_seconds()
        if left <= 0:
            return True
        try:
            async with asyncio.timeout(left):
                await self._outside.mailer.send(letter)
        except TimeoutError:
            log.warning("a code was not sent: it was over before its turn came")
        except LetterDelayed as error:
            log.warning("a code was not sent: %s", error.message)
            return False
        except LetterRefused as error:
            log.warning("a code was not sent: %s", error.message)
        return True
