"""Proving at the desk: what is to be placed, and whether it is there.

Nobody is asked within a transaction, or while a thread of the registry is held.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import anyio
from optout.api.errors import Busy, Fault, ItemsRefused, ProofOver, TooOften
from optout.api.limits import Limits
from optout.api.proofs import (
    TOKEN_BYTES,
    Challenge,
    Proved,
    Unprovable,
    Unreachable,
    profile_of,
    provable_account,
    provable_domain,
)
from optout.registry import Registry
from optout.registry.cases import Method, ProofState, StandingProof

from .asking import STANDS, TO_PLACE, Asker, challenge_of
from .covering import GIVES, Coverage
from .outside import Outside
from .turns import Turns
from .windows import Rate, Windows

OF_CASE = Rate(10, 60)
"""How often one case may have its proofs looked at."""

ENDINGS = Rate(3, 86_400)
"""How many proofs that stand the owner of one case may end: what the log says of each stays."""

_REMEMBERED = 10_000
"""Cases whose checks are counted at once."""


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A proof as its owner sees it.

    Attributes:
        proof: how it stands.
        challenge: what is to be placed, and where.
        profile: where an account's profile is; None of domains.
        items: the entries that it is for; while it is asked for, those that it would be.
    """

    proof: StandingProof
    challenge: Challenge
    profile: str | None = field(repr=False)
    items: list[int]


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of looking at a proof.

    Attributes:
        found: whether it is there; None where nobody could be asked.
        raised: the entries whose grade it has raised.
        advice: what to do where it was not found, in sentences; None where it was.
        proof: how it stands now.
        reason: where it was not found, a stable word for what stood there instead.
        seen: that itself, where one word says it: an HTTP status.
    """

    found: bool | None
    raised: list[int]
    advice: str | None
    proof: ShownProof
    reason: str = ""
    seen: str = ""


class ProofDesk:
    """Starts proofs, looks at them, and ends them.

    Args:
        registry: the registry, open.
        outside: where accounts are, and the time.
        asker: asks whether a proof is there.
        turns: threads.
        limits: how much is looked at at once, and for how long.
        queued: called when a letter may have been queued.
    """

    def __init__(
        self,
        registry: Registry,
        outside: Outside,
        asker: Asker,
        turns: Turns,
        limits: Limits,
        queued: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._outside = outside
        self._asker = asker
        self._seconds = limits.check_seconds
        self._keepers = turns
        self._askers = Turns.leaving_one(limits.checks, limits.waiting)
        self._queued = queued
        self._counted = Windows(_REMEMBERED, lambda: outside.clock().timestamp())
        self._ended = Windows(_REMEMBERED, lambda: outside.clock().timestamp())
        self._cases: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._behind = 0

    @property
    def waiting(self) -> int:
        """How many checks wait for their turn."""
        return self._askers.waiting + self._behind

    async def start(self, number: str, secret: str, method: Method, subject: str) -> ShownProof:
        """Say what is to be placed to prove something.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            method: how it will be proved.
            subject: the domain, or the account, as somebody typed it.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            ItemsRefused: it cannot be proved in this way, or covers nothing of the case.
            UsageError: the case has too many proofs already.
        """
        return await self._keepers.run(self._start, number, secret, method, subject)

    async def of(self, number: str, secret: str) -> list[ShownProof]:
        """The proofs of a case, the oldest first; those that were not proved in time are gone.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        return await self._keepers.run(self._of, number, secret)

    async def check(self, number: str, secret: str, identity: str) -> Checked | None:
        """Look whether a proof is there; None where the case has no such proof.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            ProofOver: it has ended.
            TooOften: this case has asked often enough.
            Busy: too many are looked at.
            TransitionError: an item has changed meanwhile; nothing was changed.
            UsageError: the proof has ended meanwhile.
        """
        shown = await self._keepers.run(self._find, number, secret, identity)
        if shown is None:
            return None
        proof = shown.proof
        if proof.state == ProofState.ENDED or proof.expires <= self._outside.clock():
            raise ProofOver("this proof has ended", "Begin a new one.")
        if not self._counted.hit(proof.case_number, OF_CASE):
            raise TooOften(
                f"a case may have its proofs looked at {OF_CASE.amount} times a minute",
                "Wait a minute; what is new in DNS can take an hour to be seen everywhere.",
                self._counted.wait(proof.case_number, OF_CASE),
            )
        async with self._place(proof.case_number):
            result = await self._asker.ask(proof)
        if isinstance(result, Proved):
            checked = await self._keepers.run(self._raise, number, secret, identity, result)
            if checked.raised:
                self._queued()
            return checked
        if isinstance(result, Unreachable):
            return Checked(None, [], result.advice, shown)
        return Checked(False, [], result.advice, shown, result.reason, result.seen)

    async def end(self, number: str, secret: str, identity: str) -> bool:
        """End a proof: entries fall back to the grade that something else gives them.

        Returns:
            Whether the case has such a proof.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            TooOften: this case has ended enough of what stood.
        """
        proofs = await self._keepers.run(self._registry.proofs.of, number, secret)
        proof = next((one for one in proofs if one.id == identity), None)
        if proof is None:
            return False
        stands = proof.state == ProofState.STANDING
        if stands and not self._ended.hit(proof.case_number, ENDINGS):
            raise TooOften(
                f"a case may end {ENDINGS.amount} proofs a day",
                "It stands until then. To be forgotten at once, erase the case or the item.",
                self._ended.wait(proof.case_number, ENDINGS),
            )
        return await self._keepers.run(self._registry.proofs.end, number, secret, identity)

    @asynccontextmanager
    async def _place(self, number: str) -> AsyncIterator[None]:
        """A place to ask from: one a case, so that whoever is slow to answer holds up their own."""
        own = self._cases.setdefault(number, asyncio.Lock())
        async with AsyncExitStack() as place:
            try:
                with anyio.fail_after(self._seconds):
                    self._behind += 1
                    try:
                        await place.enter_async_context(own)
                    finally:
                        self._behind -= 1
                    await place.enter_async_context(self._askers.hold())
            except TimeoutError as error:
                raise Busy(
                    "too many proofs are looked at right now",
                    "Nothing was changed. Try again in a minute.",
                ) from error
            yield

    def _start(self, number: str, secret: str, method: Method, subject: str) -> ShownProof:
        place = "account" if method == Method.ACCOUNT else "domain"
        try:
            if method == Method.ACCOUNT:
                form = provable_account(subject, self._outside.endpoints)
            else:
                form = provable_domain(subject)
        except Unprovable as error:
            raise _refused(place, "unprovable", error.message, error.advice) from error
        coverage = self._coverage(number, secret)
        if not coverage.of(method, form):
            said = f"{form} covers no item of this case that is in force"
            raise _refused(place, "covers-nothing", said, coverage.advice(method))
        now = self._outside.clock()
        identity = self._registry.proofs.start(
            number,
            secret,
            method,
            form,
            secrets.token_bytes(TOKEN_BYTES),
            now=now,
            expires=now + TO_PLACE,
        )
        (started,) = self._of(number, secret, identity)
        return started

    def _of(self, number: str, secret: str, identity: str | None = None) -> list[ShownProof]:
        proofs, now = self._registry.proofs.of(number, secret), self._outside.clock()
        coverage = self._coverage(number, secret)
        return [
            self._shown(coverage, proof)
            for proof in proofs
            if identity in {None, proof.id}
            and (proof.state != ProofState.ASKED or proof.expires > now)
        ]

    def _find(self, number: str, secret: str, identity: str) -> ShownProof | None:
        return next(iter(self._of(number, secret, identity)), None)

    def _coverage(self, number: str, secret: str) -> Coverage:
        return Coverage(self._registry.cases.read(number, secret))

    def _raise(self, number: str, secret: str, identity: str, result: Proved) -> Checked:
        # What was read before anybody was asked may be withdrawn, erased or ended by now.
        shown = self._find(number, secret, identity)
        if shown is None or shown.proof.state == ProofState.ENDED:
            raise ProofOver("this proof has ended meanwhile", "Begin a new one.")
        method, now = shown.proof.method, self._outside.clock()
        covered = self._coverage(number, secret).of(method, shown.proof.subject)
        raised = self._registry.proofs.record_proved(
            number,
            secret,
            identity,
            covered,
            GIVES[method],
            now=now,
            expires=now + STANDS,
            stable=result.stable_id or "",
        )
        (found,) = self._of(number, secret, identity)
        return Checked(True, sorted(raised), None, found)

    def _shown(self, coverage: Coverage, proof: StandingProof) -> ShownProof:
        method, items = proof.method, proof.entries
        if proof.state == ProofState.ASKED:
            items = coverage.of(method, proof.subject)
        is_account = method == Method.ACCOUNT
        profile = profile_of(proof.subject, self._outside.endpoints) if is_account else None
        return ShownProof(proof, challenge_of(proof), profile, items)


def _refused(place: str, reason: str, detail: str, advice: str) -> ItemsRefused:
    return ItemsRefused([Fault(f"#/{place}", reason, detail, advice)])
