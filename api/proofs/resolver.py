"""Asking DNS, so that "it is not there" and "nobody could be asked" are two answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from ipaddress import ip_address
from typing import Protocol

import anyio
from dns.asyncresolver import Resolver as StubResolver
from dns.exception import DNSException
from dns.name import from_text
from dns.rdatatype import RdataType
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, Answer
from optout.api.errors import CannotAsk

from .reach import IPAddress

SECONDS = 5.0
"""How long one question may take, with all repetitions."""

MOST_RECORDS = 100
"""Records of one answer that are looked at; honest names have a few."""

_LATER = "Try again in a few minutes; where it lasts, ask whoever runs the domain's name servers."


class Resolver(Protocol):
    """Something that can be asked what stands in DNS."""

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """The TXT records of a name, the strings of each joined; none where there is none.

        Raises:
            CannotAsk: the name servers gave no answer that can be used.
        """

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        """Every address of a host, those of IPv4 first; none where there is none.

        Raises:
            CannotAsk: the name servers gave no answer that can be used.
        """


class DnsResolver:
    """Asks name servers that resolve for others.

    Args:
        nameservers: their addresses; those of the system where there are none.
        port: theirs.
        seconds: how long one question may take.
    """

    def __init__(
        self, nameservers: Sequence[str] = (), *, port: int = 53, seconds: float = SECONDS
    ) -> None:
        self._nameservers = list(nameservers)
        self._port = port
        self._seconds = seconds

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """The TXT records of a name, the strings of each joined.

        Raises:
            CannotAsk: the name servers gave no answer that can be used.
        """
        answer = await self._ask(name, RdataType.TXT)
        return tuple(b"".join(each.strings) for each in answer if isinstance(each, TXTBase))

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        """Every address of a host, those of IPv4 first.

        Raises:
            CannotAsk: the name servers gave no answer that can be used.
        """
        four = await self._ask(host, RdataType.A)
        six = await self._ask(host, RdataType.AAAA)
        found = [each.address for each in (*four, *six) if isinstance(each, A | AAAA)]
        return tuple(map(ip_address, found))

    @cached_property
    def _stub(self) -> StubResolver:
        # Not before somebody is asked: a machine without name servers serves all that needs none.
        try:
            stub = StubResolver(configure=not self._nameservers)
            if self._nameservers:
                stub.nameservers = list(self._nameservers)
        except (DNSException, ValueError) as error:
            raise CannotAsk(
                "no name servers are known that could be asked",
                "Name them in /etc/resolv.conf or in the settings, by address.",
            ) from error
        stub.port = self._port
        stub.timeout = self._seconds / 2
        stub.cache = None
        return stub

    async def _ask(self, name: str, what: RdataType) -> tuple[object, ...]:
        try:
            # The last dot keeps search domains out: only this name is meant.
            whole = from_text(name.rstrip(".") + ".")
            # What drips in by TCP is not timed by the library as a whole.
            with anyio.fail_after(self._seconds + 1):
                answer: Answer = await self._stub.resolve(
                    whole, what, lifetime=self._seconds, raise_on_no_answer=False, search=False
                )
        except NXDOMAIN:
            return ()
        except (DNSException, TimeoutError, OSError, ValueError) as error:
            raise CannotAsk(f"the name servers gave no answer about {name}", _LATER) from error
        records = tuple(answer.rrset or ())
        if len(records) > MOST_RECORDS:
            raise CannotAsk(
                f"{name} has {len(records)} records in DNS, more than are looked at",
                f"Leave at most {MOST_RECORDS}.",
            )
        return records
