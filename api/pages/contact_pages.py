"""Where a case wants its news: an address is put down, confirmed by a code, changed, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil

from fastapi import Request
from optout.api.errors import AddressRefused, TooOften
from optout.api.mail import read_address
from optout.api.proofs import Outcome
from optout.api.service import CodeAsker, Desk
from optout.registry.cases import Contact, Wish
from starlette.responses import Response

from .door import Door, Opened
from .languages import N_, Language
from .rendering import READ, Rendering

ADDRESS_PROBLEMS: Mapping[str, str] = {
    "no-address": N_("This is no e-mail address. One looks like anna@anna.example."),
    "several": N_("Please give one e-mail address, and nothing beside it."),
    "control": N_("There is a sign in this address that we cannot use. Please type it again."),
    "not-ascii": N_(
        "We can only write to addresses whose first part has plain letters, without accents."
    ),
    "local-part": N_("We could not read the part before the @. Please compare it."),
    "domain": N_("We could not read the part after the @. Please compare it."),
    "too-long": N_("This is too long for an e-mail address. Please compare it."),
}
COMMA = N_("This address is not complete: is there a comma instead of a dot?")
CODE_PROBLEMS: Mapping[Outcome | None, str] = {
    Outcome.WRONG: N_(
        "This is not the code that we sent last. Please compare it with the latest letter."
    ),
    Outcome.EXPIRED: N_("This code is too old. Ask for a new one, and enter that."),
    Outcome.EXHAUSTED: N_(
        "There were too many attempts with this code. Ask for a new one, and enter that."
    ),
    None: N_("There is no address in this case yet. Give one first."),
}
_OFTEN = N_(
    "So many codes were asked for that we send no more for now. Please try again in %(minutes)s "
    "minutes."
)
_MOST = 320
"""Characters of an address, and of a code, that are shown again where they were typed."""

Asker = Callable[[Request], CodeAsker | None]
"""Whose codes a request is counted with; None counts nobody's."""


def nobody(_request: Request) -> CodeAsker | None:
    """Counts nobody's codes."""
    return None


def address_problem(language: Language, text: str) -> str:
    """Why something is no address that can be written to; empty where it is one."""
    try:
        read_address(text)
    except AddressRefused as error:
        if "," in text and _is_address(text.replace(",", ".")):
            return language.text(COMMA)
        return language.text(ADDRESS_PROBLEMS.get(error.reason, ADDRESS_PROBLEMS["no-address"]))
    return ""


def _is_address(text: str) -> bool:
    try:
        return bool(read_address(text))
    except AddressRefused:
        return False


class ContactPages:
    """The page of a case's address.

    Args:
        desk: puts addresses down and sends codes.
        rendering: makes pages.
        door: opens cases.
        asker: whose codes a request is counted with.
    """

    routes: Sequence[tuple[str, Sequence[str], str]] = (
        ("/case/code", READ, "ask"),
        ("/case/code", ("POST",), "contact"),
    )

    def __init__(self, desk: Desk, rendering: Rendering, door: Door, asker: Asker = nobody) -> None:
        self._desk = desk
        self._rendering = rendering
        self._door = door
        self._asker = asker

    async def put(
        self, request: Request, language: Language, keys: tuple[str, str], address: str
    ) -> Contact:
        """Put an address down for all news, in the language of the page; a code is sent there.

        Args:
            request: whose code is counted.
            language: of the page, and of the letters.
            keys: of the case.
            address: as somebody typed it.

        Raises:
            AddressRefused: it is no address, or none that can be written to.
            TooOften: the case or the network has asked for too many codes.
            Busy: too much is under way already.
        """
        contact, _ = await self._desk.contacts.put(
            *keys,
            address,
            language=language.code,
            wishes=list(Wish),
            asker=self._asker(request),
        )
        return contact

    async def ask(self, request: Request) -> Response:
        """The page for who comes with a code and has no other page open."""
        language = self._rendering.language(request)
        return self._rendering.page(request, language, "code_door.html")

    async def contact(self, request: Request) -> Response:
        """The address of a case, and what its owner wishes to be done with it."""
        opened = await self._door.open(request)
        if isinstance(opened, Response):
            return opened
        match opened.form.text("do"):
            case "put":
                return await self._put(opened, opened.form.text("email").strip())
            case "again":
                held = await self._desk.contacts.read(*opened.keys)
                return await self._put(opened, held.address if held else "")
            case "confirm":
                return await self._confirm(opened)
            case "forget":
                await self._desk.contacts.forget(*opened.keys)
                return await self._page(opened, said="forgotten")
        return await self._page(opened)

    async def _put(self, opened: Opened, address: str) -> Response:
        problem = address_problem(opened.language, address)
        if problem:
            return await self._page(opened, problem=problem, typed=address)
        try:
            await self.put(opened.request, opened.language, opened.keys, address)
        except TooOften as error:
            minutes = max(2, ceil(error.seconds / 60))
            said = opened.language.text(_OFTEN) % {"minutes": opened.language.number(minutes)}
            return await self._page(opened, problem=said, typed=address, status=429)
        return await self._page(opened, said="sent")

    async def _confirm(self, opened: Opened) -> Response:
        code = opened.form.text("code").strip()
        outcome = await self._desk.contacts.confirm(*opened.keys, code)
        if outcome in {Outcome.CONFIRMED, Outcome.USED}:
            # One that was used before has confirmed the address: that is all there is to tell.
            return await self._page(opened, said="confirmed")
        return await self._page(opened, wrong=opened.language.text(CODE_PROBLEMS[outcome]))

    async def _page(
        self,
        opened: Opened,
        *,
        said: str = "",
        problem: str = "",
        typed: str = "",
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        """The page as it stands.

        Args:
            opened: the case.
            said: what was done: `sent`, `confirmed` or `forgotten`.
            problem: what is wrong with the address.
            typed: that address.
            wrong: what is wrong with the code.
            status: of HTTP.
        """
        return self._rendering.page(
            *(opened.request, opened.language, "code.html", status),
            case=opened.case,
            secret=opened.secret,
            contact=await self._desk.contacts.read(*opened.keys),
            said=said,
            problem=problem,
            typed=typed[:_MOST],
            wrong=wrong,
        )
