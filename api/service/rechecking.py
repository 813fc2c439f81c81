"""Proofs that stand are looked at again, at the desk.

Nobody is asked within a transaction, or while a thread of the registry is held. What is not asked
in a turn, because its domain or platform was asked often enough, is due again in the next one.
"""

from __future__ import annotations

import logging
from collections import Counter

from anyio import CapacityLimiter, create_task_group
from optout.api.places import where
from optout.api.proofs import NotFound, Proved
from optout.registry import Registry
from optout.registry.cases import Check, Method, StandingProof
from optout.registry.identifiers import registrable_domain

from .asking import STANDS, Asker
from .outside import Outside
from .steady import SteadyClock
from .turns import Turns

log = logging.getLogger("optout.api")

_BATCH = 20
"""Proofs that one process takes at once to look at them again: few enough for their lease."""

AT_ONCE = 4
"""Proofs that are looked at at once, beside those that people wait for."""

BELOW = 20
"""Proofs of one registrable domain that are looked at in one turn: whoever answers slowly for a
thousand names below theirs holds up their own."""

AT_PLATFORM = 200
"""As `BELOW`, of accounts on one platform."""

_FEW = 10
"""So many proofs may end in one turn because their time is over, or a tenth of all that stand: each
was looked at within a week of the others, so that all at once means that the clock is wrong."""


class RecheckDesk:
    """Looks again at the proofs of all cases, and ends those that are over.

    Args:
        registry: the registry, open.
        outside: the time.
        asker: asks whether a proof is there.
        turns: threads.
    """

    def __init__(self, registry: Registry, outside: Outside, asker: Asker, turns: Turns) -> None:
        self._rechecks = registry.rechecks
        self._clock = outside.clock
        self._steady = SteadyClock(outside.clock, outside.ticks)
        self._asker = asker
        self._keepers = turns

    async def run(self) -> None:
        """Look again at every proof that is due, some at once; end those that are over.

        Nothing is done while the clock is not to be believed. Several processes may do so at once:
        none looks at what another has taken.

        Raises:
            RegistryError: the database cannot be read or written.
        """
        rechecks, clock = self._rechecks, self._clock
        if not self._steady.holds(await self._keepers.run(rechecks.newest)):
            return
        may_end = max(_FEW, await self._keepers.run(rechecks.count) // 10)
        asked, places = Counter[str](), CapacityLimiter(AT_ONCE)
        while True:
            may_end -= await self._end_over(may_end)
            due = await self._keepers.run(rechecks.take_due, clock(), _BATCH)
            if not due:
                break
            async with create_task_group() as group:
                for proof in due:
                    place, most = _place(proof)
                    asked[place] += 1
                    if asked[place] <= most:
                        group.start_soon(self._keep, proof, places)
        if not may_end:
            log.error("very many proofs are over at once: the others end in the next turns")

    async def _end_over(self, most: int) -> int:
        """End at most so many proofs whose time is over: how many have ended."""
        ended = 0
        while ended < most:
            now = self._clock()
            count = await self._keepers.run(self._rechecks.end_over, now, min(100, most - ended))
            if not count:
                break
            ended += count
        return ended

    async def _keep(self, proof: StandingProof, places: CapacityLimiter) -> None:
        """Look at one proof, and keep what came of it: a fault of one is not the others'."""
        async with places:
            try:
                check = await self._look_again(proof)
                if check is not None:
                    now = self._clock()
                    await self._keepers.run(
                        self._rechecks.record_check, proof.id, check, now, expires=now + STANDS
                    )
            except Exception as error:  # it is due again once nobody's claim on it holds any more
                log.error("%s", where(error))

    async def _look_again(self, proof: StandingProof) -> Check | None:
        try:
            result = await self._asker.ask_again(proof)
        except Exception as error:  # of one proof, for which the others are not to suffer
            log.error("%s", where(error))
            return Check.UNREACHABLE
        if result is None:
            return None
        if isinstance(result, Proved):
            return Check.FOUND
        return Check.MISSING if isinstance(result, NotFound) else Check.UNREACHABLE


def _place(proof: StandingProof) -> tuple[str, int]:
    """Who answers for a proof, and how many of theirs are looked at in one turn."""
    if proof.method != Method.ACCOUNT:
        return registrable_domain(proof.subject), BELOW
    platform, _, handle = proof.subject.partition(":")
    _, at, server = handle.partition("@")
    return (registrable_domain(server), BELOW) if at and server else (platform, AT_PLATFORM)
