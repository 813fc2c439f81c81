"""The receipt as a page and as a text: at once, and whenever it is asked for again."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from optout.api.service import Desk
from optout.registry.cases import Case, Contact, OpenedCase
from starlette.responses import PlainTextResponse, Response

from . import words
from .door import Opened
from .groups import grouped
from .languages import Language
from .receipt import Receipt
from .rendering import Rendering
from .sharing import invitation


class ReceiptPages:
    """Makes out receipts.

    Args:
        desk: signs the log, and knows where a case wants its news.
        rendering: makes pages.
        base: the address under which a request's sender reaches the service.
    """

    def __init__(self, desk: Desk, rendering: Rendering, base: Callable[[Request], str]) -> None:
        self._desk = desk
        self._rendering = rendering
        self._base = base

    def fresh(
        self,
        request: Request,
        language: Language,
        receipt: Receipt,
        contact: Contact | None,
        *,
        unheard: bool,
    ) -> Response:
        """The receipt of what was registered just now.

        Args:
            request: that registered it.
            language: of the page.
            receipt: what was registered, and its key.
            contact: where a code was sent; None where nobody asked for news.
            unheard: whether somebody did, and the address could not be taken down.
        """
        return self._page(request, language, receipt, fresh=True, contact=contact, unheard=unheard)

    async def shown_again(
        self, request: Request, language: Language, before: OpenedCase
    ) -> Response:
        """The receipt of what the same form has registered before.

        Args:
            request: that brought the form once more.
            language: of the page.
            before: what was registered then.
        """
        keys = before.number, before.secret
        case, checkpoint = await self._desk.read_case(*keys), await self._desk.checkpoint()
        receipt = self.made_out(request, case, before.secret, checkpoint)
        contact = await self._desk.contacts.read(*keys)
        return self.fresh(request, language, receipt, contact, unheard=False)

    async def again(self, opened: Opened) -> Response:
        """The receipt of a case, shown once more."""
        contact = await self._desk.contacts.read(*opened.keys)
        receipt = await self._again(opened)
        return self._page(
            opened.request, opened.language, receipt, fresh=False, contact=contact, unheard=False
        )

    async def as_text(self, opened: Opened) -> Response:
        """Likewise, as a file to keep."""
        receipt = await self._again(opened)
        return PlainTextResponse(
            _text(opened.language, receipt),
            headers={
                "Content-Disposition": f'attachment; filename="optout-{receipt.case.number}.txt"',
                "Content-Language": opened.language.code,
            },
        )

    def made_out(self, request: Request, case: Case, secret: str, checkpoint: str) -> Receipt:
        """A receipt, with the link that opens the case."""
        link = f"{self._base(request)}/case/{case.number}#{secret}"
        return Receipt(case, secret, link, checkpoint)

    async def _again(self, opened: Opened) -> Receipt:
        checkpoint = await self._desk.checkpoint()
        return self.made_out(opened.request, opened.case, opened.secret, checkpoint)

    def _page(
        self,
        request: Request,
        language: Language,
        receipt: Receipt,
        *,
        fresh: bool,
        contact: Contact | None,
        unheard: bool,
    ) -> Response:
        return self._rendering.page(
            *(request, language, "receipt.html"),
            receipt=receipt,
            groups=grouped(language, receipt.things),
            text=_text(language, receipt),
            fresh=fresh,
            contact=contact,
            unheard=unheard,
            invitation=invitation(language, self._base(request)),
        )


def _text(language: Language, receipt: Receipt) -> str:
    return language.template("receipt.txt").render(receipt=receipt, words=words)
