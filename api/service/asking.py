"""Asking whether a proof is there, at the desk.

The times of a proof:

- *30 days* to place what is asked for; then it is forgotten.
- *365 days* it stands once it was found, and each time it is found again.
- *Every 7 days* it is looked at again (`registry.cases.rechecking.CHECKED_EVERY`); missing *three
  times in a row*, it ends. What cannot be reached counts as neither, and nor does what its owner
  has looked at meanwhile and not found.

A record in DNS says itself until when it stands: at first for all of the above, later until its
proof expires. Its owner may replace it by the one that is shown then, or let it run out.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import anyio
from optout.api.proofs import (
    Challenge,
    NotFound,
    Result,
    Unprovable,
    Unreachable,
    prove_account,
    prove_by_file,
    prove_by_record,
)
from optout.registry.cases import Method, StandingProof

from .budgets import Budgets
from .outside import Outside

TO_PLACE = timedelta(days=30)
STANDS = timedelta(days=365)


class Asker:
    """Asks name servers, hosts and platforms, each question for so long and no longer.

    Args:
        outside: what is asked, and the time.
        seconds: how long one may take.
    """

    def __init__(self, outside: Outside, seconds: float) -> None:
        self._outside = outside
        self._seconds = seconds
        self._budgets = Budgets(outside.ticks)

    async def ask(self, proof: StandingProof) -> Result:
        """Whether what was to be placed for a proof is there; somebody waits for the answer."""
        wait = self._budgets.wait(proof)
        if wait:
            return Unreachable(
                "Nobody could be asked: too many accounts of this platform were looked at lately. "
                f"Try again in {ceil(wait / 60)} minutes."
            )
        return await self._ask(proof)

    async def ask_again(self, proof: StandingProof) -> Result | None:
        """As `ask`, where nobody waits; None where it is to be asked later."""
        return None if self._budgets.wait(proof, again=True) else await self._ask(proof)

    async def _ask(self, proof: StandingProof) -> Result:
        challenge, outside = challenge_of(proof), self._outside
        try:
            with anyio.fail_after(self._seconds):
                match proof.method:
                    case Method.DNS:
                        return await prove_by_record(challenge, outside.resolver, outside.clock)
                    case Method.FILE:
                        return await prove_by_file(challenge, outside.fetcher)
                    case Method.ACCOUNT:
                        return await prove_account(
                            challenge,
                            outside.fetcher,
                            endpoints=outside.endpoints,
                            stable_id=proof.stable or None,
                        )
        except TimeoutError:
            return Unreachable(
                f"Nothing was answered within {self._seconds:g} seconds. "
                "Try again in a few minutes."
            )
        except Unprovable as error:  # the lists of what is shared are newer than the proof
            return NotFound(str(error))


def challenge_of(proof: StandingProof) -> Challenge:
    """What is to be placed for a proof, and where."""
    until = max(proof.made + TO_PLACE + STANDS, proof.expires)
    return Challenge(proof.case_number, proof.subject, proof.token, until)
