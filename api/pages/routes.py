"""The pages: the form to say no, and where all others are put together.

No account, no cookie, no script needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter, Request
from optout.api.errors import TooMuchBelow
from optout.api.places import where
from optout.api.service import (
    Counted,
    CountedNotice,
    Desk,
    read_form,
    uncounted,
    uncounted_notice,
)
from optout.registry.cases import Contact
from optout.registry.errors import OptOutError
from starlette.responses import RedirectResponse, Response

from . import questions, recognised_words, words
from .answer_pages import AnswerPages
from .assets import takes_gzip
from .case_pages import CasePages
from .contact_pages import Asker, ContactPages, address_problem, nobody
from .door import Door
from .languages import Language
from .look_up import LookUpPages
from .object_pages import ObjectPages
from .proof_pages import ProofPages
from .quota_words import too_often
from .receipt_pages import ReceiptPages
from .registry_pages import RegistryPages
from .rendering import READ, Rendering
from .review_pages import ReviewPages
from .sharing import Sharing
from .spelling_offers import boxes
from .submission import Submission

log = logging.getLogger("optout.api")

_USAGE = ("train-ai",)


class Pages:
    """Everything a visitor sees.

    Args:
        desk: what reads, registers and changes.
        base: the address under which a request's sender reaches the service.
        counted: counts what a network registers.
        noticed: counts what a network objects to.
        asker: whose codes to addresses of mail a request is counted with.
    """

    routes = (
        ("/", READ, "start"),
        ("/", ("POST",), "submit"),
        ("/static/{name}", READ, "asset"),
    )

    def __init__(
        self,
        desk: Desk,
        base: Callable[[Request], str],
        counted: Counted = uncounted,
        noticed: CountedNotice = uncounted_notice,
        asker: Asker = nobody,
    ) -> None:
        self._desk = desk
        self._counted = counted
        self._rendering = rendering = Rendering(desk.limits)
        door = Door(desk, rendering)
        self._receipts = ReceiptPages(desk, rendering, base)
        self._contacts = ContactPages(desk, rendering, door, asker)
        self.router = APIRouter()
        for pages in (
            self,
            self._contacts,
            ProofPages(desk, rendering, door),
            AnswerPages(desk, rendering, door),
            ReviewPages(desk, rendering, door),
            # Behind those below /case, because a number may stand there.
            CasePages(desk, rendering, door, self._receipts, base),
            ObjectPages(desk, rendering, base, noticed),
            Sharing(rendering),
            LookUpPages(desk, rendering),
            RegistryPages(desk, rendering, base),
        ):
            for path, methods, name in pages.routes:
                self.router.add_api_route(
                    path, getattr(pages, name), methods=list(methods), response_model=None
                )

    async def start(self, request: Request) -> Response:
        """The start page: an empty form."""
        language = self._rendering.language(request)
        page = self._rendering.page(request, language, "start.html", given=Submission(self._desk))
        # Nothing personal is on it, and who comes back finds what was typed only if it is kept.
        page.headers["Cache-Control"] = "private, no-cache"
        return page

    async def submit(self, request: Request) -> Response:
        """The form's next step: check it, change it, or register it."""
        limits = self._desk.limits
        async with self._desk.uploads.hold_beyond(limits.words, request.stream()) as body:
            form = await read_form(request.headers.get("content-type", ""), body, limits)
            step = form.text("do")
            given = await Submission.read(form, self._desk, fixes=step != "rest")
        language = self._rendering.language(request, form)
        if step == "change" or (not given.lines and not given.pictures and not given.lost_pictures):
            empty = step != "change"
            return self._rendering.page(request, language, "start.html", given=given, empty=empty)
        pictures = bool(form.uploads("pictures") or form.texts("hashed"))
        new = pictures or (questions.answered(form) and step != "rest")
        too_many = len(given.wanted) > self._desk.limits.items
        unread = address_problem(language, given.email) if given.email else ""
        complete = not given.line_problems and not given.lost_pictures and not new and not unread
        if step in {"send", "rest"} and complete and given.wanted and not too_many:
            return await self._register(request, language, given)
        return self._rendering.page(
            *(request, language, "check.html"),
            given=given,
            too_many=too_many,
            unread=unread,
            asked=questions,
            unanswered=questions.unanswered(form) if step != "rest" else (),
            boxes=boxes,
            told=recognised_words,
        )

    async def _register(self, request: Request, language: Language, given: Submission) -> Response:
        # Who loads the receipt anew sends the form again: it is shown again, and nothing is done.
        if before := await self._desk.opened_before(given.wanted, _USAGE, given.key):
            return await self._receipts.shown_again(request, language, before[0])
        try:
            with self._counted(request, given.wanted):
                opened, checkpoint = await self._desk.register(given.wanted, _USAGE, given.key)
        except TooMuchBelow as fault:
            heading, sentence = words.too_much(language, fault.domain, fault.instead)
            page = self._rendering.page(
                request, language, "failure.html", 429, heading=heading, sentence=sentence
            )
            page.headers["Retry-After"] = str(fault.seconds)
            return page
        if opened.replayed:
            return await self._receipts.shown_again(request, language, opened)
        receipt = self._receipts.made_out(request, opened.case, opened.secret, checkpoint)
        contact = await self._wants_news(request, language, receipt.keys, given.email)
        unheard = bool(given.email) and contact is None
        return self._receipts.fresh(request, language, receipt, contact, unheard=unheard)

    async def _wants_news(
        self, request: Request, language: Language, keys: tuple[str, str], address: str
    ) -> Contact | None:
        if not address:
            return None
        try:
            return await self._contacts.put(request, language, keys, address)
        except OptOutError as error:  # it is registered, and its secret is told here alone
            log.warning("an address was not taken down: %s", where(error))
            return None

    async def asset(self, request: Request, name: str) -> Response:
        """The stylesheet or the script."""
        asset = self._rendering.assets.get(name)
        if asset is None:
            return self.failure(request, 404)
        named = request.query_params.get("v") == asset.version
        lifetime = "public, max-age=31536000, immutable" if named else "no-cache"
        headers = {"Cache-Control": lifetime, "Vary": "Accept-Encoding"}
        if takes_gzip(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.media_type, headers=headers)
        return Response(asset.data, media_type=asset.media_type, headers=headers)

    def failure(self, request: Request, status: int, seconds: int = 0) -> Response:
        """A page that says what could not be done.

        Args:
            request: that asked for it.
            status: of HTTP.
            seconds: where that is 429, after how many it may be asked again; 0 where nobody knows.
        """
        if status == 405 and request.method in READ:
            return RedirectResponse("/", 303)
        language = self._rendering.language(request)
        if status == 429 and seconds:
            heading, sentence = too_often(language, seconds, request.url.path)
        else:
            heading, sentence = words.failure(language, status)
        return self._rendering.page(
            request, language, "failure.html", status, heading=heading, sentence=sentence
        )
