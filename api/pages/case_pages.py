"""A case, opened with its secret: look, take back, erase, show the receipt again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import Request
from optout.api.service import Desk, ways_of
from starlette.responses import Response

from . import grades
from .corpora import told_by
from .door import Door, Opened
from .groups import by_kind, grouped
from .other_spellings import spellings_of
from .provable import subjects_of
from .receipt_pages import ReceiptPages
from .rendering import READ, Rendering
from .review_pages import askings
from .sharing import invitation
from .things import things_of, told_things


class CasePages:
    """The page of a case, and what is done with its items.

    Args:
        desk: reads and changes cases.
        rendering: makes pages.
        door: opens cases.
        receipts: makes out receipts.
        base: the address under which a request's sender reaches the service.
    """

    routes: Sequence[tuple[str, Sequence[str], str]] = (
        ("/case", READ, "ask"),
        ("/case/{number}", READ, "ask"),
        ("/case", ("POST",), "case"),
    )

    def __init__(
        self,
        desk: Desk,
        rendering: Rendering,
        door: Door,
        receipts: ReceiptPages,
        base: Callable[[Request], str],
    ) -> None:
        self._desk = desk
        self._rendering = rendering
        self._door = door
        self._receipts = receipts
        self._base = base

    async def ask(self, request: Request, number: str = "") -> Response:
        """The door of a case: asks for its number and secret."""
        return await self._door.ask(request, number)

    async def case(self, request: Request) -> Response:
        """A case, and what its owner wishes to be done."""
        opened = await self._door.open(request)
        if isinstance(opened, Response):
            return opened
        form = opened.form
        match form.text("show"):
            case "receipt":
                return await self._receipts.again(opened)
            case "text":
                return await self._receipts.as_text(opened)
        if form.text("erase"):
            return await self._erase(opened)
        if form.text("withdraw"):
            return await self._withdraw(opened)
        return await self._shown(opened)

    async def _shown(self, opened: Opened, withdrawn: int | None = None) -> Response:
        case, desk = opened.case, self._desk
        entries = [item.index for item in case.items]
        reports = await desk.partners.reports_of(entries)
        newest = await desk.partners.newest_reports()
        notices = await desk.disputes.against(*opened.keys) if case.undecided else []
        things = told_things(case.items, reports, notices)
        proofs = await desk.proofs.of(*opened.keys)
        ways = await desk.readers.run(ways_of, case)
        return self._rendering.page(
            *(opened.request, opened.language, "case.html"),
            case=case,
            secret=opened.secret,
            things=things,
            groups=grouped(opened.language, things),
            corpora=told_by(things, newest),
            contact=await desk.contacts.read(*opened.keys),
            proofs=[shown for shown in proofs if grades.is_worth_showing(shown)],
            subjects=subjects_of(case, ways, proofs),
            grades=grades,
            askings=askings(things, await desk.reviews.of(*opened.keys)),
            invitation=invitation(opened.language, self._base(opened.request)),
            withdrawn=withdrawn,
        )

    async def _withdraw(self, opened: Opened) -> Response:
        form, case = opened.form, opened.case
        wish = form.text("withdraw")
        in_force = [thing for thing in things_of(case.items) if thing.status.in_force]
        chosen = [thing for thing in in_force if wish in {"all", thing.key}]
        if not chosen:
            return await self._shown(opened)
        others = [thing for thing in in_force if thing not in chosen]
        if form.text("sure") != "yes":
            limits = self._rendering.limits
            spelt = await self._desk.readers.run(spellings_of, chosen, in_force, limits)
            return self._rendering.page(
                *(opened.request, opened.language, "sure.html"),
                case=case,
                secret=opened.secret,
                chosen=chosen,
                kinds=by_kind(chosen, lambda thing: thing.kind),
                act="withdraw",
                wish=wish,
                others=spelt,
            )
        # Those that the page has listed, and no more, whatever was registered meanwhile.
        listed = form.text("spelt").split()
        chosen += [thing for thing in others if thing.key in listed]
        entries = [entry.index for thing in chosen for entry in thing.entries]
        await self._desk.withdraw(*opened.keys, entries)
        case = await self._desk.read_case(*opened.keys)
        opened = Opened(opened.request, form, opened.language, case, opened.secret)
        return await self._shown(opened, withdrawn=len(chosen))

    async def _erase(self, opened: Opened) -> Response:
        case = opened.case
        if opened.form.text("sure") != "yes":
            things = things_of(case.items)
            return self._rendering.page(
                *(opened.request, opened.language, "sure.html"),
                case=case,
                secret=opened.secret,
                chosen=things,
                kinds=by_kind(things, lambda thing: thing.kind),
                act="erase",
                wish="all",
                others=[],
            )
        await self._desk.erase(*opened.keys, None)
        return self._rendering.page(
            opened.request, opened.language, "erased.html", number=case.number
        )
