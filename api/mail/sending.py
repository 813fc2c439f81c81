"""Handing letters to a mail server (RFC 5321)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from optout.api.errors import LetterDelayed, LetterRefused

from .letters import Letter

_LATER = "It is tried again later."


class Mailer(Protocol):
    """Something that letters can be given to."""

    async def send(self, letter: Letter) -> None:
        """Give away one letter.

        Raises:
            LetterDelayed: not now; try again later.
            LetterRefused: never.
        """

    def batch(self) -> AbstractAsyncContextManager[None]:
        """Until the block ends, several letters may share what one of them needs."""


class SmtpMailer:
    """Hands letters to a mail server: one connection a letter, or one for a whole `batch`.

    Errors name the server's code and nothing it says, because it likes to repeat the address.

    Args:
        host: the mail server.
        port: its port; by default 587, 465 or 25, by the way of encrypting.
        security: `starttls` (never in the clear where it is not offered), `tls` or `none`.
        username: none without.
        password: of the user.
        name: of this machine, for the server: the service's public host.
        seconds: how long the server may take for one answer.
        letter_seconds: how long one letter may take, waiting for those before it included: well
            below the time for which whoever hands it over has it for themselves.
        trust: whose certificates are believed; the system's by default.
    """

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        security: str = "starttls",
        username: str | None = None,
        password: str | None = None,
        name: str = "localhost",
        seconds: float = 30,
        letter_seconds: float = 120,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port or {"starttls": 587, "tls": 465}.get(security, 25)
        self._security = security
        self._username = username
        self._password = password
        self._name = name
        self._seconds = seconds
        self._letter_seconds = letter_seconds
        self._trust = trust
        self._kept: SMTP | None = None
        self._batch = False
        self._turn = asyncio.Lock()

    async def send(self, letter: Letter) -> None:
        """Hand over one letter; returns once the server has taken it upon itself.

        Raises:
            LetterDelayed: the server is away, slow, busy, or will not let us in.
            LetterRefused: the server will never take this letter.
        """
        try:
            async with asyncio.timeout(self._letter_seconds) as deadline, self._turn:
                try:
                    await self._hand_over(letter)
                    deadline.reschedule(None)  # the server has it: to part may take its own time
                finally:
                    if not self._batch:
                        await self._leave()
        except TimeoutError:
            raise _late() from None

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Keep the connection from one letter to the next, until the block ends."""
        self._batch = True
        try:
            yield
        finally:
            self._batch = False
            async with self._turn:
                await self._leave()

    async def _hand_over(self, letter: Letter) -> None:
        try:
            server = await self._connected()
            await server.sendmail(letter.sender, [letter.recipient], letter.as_bytes())
        except SMTPAuthenticationError as fault:
            raise LetterDelayed(
                f"the mail server does not let us in ({fault.code})",
                "Check mail.username and mail.password.",
            ) from None
        except SMTPRecipientsRefused as fault:
            raise _refusal("this recipient", fault.recipients[0].code) from None
        except SMTPSenderRefused as fault:
            raise _refusal("this sender", fault.code) from None
        except SMTPResponseException as fault:
            raise _refusal("this letter", fault.code) from None
        except asyncio.CancelledError:
            self._drop()  # nobody knows what the server would say next
            raise
        except TimeoutError:
            self._drop()
            raise _late() from None
        except (SMTPException, OSError) as fault:
            self._drop()
            if isinstance(fault, ssl.SSLError) or isinstance(fault.__cause__, ssl.SSLError):
                raise LetterDelayed(
                    "the mail server's certificate is not to be trusted",
                    "Check mail.host: it must be the name that the certificate is for.",
                ) from None
            insecure = "STARTTLS" in str(fault)
            says = "does not offer STARTTLS" if insecure else "is away or hung up"
            advice = "Check mail.security and mail.port." if insecure else _LATER
            raise LetterDelayed(f"the mail server {says}", advice) from None

    async def _connected(self) -> SMTP:
        if self._kept is None or not self._kept.is_connected:
            self._kept = SMTP(
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                local_hostname=self._name,
                timeout=self._seconds,
                use_tls=self._security == "tls",
                start_tls=self._security == "starttls",
                tls_context=self._trust,
            )
            await self._kept.connect()
        return self._kept

    async def _leave(self) -> None:
        server, self._kept = self._kept, None
        if server is not None and server.is_connected:
            try:
                await server.quit()
            except (SMTPException, OSError):
                server.close()
            except asyncio.CancelledError:
                server.close()
                raise

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def _late() -> LetterDelayed:
    return LetterDelayed("the mail server does not answer in time", _LATER)


def _refusal(what: str, code: int) -> LetterDelayed | LetterRefused:
    """A reply that begins with 4 is for now, one that begins with 5 for good (section 4.2.1)."""
    if 500 <= code < 600:
        return LetterRefused(f"the mail server refuses {what} ({code})")
    return LetterDelayed(f"the mail server does not take {what} now ({code})", _LATER)
