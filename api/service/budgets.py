"""How often platforms are asked about accounts: as often as they answer whoever does not sign in.

GitHub answers sixty questions an hour and address. Whoever asks more is answered nothing at all for
the rest of it, so that one person's checks would keep everybody's proofs from being looked at. Most
of it is for people, who wait for an answer; the rest is kept for proofs that are looked at again.

What is counted lives in this process: several behind one address share what the platform gives.
"""

from __future__ import annotations

from collections.abc import Callable

from optout.registry.cases import Method, StandingProof

from .windows import Rate, Windows

FOR_PEOPLE = {"github": Rate(40, 3600)}
"""By platform, how often it is asked because somebody waits for the answer."""

FOR_ROUNDS = {"github": Rate(15, 3600)}
"""By platform, how often it is asked whether a proof is still there; some are left for retries."""


class Budgets:
    """Counts what platforms are asked.

    Args:
        ticks: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._asked = Windows(2 * len(FOR_PEOPLE), ticks)

    def wait(self, proof: StandingProof, *, again: bool = False) -> int:
        """Count one question.

        Args:
            proof: about which it is.
            again: whether nobody waits for the answer.

        Returns:
            After how many seconds it can be asked; 0 where it may be asked now, and is counted.
        """
        platform = proof.subject.partition(":")[0]
        rate = (FOR_ROUNDS if again else FOR_PEOPLE).get(platform)
        if proof.method != Method.ACCOUNT or rate is None:
            return 0
        who = f"{platform} {again}"
        return 0 if self._asked.hit(who, rate) else self._asked.wait(who, rate)
