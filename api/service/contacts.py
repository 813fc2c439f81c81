"""Where cases want their news, at the desk: an address is taken down, and confirmed by a code."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from optout.api.errors import TooOften
from optout.api.mail import read_address
from optout.api.proofs import Code, Outcome, new_code, try_code
from optout.registry import Registry
from optout.registry.cases import Contact, SentCode, Wish, folded

from .courier import Courier
from .outside import Outside
from .turns import Turns
from .windows import Rate, Windows

OF_CASE = Rate(5, 3600)
"""How many codes one case is sent."""

TO_ADDRESS = (Rate(10, 3600), Rate(20, 86_400))
"""How many codes one mailbox is sent, whichever cases and networks ask for them."""

_REMEMBERED = 50_000
"""Cases, networks and mailboxes whose codes are counted at once."""


@dataclass(frozen=True, slots=True)
class CodeAsker:
    """Who asks for a code.

    Attributes:
        network: which the request came from.
        rate: how many codes it may ask for, to whichever addresses: any name below a domain can
            be a mailbox, so that counting mailboxes alone bounds nobody.
    """

    network: str
    rate: Rate


class ContactDesk:
    """Takes down, confirms and forgets addresses of mail.

    Args:
        registry: the registry, open.
        outside: its time, and its mailer.
        turns: for calls of the registry.
        most: how many codes may be under way at once.
        queued: called when a letter was queued.
    """

    def __init__(
        self,
        registry: Registry,
        outside: Outside,
        turns: Turns,
        most: int,
        queued: Callable[[], None],
    ) -> None:
        self._contacts = registry.contacts
        self._outside = outside
        self._turns = turns
        self._queued = queued
        self._courier = Courier(outside, most)
        self._key = registry.derive("codes")
        self._counting = registry.derive("codes sent")
        self._sent = Windows(_REMEMBERED, lambda: outside.clock().timestamp())

    async def put(
        self,
        number: str,
        secret: str,
        address: str,
        *,
        language: str,
        wishes: Iterable[Wish],
        asker: CodeAsker | None = None,
    ) -> tuple[Contact, bool]:
        """Take down an address, and send a code there; without one where it is confirmed already.

        The code is sent while this returns, and what comes of it is told nobody. Nor is whether
        the mailbox got so many lately that none is sent: whoever asks for a code to an address of
        somebody else is not to learn how many others have.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            address: of mail, likewise.
            language: of the letters.
            wishes: what the case wants to hear of.
            asker: who asks; nobody is counted without.

        Returns:
            The contact as it is now, and whether a code was made.

        Raises:
            AddressRefused: it is no address, or none that can be written to.
            CaseNotFound: there is no such case, or its secret is another one.
            TooOften: the case or the network has asked for too many codes.
            Busy: too much is under way already.
        """
        address, wanted = read_address(address), frozenset(wishes)
        case, held = folded(number), await self.read(number, secret)
        if held is not None and held.confirmed and held.address == address:
            await self._turns.run(
                self._contacts.change, number, secret, language=language, wishes=wanted
            )
            return replace(held, language=language, wishes=wanted), False
        self._courier.check()
        self._count(case, asker)
        digits, code = new_code(self._key, case, address, self._outside.clock())
        kept = SentCode(code.digest, code.until, code.attempts)
        await self._turns.run(
            self._contacts.put, number, secret, address, kept, language=language, wishes=wanted
        )
        if self._has_room(address):
            self._send(case, digits, code, address, language)
        return Contact(address, language, wanted, confirmed=False, code=kept), True

    async def read(self, number: str, secret: str) -> Contact | None:
        """The contact of a case; None where it has none.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        return await self._turns.run(self._contacts.read, number, secret)

    async def confirm(self, number: str, secret: str, digits: str) -> Outcome | None:
        """Try a code; None where the case has no contact.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        case, now = folded(number), self._outside.clock()
        outcome: Outcome | None = None

        def attempt(contact: Contact) -> tuple[bool, SentCode]:
            nonlocal outcome
            sent = Code(contact.code.digest, contact.code.until, contact.code.attempts)
            outcome, left = try_code(sent, digits, self._key, case, contact.address, now)
            kept = SentCode(left.digest, left.until, left.attempts)
            return outcome is Outcome.CONFIRMED, kept

        if await self._turns.run(self._contacts.confirm, number, secret, attempt, now):
            self._queued()
        return outcome

    async def forget(self, number: str, secret: str) -> None:
        """Forget the contact of a case, and the letters that were to go there.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
        """
        await self._turns.run(self._contacts.forget, number, secret)

    async def close(self) -> None:
        """Let the codes go out that are under way."""
        await self._courier.close()

    def _count(self, case: str, asker: CodeAsker | None) -> None:
        limits = {f"case {case}": OF_CASE}
        if asker is not None:
            limits[f"network {asker.network}"] = asker.rate
        for who, rate in limits.items():
            if not self._sent.left(who, rate):
                wait = self._sent.wait(who, rate)
                raise TooOften(
                    "too many codes were asked for",
                    f"Wait {ceil(wait / 60)} minutes. "
                    "The code that was sent last can be entered while it is good.",
                    wait,
                )
        for who, rate in limits.items():
            self._sent.hit(who, rate)

    def _has_room(self, address: str) -> bool:
        """Whether a mailbox may get one more code, which then is counted."""
        mailbox = self._mailbox(address)
        limits = {f"mailbox {rate.seconds} {mailbox}": rate for rate in TO_ADDRESS}
        if not all(self._sent.left(who, rate) for who, rate in limits.items()):
            return False
        for who, rate in limits.items():
            self._sent.hit(who, rate)
        return True

    def _mailbox(self, address: str) -> str:
        """Which mailbox an address leads to, as many hosts have it: A.nna+news is anna."""
        local, _, domain = address.rpartition("@")
        mailbox = f"{local.partition('+')[0].replace('.', '')}@{domain}".lower()
        return hmac.digest(self._counting, mailbox.encode(), "sha256").hex()

    def _send(self, case: str, digits: str, code: Code, address: str, language: str) -> None:
        post = self._outside.post
        values: dict[str, str | int] = {
            "code": digits,
            "minutes": _minutes(code.until, self._outside.clock()),
            "case": case,
            "link": post.code_link,
        }
        self._courier.take(lambda: post.write("code", language, address, values), code.until)


def _minutes(until: datetime, now: datetime) -> int:
    return max(1, round((until - now).total_seconds() / 60))
