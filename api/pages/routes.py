"""The pages: one to say no, one to look at a case. No account, no cookie, no script needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from optout.api.errors import TooMuchBelow
from optout.api.service import Counted, Desk, Form, read_form, uncounted, visible
from optout.registry.cases import Case, CaseNotFound, folded
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from . import assets, languages, words
from .receipt import Receipt
from .submission import Submission
from .things import things_of, told_things

_READ = ["GET", "HEAD"]


class Pages:
    """Everything a visitor sees.

    Args:
        desk: what reads, registers and changes.
        base: the address under which a request's sender reaches the service.
        counted: counts what a network registers.
    """

    def __init__(
        self, desk: Desk, base: Callable[[Request], str], counted: Counted = uncounted
    ) -> None:
        self._desk = desk
        self._base = base
        self._counted = counted
        self._languages = languages.load()
        self._assets = assets.load()
        self.router = APIRouter()
        for path, methods, endpoint in (
            ("/", _READ, self.start),
            ("/", ["POST"], self.submit),
            ("/case", _READ, self.ask_for_case),
            ("/case/{number}", _READ, self.ask_for_case),
            ("/case", ["POST"], self.case),
            ("/static/{name}", _READ, self.asset),
        ):
            self.router.add_api_route(path, endpoint, methods=methods, response_model=None)

    async def start(self, request: Request) -> Response:
        """The start page: an empty form."""
        language = self._language(request)
        page = self._page(request, language, "start.html", given=Submission(self._desk))
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
        language = self._language(request, form)
        if step == "change" or (not given.lines and not given.pictures and not given.lost_pictures):
            empty = step != "change"
            return self._page(request, language, "start.html", given=given, empty=empty)
        new = bool(form.uploads("pictures")) or (any(form.texts("fix")) and step != "rest")
        too_many = len(given.wanted) > self._desk.limits.items
        complete = not given.line_problems and not given.lost_pictures and not new
        if step in {"send", "rest"} and complete and given.wanted and not too_many:
            return await self._register(request, language, given)
        return self._page(request, language, "check.html", given=given, too_many=too_many)

    async def _register(
        self, request: Request, language: languages.Language, given: Submission
    ) -> Response:
        try:
            with self._counted(request, given.wanted):
                opened, checkpoint = await self._desk.register(given.wanted, ("train-ai",))
        except TooMuchBelow as fault:
            heading, sentence = words.too_much(language, fault.domain, fault.instead)
            page = self._page(
                request, language, "failure.html", 429, heading=heading, sentence=sentence
            )
            page.headers["Retry-After"] = str(fault.seconds)
            return page
        receipt = self._made_out(request, opened.case, opened.secret, checkpoint)
        return self._receipt(request, language, receipt, fresh=True)

    async def ask_for_case(self, request: Request, number: str = "") -> Response:
        """The door of a case: asks for its number and secret."""
        return self._page(request, self._language(request), "door.html", number=visible(number, 20))

    async def case(self, request: Request) -> Response:
        """A case, opened with its secret: look, take back, erase, show the receipt again."""
        form = await self._form(request)
        language = self._language(request, form)
        number, secret = form.text("number").strip(), form.text("secret").strip()
        try:
            case = await self._desk.read_case(number, secret)
        except CaseNotFound:
            return self._page(
                request, language, "door.html", 404, number=visible(number, 20), wrong=True
            )
        secret = folded(secret)
        if form.text("show") in {"receipt", "text"}:
            receipt = self._made_out(request, case, secret, await self._desk.checkpoint())
            shown = self._receipt if form.text("show") == "receipt" else self._receipt_as_text
            return shown(request, language, receipt)
        if form.text("erase"):
            return await self._erase(request, language, form, case, secret)
        if form.text("withdraw"):
            return await self._withdraw(request, language, form, case, secret)
        return await self._case(request, language, case, secret)

    async def _case(
        self,
        request: Request,
        language: languages.Language,
        case: Case,
        secret: str,
        **values: int,
    ) -> Response:
        reports = await self._desk.partners.reports_of([item.index for item in case.items])
        notices = await self._desk.disputes.against(case.number, secret) if case.undecided else []
        things = told_things(case.items, reports, notices)
        return self._page(
            request, language, "case.html", case=case, secret=secret, things=things, **values
        )

    async def _withdraw(
        self, request: Request, language: languages.Language, form: Form, case: Case, secret: str
    ) -> Response:
        wish = form.text("withdraw")
        chosen = [
            thing
            for thing in things_of(case.items)
            if wish in {"all", thing.key} and thing.status in {"in-force", "disputed"}
        ]
        if not chosen:
            return await self._case(request, language, case, secret)
        if form.text("sure") != "yes":
            return self._page(
                *(request, language, "sure.html"),
                case=case,
                secret=secret,
                chosen=chosen,
                act="withdraw",
                wish=wish,
            )
        entries = [entry.index for thing in chosen for entry in thing.entries]
        await self._desk.withdraw(case.number, secret, entries)
        case = await self._desk.read_case(case.number, secret)
        return await self._case(request, language, case, secret, withdrawn=len(chosen))

    async def _erase(
        self, request: Request, language: languages.Language, form: Form, case: Case, secret: str
    ) -> Response:
        if form.text("sure") != "yes":
            return self._page(
                *(request, language, "sure.html"),
                case=case,
                secret=secret,
                chosen=things_of(case.items),
                act="erase",
                wish="all",
            )
        await self._desk.erase(case.number, secret, None)
        return self._page(request, language, "erased.html", number=case.number)

    def _receipt(
        self,
        request: Request,
        language: languages.Language,
        receipt: Receipt,
        *,
        fresh: bool = False,
    ) -> Response:
        text = _as_text(language, receipt)
        return self._page(
            request, language, "receipt.html", receipt=receipt, text=text, fresh=fresh
        )

    def _receipt_as_text(
        self, _request: Request, language: languages.Language, receipt: Receipt
    ) -> Response:
        return PlainTextResponse(
            _as_text(language, receipt),
            headers={
                "Content-Disposition": f'attachment; filename="optout-{receipt.case.number}.txt"',
                "Content-Language": language.code,
            },
        )

    def _made_out(self, request: Request, case: Case, secret: str, checkpoint: str) -> Receipt:
        link = f"{self._base(request)}/case/{case.number}#{secret}"
        return Receipt(case, secret, link, checkpoint)

    async def asset(self, request: Request, name: str) -> Response:
        """The stylesheet or the script."""
        asset = self._assets.get(name)
        if asset is None:
            return self.failure(request, 404)
        named = request.query_params.get("v") == asset.version
        lifetime = "public, max-age=31536000, immutable" if named else "no-cache"
        return Response(
            asset.data, media_type=asset.media_type, headers={"Cache-Control": lifetime}
        )

    def failure(self, request: Request, status: int) -> Response:
        """A page that says what could not be done."""
        if status == 405 and request.method in _READ:
            return RedirectResponse("/", 303)
        language = self._language(request)
        heading, sentence = words.failure(language, status)
        return self._page(
            request, language, "failure.html", status, heading=heading, sentence=sentence
        )

    async def _form(self, request: Request) -> Form:
        content_type = request.headers.get("content-type", "")
        return await read_form(content_type, request.stream(), self._desk.limits)

    def _language(self, request: Request, form: Form | None = None) -> languages.Language:
        chosen = (form.text("lang") if form else "") or request.query_params.get("lang", "")
        if chosen not in self._languages:
            accepted = request.headers.get("accept-language", "")
            chosen = languages.preferred(accepted, self._languages)
        return self._languages[chosen]

    def _page(
        self,
        request: Request,
        language: languages.Language,
        template: str,
        status: int = 200,
        **values: Any,  # noqa: ANN401 (what the template asks for)
    ) -> Response:
        html = language.template(template).render(
            assets=self._assets,
            languages=self._languages,
            limits=self._desk.limits,
            path=request.url.path,
            posted=request.method == "POST",
            words=words,
            **values,
        )
        headers = {"Content-Language": language.code, "Vary": "Accept-Language"}
        return HTMLResponse(html.encode("utf-8", "replace"), status, headers)


def _as_text(language: languages.Language, receipt: Receipt) -> str:
    return language.template("receipt.txt").render(receipt=receipt, words=words)
